//! What can go wrong with the database, by what a caller can do about it.

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or went away in the middle. Nothing of an open transaction is kept.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The database is older than this program.
    #[error("the database is at version {found} and this billdeck needs version {needed}")]
    Behind {
        /// The newest migration that the database has; 0 for an empty one.
        found: i64,
        /// The newest migration that this program has.
        needed: i64,
    },
    /// The database is newer than this program.
    #[error("the database is at version {found}, newer than this billdeck's {known}")]
    Ahead {
        /// The newest migration that the database has.
        found: i64,
        /// The newest migration that this program has.
        known: i64,
    },
    /// A migration failed or differs from the one that was run.
    #[error("the database could not be brought to this version")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A rule of the database refused the write; carries the constraint's name.
    #[error("the database refused the write by its rule `{constraint}`")]
    Constraint {
        /// The constraint.
        constraint: String,
        /// The database's own error.
        #[source]
        source: sqlx::Error,
    },
    /// The session is read-only.
    #[error("the session is read-only")]
    ReadOnly(#[source] sqlx::Error),
    /// Another transaction got in the way; the same work may be tried again at once.
    #[error("another transaction got in the way")]
    Collision(#[source] sqlx::Error),
    /// A stored row does not fit: somebody wrote past billdeck, or a bug did.
    #[error("{table} {id}: the column `{column}` holds what it must not: {why}")]
    BadRow {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id.
        id: String,
        /// What is wrong.
        why: String,
    },
    /// A cursor that this list never gave.
    #[error("the cursor does not belong to this list: {0}")]
    Cursor(&'static str),
    /// The row was not in the state that the change needs.
    #[error("{what} {id} is no longer in the state that this change needs")]
    Gone {
        /// The aggregate.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// Anything else: a bug in a query.
    #[error("a query failed")]
    Query(#[source] sqlx::Error),
}

impl StoreError {
    /// A stable code in snake case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "database_unavailable",
            Self::Behind { .. } => "database_behind",
            Self::Ahead { .. } => "database_ahead",
            Self::Migrate(_) => "migration_failed",
            Self::Constraint { .. } => "constraint",
            Self::ReadOnly(_) => "read_only",
            Self::Collision(_) => "collision",
            Self::BadRow { .. } => "bad_row",
            Self::Cursor(_) => "bad_cursor",
            Self::Gone { .. } => "state_changed",
            Self::Query(_) => "query_failed",
        }
    }

    /// What a person can do about it.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unavailable(_) => {
                Some("check that PostgreSQL runs and that DATABASE_URL is right: `billdeck doctor`")
            }
            Self::Behind { .. } => Some("run `billdeck migrate`"),
            Self::Ahead { .. } => Some("run a billdeck of the newer version; a database is never taken back"),
            Self::Migrate(_) => Some("nothing of the failed migration is kept; see the cause above"),
            Self::ReadOnly(_) => Some("run without --read-only, or as a role that may write"),
            Self::Collision(_) | Self::Gone { .. } => Some("look at it again and repeat"),
            Self::Cursor(_) => Some("start the list again without --cursor"),
            Self::Constraint { .. } | Self::BadRow { .. } | Self::Query(_) => None,
        }
    }

    /// Whether the database works and refused this very work: the same again fails again, and other work does not.
    pub const fn blames_the_work(&self) -> bool {
        match self {
            Self::Constraint { .. } | Self::BadRow { .. } | Self::Query(_) => true,
            Self::Unavailable(_)
            | Self::Behind { .. }
            | Self::Ahead { .. }
            | Self::Migrate(_)
            | Self::ReadOnly(_)
            | Self::Collision(_)
            | Self::Cursor(_)
            | Self::Gone { .. } => false,
        }
    }

    /// Whether the same transaction may be tried again at once: a deadlock, a serialization failure, or a row that
    /// another process made first.
    pub fn is_collision(&self) -> bool {
        match self {
            Self::Collision(_) => true,
            Self::Constraint { source, .. } => source
                .as_database_error()
                .is_some_and(sqlx::error::DatabaseError::is_unique_violation),
            Self::Unavailable(_)
            | Self::Behind { .. }
            | Self::Ahead { .. }
            | Self::Migrate(_)
            | Self::ReadOnly(_)
            | Self::BadRow { .. }
            | Self::Cursor(_)
            | Self::Gone { .. }
            | Self::Query(_) => false,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default().into_owned();
                match code.as_str() {
                    // Shutdown, crash and recovery of the server; a transaction that we left idle for too long; unknown
                    // database or password.
                    "57P01" | "57P02" | "57P03" | "25P03" | "3D000" | "28P01" | "28000" => {
                        Self::Unavailable(error)
                    }
                    // The connection; and what the server is out of: disk, memory, connections.
                    code if code.starts_with("08") || code.starts_with("53") => Self::Unavailable(error),
                    // Somebody else holds the lock.
                    "55P03" => Self::Collision(error),
                    "25006" | "42501" => Self::ReadOnly(error),
                    "40001" | "40P01" => Self::Collision(error),
                    code if code.starts_with("23") => {
                        let constraint = database.constraint().unwrap_or("unnamed").to_owned();
                        Self::Constraint {
                            constraint,
                            source: error,
                        }
                    }
                    _ => Self::Query(error),
                }
            }
            _ => Self::Query(error),
        }
    }
}
