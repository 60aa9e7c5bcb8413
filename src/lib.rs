//! billdeck: a keyboard-driven console for subscription billing across several payment providers.
//!
//! The folders are the architecture. An arrow means "may use":
//!
//! ```text
//! console  cli  server          faces: no SQL, no provider calls, no rules of their own
//!     \     |     /
//!       billing    webhooks     use cases; webhooks may use billing, never the reverse
//!         /    \    /
//!     store    providers        the two outsides: the database, the provider APIs
//!         \    /
//!         domain                knows nobody
//! ```
//!
//! Beside them stand [`config`] (files and environment to checked settings), [`postgres`] (the private cluster),
//! [`runtime`] (from a configuration to a process that works), [`simulators`] (stand-ins for the providers, reached only
//! over HTTP) and [`demo`], which puts all of it together.

pub mod billing;
pub mod cli;
pub mod config;
pub mod console;
pub mod demo;
pub mod domain;
pub mod postgres;
pub mod providers;
pub mod runtime;
pub mod server;
pub mod simulators;
pub mod store;
pub mod webhooks;
