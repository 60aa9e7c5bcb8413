//! `[log]`: what is logged, how and where.

use std::path::PathBuf;

use tracing_subscriber::EnvFilter;

use crate::{
    config::{
        check::{Check, words_of},
        schema::raw,
    },
    domain::provider::words,
};

raw! {
    /// `[log]`
    struct RawLog {
        /// What is logged: a level (`error`, `warn`, `info`, `debug`, `trace`), or levels by part such as
        /// `info,billdeck::webhooks=debug`. Default: `info`.
        filter: String = "info".to_owned(),
        /// `text` or `json`, one line per record. Default: `text`.
        format: String = "text".to_owned(),
        /// File that logs are added to. Default: unset: standard error, and none while the console is on the screen.
        file: Option<String> = None,
    }
}

/// How a record looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

words!(LogFormat, "log format", { Text => "text", Json => "json" });

/// What is logged, how and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// A filter that `tracing_subscriber::EnvFilter` takes.
    pub filter: String,
    /// How a record looks.
    pub format: LogFormat,
    /// The file, absolute; none means standard error.
    pub file: Option<PathBuf>,
}

impl RawLog {
    pub(super) fn check(&self, check: &mut Check<'_>) -> Option<LogSettings> {
        let filter = match EnvFilter::try_new(&self.filter) {
            Ok(_) => Some(self.filter.clone()),
            Err(error) => {
                check.fail("log.filter", format!("is no filter: {error}"));
                None
            }
        };
        let format = check.word("log.format", &self.format, words_of!(LogFormat));
        Some(LogSettings {
            filter: filter?,
            format: format?,
            file: self.file.as_ref().map(|typed| check.path("log.file", typed)),
        })
    }
}
