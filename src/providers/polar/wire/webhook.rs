//! Endpoints and deliveries.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) webhook_event: DeliveredEvent,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DeliveredEvent {
    /// The same as the delivery's `webhook-id`.
    pub(crate) id: String,
    /// The body as text; none once it is archived.
    pub(crate) payload: Option<String>,
}

/// An endpoint. Its secret is in the answer too, and is not read.
#[derive(Debug, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) enabled: Option<bool>,
    #[serde(default)]
    pub(crate) events: Vec<String>,
    pub(crate) uses_standard_webhook_signature: Option<bool>,
}
