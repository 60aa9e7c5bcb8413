//! Faults on demand: what goes wrong at a provider, or on the way to and from it.
//!
//! A fault is a rule: what happens, to which calls or deliveries, and how often. Rules are looked at in the order in
//! which they were made; of the faults of an API call the first that applies wins, those of a delivery add up.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::Ids;

/// What goes wrong when the provider's API is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum ApiFault {
    /// 429 before any work is done.
    RateLimit {
        /// Value of the `Retry-After` header; none is sent without it.
        #[serde(default)]
        retry_after_seconds: Option<u64>,
    },
    /// 500.
    ServerError {
        /// The work is done before the answer goes wrong, so the caller cannot know the outcome.
        #[serde(default)]
        after_effect: bool,
    },
    /// 503 before any work is done.
    Unavailable,
    /// The connection is closed without an answer.
    Outage {
        /// The work is done first: the answer alone is lost.
        #[serde(default)]
        after_effect: bool,
    },
    /// The call is answered as usual, only later.
    Slow {
        /// Delay before the work begins.
        milliseconds: u64,
    },
    /// 502 with a page of HTML, as a proxy in between would answer.
    HtmlBody,
    /// The usual answer, cut in the middle.
    HalfBody,
}

/// What goes wrong when an event is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum DeliveryFault {
    /// The event is never delivered; it can still be read from the provider.
    Drop,
    /// The event is delivered this many times more than once.
    Duplicate {
        /// Deliveries beside the usual one.
        #[serde(default = "one")]
        copies: u32,
    },
    /// Deliveries are held back until a window is full (or nothing has come for a moment), then sent in another order.
    Reorder {
        /// Deliveries in a window.
        #[serde(default = "default_window")]
        window: usize,
    },
    /// Every event made while the rule holds carries the second in which the first of them was made.
    SameSecond,
    /// The event is delivered as it is, and once more under the same id with another body.
    ChangedBody,
}

fn one() -> u32 {
    1
}

fn default_window() -> usize {
    8
}

/// Which side a fault is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Calls to the provider's API.
    Api(ApiFault),
    /// Deliveries of events.
    Delivery(DeliveryFault),
}

/// A rule: what goes wrong, where, and how often. Filters left out match everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// Name of the provider's room, such as `stripe`.
    #[serde(default)]
    pub provider: Option<String>,
    /// API faults: HTTP method.
    #[serde(default)]
    pub method: Option<String>,
    /// API faults: path as the provider documents it; `*` stands for any text (`/v1/subscriptions/*`).
    #[serde(default)]
    pub path: Option<String>,
    /// API faults: only calls that name this object in path, query or body.
    #[serde(default)]
    pub object: Option<String>,
    /// Delivery faults: event type; `*` stands for any text (`invoice.*`).
    #[serde(default)]
    pub event_type: Option<String>,
    /// How often the rule applies before it ends by itself; until it is cleared without it.
    #[serde(default)]
    pub times: Option<u32>,
    /// Chance that a matching call or delivery is hit; always without it.
    #[serde(default)]
    pub probability: Option<f64>,
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Self {
            kind,
            provider: None,
            method: None,
            path: None,
            object: None,
            event_type: None,
            times: None,
            probability: None,
        }
    }
}

impl From<ApiFault> for Fault {
    fn from(fault: ApiFault) -> Self {
        FaultKind::Api(fault).into()
    }
}

impl From<DeliveryFault> for Fault {
    fn from(fault: DeliveryFault) -> Self {
        FaultKind::Delivery(fault).into()
    }
}

impl Fault {
    /// Applies this often, then ends.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only calls with this method and path pattern.
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        self.path = Some(path.to_owned());
        self
    }

    /// Only calls that name this object.
    #[must_use]
    pub fn on_object(mut self, id: &str) -> Self {
        self.object = Some(id.to_owned());
        self
    }

    /// Only events of this type (pattern).
    #[must_use]
    pub fn on_event(mut self, event_type: &str) -> Self {
        self.event_type = Some(event_type.to_owned());
        self
    }

    /// Hits with this chance.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }
}

/// A rule in force, as `GET /_faults` lists it.
#[derive(Clone, Debug, Serialize)]
pub struct ActiveFault {
    /// Name of the rule, for clearing it.
    pub id: u64,
    /// The rule.
    #[serde(flatten)]
    pub fault: Fault,
    /// How often it has applied.
    pub applied: u32,
}

/// An API call as the rules look at it.
pub(crate) struct Call<'a> {
    pub(crate) provider: &'static str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) body: &'a [u8],
}

impl Call<'_> {
    fn names(&self, object: &str) -> bool {
        self.path.contains(object)
            || self.query.contains(object)
            || self
                .body
                .windows(object.len().max(1))
                .any(|window| window == object.as_bytes())
    }
}

struct Rule {
    active: ActiveFault,
    frozen: Option<Timestamp>,
}

struct Inner {
    rules: Vec<Rule>,
    ids: Ids,
    next: u64,
}

pub(crate) struct Faults {
    inner: Mutex<Inner>,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            inner: Mutex::new(Inner {
                rules: Vec::new(),
                ids: Ids::new(seed),
                next: 1,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, fault: Fault) -> u64 {
        let mut inner = self.lock();
        let id = inner.next;
        inner.next += 1;
        inner.rules.push(Rule {
            active: ActiveFault {
                id,
                fault,
                applied: 0,
            },
            frozen: None,
        });
        id
    }

    pub(crate) fn list(&self) -> Vec<ActiveFault> {
        self.lock().rules.iter().map(|rule| rule.active.clone()).collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().rules.clear();
    }

    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut inner = self.lock();
        let before = inner.rules.len();
        inner.rules.retain(|rule| rule.active.id != id);
        inner.rules.len() < before
    }

    /// The fault that this API call meets, if any.
    pub(crate) fn on_call(&self, call: &Call<'_>) -> Option<ApiFault> {
        self.lock().first(|fault| match &fault.kind {
            FaultKind::Api(api) => {
                let hit = matches_provider(fault, call.provider)
                    && fault
                        .method
                        .as_deref()
                        .is_none_or(|method| method.eq_ignore_ascii_case(call.method))
                    && fault
                        .path
                        .as_deref()
                        .is_none_or(|pattern| matches(pattern, call.path))
                    && fault.object.as_deref().is_none_or(|object| call.names(object));
                hit.then(|| api.clone())
            }
            FaultKind::Delivery(_) => None,
        })
    }

    /// All faults that this delivery meets. Those that change the event itself are not among them.
    pub(crate) fn on_delivery(&self, provider: &str, event_type: &str) -> Vec<DeliveryFault> {
        self.lock().all(|fault| match &fault.kind {
            FaultKind::Delivery(DeliveryFault::SameSecond) | FaultKind::Api(_) => None,
            FaultKind::Delivery(delivery) => {
                matches_event(fault, provider, event_type).then(|| delivery.clone())
            }
        })
    }

    /// The second that an event made at `at` carries.
    pub(crate) fn event_second(&self, provider: &str, event_type: &str, at: Timestamp) -> Timestamp {
        let mut inner = self.lock();
        let wanted = |fault: &Fault| match &fault.kind {
            FaultKind::Delivery(DeliveryFault::SameSecond) => {
                matches_event(fault, provider, event_type).then_some(())
            }
            FaultKind::Delivery(
                DeliveryFault::Drop
                | DeliveryFault::Duplicate { .. }
                | DeliveryFault::Reorder { .. }
                | DeliveryFault::ChangedBody,
            )
            | FaultKind::Api(_) => None,
        };
        let Some(index) = inner
            .rules
            .iter()
            .position(|rule| wanted(&rule.active.fault).is_some())
        else {
            return at;
        };
        let second = *inner.rules[index].frozen.get_or_insert(at);
        inner.applied(index);
        second
    }

    pub(crate) fn shuffle<T>(&self, items: &mut [T]) {
        self.lock().ids.shuffle(items);
    }
}

impl Inner {
    fn hits(&mut self, index: usize) -> bool {
        match self.rules[index].active.fault.probability {
            Some(probability) => self.ids.chance(probability),
            None => true,
        }
    }

    /// Counts one application and ends the rule when it was the last.
    fn applied(&mut self, index: usize) -> bool {
        let active = &mut self.rules[index].active;
        active.applied = active.applied.saturating_add(1);
        let ended = active.fault.times.is_some_and(|times| active.applied >= times);
        if ended {
            self.rules.remove(index);
        }
        ended
    }

    fn first<T>(&mut self, wanted: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        for index in 0..self.rules.len() {
            if let Some(found) = wanted(&self.rules[index].active.fault)
                && self.hits(index)
            {
                self.applied(index);
                return Some(found);
            }
        }
        None
    }

    fn all<T>(&mut self, wanted: impl Fn(&Fault) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        let mut index = 0;
        while index < self.rules.len() {
            let mut ended = false;
            if let Some(fault) = wanted(&self.rules[index].active.fault)
                && self.hits(index)
            {
                found.push(fault);
                ended = self.applied(index);
            }
            if !ended {
                index += 1;
            }
        }
        found
    }
}

fn matches_provider(fault: &Fault, provider: &str) -> bool {
    fault.provider.as_deref().is_none_or(|wanted| wanted == provider)
}

fn matches_event(fault: &Fault, provider: &str, event_type: &str) -> bool {
    matches_provider(fault, provider)
        && fault
            .event_type
            .as_deref()
            .is_none_or(|pattern| matches(pattern, event_type))
}

/// `*` in the pattern stands for any text, the empty one too.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| text.strip_prefix(start)) else {
        return false;
    };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let mut last = "";
    for part in parts {
        let Some(found) = rest.find(part) else {
            return false;
        };
        rest = &rest[found + part.len()..];
        last = part;
    }
    last.is_empty() || text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches("/v1/customers/*", "/v1/customers/cus_1"));
        assert!(matches("invoice.*", "invoice.paid"));
        assert!(matches("*.paid", "invoice.paid"));
        assert!(matches("*", ""));
        assert!(!matches("/v1/customers", "/v1/customers/cus_1"));
        assert!(!matches("/v1/customers/*/x", "/v1/customers/cus_1"));
        assert!(!matches("invoice.*", "charge.refunded"));
    }

    #[test]
    fn a_counted_rule_ends_by_itself() {
        let faults = Faults::new(1);
        faults.add(Fault::from(DeliveryFault::Drop).times(2).on_event("invoice.*"));
        let hit = |kind: &str| !faults.on_delivery("stripe", kind).is_empty();
        assert_eq!(
            [
                hit("charge.failed"),
                hit("invoice.paid"),
                hit("invoice.paid"),
                hit("invoice.paid")
            ],
            [false, true, true, false]
        );
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_rule_reads_from_json() {
        let fault: Fault = serde_json::from_str(
            r#"{"api":{"fault":"rate_limit","retry_after_seconds":2},"path":"/v1/*","times":1}"#,
        )
        .unwrap();
        assert_eq!(
            fault.kind,
            FaultKind::Api(ApiFault::RateLimit {
                retry_after_seconds: Some(2)
            })
        );
        assert_eq!(fault.path.as_deref(), Some("/v1/*"));
    }
}
