//! Events: the head that the listener reads, and the whole that the worker reads.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Ref;

/// The few fields that decide where an event goes. The rest of the body is passed over without being built.
#[derive(Debug, Deserialize)]
pub(crate) struct Head {
    pub(crate) id: Option<String>,
    pub(crate) object: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) created: Option<Created>,
    pub(crate) livemode: Option<bool>,
    pub(crate) api_version: Option<String>,
    pub(crate) data: Option<HeadData>,
    pub(crate) related_object: Option<RelatedObject>,
}

/// Unix seconds in events, RFC 3339 in the thin events of `/v2`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Created {
    Seconds(i64),
    Text(String),
}

#[derive(Debug, Deserialize)]
pub(crate) struct HeadData {
    pub(crate) object: Option<HeadObject>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct HeadObject {
    pub(crate) id: Option<String>,
    pub(crate) object: Option<String>,
    pub(crate) customer: Option<Ref>,
}

/// What a thin event names in place of the object itself.
#[derive(Debug, Deserialize)]
pub(crate) struct RelatedObject {
    pub(crate) id: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

/// An event with its object still unread.
#[derive(Debug, Deserialize)]
pub(crate) struct Event<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) object: String,
    pub(crate) api_version: Option<String>,
    pub(crate) created: Option<Created>,
    #[serde(borrow)]
    pub(crate) data: Option<EventData<'a>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct EventData<'a> {
    #[serde(borrow)]
    pub(crate) object: Option<&'a RawValue>,
}
