//! The use cases, one file per verb family; what console, CLI and API all call.
//!
//! [`Billing`] is what a process works with: the store, the provider rooms, the catalogue in force and the rules. A
//! [`case::Case`] is how anything a provider says becomes stored state, whoever asked; worker, replay and verification
//! all walk it.

pub mod acts;
pub mod alarms;
pub mod case;
pub mod checkout;
mod counterpart;
pub mod error;
pub mod events;
pub mod lanes;
pub mod lifecycle;
pub mod linking;
pub mod portal;
pub mod reader;
pub mod rules;
mod subject;
pub mod verify;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

pub use acts::By;
pub use error::BillingError;
pub use rules::Rules;

use crate::{
    config::{CatalogState, LiveCatalog, LoadedCatalog},
    domain::provider::Environment,
    providers::Registry,
    store::{Store, notify::Bell},
};

/// What a process works with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Billing {
    store: Store,
    providers: Registry,
    catalog: LiveCatalog,
    rules: Arc<Rules>,
    process: Arc<str>,
    news: Bell,
}

impl Billing {
    /// Puts the parts together. `process` names this process in leases, tries and heartbeats.
    pub fn new(store: Store, providers: Registry, catalog: LiveCatalog, rules: Rules, process: &str) -> Self {
        let news = Bell::new(&store, Bell::NEWS);
        Self {
            store,
            providers,
            catalog,
            rules: Arc::new(rules),
            process: process.into(),
            news,
        }
    }

    /// The same, on another store: on one whose sessions refuse writes, nothing but looking is possible.
    #[must_use]
    pub fn on(&self, store: Store) -> Self {
        Self {
            store,
            ..self.clone()
        }
    }

    /// The database.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The provider rooms.
    pub const fn providers(&self) -> &Registry {
        &self.providers
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Which books this process serves.
    pub const fn environment(&self) -> Environment {
        self.store.environment()
    }

    /// The name of this process.
    pub fn process(&self) -> &str {
        &self.process
    }

    /// The catalogue in force now.
    pub fn catalog(&self) -> Arc<LoadedCatalog> {
        self.catalog.current()
    }

    /// Tells of a change of the catalogue in force.
    pub fn catalog_changes(&self) -> watch::Receiver<CatalogState> {
        self.catalog.subscribe()
    }

    /// Tells consoles that there is something new to see.
    pub fn tell(&self) {
        self.news.ring();
    }

    /// What billing means by now.
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
