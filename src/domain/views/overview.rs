//! The overview: is anything wrong, and where do I go?

use jiff::Timestamp;
use serde::Serialize;

use super::event::EventStats;
use crate::domain::{money::Money, provider::ProviderName};

/// Everything on the first screen, from one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Overview {
    /// What needs a person, most urgent first. Each line is a cause, not an event.
    pub attention: Vec<Attention>,
    /// The backlog.
    pub stats: EventStats,
    /// When the next failed event is tried.
    pub next_retry_at: Option<Timestamp>,
    /// Figures of the last 60 minutes, oldest first.
    pub minutes: Vec<MinuteFigures>,
    /// The providers served.
    pub providers: Vec<ProviderFigures>,
    /// Listeners and workers that have been seen of late, in this and other processes.
    pub processes: Vec<ProcessView>,
    /// Money booked in the last 24 hours, per currency.
    pub money: Vec<Money>,
    /// Payments that failed in the last 24 hours.
    pub failed_payments: u64,
    /// Customers that nobody owns although they pay.
    pub unlinked_payers: u64,
}

/// One cause that needs a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attention {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, as a sentence.
    pub what: String,
    /// How many things suffer from it.
    pub count: u64,
    /// The provider concerned.
    pub provider: Option<ProviderName>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// The place where it is mended, as a console command such as `events failed error=unknown_price`.
    pub command: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Money or access is at stake now.
    Danger,
    /// Will become worse if nobody looks.
    Attention,
}

/// Throughput of one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MinuteFigures {
    /// Events received, duplicates not counted.
    pub received: u64,
    /// Tries that ended an event.
    pub processed: u64,
    /// Tries that failed.
    pub failed: u64,
}

/// How a provider is doing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProviderFigures {
    /// The provider.
    pub provider: ProviderName,
    /// Credentials are configured.
    pub api: bool,
    /// Webhook secrets that are configured.
    pub webhook_secrets: usize,
    /// Claims are stopped, with the reason.
    pub paused: Option<String>,
    /// Events received in the last minute.
    pub received_last_minute: u64,
    /// Share of the last hour's tries that did not fail, in percent.
    pub apply_ok_percent: Option<f64>,
    /// 95th percentile of the last hour's calls to the API, in milliseconds.
    pub api_p95_ms: Option<f64>,
    /// When the last event was received.
    pub last_event_at: Option<Timestamp>,
}

/// A listener or worker somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessView {
    /// What it is and where: `worker@host/pid`.
    pub name: String,
    /// `listener`, `worker`, `console`.
    pub kind: String,
    /// Its version of billdeck.
    pub version: String,
    /// When it last said that it lives.
    pub last_seen: Timestamp,
    /// Parallel workers in it.
    pub workers: i32,
}
