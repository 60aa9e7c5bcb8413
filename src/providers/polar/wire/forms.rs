//! Documents that billdeck sends. A field that is `None` is left out: written as `null` it would tell Polar to clear it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Metadata;

#[derive(Debug, Serialize)]
pub(crate) struct CustomerForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_id: Option<String>,
    /// Replaces all that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CheckoutForm {
    pub(crate) products: [String; 1],
    pub(crate) customer_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seats: Option<u32>,
    pub(crate) success_url: String,
    pub(crate) return_url: String,
    pub(crate) metadata: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PortalForm {
    pub(crate) customer_id: String,
    pub(crate) return_url: String,
}

/// A change of a subscription: Polar takes exactly one of these in a call.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum SubscriptionForm {
    CancelAtPeriodEnd {
        cancel_at_period_end: bool,
    },
    Resume {
        resume: bool,
    },
    Pause {
        pause_at_period_end: bool,
    },
    Product {
        product_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        proration_behavior: Option<&'static str>,
    },
    Seats {
        seats: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        proration_behavior: Option<&'static str>,
    },
}

#[derive(Debug, Serialize)]
pub(crate) struct RefundForm {
    pub(crate) order_id: String,
    pub(crate) reason: String,
    /// Without the tax, which Polar adds.
    pub(crate) amount: i64,
    pub(crate) metadata: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct IngestForm {
    pub(crate) events: Vec<IngestEvent>,
}

#[derive(Debug, Serialize)]
pub(crate) struct IngestEvent {
    pub(crate) name: String,
    pub(crate) customer_id: String,
    pub(crate) external_id: String,
    pub(crate) timestamp: String,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    pub(crate) metadata: Metadata,
}
