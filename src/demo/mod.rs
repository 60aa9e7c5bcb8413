//! The demo: a private cluster, simulated providers, listener, worker and made-up accounts in one process.
//!
//! Everything it shows came in over the road that real events take: the simulators make it, deliver it as signed webhooks,
//! and the worker applies it. The simulators keep their world in memory, so every start makes a new one, in an emptied
//! database; what a person changed in the demo's copy of the catalogue stays until `--fresh`.

mod accounts;
mod folder;
mod story;
mod trickle;
mod trouble;

use std::{net::SocketAddr, path::Path, sync::Arc};

use secrecy::SecretString;
use sqlx::{Connection, Executor, PgConnection};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{accounts::Accounts, folder::DemoFolder};
use crate::{
    config::{Config, ConfigErrors, LoadedCatalog},
    postgres::Progress,
    runtime::{
        Database, DemoSetting, Process, Ready, Role, RuntimeError, ServeOptions, Services, SimulatedProvider,
        bind,
    },
    simulators::{Handle, Simulator, SimulatorError, SimulatorOptions, stripe::StripeAccount},
    store::{StoreError, migrate},
};

pub use folder::FolderError;

/// What a demo is made of.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// The configuration, loaded for a demo: it names no database and no credentials.
    pub config: Config,
    /// Empty the data directory first.
    pub fresh: bool,
    /// How many accounts there are.
    pub customers: u32,
    /// About how many events their histories make.
    pub events: u32,
    /// Where names, ids and chances come from.
    pub seed: u64,
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The data directory.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The demo's copy of the catalogue.
    #[error("the demo's catalogue cannot be used")]
    Catalog(#[source] ConfigErrors),
    /// Database, listener or worker.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The simulators.
    #[error("the simulated providers cannot be started")]
    Simulator(#[from] SimulatorError),
    /// The database, once it was there.
    #[error("the demo's database cannot be made ready")]
    Store(#[from] StoreError),
}

impl DemoError {
    /// What the person can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Folder(error) => Some(error.hint()),
            Self::Catalog(_) => Some("mend the file, or start again with --fresh".to_owned()),
            Self::Runtime(error) => error.hint(),
            Self::Simulator(_) | Self::Store(_) => None,
        }
    }
}

/// A demo that runs.
pub struct Demo {
    process: Process,
    services: Services,
    simulator: Simulator,
    folder: DemoFolder,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Demo {
    /// Starts everything. When this returns the listener takes deliveries and the accounts begin to come in.
    pub async fn start(options: DemoOptions, progress: Arc<dyn Progress>) -> Result<Self, DemoError> {
        let mut config = options.config;
        // The demo empties its database: only ever its own.
        config.settings.database.url = None;
        let folder = DemoFolder::open(&config.settings.database.data_dir, options.fresh).await?;
        let path = folder.catalog(config.catalog.file.text())?;
        config.catalog = Arc::new(LoadedCatalog::read(&path, &path).map_err(DemoError::Catalog)?);

        let database = Database::open(&config.settings.database, progress).await?;
        let mut conn = database.connect().await?;
        empty(&mut conn).await?;

        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let here = listener.local_addr().map_err(FolderError::socket)?;
        let secrets = [
            SecretString::from("sk_test_demo_made_up"),
            SecretString::from("whsec_demo_made_up"),
        ];
        let [secret_key, webhook_secret] = secrets;
        let account = StripeAccount::new(secret_key.clone(), webhook_secret.clone())
            .selling(accounts::prices(&config.catalog.catalog));
        let simulator = Simulator::start(SimulatorOptions {
            deliver_to: format!("http://{here}").parse().ok(),
            seed: options.seed,
            ..SimulatorOptions::new(account)
        })
        .await?;
        let setting = DemoSetting {
            stripe: SimulatedProvider {
                api_base: simulator.stripe_base(),
                secret_key,
                webhook_secret,
            },
            catalog: Some(path),
        };
        setting.write(&mut conn).await?;
        // Closing politely matters to nobody: the server notices either way.
        drop(conn);

        let accounts = Accounts::new(options.seed, &config.catalog.catalog);
        let workers = config.settings.worker.workers;
        let process = Process::assemble(config, database, Role::Console).await?;
        let services = Services::start(
            &process,
            ServeOptions {
                listener: Some(listener),
                workers: Some(workers),
            },
        );
        let demo = Self {
            process,
            services,
            simulator,
            folder,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        demo.tasks.spawn(go_on(
            demo.simulator.handle(),
            accounts,
            (options.customers, options.events),
            demo.folder.path().to_owned(),
            demo.stop.clone(),
        ));
        demo.tasks.close();
        Ok(demo)
    }

    /// The process, for the console on top.
    pub const fn process(&self) -> &Process {
        &self.process
    }

    /// Where everything can be reached.
    pub fn ready(&self) -> Ready {
        Ready::new(self.services.url().unwrap_or_default())
            .database(self.process.database().shown())
            .simulator(self.simulator.url())
    }

    /// Stops everything, the listener before the simulators so that nothing that was acknowledged is lost.
    pub async fn stop(self) -> Result<(), DemoError> {
        self.stop.cancel();
        self.tasks.wait().await;
        self.services.stop().await;
        self.simulator.shutdown().await;
        self.process.close().await?;
        drop(self.folder);
        Ok(())
    }
}

/// Takes everything out of the demo's database and makes it anew: it tells of a world that ended with the process before.
async fn empty(conn: &mut PgConnection) -> Result<(), StoreError> {
    let mut tx = conn.begin().await?;
    tx.execute("drop schema public cascade").await?;
    tx.execute("create schema public").await?;
    tx.commit().await?;
    migrate::migrate(conn).await?;
    Ok(())
}

/// Tells the histories, lets things go wrong, then lets life go on.
async fn go_on(
    simulator: Handle,
    accounts: Accounts,
    size: (u32, u32),
    folder: std::path::PathBuf,
    stop: CancellationToken,
) {
    let teller = simulator.clone();
    let until = stop.clone();
    let told = tokio::task::spawn_blocking(move || tell(&teller, accounts, size, &folder, &until)).await;
    match told {
        Ok(Some((accounts, world))) => trickle::run(simulator, accounts, world, stop).await,
        Ok(None) => {}
        Err(error) => tracing::error!(error = %error, "the demo's histories ended early"),
    }
}

fn tell(
    simulator: &Handle,
    mut accounts: Accounts,
    (customers, events): (u32, u32),
    folder: &Path,
    stop: &CancellationToken,
) -> Option<(Accounts, story::World)> {
    if !accounts.can_buy() {
        tracing::warn!(
            "the demo's catalogue sells nothing at stripe in the test environment, so nobody buys anything"
        );
        return None;
    }
    let world = match story::tell(simulator, &mut accounts, customers, events, stop) {
        Ok(world) => world,
        Err(error) => {
            tracing::error!(error = %error, "the demo cannot tell its histories");
            return None;
        }
    };
    if let Err(error) = story::go_wrong(simulator, &mut accounts, &world, folder, stop) {
        tracing::warn!(error = %error, "the demo cannot write into its data directory");
    }
    Some((accounts, world))
}
