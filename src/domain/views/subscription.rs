//! Subscriptions as lists and details show them.

use jiff::Timestamp;
use serde::Serialize;

use super::{Direction, event::ChangeView};
use crate::domain::{
    ids::{CustomerId, SubscriptionId},
    money::Money,
    provider::ProviderName,
    subscription::{Difference, SubscriptionItem, SubscriptionStatus},
};

/// Which subscriptions are wanted. Empty means all of the environment served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionFilter {
    /// In any of these states.
    pub statuses: Vec<SubscriptionStatus>,
    /// Of this provider.
    pub provider: Option<ProviderName>,
    /// Of this plan.
    pub plan: Option<String>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// `pending`, `verified` or `mismatch`.
    pub verification: Option<String>,
    /// The provider's id, exactly.
    pub provider_subscription_id: Option<String>,
    /// Made at or after.
    pub since: Option<Timestamp>,
}

/// The orders a subscription list offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionSort {
    /// The column.
    pub by: SubscriptionSortKey,
    /// Up or down.
    pub direction: Direction,
}

/// A column that subscriptions can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubscriptionSortKey {
    /// When billdeck first knew of it.
    #[default]
    Created,
    /// When its period ends; those without a period last.
    PeriodEnd,
}

/// One subscription in a list (contract §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriptionRow {
    /// billdeck's id.
    pub id: SubscriptionId,
    /// billdeck's customer.
    pub customer_id: CustomerId,
    /// What that customer is called on a screen.
    pub customer_label: Option<String>,
    /// Where.
    pub provider: ProviderName,
    /// The provider's id.
    pub provider_subscription_id: Option<String>,
    /// The provider's customer.
    pub provider_customer_id: String,
    /// The plan's key.
    pub plan: Option<String>,
    /// billdeck's word for the state.
    pub status: SubscriptionStatus,
    /// The provider's word.
    pub provider_status: String,
    /// Ends with the period.
    pub cancel_at_period_end: bool,
    /// When it will end.
    pub cancel_at: Option<Timestamp>,
    /// Start of the running cycle.
    pub current_period_start: Option<Timestamp>,
    /// End of the running cycle.
    pub current_period_end: Option<Timestamp>,
    /// End of the trial.
    pub trial_end: Option<Timestamp>,
    /// Seats.
    pub seats: Option<i64>,
    /// What it bills for.
    pub items: Vec<SubscriptionItem>,
    /// What one cycle costs in all, where every item says so in one currency.
    pub amount: Option<Money>,
    /// `pending`, `verified` or `mismatch`.
    pub verification: String,
    /// When it was verified.
    pub verified_at: Option<Timestamp>,
    /// What verified it: `event <id>` or `read`.
    pub verified_by: Option<String>,
    /// When the row last changed.
    pub updated_at: Timestamp,
    /// When billdeck first knew of it.
    pub created_at: Timestamp,
    /// Real money.
    pub livemode: bool,
}

/// One subscription with what is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubscriptionDetail {
    /// The list's fields.
    #[serde(flatten)]
    pub row: SubscriptionRow,
    /// What a read found different, while nobody has settled it.
    pub mismatch: Vec<Difference>,
    /// When the end was asked for.
    pub canceled_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// For each field, the change that set it last, newest first.
    pub set_by: Vec<ChangeView>,
    /// The provider's object as last seen.
    pub provider_object: Option<serde_json::Value>,
}
