//! The PayMongo room: its client against a server that answers as each test says, and its events through the whole works.

mod account;
mod calls;
mod customers;
mod finding;
mod money;
#[cfg(feature = "conformance")]
mod samples;
mod server;
mod trouble;
mod writes;
