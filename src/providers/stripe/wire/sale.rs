//! Who buys what: customers, prices, subscriptions, checkout sessions, invoices.

use serde::Deserialize;

use super::{
    Expandable, List, Metadata, Ref,
    money::{InvoicePayment, PaymentIntent},
};

#[derive(Debug, Deserialize)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) address: Option<Address>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) deleted: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Address {
    pub(crate) country: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) customer: Ref,
    pub(crate) status: String,
    pub(crate) cancel_at_period_end: Option<bool>,
    pub(crate) cancel_at: Option<i64>,
    pub(crate) canceled_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    /// Before basil.
    pub(crate) current_period_start: Option<i64>,
    /// Before basil.
    pub(crate) current_period_end: Option<i64>,
    pub(crate) trial_start: Option<i64>,
    pub(crate) trial_end: Option<i64>,
    pub(crate) items: List<SubscriptionItem>,
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SubscriptionItem {
    pub(crate) id: String,
    pub(crate) price: Option<Expandable<Price>>,
    /// The legacy mirror of the price.
    pub(crate) plan: Option<Expandable<Plan>>,
    pub(crate) quantity: Option<i64>,
    /// From basil on.
    pub(crate) current_period_start: Option<i64>,
    /// From basil on.
    pub(crate) current_period_end: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Price {
    pub(crate) id: String,
    pub(crate) active: Option<bool>,
    pub(crate) currency: Option<String>,
    pub(crate) unit_amount: Option<i64>,
    pub(crate) nickname: Option<String>,
    pub(crate) product: Option<Expandable<Product>>,
    pub(crate) recurring: Option<Recurring>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Product {
    pub(crate) name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Recurring {
    pub(crate) interval: Option<String>,
    pub(crate) interval_count: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Plan {
    pub(crate) id: String,
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) interval: Option<String>,
    pub(crate) interval_count: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Checkout {
    pub(crate) id: String,
    pub(crate) mode: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) payment_status: Option<String>,
    pub(crate) customer: Option<Ref>,
    pub(crate) subscription: Option<Ref>,
    pub(crate) invoice: Option<Ref>,
    pub(crate) payment_intent: Option<Expandable<PaymentIntent>>,
    pub(crate) amount_total: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) customer_details: Option<CustomerDetails>,
    pub(crate) customer_email: Option<String>,
    pub(crate) client_reference_id: Option<String>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CustomerDetails {
    pub(crate) email: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Invoice {
    pub(crate) id: String,
    pub(crate) customer: Option<Ref>,
    pub(crate) number: Option<String>,
    pub(crate) total: i64,
    pub(crate) currency: String,
    pub(crate) status: Option<String>,
    pub(crate) attempted: Option<bool>,
    pub(crate) attempt_count: Option<i64>,
    pub(crate) next_payment_attempt: Option<i64>,
    pub(crate) hosted_invoice_url: Option<String>,
    pub(crate) period_start: Option<i64>,
    pub(crate) period_end: Option<i64>,
    pub(crate) status_transitions: Option<InvoiceTransitions>,
    pub(crate) lines: Option<List<InvoiceLine>>,
    /// From basil on.
    pub(crate) parent: Option<InvoiceParent>,
    /// Before basil.
    pub(crate) subscription: Option<Ref>,
    /// From basil on, and only where it was asked for.
    pub(crate) payments: Option<List<InvoicePayment>>,
    /// Before basil.
    pub(crate) payment_intent: Option<Ref>,
    /// Before basil.
    pub(crate) charge: Option<Ref>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct InvoiceTransitions {
    pub(crate) paid_at: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct InvoiceParent {
    pub(crate) subscription_details: Option<SubscriptionDetails>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SubscriptionDetails {
    pub(crate) subscription: Option<Ref>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct InvoiceLine {
    pub(crate) period: Option<LinePeriod>,
    /// From basil on.
    pub(crate) parent: Option<LineParent>,
    /// Before basil.
    pub(crate) subscription_item: Option<Ref>,
    /// Before basil.
    pub(crate) proration: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct LinePeriod {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LineParent {
    pub(crate) subscription_item_details: Option<LineDetails>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LineDetails {
    pub(crate) proration: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PortalSession {
    pub(crate) url: String,
}
