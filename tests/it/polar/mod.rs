//! The Polar room: its client against a server that answers as each test says.

mod calls;
#[cfg(feature = "conformance")]
mod conformance;
mod money;
#[cfg(feature = "conformance")]
mod samples;
mod server;
mod story;
mod trouble;
mod usage;
