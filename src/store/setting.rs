//! Values that belong to the database rather than to one process: kept as JSON under a key.

use serde_json::Value;
use sqlx::PgConnection;

use super::StoreError;

/// The value under a key; none when nothing was ever put there.
pub async fn setting_get(conn: &mut PgConnection, key: &str) -> Result<Option<Value>, StoreError> {
    Ok(
        sqlx::query_scalar!("select value from setting where key = $1", key)
            .fetch_optional(conn)
            .await?,
    )
}

/// Puts a value under a key, in place of the one before.
pub async fn setting_put(conn: &mut PgConnection, key: &str, value: &Value) -> Result<(), StoreError> {
    sqlx::query!(
        "
        insert into setting (key, value, updated_at)
        values ($1, $2, now())
        on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
        ",
        key,
        value
    )
    .execute(conn)
    .await?;
    Ok(())
}
