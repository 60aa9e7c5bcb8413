//! Gates: claims of a provider's work that are stopped, by a person or because the provider cannot be asked.

use std::time::Duration;

use sqlx::PgConnection;

use super::StoreError;
use crate::domain::provider::Book;

/// Stops claims of a provider's work for a while. A stop that a person made is left as it is.
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
        where gate.by_whom is null
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
