//! Why a process cannot be put together.

use std::{io, net::SocketAddr, path::PathBuf};

use crate::{postgres::PostgresError, providers::SetupError, store::StoreError};

/// A failure on the way to a process that works.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The private cluster.
    #[error("the private PostgreSQL cluster cannot be used")]
    Cluster(#[source] PostgresError),
    /// The database, named without its password.
    #[error("cannot work with the database {url}")]
    Database {
        /// Which one.
        url: String,
        /// Why not.
        #[source]
        source: StoreError,
    },
    /// A demo left a setting in the database that this program cannot read.
    #[error("the demo that made this database left a setting that cannot be read")]
    DemoSetting(#[source] serde_json::Error),
    /// The catalogue that a demo works with.
    #[error("the catalogue of the demo cannot be used")]
    DemoCatalog(#[source] crate::config::ConfigErrors),
    /// The Stripe room.
    #[error("Stripe cannot be made ready")]
    Stripe(#[source] SetupError),
    /// The address is taken, or may not be used.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The log file cannot be written.
    #[error("cannot write the log file {}", .path.display())]
    LogFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl RuntimeError {
    /// A stable code in snake case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cluster(_) => "database_unavailable",
            Self::Database { source, .. } => source.code(),
            Self::DemoSetting(_) | Self::DemoCatalog(_) => "bad_demo",
            Self::Stripe(_) => "bad_credentials",
            Self::Listen { .. } => "cannot_listen",
            Self::LogFile { .. } => "cannot_log",
        }
    }

    /// What the person can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Cluster(error) => error.hint(),
            Self::Database { source, .. } => source.hint().map(str::to_owned),
            Self::DemoSetting(_) => Some("start the demo again with `billdeck demo --fresh`".to_owned()),
            Self::DemoCatalog(_) => Some("mend the file; the demo reads it again by itself".to_owned()),
            Self::Stripe(_) => Some("`billdeck config show` tells where each value comes from".to_owned()),
            Self::Listen { .. } => {
                Some("choose another address with `--listen`; port 0 picks a free one".to_owned())
            }
            Self::LogFile { .. } => Some("choose another file in `log.file`".to_owned()),
        }
    }
}
