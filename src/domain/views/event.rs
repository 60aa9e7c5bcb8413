//! Events as lists and details show them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::Direction;
use crate::domain::{
    event::{AttemptKind, EventSource, EventState, Problem},
    ids::{AttemptId, CustomerId, EventId},
    provider::{ObjectKind, ProviderName},
    subscription::Difference,
};

/// Which events are wanted. Empty means all of the environment served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// In any of these states.
    pub states: Vec<EventState>,
    /// Of this provider.
    pub provider: Option<ProviderName>,
    /// Of exactly this type, or of all types under a prefix that ends in `.*`.
    pub event_type: Option<String>,
    /// Received at or after.
    pub since: Option<Timestamp>,
    /// About this customer (through any of its links).
    pub customer: Option<CustomerId>,
    /// About the provider's object with exactly this id, or delivered under this provider event id.
    pub object: Option<String>,
    /// Stopped by this error code.
    pub error_code: Option<String>,
}

/// The orders an event list offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventSort {
    /// By time of receipt; newest first unless turned round.
    pub direction: Direction,
}

/// One event in a list (contract §6).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRow {
    /// billdeck's id.
    pub id: EventId,
    /// The provider.
    pub provider: ProviderName,
    /// The provider's id.
    pub provider_event_id: String,
    /// The provider's type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// How far it has come.
    pub state: EventState,
    /// Real money.
    pub livemode: bool,
    /// What kind of object it is about.
    pub object_kind: Option<ObjectKind>,
    /// The provider's id of that object.
    pub object_id: Option<String>,
    /// billdeck's customer, where one is linked.
    pub customer_id: Option<CustomerId>,
    /// What that customer is called on a screen: e-mail address, else name, else its owner.
    pub customer_label: Option<String>,
    /// First seen.
    pub received_at: Timestamp,
    /// When it happened, by the provider's clock.
    pub provider_created_at: Option<Timestamp>,
    /// Tries so far.
    pub attempts: i32,
    /// The next try, while there is one.
    pub next_attempt_at: Option<Timestamp>,
    /// It waits for something other than time (a price in no plan).
    pub waiting_for: Option<String>,
    /// Why the last try failed, or why the event ended as it did.
    pub error: Option<Problem>,
    /// Further deliveries of the same event.
    pub duplicates: i32,
    /// Where it came from.
    pub source: EventSource,
}

/// One event with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventDetail {
    /// The list's fields.
    #[serde(flatten)]
    pub row: EventRow,
    /// The API version that shaped the body.
    pub api_version: Option<String>,
    /// The body as it was received; a text where it is no JSON, null once it has been blanked.
    pub payload: serde_json::Value,
    /// Headers that were kept.
    pub headers: BTreeMap<String, String>,
    /// Every try, oldest first.
    pub attempt_log: Vec<AttemptView>,
    /// Every field that the event changed, oldest first.
    pub changes: Vec<ChangeView>,
    /// Alarms about it, such as another body under its id.
    pub alarms: Vec<String>,
    /// How many of the alarms nobody has settled.
    pub open_alarms: usize,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttemptView {
    /// billdeck's id.
    pub id: AttemptId,
    /// Counted from 1.
    pub number: i32,
    /// Why it took place.
    pub kind: AttemptKind,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over; none if its process died.
    pub ended_at: Option<Timestamp>,
    /// The process that made it.
    pub worker: String,
    /// How it ended, as a stable word.
    pub outcome: String,
    /// Why, where it did not succeed.
    pub error: Option<Problem>,
}

/// One field that changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeView {
    /// When it was written.
    pub at: Timestamp,
    /// The table: `subscription`, `order`, ...
    pub table: String,
    /// The row, by its provider's id where it has one.
    pub row_key: String,
    /// The field, before and after.
    #[serde(flatten)]
    pub difference: Difference,
    /// What set it: `event <id>`, `read`, `person <name>`.
    pub source: String,
}

/// The backlog in figures (contract §6).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EventStats {
    /// Events in each state.
    pub by_state: BTreeMap<EventState, u64>,
    /// Unfinished, dead and quarantined events of each provider.
    pub by_provider: BTreeMap<ProviderName, u64>,
    /// Age of the oldest event that nobody has tried yet.
    pub oldest_pending_seconds: Option<i64>,
    /// Events ended in the last minute.
    pub processed_last_minute: u64,
}
