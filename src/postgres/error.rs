//! What can go wrong with the private cluster, and what the person can do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::download::DownloadError;
use super::programs::{Rejected, Unfit};
use super::version::OLDEST_MAJOR;

/// A failure of the private cluster. [`PostgresError::hint`] says what to do; causes hang on `source()`.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No server programs on this machine, and none to download.
    #[error("{}", no_server(*.wanted, .rejected))]
    NoServer {
        /// The major version an existing cluster asks for.
        wanted: Option<u32>,
        /// Programs that were found and cannot be used.
        rejected: Vec<Rejected>,
        /// Why the download did not work; none where it was not tried.
        #[source]
        download: Option<Box<DownloadError>>,
    },
    /// `BILLDECK_PG_BIN` names a folder that cannot be used.
    #[error("`BILLDECK_PG_BIN` names {}, which {unfit}", .dir.display())]
    SettingUnfit {
        /// The folder, as set.
        dir: PathBuf,
        /// What is wrong with it.
        unfit: Unfit,
    },
    /// The caller is root, and there is no user to run the server as.
    #[error(
        "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor a user `nobody` to run it as"
    )]
    NoServerUser,
    /// The user that has to run the server is in no user database; `initdb` refuses such users.
    #[error("user id {uid}, as which the PostgreSQL server has to run, has no entry in the user database")]
    NoUserEntry {
        /// The id.
        uid: u32,
    },
    /// The cluster's files belong to somebody as whom the server cannot be run.
    #[error("the cluster in {} belongs to user id {owner}, but this is user id {us}", .dir.display())]
    Foreign {
        /// The cluster's files.
        dir: PathBuf,
        /// Who owns them.
        owner: u32,
        /// Who we are.
        us: u32,
    },
    /// The unprivileged user cannot reach the cluster, and this system offers no way round.
    #[error("user `{user}`, as whom the server has to run, cannot reach {}", .dir.display())]
    Unreachable {
        /// The cluster's files.
        dir: PathBuf,
        /// The user's name.
        user: String,
    },
    /// Something with a file or a process did not work.
    #[error("cannot {action} {}", .path.display())]
    File {
        /// What was tried, such as `create`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file with the password is missing or was changed by somebody.
    #[error("{} does not hold the password of the cluster beside it", .path.display())]
    NoPassword {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read; none when it is missing.
        source: Option<serde_json::Error>,
    },
    /// `initdb` failed.
    #[error("{} could not make a cluster in {}: {output}", .program.display(), .dir.display())]
    NotMade {
        /// Which `initdb`.
        program: PathBuf,
        /// Where.
        dir: PathBuf,
        /// What it said.
        output: String,
    },
    /// The server ended before it answered.
    #[error("the PostgreSQL server ended while starting: {said}")]
    Died {
        /// The end of what it wrote.
        said: String,
        /// Where the rest stands.
        log: PathBuf,
    },
    /// The server runs and does not answer.
    #[error("the PostgreSQL server on port {port} does not answer after {} s", .patience.as_secs())]
    NoAnswer {
        /// Its port on loopback.
        port: u16,
        /// How long it was waited for.
        patience: Duration,
        /// Where it writes.
        log: PathBuf,
    },
    /// The server runs and did not do what it was asked.
    #[error("the private PostgreSQL server refused to {action}")]
    Refused {
        /// What was asked.
        action: &'static str,
        /// Its answer.
        source: sqlx::Error,
    },
    /// The server did not end.
    #[error("the PostgreSQL server (process {pid}) does not stop")]
    Stuck {
        /// Its process.
        pid: i32,
    },
    /// A cluster that others use is not removed.
    #[error("the cluster in {} is used by another running billdeck", .dir.display())]
    InUse {
        /// The cluster's directory.
        dir: PathBuf,
    },
    /// A cluster made for tests does not keep data over a power cut and is not used for real data.
    #[error("the cluster in {} was made for tests, which keep no data over a power cut", .dir.display())]
    MadeForTests {
        /// The cluster's directory.
        dir: PathBuf,
    },
    /// The random number source of the system failed.
    #[error("the system gave no random numbers for the cluster's password")]
    NoRandomness,
    /// Work handed to another thread did not come back.
    #[error("work on the private cluster was interrupted")]
    Interrupted {
        /// Why.
        source: tokio::task::JoinError,
    },
}

impl PostgresError {
    /// What the person can do, in one sentence; none where the message and its causes say all there is.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoServer { wanted, .. } => {
                let (package, version) = match wanted {
                    Some(major) => (format!("postgresql-{major}"), format!("PostgreSQL {major}")),
                    None => ("postgresql".to_owned(), "PostgreSQL".to_owned()),
                };
                Some(format!(
                    "install {version} (Debian and Ubuntu: `apt install {package}`), name the folder of its programs \
                     in `BILLDECK_PG_BIN`, or point `DATABASE_URL` (in the configuration `database.url`) at a database"
                ))
            }
            Self::SettingUnfit { .. } => Some(
                "name the folder that holds `postgres` and `initdb`, such as /usr/lib/postgresql/17/bin, or unset \
                 `BILLDECK_PG_BIN` to have it found"
                    .to_owned(),
            ),
            Self::NoServerUser => Some(
                "run billdeck as an ordinary user, add a user `postgres`, or point `DATABASE_URL` (in the \
                 configuration `database.url`) at a database"
                    .to_owned(),
            ),
            Self::NoUserEntry { uid } => Some(format!(
                "add an entry for {uid} to /etc/passwd, or point `DATABASE_URL` (in the configuration \
                 `database.url`) at a database"
            )),
            Self::Foreign { dir, owner: 0, .. } => Some(format!(
                "the server never runs as root: give the files to the user who is to run it, \
                 `chown -R postgres {}`",
                dir.display()
            )),
            Self::Foreign { owner, .. } => {
                Some(format!("run billdeck as user id {owner}, or choose another data directory"))
            }
            Self::Unreachable { .. } => {
                Some("choose a data directory that every user may pass through, or run billdeck as an ordinary user".to_owned())
            }
            Self::File { path, source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => Some(format!(
                    "see who owns {} (`ls -ld`), and run billdeck as that user or choose another data directory",
                    path.display()
                )),
                io::ErrorKind::StorageFull => Some("make room on that disk".to_owned()),
                _ => None,
            },
            Self::NoPassword { path, .. } => Some(format!(
                "restore {} from a backup; without it the cluster can only be removed",
                path.display()
            )),
            Self::Died { log, .. } | Self::NoAnswer { log, .. } => {
                Some(format!("its messages are in {}", log.display()))
            }
            Self::Stuck { pid } => Some(format!("end it with `kill -QUIT {pid}`; no committed data is lost")),
            Self::InUse { .. } => Some("quit the other billdeck first".to_owned()),
            Self::MadeForTests { .. } => Some("choose another data directory".to_owned()),
            Self::NotMade { .. } | Self::Refused { .. } | Self::NoRandomness | Self::Interrupted { .. } => None,
        }
    }
}

fn no_server(wanted: Option<u32>, rejected: &[Rejected]) -> String {
    let mut text = match wanted {
        Some(major) => format!(
            "this cluster was made by PostgreSQL {major}, and no PostgreSQL {major} server was found on this machine"
        ),
        None => format!("no PostgreSQL server ({OLDEST_MAJOR} or newer) was found on this machine"),
    };
    let rejected = rejected
        .iter()
        .map(|Rejected { dir, unfit }| format!("; {} {unfit}", dir.display()));
    text.extend(rejected);
    text
}

/// Turns an I/O error into one that says what was tried on which path.
pub(super) trait AtPath<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, PostgresError>;
}

impl<T> AtPath<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, PostgresError> {
        self.map_err(|source| PostgresError::File {
            action,
            path: path.to_path_buf(),
            source,
        })
    }
}
