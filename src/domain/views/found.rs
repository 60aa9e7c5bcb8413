//! What an id turned out to be.

use serde::Serialize;

use crate::domain::ids::{CustomerId, EventId, SubscriptionId};

/// What an id turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// An event.
    Event(EventId),
    /// A customer.
    Customer(CustomerId),
    /// A subscription.
    Subscription(SubscriptionId),
}
