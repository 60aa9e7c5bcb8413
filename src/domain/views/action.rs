//! What an action would do, and what it did.

use serde::Serialize;

use crate::domain::{
    event::Problem,
    ids::{EventId, SubscriptionId},
    subscription::Difference,
};

/// What a replay of one event would do, or did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplayItem {
    /// The event.
    pub event_id: EventId,
    /// How it would end, or ended.
    pub outcome: ReplayOutcome,
    /// Rows and fields that change.
    pub changes: Vec<RowDiff>,
    /// Things a person should know.
    pub notes: Vec<String>,
}

/// How a replay ends for one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum ReplayOutcome {
    /// Rows change.
    Applied,
    /// What the event says is in place already.
    AlreadyInEffect,
    /// Newer state is in place; nothing is done.
    Stale,
    /// The event's type is not handled.
    Ignored {
        /// Why.
        why: String,
    },
    /// It waits for something.
    Waiting {
        /// What for, and what to do.
        problem: Problem,
    },
    /// It fails.
    Failed {
        /// Why, and what to do.
        problem: Problem,
    },
    /// The event cannot be replayed in the state it is in, or its lane is held by a worker just now.
    Refused {
        /// Why.
        why: String,
    },
}

/// The changes of one row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowDiff {
    /// The table: `subscription`, `order`, ...
    pub table: String,
    /// The row, by its provider's id where it has one.
    pub row_key: String,
    /// It is a new row.
    pub new: bool,
    /// Its fields.
    pub fields: Vec<Difference>,
}

/// Ours beside the provider's, for one subscription.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerifyReport {
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// Rows in which the provider's word differs from ours; empty and nothing unsettled: they agree.
    pub changes: Vec<RowDiff>,
    /// Why the two cannot be compared as things stand, such as a price in no plan.
    pub unsettled: Option<String>,
    /// The provider's word has been written over ours.
    pub applied: bool,
    /// `pending`, `verified` or `mismatch`, afterwards.
    pub verification: String,
    /// Things a person should know, such as another live subscription of the same customer.
    pub notes: Vec<String>,
    /// The provider's id of the read.
    pub request_id: Option<String>,
}

/// A link made for a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustomerPage {
    /// Where to send the customer.
    pub url: String,
    /// The provider that serves the page.
    pub provider: crate::domain::provider::ProviderName,
    /// When it stops working, where the provider says so.
    pub expires_at: Option<jiff::Timestamp>,
}
