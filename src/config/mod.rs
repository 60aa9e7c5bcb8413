//! Files and environment to checked settings; the catalogue of plans.
//!
//! [`Config::load`] lays flags over the profile over the environment over the file over the built-in defaults, checks
//! everything, and answers with a [`Config`] or with *all* that is wrong, each problem with its place and the nearest valid
//! name. The environment comes in as a value ([`Surroundings::read`]); nothing here reads it behind a caller's back.
//! [`LiveCatalog`] keeps the catalogue current while a process runs.
//!
//! Each section has a raw struct (the keys, their units and defaults) and a checked one. `config/billdeck.toml` in the
//! repository is the same, for people.

mod catalog;
mod check;
mod document;
mod files;
mod flags;
mod live;
mod load;
mod problems;
mod profiles;
mod schema;
mod secrets;
mod sections;
mod show;
mod surroundings;
mod variables;

pub use catalog::{CatalogFile, LoadedCatalog};
pub use files::ConfigFiles;
pub use flags::Flags;
pub use live::{CatalogState, CatalogWatch, LiveCatalog};
pub use load::{Config, Purpose, Settings};
pub use problems::{ConfigErrors, ConfigProblem, Origin};
pub use profiles::{ActiveProfile, ProfileColor};
pub use sections::{
    AccessSettings, AppSettings, ApplyFrom, ConsoleSettings, DatabaseSettings, LogFormat, LogSettings,
    ProviderCredentials, ServerSettings, StripeSettings, TimeStyle, WorkerSettings,
};
pub use show::{Effective, EffectiveFiles, EffectiveValue, url_without_password};
pub use surroundings::Surroundings;

/// The shipped `config/billdeck.toml`.
pub const DEFAULT_SETTINGS: &str = include_str!("../../config/billdeck.toml");

/// The shipped `config/catalog.toml`.
pub const DEFAULT_CATALOG: &str = include_str!("../../config/catalog.toml");
