//! How intake works: its limits, and how many batches it keeps in flight.

use std::time::Duration;

use secrecy::SecretString;

use super::QuarantineLimits;
use crate::config::ServerSettings;

/// How intake works.
#[derive(Clone, Debug)]
pub struct IntakeOptions {
    /// This process in the figures of each minute: `listener@host/pid`.
    pub process: String,
    /// The longest body that is taken, in bytes.
    pub body_limit: usize,
    /// How many deliveries may wait for their commit.
    pub queue: usize,
    /// How many bytes of bodies may wait.
    pub queue_bytes: usize,
    /// The largest batch.
    pub batch: usize,
    /// The smallest batch that is committed beside another one. A smaller one waits for that to be done: each commit
    /// costs as much as half a dozen more rows in it.
    pub batch_worth: usize,
    /// How many batches may be in flight at once.
    pub committers: usize,
    /// How long a batch may take before its outcome counts as open and its senders are told to try again.
    pub commit_timeout: Duration,
    /// How much unverified matter is kept.
    pub quarantine: QuarantineLimits,
    /// A last part of the path that deliveries must come with.
    pub path_secret: Option<SecretString>,
    /// When senders are told to try again, while nothing can be taken.
    pub retry_after: Duration,
}

impl IntakeOptions {
    /// The defaults, for a process of this name.
    pub fn new(process: impl Into<String>) -> Self {
        Self {
            process: process.into(),
            body_limit: 1 << 20,
            queue: 1_024,
            queue_bytes: 64 << 20,
            batch: 256,
            batch_worth: 32,
            committers: 2,
            commit_timeout: Duration::from_secs(10),
            quarantine: QuarantineLimits::default(),
            path_secret: None,
            retry_after: Duration::from_secs(5),
        }
    }

    /// As configured.
    pub fn from_settings(process: impl Into<String>, settings: &ServerSettings) -> Self {
        let defaults = Self::new(process);
        Self {
            body_limit: settings.body_limit,
            queue: settings.queue_length,
            quarantine: QuarantineLimits {
                bodies_per_source: settings.quarantine_per_source,
                bodies_per_minute: settings.quarantine_total,
                ..defaults.quarantine
            },
            path_secret: settings.webhook_path_secret.clone(),
            retry_after: settings.retry_after,
            ..defaults
        }
    }
}
