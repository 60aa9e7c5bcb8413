//! The Stripe room: its client against a server that answers as each test says, and the room against the simulator.

mod calls;
mod server;
mod simulator;
mod trouble;
