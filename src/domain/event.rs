//! Events: their states, why one waits or ends, and when a failed one is tried again.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{EventId, ObjectId},
    provider::{Book, LaneKey, ObjectRef, words},
};

/// What a person sees of an event's progress (contract §5).
///
/// `pending`, `processing` and `failed` are read from the work that is left; the others are stored ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventState {
    /// Waiting for a worker.
    Pending,
    /// A worker holds it.
    Processing,
    /// Applied.
    Processed,
    /// Nothing to do: a type that is not handled, stale news, or no change.
    Ignored,
    /// Will be tried again at a known time, or when what it waits for is there.
    Failed,
    /// Retries used up, or beyond help without a person.
    Dead,
    /// Put aside by a person, with a reason.
    Discarded,
    /// The signature was not verified; never applied.
    Quarantined,
}

words!(EventState, "event state", {
    Pending => "pending", Processing => "processing", Processed => "processed", Ignored => "ignored",
    Failed => "failed", Dead => "dead", Discarded => "discarded", Quarantined => "quarantined",
});

/// The states that are stored, each an end of the event's road. Left only through a replay or a re-check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndState {
    /// Applied.
    Processed,
    /// Nothing to do.
    Ignored,
    /// Beyond help without a person.
    Dead,
    /// Put aside by a person.
    Discarded,
    /// Signature not verified.
    Quarantined,
}

words!(EndState, "end state", {
    Processed => "processed", Ignored => "ignored", Dead => "dead", Discarded => "discarded",
    Quarantined => "quarantined",
});

impl From<EndState> for EventState {
    fn from(end: EndState) -> Self {
        match end {
            EndState::Processed => Self::Processed,
            EndState::Ignored => Self::Ignored,
            EndState::Dead => Self::Dead,
            EndState::Discarded => Self::Discarded,
            EndState::Quarantined => Self::Quarantined,
        }
    }
}

impl EventState {
    /// Whether a replay may put the event back to work.
    pub const fn can_replay(self) -> bool {
        match self {
            Self::Processed | Self::Ignored | Self::Failed | Self::Dead | Self::Discarded | Self::Pending => {
                true
            }
            Self::Processing | Self::Quarantined => false,
        }
    }

    /// Whether a person may put the event aside.
    pub const fn can_discard(self) -> bool {
        match self {
            Self::Pending | Self::Failed | Self::Dead | Self::Quarantined => true,
            Self::Processing | Self::Processed | Self::Ignored | Self::Discarded => false,
        }
    }
}

/// Where an event came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventSource {
    /// A delivery with the provider's signature.
    Webhook,
    /// Fetched from the provider's own list of events.
    Backfill,
    /// Given by a person; never makes anything verified.
    Import,
}

words!(EventSource, "event source", { Webhook => "webhook", Backfill => "backfill", Import => "import" });

/// Why a try took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptKind {
    /// The worker's own first try or retry.
    Auto,
    /// A person asked for a retry at once.
    Manual,
    /// A person replayed the event.
    Replay,
    /// A read of the provider, without an event.
    Verify,
}

words!(AttemptKind, "attempt kind", { Auto => "auto", Manual => "manual", Replay => "replay", Verify => "verify" });

/// How a replay decides what is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayMode {
    /// Read the provider and apply what it says now.
    Converge,
    /// Use the stored body, under the rule that newer state wins.
    AsRecorded,
}

words!(ReplayMode, "replay mode", { Converge => "converge", AsRecorded => "as_recorded" });

/// What an event's body says of itself, read before anything is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Which books it belongs to: the provider, and the body's own test/live flag.
    pub book: Book,
    /// The provider's id of the event.
    pub provider_event_id: ObjectId,
    /// The provider's word for what happened.
    pub event_type: String,
    /// The object it is about; none when the body names none.
    pub object: Option<ObjectRef>,
    /// The provider's customer it is about, when the body names one.
    pub customer: Option<ObjectId>,
    /// When it happened, by the provider's clock.
    pub created: Option<Timestamp>,
    /// The API version that shaped the body.
    pub api_version: Option<String>,
}

impl Envelope {
    /// The lane that this event's work runs in.
    pub fn lane(&self) -> LaneKey {
        let id = self
            .customer
            .as_ref()
            .or(self.object.as_ref().map(|object| &object.id))
            .unwrap_or(&self.provider_event_id);
        LaneKey::new(self.book, id)
    }
}

/// A stored event, as the worker takes it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// billdeck's id; its time part is when the event was first seen.
    pub id: EventId,
    /// What the body says of itself.
    pub envelope: Envelope,
    /// When it was first seen.
    pub received_at: Timestamp,
    /// Where it came from.
    pub source: EventSource,
}

/// A problem that stopped a try, as people and scripts see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A stable code in snake case.
    pub code: String,
    /// A sentence: what happened, to which object, what a person can do.
    pub message: String,
}

/// What an event waits for. Waiting is no failure: its tries are not counted, so it never goes dead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "wait", content = "id")]
pub enum WaitReason {
    /// A price that is in no plan of the catalogue; the next catalogue that names it makes the work due.
    UnknownPrice(ObjectId),
}

impl WaitReason {
    /// The kind of wait for a price that is in no plan.
    pub const UNKNOWN_PRICE: &'static str = "unknown_price";

    /// The stable word for the kind of wait.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::UnknownPrice(_) => Self::UNKNOWN_PRICE,
        }
    }

    /// What is waited for.
    pub const fn key(&self) -> &ObjectId {
        match self {
            Self::UnknownPrice(id) => id,
        }
    }
}

/// The delays before the second, third, ... try; the last one repeats where the limit is raised.
pub const RETRY_DELAYS: [Duration; 8] = [
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(6),
    Duration::from_hours(12),
    Duration::from_hours(24),
];

/// How often an event is tried before it is dead, unless configured otherwise.
pub const DEFAULT_MAX_ATTEMPTS: u16 = 8;

/// How long to wait after the given failed attempt (1 for the first).
///
/// `jitter` in `0.0..=1.0` adds up to a tenth, so that a wave of failures does not come back as a wave. The provider's
/// own `Retry-After` wins, up to the longest pause that billdeck itself would make, and gets the same jitter: an absurd
/// one must not put an event off for ever.
pub fn retry_delay(attempt: u16, retry_after: Option<Duration>, jitter: f64) -> Duration {
    let index = usize::from(attempt.saturating_sub(1)).min(RETRY_DELAYS.len() - 1);
    let longest = RETRY_DELAYS[RETRY_DELAYS.len() - 1];
    let base = retry_after.map_or(RETRY_DELAYS[index], |wish| wish.min(longest));
    base + base.mul_f64(jitter.clamp(0.0, 1.0) / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_the_providers_word_wins() {
        assert_eq!(retry_delay(1, None, 0.0), Duration::from_secs(10));
        assert_eq!(retry_delay(7, None, 0.0), Duration::from_secs(43_200));
        assert_eq!(retry_delay(50, None, 0.0), Duration::from_secs(86_400));
        assert_eq!(retry_delay(1, None, 1.0), Duration::from_secs(11));
        assert_eq!(
            retry_delay(3, Some(Duration::from_secs(2)), 0.0),
            Duration::from_secs(2)
        );
        assert_eq!(
            retry_delay(1, Some(Duration::from_secs(u64::from(u32::MAX))), 0.0),
            Duration::from_hours(24)
        );
    }
}
