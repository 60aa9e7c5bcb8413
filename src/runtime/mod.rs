//! From a configuration to a process that works: the database (given, or a private cluster), the provider rooms, the
//! catalogue kept current, and the services on top of them.
//!
//! ```text
//! Config ── Database::open ── Process::assemble ── Services::start ── ready ── Services::stop ── Process::close
//! ```
//!
//! A [`Process`] is what every command that touches the database begins with; [`Services`] are what runs until it is told
//! to stop. Both are given back in this order: no more connections, what was handed in committed, the worker's hands
//! empty, the cluster left.

mod database;
mod demo;
mod error;
mod logs;
mod process;
mod providers;
mod ready;
mod services;
mod signals;
mod simulated;
mod tasks;

pub use database::{Database, shown_url};
pub use demo::{DemoSetting, SimulatedProvider};
pub use error::RuntimeError;
pub use logs::{LogGuard, LogOptions, LogTarget, start_logs};
pub use process::{Process, Role};
pub use providers::registry;
pub use ready::Ready;
pub use services::{ServeOptions, Services, bind};
pub use signals::{Stop, stop_on_signals};
pub use simulated::simulated_prices;

/// Chooses the TLS provider of this process; harmless when it was chosen before. Nothing that speaks HTTPS works without.
pub fn use_tls() {
    // Fails only where one is chosen already, by an earlier call.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
