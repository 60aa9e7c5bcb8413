//! What an event's body says of itself. On the listener's road, before anything is stored.
//!
//! PayMongo's envelope: the event's name is `data.attributes.type`, the object a snapshot at `data.attributes.data`. The
//! snapshot's own times date it, not the event's: a session's `updated_at` stands still when it is paid, so the times of
//! the payments and refunds inside it count too.

use jiff::Timestamp;
use serde_json::Value;

use super::{CUSTOMER_METADATA_KEY, interpret::Resource};
use crate::{
    domain::{
        event::Envelope,
        ids::ObjectId,
        provider::{Book, Environment, ObjectRef, ProviderName},
    },
    providers::EventError,
};

/// The longest event type that is kept, in bytes.
const WORD_MAX: usize = 255;

/// An event's body, read as far as every event goes.
pub(super) struct Event {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) livemode: bool,
    /// The snapshot, in its own form.
    pub(super) resource: Value,
    /// When the snapshot was made.
    pub(super) at: Option<Timestamp>,
}

impl Event {
    /// serde_json refuses what nests deeper than 128 levels.
    pub(super) fn read(body: &[u8]) -> Result<Self, EventError> {
        let mut document: Value = serde_json::from_slice(body).map_err(EventError::NotJson)?;
        let event = document
            .get_mut("data")
            .filter(|event| event.is_object())
            .ok_or_else(|| not_an_event("it has no object `data`"))?;
        if event.get("type").is_some_and(|kind| kind != "event") {
            return Err(not_an_event("`data.type` is not `event`"));
        }
        let id = owned(event.get_mut("id"), "`data.id`")?;
        let attributes = event
            .get_mut("attributes")
            .ok_or_else(|| not_an_event("`data.attributes` is missing"))?;
        let kind = owned(attributes.get_mut("type"), "`data.attributes.type`")?;
        let livemode = attributes
            .get("livemode")
            .and_then(Value::as_bool)
            .ok_or_else(|| not_an_event("`data.attributes.livemode` is missing or no boolean"))?;
        let resource = attributes
            .get_mut("data")
            .map(Value::take)
            .filter(Value::is_object)
            .ok_or_else(|| not_an_event("`data.attributes.data` is missing or no object"))?;
        let at = newest(&resource).or_else(|| moment(attributes.get("created_at")));
        Ok(Self {
            id,
            kind,
            livemode,
            resource,
            at,
        })
    }

    /// What the event is about.
    pub(super) fn about(&self) -> Resource {
        Resource::told(self.resource.get("type").and_then(Value::as_str), &self.kind)
    }
}

/// The newest time in a resource and in the payments and refunds that it holds. What is no time is passed over: the
/// worker will say what is wrong with it.
fn newest(resource: &Value) -> Option<Timestamp> {
    let resource = resource.get("data").unwrap_or(resource);
    let fields = resource.get("attributes").unwrap_or(resource);
    let own = ["updated_at", "paid_at"].map(|name| moment(fields.get(name)));
    let inside = ["payments", "refunds"]
        .into_iter()
        .filter_map(|name| fields.get(name)?.as_array())
        .flatten()
        .filter_map(newest);
    own.into_iter().flatten().chain(inside).max()
}

fn moment(seconds: Option<&Value>) -> Option<Timestamp> {
    Timestamp::from_second(seconds?.as_i64()?).ok()
}

pub(super) fn envelope(body: &[u8]) -> Result<Envelope, EventError> {
    let event = Event::read(body)?;
    let kind = event.about().kind();
    let object = event
        .resource
        .get("id")
        .and_then(Value::as_str)
        .map(|id| object_id(id, "the object's `id`").map(|id| ObjectRef::new(kind, id)))
        .transpose()?;
    let fields = event.resource.get("attributes").unwrap_or(&event.resource);
    let customer = fields
        .get("customer_id")
        .or_else(|| fields.get("metadata")?.get(CUSTOMER_METADATA_KEY))
        .and_then(Value::as_str)
        .map(|id| object_id(id, "the customer's `id`"))
        .transpose()?;
    if event.kind.is_empty() || event.kind.len() > WORD_MAX || event.kind.chars().any(char::is_control) {
        return Err(not_an_event(
            "`data.attributes.type` is empty, longer than 255 bytes or holds control characters",
        ));
    }
    Ok(Envelope {
        book: Book {
            provider: ProviderName::Paymongo,
            environment: Environment::from_livemode(event.livemode),
        },
        provider_event_id: object_id(&event.id, "`data.id`")?,
        event_type: event.kind,
        object,
        customer,
        created: event.at,
        api_version: None,
    })
}

fn owned(found: Option<&mut Value>, what: &str) -> Result<String, EventError> {
    match found.map(Value::take) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(not_an_event(format!("{what} is no text"))),
        None => Err(not_an_event(format!("{what} is missing"))),
    }
}

fn object_id(text: &str, what: &str) -> Result<ObjectId, EventError> {
    ObjectId::new(text).map_err(|error| not_an_event(format!("{what} cannot be kept: {error}")))
}

fn not_an_event(why: impl Into<String>) -> EventError {
    EventError::NotAnEvent {
        provider: ProviderName::Paymongo,
        why: why.into(),
    }
}

#[cfg(test)]
mod tests;
