//! A place among the users of a private cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnectOptions;
use tokio::sync::Mutex;

use super::address::{Address, DATABASE};
use super::download::download;
use super::error::{AtPath, PostgresError};
use super::lock::{StartLock, UserLock};
use super::making;
use super::place::Home;
use super::postmaster::{Found, Postmaster};
use super::programs::{ProgramSearch, Programs, Rejected};
use super::progress::{Progress, Quiet, Step};
use super::record::Record;
use super::starting;
use super::user::ServerUser;

/// What a cluster keeps when the power fails. Decided when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Everything committed.
    Full,
    /// Nothing: faster, for tests.
    Test,
}

/// Which cluster, and how to bring it up.
#[derive(Clone)]
pub struct ClusterOptions {
    /// The cluster lies in `postgres/` below this directory. It is made if it is missing.
    pub data_dir: PathBuf,
    /// Where the server programs come from, if the server has to be started.
    pub programs: ProgramSearch,
    /// For a cluster that is made now. A [`Durability::Full`] cluster is never run with less, and a
    /// [`Durability::Test`] one is refused where full durability is asked for.
    pub durability: Durability,
    /// Who is told what takes time.
    pub progress: Arc<dyn Progress>,
}

impl ClusterOptions {
    /// The ordinary options: `pg_bin` is what `BILLDECK_PG_BIN` names, durability full, progress shown to nobody.
    pub fn new(data_dir: impl Into<PathBuf>, pg_bin: Option<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            programs: ProgramSearch::machine(pg_bin),
            durability: Durability::Full,
            progress: Arc::new(Quiet),
        }
    }
}

/// A private cluster that runs and has us among its users.
///
/// [`Cluster::leave`] gives the place up and tells how it went. Dropping the value does the same and blocks the
/// thread meanwhile: milliseconds, up to a minute if we are the last and the server has much to write.
#[derive(Debug)]
pub struct Cluster {
    address: Address,
    version: String,
    membership: Membership,
}

/// What became of the server when we left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// We were the last; it is stopped.
    Stopped,
    /// Others use it.
    StillUsed,
}

/// What a look at a data directory finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterStatus {
    /// No cluster; the next join makes one.
    NotMade,
    /// A cluster whose server does not run.
    Stopped {
        /// The major version that made it.
        major: u32,
        /// What it takes on disk, in bytes.
        bytes: u64,
    },
    /// A cluster whose server runs.
    Running {
        /// The server's version, in its own words; none if it does not answer just now.
        version: Option<String>,
        /// The major version that made it.
        major: u32,
        /// Its port on loopback.
        port: u16,
        /// Its process.
        pid: i32,
        /// What it takes on disk, in bytes.
        bytes: u64,
    },
}

impl Cluster {
    /// Joins the cluster of a data directory: makes it if there is none, starts it if it does not run, recovers it
    /// if it crashed. Afterwards its database `billdeck` is there.
    ///
    /// The future can be dropped at any time; a server that was being started ends with it.
    ///
    /// # Errors
    /// [`PostgresError::NoServer`] where no server programs are to be had; see the other variants.
    pub async fn join(options: &ClusterOptions) -> Result<Self, PostgresError> {
        let (home, start) = StartLock::wait(&options.data_dir, &*options.progress).await?;
        let user = UserLock::enter(&home, &start)?;
        // Dropped in this order: to leave, the membership takes the start lock itself.
        let joining = Joining {
            start: Arc::new(start),
            membership: Membership {
                home,
                user: Some(user),
            },
        };
        let address = bring_up(options, &joining).await?;
        let version = address.ensure_database().await?;
        options.progress.step(&Step::Ready);
        let Joining { start, membership } = joining;
        drop(start);
        Ok(Self {
            address,
            version,
            membership,
        })
    }

    /// Like [`Cluster::join`], but all callers in this process share one place per data directory, which is given up
    /// when the last of them drops it. For tests, of which many run in one process and many processes run at once.
    pub async fn join_shared(options: &ClusterOptions) -> Result<Arc<Self>, PostgresError> {
        static SHARED: Mutex<BTreeMap<PathBuf, Weak<Cluster>>> = Mutex::const_new(BTreeMap::new());
        let mut shared = SHARED.lock().await;
        if let Some(cluster) = shared.get(&options.data_dir).and_then(Weak::upgrade) {
            return Ok(cluster);
        }
        let cluster = Arc::new(Self::join(options).await?);
        shared.insert(options.data_dir.clone(), Arc::downgrade(&cluster));
        Ok(cluster)
    }

    /// Gives up our place; the last one to leave stops the server.
    pub async fn leave(self) -> Result<Leaving, PostgresError> {
        blocking(move || self.membership.give_up()).await
    }

    /// The URL of the database `billdeck`, with the password.
    pub fn url(&self) -> SecretString {
        self.database_url(DATABASE)
    }

    /// The URL of another database of this cluster, which need not exist yet.
    pub fn database_url(&self, database: &str) -> SecretString {
        self.address.url(database)
    }

    /// The same as options for a connection or a pool.
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        self.address.options(database)
    }

    /// The server's port on loopback.
    pub fn port(&self) -> u16 {
        self.address.port
    }

    /// The server's version, in its own words.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Looks at the cluster of a data directory without starting or changing anything.
    pub async fn status(data_dir: &Path) -> Result<ClusterStatus, PostgresError> {
        let home = Home::of(data_dir);
        let looked = blocking({
            let home = home.clone();
            move || {
                let Some(major) = home.major()? else {
                    return Ok(None);
                };
                Ok(Some((
                    major,
                    size_on_disk(home.dir()),
                    Postmaster::find(&home.data())?,
                )))
            }
        });
        let Some((major, bytes, found)) = looked.await? else {
            return Ok(ClusterStatus::NotMade);
        };
        match found {
            Found::Nothing | Found::Leftover => Ok(ClusterStatus::Stopped { major, bytes }),
            Found::Running(server) => {
                let address = Address {
                    port: server.port(),
                    password: Record::read(&home)?.password,
                };
                let version = address.version().await.ok();
                Ok(ClusterStatus::Running {
                    version,
                    major,
                    port: server.port(),
                    pid: server.pid(),
                    bytes,
                })
            }
        }
    }

    /// Removes the cluster of a data directory with all its data, stopping a server that nobody uses. Other files in
    /// the data directory stay. No cluster there: nothing happens.
    ///
    /// # Errors
    /// [`PostgresError::InUse`] while anybody, in this process or another, uses it.
    pub async fn remove(data_dir: &Path) -> Result<(), PostgresError> {
        if !Home::of(data_dir).dir().exists() {
            return Ok(());
        }
        let (home, start) = StartLock::wait(data_dir, &Quiet).await?;
        blocking(move || {
            if UserLock::anybody(&home, &start)? {
                return Err(PostgresError::InUse {
                    dir: home.dir().to_path_buf(),
                });
            }
            if let Found::Running(server) = Postmaster::find(&home.data())? {
                server.stop()?;
            }
            std::fs::remove_dir_all(home.dir()).at("remove", home.dir())
        })
        .await
    }
}

/// While we join: fields are dropped in this order.
struct Joining {
    /// Shared with work on another thread, which goes on when the future is dropped and still needs the right to.
    start: Arc<StartLock>,
    membership: Membership,
}

/// A place among the users; dropped, it is given up.
#[derive(Debug)]
struct Membership {
    home: Home,
    user: Option<UserLock>,
}

impl Membership {
    /// Blocks while the server is stopped.
    fn give_up(mut self) -> Result<Leaving, PostgresError> {
        self.take_leave()
    }

    fn take_leave(&mut self) -> Result<Leaving, PostgresError> {
        let Some(user) = self.user.take() else {
            return Ok(Leaving::StillUsed);
        };
        // Who holds the start lock for so long is joining: he stops the server when he leaves.
        let Some(start) = StartLock::wait_blocking(&self.home, Duration::from_secs(5))? else {
            return Ok(Leaving::StillUsed);
        };
        if !user.leave(&start)? {
            return Ok(Leaving::StillUsed);
        }
        if let Found::Running(server) = Postmaster::find(&self.home.data())? {
            server.stop()?;
        }
        Ok(Leaving::Stopped)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        if let Err(error) = self.take_leave() {
            tracing::warn!(path = %self.home.dir().display(), %error, "the private PostgreSQL server was not stopped");
        }
    }
}

/// Brings the server up, if it is not.
async fn bring_up(options: &ClusterOptions, joining: &Joining) -> Result<Address, PostgresError> {
    let home = &joining.membership.home;
    let made = home.major()?;
    if made.is_some() {
        let record = Record::read(home)?;
        if record.durability == Durability::Test && options.durability == Durability::Full {
            return Err(PostgresError::MadeForTests {
                dir: home.dir().to_path_buf(),
            });
        }
        if let Found::Running(server) = Postmaster::find(&home.data())? {
            let address = Address {
                port: server.port(),
                password: record.password,
            };
            if starting::wait_for(&address, &server, home).await? {
                return Ok(address);
            }
        }
    }
    let user = ServerUser::for_cluster(&home.data())?;
    let programs = find_programs(options, made, &user).await?;
    if made.is_none() {
        options.progress.step(&Step::Making);
        let (home, programs, user) = (home.clone(), programs.clone(), user.clone());
        let (durability, start) = (options.durability, Arc::clone(&joining.start));
        blocking(move || making::make(&home, &programs, &user, durability, &start)).await?;
    }
    options.progress.step(&Step::Starting);
    let mut record = Record::read(home)?;
    starting::start(home, &programs, &user, &mut record, &joining.start).await
}

async fn find_programs(
    options: &ClusterOptions,
    wanted: Option<u32>,
    user: &ServerUser,
) -> Result<Programs, PostgresError> {
    let (search, finder) = (options.programs.clone(), user.clone());
    let (mut rejected, downloads) = match blocking(move || Programs::find(&search, wanted, &finder)).await {
        Err(PostgresError::NoServer {
            rejected,
            wanted,
            download,
        }) => match &options.programs.downloads {
            Some(downloads) => (rejected, downloads),
            None => {
                return Err(PostgresError::NoServer {
                    wanted,
                    rejected,
                    download,
                });
            }
        },
        found => return found,
    };
    match download(downloads, wanted, &*options.progress).await {
        Ok(dir) => Programs::inspect(&dir, wanted, user).map_err(|unfit| {
            rejected.push(Rejected { dir, unfit });
            PostgresError::NoServer {
                wanted,
                rejected,
                download: None,
            }
        }),
        Err(error) => Err(PostgresError::NoServer {
            wanted,
            rejected,
            download: Some(Box::new(error)),
        }),
    }
}

/// Runs what waits for files and processes where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PostgresError> + Send + 'static,
) -> Result<T, PostgresError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|source| PostgresError::Interrupted { source })?
}

/// What the files below `dir` take on disk. Files come and go in a running cluster: what cannot be seen counts for
/// nothing.
fn size_on_disk(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = std::fs::read_dir(dir) else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .map(|(path, metadata)| {
            metadata.blocks() * 512 + if metadata.is_dir() { size_on_disk(&path) } else { 0 }
        })
        .sum()
}
