//! `[worker]`: how events are worked off.

use std::time::Duration;

use crate::{
    config::{check::Check, schema::raw},
    domain::plan::UnknownPrice,
};

raw! {
    /// `[worker]`
    struct RawWorker {
        /// Customers that one process works on at a time. Default: 4.
        workers: u64 = 4,
        /// Attempts before an event is dead. Default: 8 (the last comes a day after the first).
        max_attempts: u64 = 8,
        /// Milliseconds between looks for work that nobody announced. Default: 1000.
        poll_interval_ms: u64 = 1_000,
        /// Seconds until the work of a process that fell silent is taken over. Default: 60.
        lease_seconds: u64 = 60,
        /// What a price in no plan does: `wait` (the event waits for a catalogue that names it) or `apply` (the
        /// subscription is stored without a plan). Default: `wait`.
        unknown_price: String = "wait".to_owned(),
    }
}

/// How events are worked off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSettings {
    /// Lanes worked at a time.
    pub workers: usize,
    /// Attempts before an event is dead.
    pub max_attempts: u32,
    /// Time between looks for work that nobody announced.
    pub poll_interval: Duration,
    /// Time until the work of a process that fell silent is taken over.
    pub lease: Duration,
    /// What a price in no plan does.
    pub unknown_price: UnknownPrice,
}

impl RawWorker {
    pub(super) fn check(&self, check: &mut Check<'_>) -> Option<WorkerSettings> {
        let workers = check.number("worker.workers", self.workers, 1..=256);
        let max_attempts = check.number("worker.max_attempts", self.max_attempts, 1..=100);
        let poll_interval = check.millis("worker.poll_interval_ms", self.poll_interval_ms);
        let lease = check.seconds("worker.lease_seconds", self.lease_seconds, 6..=3_600);
        let unknown_price = check.word(
            "worker.unknown_price",
            &self.unknown_price,
            &[("wait", UnknownPrice::Wait), ("apply", UnknownPrice::Apply)],
        );
        Some(WorkerSettings {
            workers: workers?,
            max_attempts: max_attempts?,
            poll_interval: poll_interval?,
            lease: lease?,
            unknown_price: unknown_price?,
        })
    }
}
