use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::super::delivery::Standing;
use super::Record;

/// An event as it was delivered: the bytes are the truth and never change.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) kind: String,
    pub(crate) body: Bytes,
}

impl Record for Event {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl Event {
    /// The event as the API shows it, where `pending_webhooks` is today's.
    pub(crate) fn render(&self, standing: Standing) -> Value {
        let mut event: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        event["pending_webhooks"] = json!(standing.pending + standing.failed);
        event
    }
}
