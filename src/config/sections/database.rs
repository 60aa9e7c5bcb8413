//! `[database]`: which PostgreSQL, and how it is used.

use std::{path::PathBuf, time::Duration};

use secrecy::SecretString;

use crate::config::{check::Check, schema::raw};

raw! {
    /// `[database]`
    struct RawDatabase {
        /// A PostgreSQL 14 or newer, such as `postgres://user@host/name`. Default: unset, a private cluster in
        /// `data_dir`. Variable: `DATABASE_URL`.
        url: Option<String> = None,
        /// Folder of the private cluster. Default: `$XDG_DATA_HOME/billdeck`.
        data_dir: Option<String> = None,
        /// Folder of PostgreSQL's programs (`initdb`, `postgres`). Default: found on the machine. Variable:
        /// `BILLDECK_PG_BIN`.
        pg_bin: Option<String> = None,
        /// Connections of listener and worker in one process, at most. Default: 16.
        max_connections: u64 = 16,
        /// Connections for lists and details, kept apart so that a screen never waits behind the worker. Default: 4.
        read_connections: u64 = 4,
        /// Milliseconds to wait for a free connection. Default: 3000.
        acquire_timeout_ms: u64 = 3_000,
        /// Milliseconds that one statement of listener or worker may take. Default: 30000.
        statement_timeout_ms: u64 = 30_000,
        /// Milliseconds that one statement of a list or detail may take. Default: 10000.
        read_timeout_ms: u64 = 10_000,
    }
}

/// Which PostgreSQL, and how it is used.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// The database, with its password; none means the private cluster.
    pub url: Option<SecretString>,
    /// Folder of the private cluster, absolute.
    pub data_dir: PathBuf,
    /// Folder of PostgreSQL's programs, absolute; none means that they are looked for.
    pub pg_bin: Option<PathBuf>,
    /// Connections of listener and worker.
    pub max_connections: u32,
    /// Connections for reading.
    pub read_connections: u32,
    /// Time to wait for a free connection.
    pub acquire_timeout: Duration,
    /// Time for one statement of listener or worker.
    pub statement_timeout: Duration,
    /// Time for one statement of a list or detail.
    pub read_timeout: Duration,
}

impl RawDatabase {
    /// `data_folder` is the name of the default folder below `$XDG_DATA_HOME`.
    pub(super) fn check(&self, check: &mut Check<'_>, data_folder: &str) -> Option<DatabaseSettings> {
        let url = match &self.url {
            None => Some(None),
            Some(text) => check
                .url("database.url", text, &["postgres", "postgresql"])
                .map(|_| Some(SecretString::from(text.trim()))),
        };
        let data_dir = match &self.data_dir {
            Some(typed) => Some(check.path("database.data_dir", typed)),
            None => check
                .around()
                .data_home
                .as_ref()
                .map(|home| home.join(data_folder)),
        };
        if data_dir.is_none() {
            check.fail(
                "database.data_dir",
                "neither HOME nor XDG_DATA_HOME is set: name a folder here",
            );
        }
        let max_connections = check.number("database.max_connections", self.max_connections, 2..=1_000);
        let read_connections = check.number("database.read_connections", self.read_connections, 1..=1_000);
        let acquire_timeout = check.millis("database.acquire_timeout_ms", self.acquire_timeout_ms);
        let statement_timeout = check.millis("database.statement_timeout_ms", self.statement_timeout_ms);
        let read_timeout = check.millis("database.read_timeout_ms", self.read_timeout_ms);
        Some(DatabaseSettings {
            url: url?,
            data_dir: data_dir?,
            pg_bin: self
                .pg_bin
                .as_ref()
                .map(|typed| check.path("database.pg_bin", typed)),
            max_connections: max_connections?,
            read_connections: read_connections?,
            acquire_timeout: acquire_timeout?,
            statement_timeout: statement_timeout?,
            read_timeout: read_timeout?,
        })
    }
}
