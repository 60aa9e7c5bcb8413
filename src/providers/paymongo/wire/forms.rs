//! Attributes that billdeck sends. A field that is `None` is left out.
//!
//! No type here has a place for a card's number, its end or its code: those go from the payer's browser to PayMongo.

use std::collections::BTreeMap;

use serde::Serialize;

#[derive(Debug, Default, Serialize)]
pub(crate) struct CustomerForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_device: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CheckoutForm {
    pub(crate) line_items: Vec<LineItem>,
    pub(crate) payment_method_types: Vec<String>,
    pub(crate) success_url: String,
    pub(crate) cancel_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer_email: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct LineItem {
    pub(crate) name: String,
    pub(crate) quantity: u32,
    pub(crate) amount: i64,
    pub(crate) currency: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct LinkForm {
    pub(crate) amount: i64,
    pub(crate) description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remarks: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct IntentForm {
    pub(crate) amount: i64,
    pub(crate) currency: &'static str,
    pub(crate) payment_method_allowed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) setup_future_usage: Option<FutureUsage>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct FutureUsage {
    pub(crate) session_type: &'static str,
    pub(crate) customer_id: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct AttachForm {
    pub(crate) payment_method: String,
    pub(crate) return_url: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct MethodForm {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) billing: Option<BillingForm>,
}

#[derive(Debug, Serialize)]
pub(crate) struct BillingForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PlanForm {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) amount: i64,
    pub(crate) currency: &'static str,
    pub(crate) interval: &'static str,
    pub(crate) interval_count: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cycle_count: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PlanChangeForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<i64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct SubscriptionForm {
    pub(crate) customer_id: String,
    pub(crate) plan_id: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct CancelForm {
    pub(crate) cancellation_reason: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct ChangePlanForm {
    pub(crate) plan_id: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ChangeMethodForm {
    pub(crate) payment_method_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redirect_url: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct InvoiceLineForm {
    pub(crate) amount: i64,
    pub(crate) description: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct RefundForm {
    pub(crate) amount: i64,
    pub(crate) payment_id: String,
    pub(crate) reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notes: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct WebhookForm {
    pub(crate) url: String,
    pub(crate) events: Vec<String>,
}

/// A call that says all by its path.
#[derive(Debug, Serialize)]
pub(crate) struct NoFields {}
