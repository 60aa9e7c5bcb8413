//! The command line: the global flags and the commands there are.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use super::{
    answer::Answer,
    audit::AuditCommand,
    completions::{CompletionsArgs, ManArgs},
    config::ConfigCommand,
    context::Context,
    customers::CustomersCommand,
    doctor::DoctorArgs,
    error::CliError,
    events::EventsCommand,
    links::{CheckoutCommand, PortalCommand},
    process::{ConsoleArgs, DemoArgs, MigrateArgs, ServeArgs, SimulateArgs, WorkerArgs},
    subscriptions::SubscriptionsCommand,
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
    pub(super) command: Option<Command>,
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
    /// Open the console on the configured database; the same as no command at all
    Console(ConsoleArgs),
    /// Try billdeck: made-up accounts, simulated providers and a database of their own
    Demo(DemoArgs),
    /// Run the webhook listener, and a worker beside it
    Serve(ServeArgs),
    /// Run a worker alone; any number may run on any number of hosts
    Worker(WorkerArgs),
    /// Bring the database to this version
    Migrate(MigrateArgs),
    /// Run the provider simulators alone
    Simulate(SimulateArgs),
    /// The event backlog
    #[command(subcommand)]
    Events(EventsCommand),
    /// Customers
    #[command(subcommand)]
    Customers(CustomersCommand),
    /// Subscriptions
    #[command(subcommand)]
    Subscriptions(SubscriptionsCommand),
    /// Links on which customers subscribe
    #[command(subcommand)]
    Checkout(CheckoutCommand),
    /// Links to the provider's own page for a customer
    #[command(subcommand)]
    Portal(PortalCommand),
    /// Who did what
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at everything that billdeck needs, and say what to do about what is missing
    Doctor(DoctorArgs),
    /// Show or check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man(ManArgs),
}

impl Default for Command {
    fn default() -> Self {
        Self::Console(ConsoleArgs::default())
    }
}

impl Command {
    /// Runs it.
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        match self {
            Self::Console(args) => args.run(context).await,
            Self::Demo(args) => args.run(context).await,
            Self::Serve(args) => args.run(context).await,
            Self::Worker(args) => args.run(context).await,
            Self::Migrate(args) => args.run(context).await,
            Self::Simulate(args) => args.run(context).await,
            Self::Events(command) => command.run(context).await,
            Self::Customers(command) => command.run(context).await,
            Self::Subscriptions(command) => command.run(context).await,
            Self::Checkout(command) => command.run(context).await,
            Self::Portal(command) => command.run(context).await,
            Self::Audit(command) => command.run(context).await,
            Self::Doctor(args) => args.run(context).await,
            Self::Config(command) => command.run(context),
            Self::Completions(args) => Ok(args.run()),
            Self::Man(args) => args.run(),
        }
    }

    /// It listens to signals itself and ends in order.
    pub(super) const fn stops_by_itself(&self) -> bool {
        match self {
            Self::Console(_) | Self::Demo(_) | Self::Serve(_) | Self::Worker(_) | Self::Simulate(_) => true,
            Self::Events(command) => command.stops_by_itself(),
            Self::Migrate(_)
            | Self::Customers(_)
            | Self::Subscriptions(_)
            | Self::Checkout(_)
            | Self::Portal(_)
            | Self::Audit(_)
            | Self::Doctor(_)
            | Self::Config(_)
            | Self::Completions(_)
            | Self::Man(_) => false,
        }
    }
}
