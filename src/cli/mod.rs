//! The command-line face: one file per command group, one printer, one table of exit codes.
//!
//! A command is a clap struct and a `run` that gives back an [`Answer`]: one serializable value with a rendering for
//! people, so that the two cannot disagree. Only the printer writes to standard output.

mod answer;
mod args;
mod audit;
mod changes;
mod completions;
mod config;
mod confirm;
mod context;
mod customers;
mod doctor;
mod error;
mod events;
mod exit;
mod filters;
mod links;
mod listing;
mod printer;
mod process;
mod subscriptions;
mod table;
mod text;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory, FromArgMatches};

use self::{
    args::{Cli, Command},
    context::Context,
    error::CliError,
    exit::Exit,
    printer::Printer,
};
use crate::runtime::stop_on_signals;

/// The command line's own description, for help, completions and manual pages.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command that the command line names, and gives back how it went.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::command()
        .try_get_matches_from(&arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches))
    {
        Ok(cli) => cli,
        Err(error) => return Printer::usage(&error, &arguments).into(),
    };
    let context = Context::new(cli.globals);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return context.printer().error(&CliError::Io(error)).into(),
    };
    let command = cli.command.unwrap_or_default();
    let exit = runtime.block_on(run(command, context));
    // After a second signal there may be work that nobody waits for any more.
    runtime.shutdown_background();
    exit.into()
}

async fn run(command: Command, mut context: Context) -> Exit {
    context.heed(stop_on_signals());
    let enough = if command.stops_by_itself() {
        context.stop().hard.clone()
    } else {
        context.stop().gently.clone()
    };
    let outcome = tokio::select! {
        outcome = command.run(&context) => outcome,
        () = enough.cancelled() => Err(CliError::Interrupted),
    };
    match outcome {
        Ok(answer) => context.printer().answer(&answer),
        Err(error) => context.printer().error(&error),
    }
}
