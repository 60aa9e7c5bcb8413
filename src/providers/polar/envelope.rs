//! What an event says of itself. On the listener's road, before anything is stored: one pass over the bytes, and only a
//! few fields are built.

use jiff::Timestamp;
use ring::digest;

use super::wire::event::Head;
use crate::{
    domain::{
        event::Envelope,
        ids::ObjectId,
        provider::{Book, Environment, ObjectKind, ObjectRef, ProviderName},
    },
    providers::{EventError, RawDelivery, body::json_text},
};

/// The longest event type and version that is kept, in bytes.
const WORD_MAX: usize = 255;

pub(super) fn envelope(environment: Environment, delivery: RawDelivery<'_>) -> Result<Envelope, EventError> {
    let text = json_text(delivery.body)?;
    let head = head(text)?;
    let event_type = word(
        head.kind.ok_or_else(|| not_an_event("`type` is missing"))?,
        "`type`",
    )?;
    let data = head
        .data
        .ok_or_else(|| not_an_event("`data` is missing: Polar's events carry the whole object"))?;
    let provider_event_id = match delivery.headers.get("webhook-id") {
        Some(id) => object_id(id.clone(), "`webhook-id`")?,
        None => name_of(text)?,
    };
    let kind = kind(&event_type);
    let object = data
        .id
        .map(|id| object_id(id, "the object's `id`").map(|id| ObjectRef::new(kind, id)))
        .transpose()?;
    let customer = match (&object, data.customer_id) {
        (Some(object), _) if object.kind == ObjectKind::Customer => Some(object.id.clone()),
        (_, id) => id.map(|id| object_id(id, "`customer_id`")).transpose()?,
    };
    let api_version = head
        .api_version
        .or_else(|| delivery.headers.get("webhook-api-version").cloned())
        .map(|text| word(text, "`api_version`"))
        .transpose()?;

    Ok(Envelope {
        // Nothing in a body tells sandbox from production; the secret that signed it does.
        book: Book {
            provider: ProviderName::Polar,
            environment,
        },
        provider_event_id,
        event_type,
        object,
        customer,
        created: dated(data.modified_at.or(data.created_at), head.timestamp)?,
        api_version,
    })
}

fn head(text: &str) -> Result<Head, EventError> {
    if !text.trim_ascii_start().starts_with('{') {
        // A well-formed list would be read as a struct by position.
        serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(EventError::NotJson)?;
        return Err(not_an_event("it is no object"));
    }
    serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            // The error's own text may quote the value.
            not_an_event(format!(
                "a field at line {} column {} is of the wrong type or stands there twice",
                error.line(),
                error.column()
            ))
        } else {
            EventError::NotJson(error)
        }
    })
}

/// The name of an event that came without its headers, the same each time: of what it says, not of how that is spaced.
fn name_of(text: &str) -> Result<ObjectId, EventError> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(EventError::NotJson)?;
    let hash = digest::digest(&digest::SHA256, value.to_string().as_bytes());
    object_id(format!("body-{}", hex::encode(hash.as_ref())), "its hash")
}

/// When what the body describes was so: it is a snapshot of an object that says when it was last changed. Several events
/// of one change carry the same time and say the same.
fn dated(of_object: Option<String>, of_event: Option<String>) -> Result<Option<Timestamp>, EventError> {
    of_object
        .or(of_event)
        .map(|text| {
            text.parse()
                .map_err(|_| not_an_event("`modified_at`, `created_at` or `timestamp` is no time"))
        })
        .transpose()
}

/// What kind of object the events of a type are about.
pub(super) fn kind(event_type: &str) -> ObjectKind {
    match event_type.split_once('.') {
        Some(("customer", _)) => ObjectKind::Customer,
        Some(("subscription", _)) => ObjectKind::Subscription,
        Some(("checkout", _)) => ObjectKind::Checkout,
        Some(("order", _)) => ObjectKind::Order,
        Some(("refund", _)) => ObjectKind::Refund,
        Some(("product", _)) => ObjectKind::Price,
        Some(_) | None => ObjectKind::Other,
    }
}

fn not_an_event(why: impl Into<String>) -> EventError {
    EventError::NotAnEvent {
        provider: ProviderName::Polar,
        why: why.into(),
    }
}

fn object_id(text: String, what: &str) -> Result<ObjectId, EventError> {
    ObjectId::new(text).map_err(|error| not_an_event(format!("{what} cannot be kept: {error}")))
}

/// A short text without control characters: NUL among them, which Postgres cannot store.
fn word(text: String, what: &str) -> Result<String, EventError> {
    if text.is_empty() || text.len() > WORD_MAX || text.chars().any(char::is_control) {
        return Err(not_an_event(format!(
            "{what} is empty, longer than {WORD_MAX} bytes or holds control characters"
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
