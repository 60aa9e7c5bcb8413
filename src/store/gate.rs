//! Gates: claims of a provider's work that are stopped, by a person or because the provider cannot be asked.

use std::time::Duration;

use sqlx::PgConnection;

use super::StoreError;
use crate::domain::provider::Book;

/// Whether claims of a provider's work are stopped just now.
pub async fn gate_is_paused(conn: &mut PgConnection, book: Book) -> Result<bool, StoreError> {
    let paused = sqlx::query_scalar!(
        r#"
        select exists (
            select from gate
            where provider = $1
              and livemode = $2
              and type = ''
              and state = 'paused'
              and (until is null or until > now())
        ) as "paused!"
        "#,
        book.provider.as_str(),
        book.environment.livemode(),
    )
    .fetch_one(conn)
    .await?;
    Ok(paused)
}

/// Stops claims of a provider's work for a while. A stop that a person made, or that lasts longer, is left as it is.
pub async fn gate_pause(
    conn: &mut PgConnection,
    book: Book,
    reason: &str,
    pause: Duration,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        insert into gate (provider, livemode, type, state, reason, until)
        values ($1, $2, '', 'paused', $3, now() + make_interval(secs => $4))
        on conflict (provider, livemode, type) do update set
            state = excluded.state,
            reason = excluded.reason,
            until = excluded.until,
            updated_at = now()
        where gate.by_whom is null and (gate.until is null or gate.until < excluded.until)
        "#,
        book.provider.as_str(),
        book.environment.livemode(),
        reason,
        pause.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
