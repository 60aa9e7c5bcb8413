//! Migrations: embedded, forward only; a database of another version is refused by everything but `billdeck migrate`.

use sqlx::{PgConnection, migrate::Migrator};

use super::StoreError;

static MIGRATOR: Migrator = sqlx::migrate!();

/// How the database's version compares with this program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaVersion {
    /// The newest migration that the database has; 0 for an empty one.
    pub found: i64,
    /// The newest migration that this program has.
    pub known: i64,
}

/// The newest migration that this program has.
pub fn known_version() -> i64 {
    MIGRATOR
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// Reads the database's version.
pub async fn version(conn: &mut PgConnection) -> Result<SchemaVersion, StoreError> {
    let known = known_version();
    let exists: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *conn)
        .await?;
    if !exists {
        return Ok(SchemaVersion { found: 0, known });
    }
    let found: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
        .fetch_one(&mut *conn)
        .await?;
    Ok(SchemaVersion {
        found: found.unwrap_or(0),
        known,
    })
}

/// Refuses a database that is behind or ahead.
pub async fn ensure_current(conn: &mut PgConnection) -> Result<(), StoreError> {
    let SchemaVersion { found, known } = version(conn).await?;
    match found.cmp(&known) {
        std::cmp::Ordering::Less => Err(StoreError::Behind { found, needed: known }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(StoreError::Ahead { found, known }),
    }
}

/// Brings the database to this version; several processes may try at once. Gives back the version before.
pub async fn migrate(conn: &mut PgConnection) -> Result<SchemaVersion, StoreError> {
    let before = version(conn).await?;
    if before.found > before.known {
        return Err(StoreError::Ahead {
            found: before.found,
            known: before.known,
        });
    }
    // An index on a large table takes its time, and so does another process that migrates at this moment.
    sqlx::raw_sql("set statement_timeout = 0; set lock_timeout = 0")
        .execute(&mut *conn)
        .await?;
    let done = MIGRATOR.run(&mut *conn).await.map_err(StoreError::Migrate);
    sqlx::raw_sql("reset statement_timeout; reset lock_timeout")
        .execute(&mut *conn)
        .await?;
    done.map(|()| before)
}
