//! What the room keeps, and how each object is written in API version 2026-10-28.endive.
//!
//! Every object is a plain struct of what the simulator works with; `render` writes the documented JSON with all the
//! fields that stand at their defaults.

mod checkout_session;
mod customer;
mod dispute;
mod event;
mod invoice;
mod payment;
mod payment_method;
mod portal_session;
mod price;
mod subscription;
mod webhook_endpoint;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use checkout_session::{
    CheckoutSession, Mode, PaymentStatus, SessionItem, SessionStatus, SubscriptionData,
};
pub(crate) use customer::Customer;
pub(crate) use dispute::{Dispute, DisputeStatus};
pub(crate) use event::Event;
pub(crate) use invoice::{
    BillingReason, Invoice, InvoicePayment, InvoicePaymentStatus, InvoiceStatus, Line, LineOrigin,
};
pub(crate) use payment::{Charge, PaymentIntent, PaymentIntentStatus, Refund, RefundStatus};
pub(crate) use payment_method::PaymentMethod;
pub use payment_method::{Card, CardBehaviour, Decline};
pub(crate) use portal_session::PortalSession;
pub(crate) use price::{Price, Product};
pub use price::{Recurring, Unit};
pub(crate) use subscription::{
    Cancellation, Item, PauseCollection, PauseReason, PendingLine, Subscription, SubscriptionStatus,
    TrialEndBehaviour,
};
pub(crate) use webhook_endpoint::WebhookEndpoint;

/// The API version of everything that this room writes.
pub(crate) const API_VERSION: &str = "2026-10-28.endive";

/// Names and values that the caller attached to an object.
pub(crate) type Metadata = BTreeMap<String, String>;

/// An object kept in a table.
pub(crate) trait Record {
    fn id(&self) -> &str;
    fn created(&self) -> Timestamp;
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// City or town.
    pub city: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Street.
    pub line1: Option<String>,
    /// Flat, suite.
    pub line2: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// State or province.
    pub state: Option<String>,
}

/// A span of time that is billed for; the end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

pub(crate) fn unix(instant: Timestamp) -> i64 {
    instant.as_second()
}

pub(crate) fn unix_opt(instant: Option<Timestamp>) -> Option<i64> {
    instant.map(Timestamp::as_second)
}

/// One object of several parts.
pub(crate) fn joined<const N: usize>(parts: [Value; N]) -> Value {
    let fields = parts.into_iter().filter_map(|part| match part {
        Value::Object(fields) => Some(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
    });
    Value::Object(fields.flatten().collect())
}

/// A complete nested list.
pub(crate) fn nested_list(url: &str, data: Vec<Value>) -> Value {
    let mut list = json!({ "object": "list", "data": null, "has_more": false, "url": url });
    list["data"] = Value::Array(data);
    list
}
