//! The private PostgreSQL cluster: find the server programs (or download them), make, start, join, stop, remove.
//!
//! A cluster belongs to a data directory and is shared by every billdeck that runs on it:
//!
//! - [`Cluster::join`] makes and starts it, or joins the server that already runs;
//! - [`Cluster::leave`] (or dropping the value) stops the server if nobody else is left;
//! - a billdeck that is killed frees its place by itself, because places are file locks; a server left behind so
//!   is joined, and stopped, by the next one;
//! - the server never runs as root: see `user.rs` and `place.rs`.
//!
//! What lies in `<data directory>/postgres/`: `data/` (the cluster itself), `cluster.json` (password, mode 0600),
//! `server.log`, `start.lock` (held while the server is started or stopped) and `users.lock` (held, shared, by
//! everyone who uses the server). Users' locks are only taken and given up while `start.lock` is held, so "was I the
//! last one?" has one answer.
//!
//! This room does not migrate and knows no table; it hands out URLs.

mod address;
mod cluster;
mod command;
mod download;
mod error;
mod lock;
mod making;
mod place;
mod postmaster;
mod programs;
mod progress;
mod record;
mod starting;
mod user;
mod version;

pub use cluster::{Cluster, ClusterOptions, ClusterStatus, Durability, Leaving};
pub use download::DownloadError;
pub use error::PostgresError;
pub use programs::{Places, ProgramSearch, Programs, Rejected, Unfit};
pub use progress::{Bar, Progress, Quiet, Step};
pub use version::Version;
