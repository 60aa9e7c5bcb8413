//! The Stripe room's client, against a server that answers as each test says.

mod calls;
mod server;
mod trouble;
