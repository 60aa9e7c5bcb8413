//! The database server itself: what it is, and what its clock says.

use jiff::Timestamp;
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::PgConnection;

use super::StoreError;

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// The version in its own words: `17.2 (Debian 17.2-1)`.
    pub version: String,
    /// The major version.
    pub major: u32,
    /// What its clock says.
    pub now: Timestamp,
}

/// Asks the server what it is.
pub async fn server_facts(conn: &mut PgConnection) -> Result<ServerFacts, StoreError> {
    let row = sqlx::query!(
        r#"
        select current_setting('server_version') as "version!",
               current_setting('server_version_num')::integer as "number!",
               clock_timestamp() as "now!"
        "#
    )
    .fetch_one(conn)
    .await?;
    Ok(ServerFacts {
        version: row.version,
        major: row.number.unsigned_abs() / 10_000,
        now: SqlTimestamp::to_jiff(row.now),
    })
}
