//! What became of every delivery.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Outgoing;

/// State of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Not tried yet, or to be tried again.
    Pending,
    /// A 2xx came back.
    Delivered,
    /// The last attempt failed too, or the endpoint was closed.
    Failed,
    /// Never sent, by a fault.
    Dropped,
}

/// One request to an endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// When it began, on the host's clock.
    pub at: Timestamp,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// Why there was none, or why it was cut.
    pub error: Option<String>,
    /// Until the end of the answer.
    pub duration_ms: u64,
}

impl Attempt {
    pub(crate) fn delivered(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// One event on its way to one endpoint, with all attempts. A duplicated event has several.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// Name of the provider's room.
    pub provider: &'static str,
    /// The event's id at the provider.
    pub event_id: String,
    /// The event's type.
    pub event_type: String,
    /// The endpoint's id at the provider.
    pub endpoint: String,
    /// What became of it.
    pub state: DeliveryState,
    /// In order.
    pub attempts: Vec<Attempt>,
    /// On the host's clock.
    pub next_attempt_at: Option<Timestamp>,
}

/// How the deliveries of one event stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) pending: usize,
    pub(crate) failed: usize,
}

#[derive(Default)]
struct Rows {
    deliveries: Vec<Delivery>,
    by_event: HashMap<String, Vec<usize>>,
}

#[derive(Default)]
pub(crate) struct Log {
    rows: Mutex<Rows>,
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn open(&self, outgoing: &Outgoing) -> usize {
        let mut rows = self.lock();
        let row = rows.deliveries.len();
        rows.deliveries.push(Delivery {
            provider: outgoing.provider,
            event_id: outgoing.event_id.clone(),
            event_type: outgoing.event_type.clone(),
            endpoint: outgoing.endpoint.id().to_owned(),
            state: DeliveryState::Pending,
            attempts: Vec::new(),
            next_attempt_at: None,
        });
        rows.by_event
            .entry(outgoing.event_id.clone())
            .or_default()
            .push(row);
        row
    }

    pub(super) fn attempted(&self, row: usize, attempt: Attempt, gap: Option<Duration>) {
        if let Some(delivery) = self.lock().deliveries.get_mut(row) {
            delivery.attempts.push(attempt);
            delivery.next_attempt_at = gap
                .and_then(|gap| SignedDuration::try_from(gap).ok())
                .and_then(|gap| Timestamp::now().checked_add(gap).ok());
        }
    }

    pub(super) fn end(&self, row: usize, state: DeliveryState) {
        if let Some(delivery) = self.lock().deliveries.get_mut(row) {
            delivery.state = state;
            delivery.next_attempt_at = None;
        }
    }

    pub(crate) fn all(&self) -> Vec<Delivery> {
        self.lock().deliveries.clone()
    }

    pub(crate) fn of_event(&self, event_id: &str) -> Vec<Delivery> {
        let rows = self.lock();
        let found = rows.by_event.get(event_id).into_iter().flatten();
        found
            .filter_map(|row| rows.deliveries.get(*row).cloned())
            .collect()
    }

    pub(crate) fn standing(&self, event_id: &str) -> Standing {
        let rows = self.lock();
        let mut standing = Standing::default();
        for row in rows.by_event.get(event_id).into_iter().flatten() {
            match rows.deliveries.get(*row).map(|delivery| delivery.state) {
                Some(DeliveryState::Pending) => standing.pending += 1,
                Some(DeliveryState::Failed | DeliveryState::Dropped) => standing.failed += 1,
                Some(DeliveryState::Delivered) | None => {}
            }
        }
        standing
    }
}
