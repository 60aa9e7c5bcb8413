//! A process on its database: what every command that touches the database begins with.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use sqlx::PgConnection;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Database, DemoSetting, RuntimeError, database::close, providers::registry};
use crate::{
    billing::{Billing, Rules},
    config::{Config, LiveCatalog, LoadedCatalog, Settings},
    domain::audit::{Actor, Face},
    postgres::Progress,
    store::{ConnectOptions, Store, Viewpoint, migrate},
};

/// What a process is there for; part of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes deliveries in, and mostly works them off too.
    Listener,
    /// Works events off.
    Worker,
    /// The terminal console.
    Console,
    /// One command.
    Command,
}

impl Role {
    /// The word for it in names and heartbeats.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Worker => "worker",
            Self::Console => "console",
            Self::Command => "cli",
        }
    }

    /// The name of this process in this role: `worker@host/pid`.
    pub fn process_name(self) -> String {
        let host = nix::unistd::gethostname()
            .ok()
            .and_then(|name| name.into_string().ok())
            .unwrap_or_else(|| "unknown".to_owned());
        format!("{self}@{host}/{}", std::process::id())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A process on its database, put together.
#[derive(Debug)]
pub struct Process {
    config: Config,
    database: Database,
    billing: Billing,
    reads: Store,
    catalog: LiveCatalog,
    is_demo: bool,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Process {
    /// Opens the database and puts the process together on it.
    pub async fn start(
        config: Config,
        role: Role,
        progress: Arc<dyn Progress>,
    ) -> Result<Self, RuntimeError> {
        let database = Database::open(&config.settings.database, progress).await?;
        Self::assemble(config, database, role).await
    }

    /// Puts the process together on an open database, which must be of this version. What a demo left in it wins over
    /// the configuration.
    pub async fn assemble(mut config: Config, database: Database, role: Role) -> Result<Self, RuntimeError> {
        super::use_tls();
        let mut conn = database.connect().await?;
        migrate::ensure_current(&mut conn)
            .await
            .map_err(|source| database.failed(source))?;
        let demo = read_demo(&database, &mut conn).await?;
        close(conn).await;
        let mut catalog_file = config.files.catalog();
        if let Some(demo) = &demo {
            demo.apply(&mut config.settings);
            if let Some(path) = demo.catalog.as_ref().filter(|path| path.is_file()) {
                let loaded = LoadedCatalog::read(path, path).map_err(RuntimeError::DemoCatalog)?;
                config.catalog = Arc::new(loaded);
                catalog_file = Some(path.clone());
            }
        }
        let settings = &config.settings;
        let store = store(&database, settings, role, Use::Work)?;
        let reads = self::store(&database, settings, role, Use::Read)?;
        let catalog = LiveCatalog::new(config.catalog.clone());
        let billing = Billing::new(
            store,
            registry(settings)?,
            catalog.clone(),
            Rules::from(settings),
            &role.process_name(),
        );
        let process = Self {
            config,
            database,
            billing,
            reads,
            catalog,
            is_demo: demo.is_some(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        match (role, catalog_file) {
            (Role::Listener | Role::Worker | Role::Console, Some(path)) => process.watch_catalog(&path),
            (Role::Listener | Role::Worker | Role::Console, None) | (Role::Command, _) => {}
        }
        Ok(process)
    }

    /// Keeps the catalogue current. A version that cannot be used is reported to the log, and the one before stays.
    fn watch_catalog(&self, path: &Path) {
        let here = std::env::current_dir().unwrap_or_default();
        let shown = path.strip_prefix(&here).unwrap_or(path).to_owned();
        let watch = self.catalog.watch(path.to_owned(), shown);
        self.tasks.spawn(watch.run(self.stop.clone()));
    }

    /// The configuration in force, a demo's word included.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The settings in force.
    pub const fn settings(&self) -> &Settings {
        &self.config.settings
    }

    /// The database.
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// What the use cases work with.
    pub const fn billing(&self) -> &Billing {
        &self.billing
    }

    /// The store for listener, worker and writes.
    pub const fn store(&self) -> &Store {
        self.billing.store()
    }

    /// The store for lists and details: connections of its own, so that they never wait behind the work, and sessions
    /// that refuse writes.
    pub const fn reads(&self) -> &Store {
        &self.reads
    }

    /// The catalogue, kept current while the process runs.
    pub const fn catalog(&self) -> &LiveCatalog {
        &self.catalog
    }

    /// The database is a demo's.
    pub const fn is_demo(&self) -> bool {
        self.is_demo
    }

    /// From where lists and details are looked at.
    pub const fn viewpoint(&self) -> Viewpoint {
        Viewpoint {
            environment: self.config.settings.environment,
            past_due_has_access: self.config.settings.access.past_due_has_access,
        }
    }

    /// Who acts, through this face.
    pub fn actor(&self, face: Face) -> Actor {
        Actor {
            name: self.config.settings.operator.clone(),
            face,
        }
    }

    /// Ends the process's own tasks, closes all connections and leaves the cluster.
    pub async fn close(self) -> Result<(), RuntimeError> {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.billing.store().close().await;
        self.reads.close().await;
        self.database.leave().await
    }
}

async fn read_demo(
    database: &Database,
    conn: &mut PgConnection,
) -> Result<Option<DemoSetting>, RuntimeError> {
    DemoSetting::read(conn)
        .await
        .map_err(|source| database.failed(source))?
        .transpose()
}

/// How long a command waits for a connection at least.
const COMMAND_WAITS: Duration = Duration::from_secs(15);

#[derive(Clone, Copy)]
enum Use {
    Work,
    Read,
}

fn workers(settings: &Settings) -> u32 {
    u32::try_from(settings.worker.workers).unwrap_or(u32::MAX - 4)
}

fn store(database: &Database, settings: &Settings, role: Role, for_what: Use) -> Result<Store, RuntimeError> {
    let set = &settings.database;
    let (max_connections, statement_timeout, read_only) = match for_what {
        Use::Work => (
            // Every worker holds one while it applies, and leases are renewed meanwhile.
            set.max_connections.max(workers(settings) + 4),
            set.statement_timeout,
            settings.read_only,
        ),
        Use::Read => (set.read_connections, set.read_timeout, true),
    };
    let acquire_timeout = match role {
        // Nobody waits behind a single command, and it has no second chance.
        Role::Command => set.acquire_timeout.max(COMMAND_WAITS),
        Role::Listener | Role::Worker | Role::Console => set.acquire_timeout,
    };
    let options = ConnectOptions {
        max_connections,
        statement_timeout,
        acquire_timeout,
        read_only,
        application: format!("billdeck {role}"),
        ..ConnectOptions::new(database.url().clone(), settings.environment)
    };
    Store::connect_lazily(options).map_err(|source| database.failed(source))
}
