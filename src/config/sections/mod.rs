//! One file per section: the raw struct with its defaults, and the checked one that the rest of billdeck uses.

mod access;
mod app;
mod console;
mod database;
mod linking;
mod log;
mod server;
mod stripe;
mod worker;

pub use access::AccessSettings;
pub use app::AppSettings;
pub use console::{ConsoleSettings, TimeStyle};
pub use database::DatabaseSettings;
pub use log::{LogFormat, LogSettings};
pub use server::ServerSettings;
pub use stripe::{ApplyFrom, ProviderCredentials, StripeSettings};
pub use worker::WorkerSettings;

pub(super) use stripe::RawProviders;

use super::{
    check::{Check, words_of},
    schema::raw,
};
use crate::domain::{customer::LinkingRules, provider::Environment};

raw! {
    /// All keys of `billdeck.toml` but the profiles.
    struct Raw {
        /// `test` or `live`: which books this process serves. Default: as the providers' keys say, else `test`.
        environment: Option<String> = None,
        /// No writes: the database refuses them, and so does billdeck. Default: false.
        read_only: bool = false,
        /// The database.
        database: database::RawDatabase = database::RawDatabase::default(),
        /// The webhook listener.
        server: server::RawServer = server::RawServer::default(),
        /// The worker.
        worker: worker::RawWorker = worker::RawWorker::default(),
        /// How a provider's customer finds its owner.
        linking: linking::RawLinking = linking::RawLinking::default(),
        /// Who has access.
        access: access::RawAccess = access::RawAccess::default(),
        /// The application that billdeck serves.
        app: app::RawApp = app::RawApp::default(),
        /// The providers.
        providers: RawProviders = RawProviders::default(),
        /// The terminal console.
        console: console::RawConsole = console::RawConsole::default(),
        /// Logs.
        log: log::RawLog = log::RawLog::default(),
    }
}

/// The sections, checked; the environment and the credentials are decided beside them.
pub(super) struct Sections {
    pub(super) database: DatabaseSettings,
    pub(super) server: ServerSettings,
    pub(super) worker: WorkerSettings,
    pub(super) linking: LinkingRules,
    pub(super) access: AccessSettings,
    pub(super) app: AppSettings,
    pub(super) stripe: StripeSettings,
    pub(super) console: ConsoleSettings,
    pub(super) log: LogSettings,
}

impl Raw {
    /// The environment, where one is set.
    pub(super) fn environment(&self, check: &mut Check<'_>) -> Option<Environment> {
        let word = self.environment.as_ref()?;
        check.word("environment", word, words_of!(Environment))
    }

    /// Checks every section, whatever became of the one before.
    pub(super) fn check(
        &self,
        check: &mut Check<'_>,
        data_folder: &str,
        credentials: ProviderCredentials,
    ) -> Option<Sections> {
        let database = self.database.check(check, data_folder);
        let server = self.server.check(check);
        let worker = self.worker.check(check);
        let linking = self.linking.check(check);
        let app = self.app.check(check);
        let stripe = self.providers.stripe.check(check, credentials);
        let console = self.console.check(check);
        let log = self.log.check(check);
        Some(Sections {
            database: database?,
            server: server?,
            worker: worker?,
            linking: linking?,
            access: self.access.check(),
            app: app?,
            stripe: stripe?,
            console: console?,
            log: log?,
        })
    }
}
