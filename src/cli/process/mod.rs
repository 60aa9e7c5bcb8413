//! Commands that run until they are told to stop, and the one that prepares the database for them.

pub(super) mod console;
mod demo;
mod migrate;
mod serve;
mod simulate;

pub(super) use console::ConsoleArgs;
pub(super) use demo::DemoArgs;
pub(super) use migrate::MigrateArgs;
pub(super) use serve::{ServeArgs, WorkerArgs};
pub(super) use simulate::SimulateArgs;

use super::{context::Context, error::CliError};
use crate::runtime::Ready;

/// Prints the line that says that the process is ready.
fn announce(context: &Context, ready: &Ready) -> Result<(), CliError> {
    let line = if context.printer().is_json() {
        serde_json::to_string(ready).map_err(|error| CliError::Io(error.into()))?
    } else {
        format!("billdeck is {ready}")
    };
    // Whoever closed the pipe does not want to know; the service runs all the same.
    context.printer().line(&line).map(drop)
}
