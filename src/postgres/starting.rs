//! Starts the server of a cluster that is there and waits until it answers.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::address::{Address, Answer};
use super::cluster::Durability;
use super::command::{Session, command};
use super::error::{AtPath, PostgresError};
use super::lock::StartLock;
use super::place::{Home, Reach};
use super::postmaster::{Found, Postmaster};
use super::programs::Programs;
use super::record::Record;
use super::user::ServerUser;

/// How long a server may keep silent. One that says that it is recovering is given the time again.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a start is repeated when something is in its way that goes by itself.
const OBSTACLE_PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(5);
const LOG_LIMIT: u64 = 4 << 20;

/// Tried on one machine with two cores; see the manual's chapter "Server Configuration" for each. The log never
/// shows a row's values: they are people's data.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "cluster_name=billdeck",
    "shared_buffers=128MB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=1GB",
    "min_wal_size=64MB",
    "checkpoint_timeout=15min",
    "random_page_cost=1.1",
    "jit=off",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
];
const SETTINGS_FULL: &[&str] = &[
    "max_connections=100",
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
];
const SETTINGS_TEST: &[&str] = &[
    "max_connections=300",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
];

/// Starts the server and returns where it answers.
pub(super) async fn start(
    home: &Home,
    programs: &Programs,
    user: &ServerUser,
    record: &mut Record,
    _under: &StartLock,
) -> Result<Address, PostgresError> {
    let reach = Reach::to(&home.data(), user, &programs.postgres())?;
    let mut port = free_port(record.last_port)?;
    let began = Instant::now();
    loop {
        let address = Address {
            port,
            password: record.password.clone(),
        };
        let mut server = Starting::spawn(home, &reach, programs, user, record.durability, port)?;
        match server.outcome(&address).await? {
            Outcome::Ready => {
                server.settle();
                record.last_port = Some(port);
                record.write(home)?;
                return Ok(address);
            }
            Outcome::Died(said) => {
                if began.elapsed() > OBSTACLE_PATIENCE {
                    return Err(PostgresError::Died {
                        said,
                        log: home.log(),
                    });
                }
                match Obstacle::in_words(&said) {
                    Some(Obstacle::PortTaken) => port = free_port(None)?,
                    Some(Obstacle::OldServer) => tokio::time::sleep(Duration::from_millis(50)).await,
                    None => {
                        return Err(PostgresError::Died {
                            said,
                            log: home.log(),
                        });
                    }
                }
            }
        }
    }
}

/// Waits for the server of `address` that somebody else started, as long as it runs.
pub(super) async fn wait_for(
    address: &Address,
    server: &Postmaster,
    home: &Home,
) -> Result<bool, PostgresError> {
    let mut wait = Wait::default();
    while server.is_running() {
        match wait.step(address, &home.log()).await? {
            Progressed::Answered => return Ok(true),
            Progressed::NotYet => tokio::time::sleep(POLL).await,
        }
    }
    Ok(false)
}

/// What keeps a server from starting and goes away by itself.
enum Obstacle {
    /// Somebody took the port between our look and the server's.
    PortTaken,
    /// The remains of a killed server: its children notice within moments and end.
    OldServer,
}

impl Obstacle {
    fn in_words(said: &str) -> Option<Self> {
        if said.contains("could not create any TCP/IP sockets") || said.contains("could not bind") {
            Some(Self::PortTaken)
        } else if said.contains("shared memory block") || said.contains("lock file \"postmaster.pid\"") {
            Some(Self::OldServer)
        } else {
            None
        }
    }
}

/// A free port on loopback: the wished one, if it is free.
fn free_port(wish: Option<u16>) -> Result<u16, PostgresError> {
    let try_port =
        |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| listener.local_addr());
    wish.and_then(|port| try_port(port).ok())
        .map_or_else(|| try_port(0), Ok)
        .map(|address| address.port())
        .at("find a free port on", Path::new("127.0.0.1"))
}

enum Outcome {
    Ready,
    Died(String),
}

/// A server that was spawned and is not known to answer; dropped so, it is ended.
struct Starting {
    child: Option<Child>,
    log: File,
    log_start: u64,
    home: Home,
}

impl Starting {
    fn spawn(
        home: &Home,
        reach: &Reach,
        programs: &Programs,
        user: &ServerUser,
        durability: Durability,
        port: u16,
    ) -> Result<Self, PostgresError> {
        if Postmaster::find(&home.data())? == Found::Leftover {
            Postmaster::clear_leftover(&home.data())?;
        }
        let (log, log_start) = open_log(home)?;
        let (out, err) = (log.try_clone(), log.try_clone());
        let kept: Vec<_> = reach.kept().into_iter().collect();
        let mut command = command(&programs.postgres(), user, Session::Own, &kept);
        command
            .arg("-D")
            .arg(reach.path())
            .arg("-p")
            .arg(port.to_string());
        let by_durability = match durability {
            Durability::Full => SETTINGS_FULL,
            Durability::Test => SETTINGS_TEST,
        };
        for setting in SETTINGS.iter().chain(by_durability) {
            command.arg("-c").arg(setting);
        }
        command
            .stdout(Stdio::from(out.at("open", &home.log())?))
            .stderr(Stdio::from(err.at("open", &home.log())?));
        let child = command.spawn().at("run", &programs.postgres())?;
        Ok(Self {
            child: Some(child),
            log,
            log_start,
            home: home.clone(),
        })
    }

    async fn outcome(&mut self, address: &Address) -> Result<Outcome, PostgresError> {
        let path = self.home.log();
        let mut wait = Wait::default();
        loop {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait().at("watch the server of", &self.home.data())?
            {
                self.child = None;
                let said = self.said().at("read", &path)?;
                return Ok(Outcome::Died(if said.is_empty() {
                    status.to_string()
                } else {
                    said
                }));
            }
            match wait.step(address, &path).await? {
                // Somebody else's server on a port that ours failed to take would answer too, but not to our password.
                Progressed::Answered => return Ok(Outcome::Ready),
                Progressed::NotYet => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// The last lines that this server wrote.
    fn said(&mut self) -> std::io::Result<String> {
        let mut bytes = Vec::new();
        self.log.seek(SeekFrom::Start(self.log_start))?;
        self.log.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        Ok(lines
            .get(lines.len().saturating_sub(12)..)
            .unwrap_or_default()
            .join("\n"))
    }

    /// Lets the server go on without us. A thread waits for its end, so that it leaves no zombie however long we run.
    fn settle(mut self) {
        if let Some(mut child) = self.child.take() {
            let reaper = std::thread::Builder::new().name("postgres-reaper".to_owned());
            if let Err(error) = reaper.spawn(move || child.wait()) {
                tracing::debug!(%error, "no thread to wait for the end of the PostgreSQL server");
            }
        }
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        if let Ok(pid) = i32::try_from(child.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
        }
        let _ = child.wait();
    }
}

/// The log, opened at its end; a long one is put aside first.
fn open_log(home: &Home) -> Result<(File, u64), PostgresError> {
    let path = home.log();
    if std::fs::metadata(&path).is_ok_and(|log| log.len() > LOG_LIMIT) {
        std::fs::rename(&path, path.with_extension("log.old")).at("put aside", &path)?;
    }
    let log = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .at("open", &path)?;
    home.settle(&log, &path)?;
    let length = log.metadata().at("look at", &path)?.len();
    Ok((log, length))
}

enum Progressed {
    Answered,
    NotYet,
}

/// Patience with one server.
struct Wait {
    silent_since: Instant,
    refused_since: Option<Instant>,
}

impl Default for Wait {
    fn default() -> Self {
        Self {
            silent_since: Instant::now(),
            refused_since: None,
        }
    }
}

impl Wait {
    /// Asks the server once.
    async fn step(&mut self, address: &Address, log: &Path) -> Result<Progressed, PostgresError> {
        match address.ask().await {
            Answer::Ready => return Ok(Progressed::Answered),
            Answer::NotNow => self.silent_since = Instant::now(),
            Answer::Silence => {}
            Answer::Refusal(error) => {
                // The server of somebody else may sit on the port for the moment that ours needs to notice and end.
                if self.refused_since.get_or_insert_with(Instant::now).elapsed() > Duration::from_secs(3) {
                    return Err(PostgresError::Refused {
                        action: "let us connect",
                        source: error,
                    });
                }
            }
        }
        if self.silent_since.elapsed() > PATIENCE {
            return Err(PostgresError::NoAnswer {
                port: address.port,
                patience: PATIENCE,
                log: log.to_path_buf(),
            });
        }
        Ok(Progressed::NotYet)
    }
}
