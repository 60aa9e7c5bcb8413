//! Where logs go: standard error, or a file while the console has the screen.

use std::{fs::OpenOptions, io::IsTerminal, path::Path};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter, util::SubscriberInitExt};

use super::RuntimeError;
use crate::config::{LogFormat, LogSettings};

/// Who the logs are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// A service: everything that the filter lets through, on standard error or in the file.
    Service,
    /// A short command: warnings on standard error, or what the filter lets through in the file.
    Command,
    /// The console: never standard error, for it would write over the screen.
    Console,
}

/// How logs are set up.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// Who they are for.
    pub target: LogTarget,
    /// How many `-v` less how many `-q`.
    pub verbosity: i8,
    /// Colours on a terminal.
    pub color: bool,
}

/// Keeps logs flowing; the last ones are written when it is dropped, so hold it to the end.
#[derive(Debug)]
#[must_use = "logs end when this is dropped"]
pub struct LogGuard(#[expect(dead_code, reason = "held for its drop")] Option<WorkerGuard>);

/// Starts the logs of this process. A second call changes nothing.
pub fn start_logs(settings: &LogSettings, options: LogOptions) -> Result<LogGuard, RuntimeError> {
    if let Some(path) = &settings.file {
        let (writer, guard) = tracing_appender::non_blocking(open(path)?);
        start(settings, options, false, writer);
        return Ok(LogGuard(Some(guard)));
    }
    match options.target {
        LogTarget::Service | LogTarget::Command => {
            let color = options.color && std::io::stderr().is_terminal();
            start(settings, options, color, std::io::stderr);
        }
        LogTarget::Console => {}
    }
    Ok(LogGuard(None))
}

fn open(path: &Path) -> Result<std::fs::File, RuntimeError> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|source| RuntimeError::LogFile {
            path: path.to_owned(),
            source,
        })
}

fn start<W>(settings: &LogSettings, options: LogOptions, color: bool, writer: W)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter(settings, options))
        .with_ansi(color)
        .with_writer(writer);
    // A second subscriber is refused: the first one stays.
    let _ = match settings.format {
        LogFormat::Text => subscriber.finish().try_init(),
        LogFormat::Json => subscriber.json().finish().try_init(),
    };
}

fn filter(settings: &LogSettings, options: LogOptions) -> EnvFilter {
    let quiet_by_nature = options.target == LogTarget::Command && settings.file.is_none();
    let text = match (options.verbosity, quiet_by_nature) {
        (..=-2, _) | (-1, true) => "error".to_owned(),
        (-1, false) | (0, true) => "warn".to_owned(),
        (0, false) | (1, true) => settings.filter.clone(),
        (1, false) | (2, true) => format!("{},billdeck=debug", settings.filter),
        (2.., _) => format!("{},billdeck=trace", settings.filter),
    };
    // Its notices repeat what the migrations do. Who wants them can say so: the later word wins.
    EnvFilter::new(format!("sqlx=warn,{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_commands_warn_and_services_tell() {
        let settings = LogSettings {
            filter: "info".to_owned(),
            format: LogFormat::Text,
            file: None,
        };
        let shown = |target, verbosity| {
            let options = LogOptions {
                target,
                verbosity,
                color: false,
            };
            filter(&settings, options).to_string()
        };
        assert_eq!(shown(LogTarget::Command, 0), "sqlx=warn,warn");
        assert_eq!(shown(LogTarget::Command, -1), "sqlx=warn,error");
        assert_eq!(shown(LogTarget::Command, 1), "sqlx=warn,info");
        assert_eq!(shown(LogTarget::Service, 0), "sqlx=warn,info");
        assert_eq!(shown(LogTarget::Service, -1), "sqlx=warn,warn");
        assert_eq!(shown(LogTarget::Service, 1), "billdeck=debug,sqlx=warn,info");
    }
}
