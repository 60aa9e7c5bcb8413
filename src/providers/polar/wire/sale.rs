//! Who buys what: customers, products, subscriptions, checkouts.

use serde::Deserialize;

use super::Metadata;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) external_id: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) billing_address: Option<Address>,
    pub(crate) deleted_at: Option<String>,
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Address {
    pub(crate) country: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) is_archived: Option<bool>,
    #[serde(default)]
    pub(crate) prices: Vec<Price>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Price {
    pub(crate) id: String,
    /// `fixed`, `custom`, `seat_based`, `metered_unit`, `unit_based`, `metered_tiers`, and words that came later.
    pub(crate) amount_type: Option<String>,
    pub(crate) price_amount: Option<i64>,
    pub(crate) price_currency: Option<String>,
    pub(crate) is_archived: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) recurring_interval: Option<String>,
    pub(crate) recurring_interval_count: Option<u16>,
    pub(crate) current_period_start: Option<String>,
    pub(crate) current_period_end: Option<String>,
    pub(crate) trial_start: Option<String>,
    pub(crate) trial_end: Option<String>,
    pub(crate) cancel_at_period_end: Option<bool>,
    pub(crate) canceled_at: Option<String>,
    pub(crate) ends_at: Option<String>,
    pub(crate) ended_at: Option<String>,
    pub(crate) customer_id: String,
    pub(crate) product_id: String,
    pub(crate) seats: Option<i64>,
    pub(crate) units: Option<i64>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) customer: Option<Customer>,
    #[serde(default)]
    pub(crate) prices: Vec<Price>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Checkout {
    pub(crate) id: String,
    pub(crate) status: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) expires_at: Option<String>,
    pub(crate) customer_id: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CustomerSession {
    pub(crate) customer_portal_url: String,
}
