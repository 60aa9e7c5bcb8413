//! Orders as lists show them.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{
    ids::{CustomerId, OrderId},
    money::Currency,
    order::{OrderStatus, PaymentMethod},
    provider::ProviderName,
};

/// Which orders are wanted. Empty means all of the environment served, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// In any of these states.
    pub statuses: Vec<OrderStatus>,
    /// Of this provider.
    pub provider: Option<ProviderName>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Made at or after.
    pub since: Option<Timestamp>,
}

/// One order (contract §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderRow {
    /// billdeck's id.
    pub id: OrderId,
    /// billdeck's customer.
    pub customer_id: Option<CustomerId>,
    /// What that customer is called on a screen.
    pub customer_label: Option<String>,
    /// Where.
    pub provider: ProviderName,
    /// The provider's id of the invoice, session or payment that the order is.
    pub provider_order_id: String,
    /// The payment that settled it, else the last one tried.
    pub provider_payment_id: Option<String>,
    /// The offer of the catalogue, for one-time purchases.
    pub offer_id: Option<String>,
    /// The provider's subscription that it bills.
    pub provider_subscription_id: Option<String>,
    /// The number printed on the invoice.
    pub number: Option<String>,
    /// Minor units; none while only a mention of it has been seen.
    pub amount: Option<i64>,
    /// The currency.
    pub currency: Option<Currency>,
    /// How it stands.
    pub status: OrderStatus,
    /// When it was paid.
    pub purchased_at: Option<Timestamp>,
    /// Minor units that went back.
    pub refunded_amount: i64,
    /// What it was paid with.
    pub method: Option<PaymentMethod>,
    /// Why the last try to pay failed.
    pub failure: Option<String>,
    /// When billdeck first knew of it.
    pub created_at: Timestamp,
    /// Real money.
    pub livemode: bool,
}
