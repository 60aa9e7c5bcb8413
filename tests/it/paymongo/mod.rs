//! The PayMongo room: its client against a server that answers as each test says, and its events through the whole works.

mod calls;
mod finding;
#[cfg(feature = "conformance")]
mod samples;
mod server;
mod trouble;
mod writes;
