//! What is set up beside sales: payment methods and webhook endpoints.

use serde::Deserialize;

/// A payment method. Of a card no more is read than its last four digits and its end.
#[derive(Debug, Deserialize)]
pub(crate) struct Method {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) details: Option<CardDetails>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CardDetails {
    pub(crate) last4: Option<String>,
    pub(crate) exp_month: Option<i64>,
    pub(crate) exp_year: Option<i64>,
    pub(crate) brand: Option<String>,
}

/// A method that a customer has saved.
#[derive(Debug, Deserialize)]
pub(crate) struct Saved {
    pub(crate) id: String,
    pub(crate) payment_method_id: Option<String>,
    pub(crate) payment_method_type: Option<String>,
    pub(crate) details: Option<CardDetails>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) events: Vec<String>,
    pub(crate) livemode: Option<bool>,
    pub(crate) status: String,
    pub(crate) disabled_reason: Option<String>,
    pub(crate) secret_key: Option<String>,
}
