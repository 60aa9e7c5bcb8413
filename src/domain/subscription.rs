//! Subscriptions: status, verification, items, and who has access.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{CheckoutId, EventId, LinkId, ObjectId, SubscriptionId},
    money::Money,
    provider::{Book, words},
};

/// What a subscription means for access, in billdeck's words (contract §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// Made, not yet paid for the first time.
    Incomplete,
    /// In its trial.
    Trialing,
    /// Paid.
    Active,
    /// A renewal is unpaid; the provider still tries.
    PastDue,
    /// The provider has given up collecting, and keeps the subscription.
    Unpaid,
    /// No invoices until it is resumed.
    Paused,
    /// Ended by a cancellation.
    Canceled,
    /// Never became active, and never will.
    Expired,
}

words!(SubscriptionStatus, "subscription status", {
    Incomplete => "incomplete", Trialing => "trialing", Active => "active", PastDue => "past_due",
    Unpaid => "unpaid", Paused => "paused", Canceled => "canceled", Expired => "expired",
});

impl SubscriptionStatus {
    /// Whether nothing can follow. Such a state is left only on evidence from a read.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Canceled | Self::Expired)
    }

    /// How late in the life of a subscription the status stands. Settles a tie between two bodies when the provider
    /// cannot be asked; never used otherwise.
    pub const fn lifecycle_rank(self) -> u8 {
        match self {
            Self::Incomplete => 0,
            Self::Trialing => 1,
            Self::Active => 2,
            Self::PastDue => 3,
            Self::Unpaid => 4,
            Self::Paused => 5,
            Self::Canceled => 6,
            Self::Expired => 7,
        }
    }

    /// Whether the status gives access: trialing and active always, past due as configured.
    pub const fn gives_access(self, past_due_has_access: bool) -> bool {
        match self {
            Self::Trialing | Self::Active => true,
            Self::PastDue => past_due_has_access,
            Self::Incomplete | Self::Unpaid | Self::Paused | Self::Canceled | Self::Expired => false,
        }
    }
}

/// How sure billdeck is of what it stores about a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verification")]
pub enum Verification {
    /// Known only from our own request or an unsigned import: nothing has confirmed it yet.
    Pending,
    /// Confirmed.
    Verified {
        /// When the confirmation was taken in.
        at: Timestamp,
        /// What confirmed it.
        by: VerifiedBy,
    },
    /// A read disagreed with what is stored, and nobody has settled it.
    Mismatch {
        /// When the read was made.
        at: Timestamp,
        /// What differs: field, ours, the provider's.
        differences: Vec<Difference>,
    },
}

/// What confirmed a stored state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerifiedBy {
    /// A signed event, or one fetched from the provider's own list.
    Event(EventId),
    /// A read of the provider's object.
    Read,
}

/// One field that differs between two states of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The field's name.
    pub field: String,
    /// The value before, or ours.
    pub before: serde_json::Value,
    /// The value after, or the provider's.
    pub after: serde_json::Value,
}

/// How long one billing cycle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interval {
    /// The unit.
    pub unit: IntervalUnit,
    /// How many units; at least 1.
    pub count: u16,
}

/// The unit of a billing cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalUnit {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

words!(IntervalUnit, "interval", { Day => "day", Week => "week", Month => "month", Year => "year" });

/// One thing a subscription bills for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionItem {
    /// The provider's id of the item.
    pub provider_item_id: ObjectId,
    /// The provider's price.
    pub price_id: ObjectId,
    /// How many; none for metered prices.
    pub quantity: Option<i64>,
    /// What one of them costs per cycle, where the price says it.
    pub unit_amount: Option<Money>,
    /// The cycle.
    pub interval: Option<Interval>,
}

/// A subscription as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// billdeck's id.
    pub id: SubscriptionId,
    /// The provider's customer it belongs to.
    pub link_id: LinkId,
    /// Where.
    pub book: Book,
    /// The provider's id; none while only our own request is known.
    pub provider_subscription_id: Option<ObjectId>,
    /// The checkout it came of, if billdeck made it.
    pub checkout_id: Option<CheckoutId>,
    /// The plan's key in the catalogue; kept when the catalogue drops it.
    pub plan: Option<String>,
    /// billdeck's word for the state.
    pub status: SubscriptionStatus,
    /// The provider's word, verbatim; empty while only a mention of the subscription has been seen.
    pub provider_status: String,
    /// It ends when the period does, unless resumed before.
    pub cancel_at_period_end: bool,
    /// When it will end, if that is fixed.
    pub cancel_at: Option<Timestamp>,
    /// When somebody asked for the end.
    pub canceled_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The cycle that is running.
    pub period: Option<Period>,
    /// The trial, past or running.
    pub trial: Option<Period>,
    /// Seats, where the plan's price is per seat.
    pub seats: Option<i64>,
    /// What it bills for, in the provider's order.
    pub items: Vec<SubscriptionItem>,
    /// How sure billdeck is of all this.
    pub verification: Verification,
}

/// A stretch of time: from inclusive, to exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Period {
    /// Inclusive.
    pub start: Timestamp,
    /// Exclusive.
    pub end: Timestamp,
}
