//! The command line: the global flags and the commands there are.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use super::{
    answer::Answer,
    completions,
    config::ConfigCommand,
    context::Context,
    error::CliError,
    process::{MigrateArgs, ServeArgs, SimulateArgs, WorkerArgs},
};

/// Keyboard-driven terminal console for subscription billing across several payment providers.
///
/// Without a command, the console opens on the configured database.
#[derive(Debug, Parser)]
#[command(name = "billdeck", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Flags that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Globals {
    /// Configuration file [default: ./config/billdeck.toml, then the one in the user's configuration folder]
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
    /// Profile of the configuration to work with
    #[arg(long, value_name = "NAME", global = true)]
    pub(super) profile: Option<String>,
    /// PostgreSQL 14 or newer [default: DATABASE_URL, else a private cluster]
    #[arg(long, value_name = "URL", global = true)]
    pub(super) database_url: Option<String>,
    /// Print one JSON document instead of prose
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Refuse every write; the database session does, too
    #[arg(long, global = true)]
    pub(super) read_only: bool,
    /// No colours
    #[arg(long, global = true)]
    pub(super) no_color: bool,
    /// Log less; may be repeated
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(super) quiet: u8,
    /// Log more; may be repeated
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "quiet")]
    pub(super) verbose: u8,
}

/// What billdeck can be asked to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the webhook listener, and a worker beside it
    Serve(ServeArgs),
    /// Run a worker alone; any number may run on any number of hosts
    Worker(WorkerArgs),
    /// Bring the database to this version
    Migrate(MigrateArgs),
    /// Run the provider simulators alone
    Simulate(SimulateArgs),
    /// Show or check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual page
    Man(completions::ManArgs),
}

impl Command {
    /// Runs it.
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        match self {
            Self::Serve(args) => args.run(context).await,
            Self::Worker(args) => args.run(context).await,
            Self::Migrate(args) => args.run(context).await,
            Self::Simulate(args) => args.run(context).await,
            Self::Config(command) => command.run(context),
            Self::Completions(args) => Ok(args.run()),
            Self::Man(args) => args.run(),
        }
    }

    /// It listens to signals itself and ends in order.
    pub(super) const fn stops_by_itself(&self) -> bool {
        match self {
            Self::Serve(_) | Self::Worker(_) | Self::Simulate(_) => true,
            Self::Migrate(_) | Self::Config(_) | Self::Completions(_) | Self::Man(_) => false,
        }
    }
}
