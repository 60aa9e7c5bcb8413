//! What every command is given: the global flags, the surroundings, the printer, and the way to a process.

use std::sync::{Arc, OnceLock};

use super::{args::Globals, error::CliError, printer::Printer};
use crate::{
    config::{Config, Flags, Purpose, Surroundings},
    postgres::Bar,
    runtime::{LogGuard, LogOptions, LogTarget, Process, Role, Stop, start_logs},
};

/// What every command is given.
pub(super) struct Context {
    globals: Globals,
    around: Surroundings,
    printer: Printer,
    stop: Stop,
    logs: OnceLock<LogGuard>,
}

impl Context {
    /// Reads the surroundings.
    pub(super) fn new(globals: Globals) -> Self {
        let around = Surroundings::read();
        let color = !globals.no_color && around.variable("NO_COLOR").is_none();
        Self {
            printer: Printer::new(globals.json, color),
            globals,
            around,
            stop: Stop::default(),
            logs: OnceLock::new(),
        }
    }

    /// Takes note of where signals are told.
    pub(super) fn heed(&mut self, stop: Stop) {
        self.stop = stop;
    }

    /// The printer.
    pub(super) const fn printer(&self) -> &Printer {
        &self.printer
    }

    /// What signals have asked for.
    pub(super) const fn stop(&self) -> &Stop {
        &self.stop
    }

    /// A database is named on the command line.
    pub(super) const fn names_database(&self) -> bool {
        self.globals.database_url.is_some()
    }

    /// The global flags as the configuration takes them.
    pub(super) fn flags(&self) -> Flags {
        let globals = &self.globals;
        let mut flags =
            Flags::default().set_some("--database-url", "database.url", globals.database_url.clone());
        flags.config.clone_from(&globals.config);
        flags.profile.clone_from(&globals.profile);
        if globals.read_only {
            flags = flags.set("--read-only", "read_only", true);
        }
        if globals.no_color {
            flags = flags.set("--no-color", "console.color", false);
        }
        flags
    }

    /// Loads the configuration with these flags.
    pub(super) fn config_with(&self, flags: &Flags, purpose: Purpose) -> Result<Config, CliError> {
        Ok(Config::load(flags, &self.around, purpose)?)
    }

    /// Loads the configuration.
    pub(super) fn config(&self) -> Result<Config, CliError> {
        self.config_with(&self.flags(), Purpose::Ordinary)
    }

    /// Loads the configuration for a command that writes; a read-only session refuses it before anything is opened.
    pub(super) fn writable_config(&self) -> Result<Config, CliError> {
        self.writable_config_with(&self.flags())
    }

    /// As [`Context::writable_config`], with these flags.
    pub(super) fn writable_config_with(&self, flags: &Flags) -> Result<Config, CliError> {
        let config = self.config_with(flags, Purpose::Ordinary)?;
        if config.settings.read_only {
            return Err(CliError::Refused {
                code: "read_only",
                message: "this session is read-only, and the command writes".to_owned(),
                hint: Some("run it without `--read-only`, or with a profile that may write".to_owned()),
            });
        }
        Ok(config)
    }

    /// Starts the logs, once.
    pub(super) fn log(&self, config: &Config, target: LogTarget) -> Result<(), CliError> {
        let verbosity = i16::from(self.globals.verbose) - i16::from(self.globals.quiet);
        let options = LogOptions {
            target,
            verbosity: verbosity.clamp(-3, 3).try_into().unwrap_or_default(),
            color: config.settings.console.color,
        };
        let guard = start_logs(&config.settings.log, options)?;
        // Commands start their logs once; a second guard would have nothing to keep.
        let _ = self.logs.set(guard);
        Ok(())
    }

    /// Puts a process together that serves until it is told to stop.
    pub(super) async fn service(&self, config: Config, role: Role) -> Result<Process, CliError> {
        self.log(&config, LogTarget::Service)?;
        Ok(Process::start(config, role, Arc::new(Bar::default())).await?)
    }

    /// Does one piece of work on the database, and leaves the database as it was found, whatever came of the work.
    pub(super) async fn on_database<T>(
        &self,
        config: Config,
        work: impl AsyncFnOnce(&Process) -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        self.log(&config, LogTarget::Command)?;
        let process = Process::start(config, Role::Command, Arc::new(Bar::default())).await?;
        let outcome = work(&process).await;
        if let Err(error) = process.close().await {
            // The work is done or not, whatever became of the server afterwards.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "could not leave the database in order"
            );
        }
        outcome
    }
}
