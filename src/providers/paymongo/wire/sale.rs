//! Who buys what: customers, plans, subscriptions, invoices, checkout sessions, links.

use serde::Deserialize;

use super::{
    Flat, Metadata, Stub,
    money::{Payment, SessionIntent},
};

#[derive(Debug, Deserialize)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) email: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Plan {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) interval: Option<String>,
    pub(crate) interval_count: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) customer_id: String,
    pub(crate) status: String,
    pub(crate) plan: Option<Flat<Plan>>,
    pub(crate) plan_id: Option<String>,
    /// A day, as all dates of subscriptions are.
    pub(crate) anchor_date: Option<String>,
    pub(crate) next_billing_schedule: Option<String>,
    pub(crate) latest_invoice: Option<Flat<LatestInvoice>>,
    pub(crate) setup_intent: Option<SetupIntent>,
    pub(crate) cancelled_at: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LatestInvoice {
    pub(crate) payment_intent: Option<Flat<Stub>>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SetupIntent {
    pub(crate) next_action_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Invoice {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: Option<String>,
    pub(crate) customer_id: Option<String>,
    pub(crate) due_date: Option<String>,
    pub(crate) payment_intent: Option<Flat<Stub>>,
    pub(crate) subscription: Option<Flat<BilledSubscription>>,
    pub(crate) subscription_id: Option<String>,
    /// Where one consumer has seen the subscription's id.
    pub(crate) resource_id: Option<String>,
    pub(crate) status: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BilledSubscription {
    pub(crate) id: String,
    pub(crate) status: Option<String>,
    pub(crate) plan: Option<Flat<Plan>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Checkout {
    pub(crate) id: String,
    pub(crate) status: Option<String>,
    pub(crate) checkout_url: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) billing: Option<Billing>,
    pub(crate) line_items: Option<Vec<LineItem>>,
    pub(crate) payments: Option<Vec<Flat<Payment>>>,
    pub(crate) payment_intent: Option<Flat<SessionIntent>>,
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LineItem {
    pub(crate) amount: Option<i64>,
    pub(crate) quantity: Option<i64>,
    pub(crate) currency: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Billing {
    pub(crate) email: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) archived: Option<bool>,
    pub(crate) checkout_url: Option<String>,
    pub(crate) reference_number: Option<String>,
    pub(crate) payments: Option<Vec<Flat<Payment>>>,
    pub(crate) metadata: Option<Metadata>,
}
