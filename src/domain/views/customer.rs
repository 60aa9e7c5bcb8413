//! Customers as lists and details show them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{Direction, order::OrderRow, subscription::SubscriptionRow};
use crate::domain::{
    customer::Scope,
    ids::{CustomerId, LinkId},
    provider::ProviderName,
};

/// Which customers are wanted. Empty means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFilter {
    /// Only organizations, or only users.
    pub scope: Option<Scope>,
    /// Only those that nobody owns yet.
    pub unlinked: bool,
    /// The application's id.
    pub external_id: Option<String>,
    /// Exactly this e-mail address, in any case.
    pub email: Option<String>,
    /// Linked at this provider.
    pub provider: Option<ProviderName>,
    /// Words that e-mail address, name, external id or a provider's customer id begin with; all have to match.
    pub words: Vec<String>,
    /// Made at or after.
    pub since: Option<Timestamp>,
}

/// The orders a customer list offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomerSort {
    /// The column.
    pub by: CustomerSortKey,
    /// Up or down.
    pub direction: Direction,
}

/// A column that customers can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CustomerSortKey {
    /// When the customer was made.
    #[default]
    Created,
    /// E-mail address, lower case.
    Email,
}

/// One customer in a list (contract §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustomerRow {
    /// billdeck's id.
    pub id: CustomerId,
    /// None while nobody owns it.
    pub scope: Option<Scope>,
    /// The application's id.
    pub external_id: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// The provider's customer ids in the environment served.
    pub providers: BTreeMap<ProviderName, Vec<String>>,
    /// The plan of the active subscription.
    pub plan: Option<String>,
    /// The status of the active subscription, else of the newest one.
    pub subscription_status: Option<crate::domain::subscription::SubscriptionStatus>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One customer with what hangs on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CustomerDetail {
    /// The list's fields.
    #[serde(flatten)]
    pub row: CustomerRow,
    /// The links, default ones first.
    pub links: Vec<LinkView>,
    /// Its subscriptions, the active one first, then the newest; at most 50.
    pub subscriptions: Vec<SubscriptionRow>,
    /// Its newest orders; at most 50.
    pub orders: Vec<OrderRow>,
    /// Owners with the same e-mail address, offered for linking while nobody owns this customer.
    pub owner_candidates: Vec<CustomerRow>,
}

/// A link to a provider's customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkView {
    /// billdeck's id.
    pub id: LinkId,
    /// Where.
    pub provider: ProviderName,
    /// The provider's id.
    pub provider_customer_id: String,
    /// The e-mail address that the provider has.
    pub email: Option<String>,
    /// Used for new purchases.
    pub is_default: bool,
    /// Deleted at the provider.
    pub deleted: bool,
}

/// One line of a customer's story, newest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimelineEntry {
    /// When it happened.
    pub at: Timestamp,
    /// What kind of line it is.
    pub kind: TimelineKind,
    /// A short word: the event's type, the act, the call.
    pub what: String,
    /// To what, and how it went.
    pub detail: String,
    /// The event it is, if it is one.
    pub event_id: Option<crate::domain::ids::EventId>,
}

/// What kind of line a timeline entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    /// A provider's event.
    Event,
    /// An act of a person.
    Person,
}
