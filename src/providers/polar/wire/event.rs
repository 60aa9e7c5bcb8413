//! Events: the head that the listener reads, and the whole that the worker reads.

use serde::Deserialize;
use serde_json::value::RawValue;

/// The few fields that decide where an event goes. The rest of the body is passed over without being built.
#[derive(Debug, Deserialize)]
pub(crate) struct Head {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) data: Option<HeadData>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct HeadData {
    pub(crate) id: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) modified_at: Option<String>,
    pub(crate) customer_id: Option<String>,
}

/// An event with its object still unread.
#[derive(Debug, Deserialize)]
pub(crate) struct Event<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) api_version: Option<String>,
    pub(crate) timestamp: Option<String>,
    #[serde(borrow)]
    pub(crate) data: Option<&'a RawValue>,
}
