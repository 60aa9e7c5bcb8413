//! Bodies that billdeck sends, form-encoded with brackets.
//!
//! A field that is `None` must be left out: written as a bare key it would tell Stripe to clear the field.

use serde::Serialize;

use super::Metadata;

#[derive(Debug, Default, Serialize)]
pub(crate) struct CustomerForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    pub(crate) metadata: Metadata,
}

#[derive(Debug, Serialize)]
pub(crate) struct CheckoutForm {
    pub(crate) mode: &'static str,
    pub(crate) customer: String,
    pub(crate) line_items: Vec<LineItem>,
    pub(crate) success_url: String,
    pub(crate) cancel_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_reference_id: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) subscription_data: SubscriptionData,
}

#[derive(Debug, Serialize)]
pub(crate) struct LineItem {
    pub(crate) price: String,
    pub(crate) quantity: u32,
}

#[derive(Debug, Serialize)]
pub(crate) struct SubscriptionData {
    pub(crate) metadata: Metadata,
}

#[derive(Debug, Serialize)]
pub(crate) struct PortalForm {
    pub(crate) customer: String,
    pub(crate) return_url: String,
}

/// Schedules a cancellation or takes it back. Stripe refuses both fields in one call.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CancellationForm {
    CancelAtPeriodEnd(bool),
    /// An empty text clears it.
    CancelAt(&'static str),
}

#[derive(Debug, Serialize)]
pub(crate) struct RefundForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment_intent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) charge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// A call that says all by its path.
#[derive(Debug, Serialize)]
pub(crate) struct NoFields {}
