//! What an event's body says of itself. On the listener's road, before anything is stored: one pass over the bytes, and
//! only a few fields are built.

use jiff::Timestamp;

use super::wire::event::{Created, Head};
use crate::{
    domain::{
        event::Envelope,
        ids::ObjectId,
        provider::{Book, Environment, ObjectKind, ObjectRef, ProviderName},
    },
    providers::{EventError, body::json_text},
};

/// The longest event type and version that is kept, in bytes.
const WORD_MAX: usize = 255;

pub(super) fn envelope(body: &[u8]) -> Result<Envelope, EventError> {
    let text = json_text(body)?;
    if !text.trim_ascii_start().starts_with('{') {
        // A well-formed list would be read as a struct by position.
        serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(EventError::NotJson)?;
        return Err(not_an_event("it is no object"));
    }
    let head: Head = serde_json::from_str(text).map_err(|error| {
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
    })?;

    let thin = match head.object.as_deref() {
        Some("event") => false,
        Some("v2.core.event") => true,
        Some(_) | None => return Err(not_an_event("`object` is not `event`")),
    };
    let provider_event_id = head.id.ok_or_else(|| not_an_event("`id` is missing"))?;
    let provider_event_id = object_id(provider_event_id, "`id`")?;
    let event_type = word(
        head.kind.ok_or_else(|| not_an_event("`type` is missing"))?,
        "`type`",
    )?;
    let livemode = head
        .livemode
        .ok_or_else(|| not_an_event("`livemode` is missing"))?;
    let created = head.created.map(time).transpose()?;
    let api_version = head
        .api_version
        .map(|text| word(text, "`api_version`"))
        .transpose()?;

    let (object, customer) = if thin {
        let object = head
            .related_object
            .and_then(|object| Some((object.id?, object.kind?)));
        (object, None)
    } else {
        match head.data.and_then(|data| data.object) {
            Some(object) => (
                object.id.zip(object.object),
                object.customer.map(|customer| customer.0),
            ),
            None => (None, None),
        }
    };
    let object = object
        .map(|(id, name)| object_id(id, "the object's `id`").map(|id| ObjectRef::new(kind(&name), id)))
        .transpose()?;
    let customer = match (&object, customer) {
        (Some(object), _) if object.kind == ObjectKind::Customer => Some(object.id.clone()),
        (_, customer) => customer
            .map(|id| object_id(id, "the customer's `id`"))
            .transpose()?,
    };

    Ok(Envelope {
        book: Book {
            provider: ProviderName::Stripe,
            environment: Environment::from_livemode(livemode),
        },
        provider_event_id,
        event_type,
        object,
        customer,
        created,
        api_version,
    })
}

/// The kind of object that Stripe's `object` field names.
pub(super) fn kind(object: &str) -> ObjectKind {
    match object {
        "customer" => ObjectKind::Customer,
        "subscription" => ObjectKind::Subscription,
        "checkout.session" => ObjectKind::Checkout,
        "invoice" => ObjectKind::Order,
        "invoice_payment" => ObjectKind::PaymentLink,
        "payment_intent" => ObjectKind::Payment,
        "charge" => ObjectKind::Charge,
        "refund" => ObjectKind::Refund,
        "dispute" => ObjectKind::Dispute,
        "price" => ObjectKind::Price,
        _ => ObjectKind::Other,
    }
}

fn not_an_event(why: impl Into<String>) -> EventError {
    EventError::NotAnEvent {
        provider: ProviderName::Stripe,
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

fn time(created: Created) -> Result<Timestamp, EventError> {
    match created {
        Created::Seconds(seconds) => Timestamp::from_second(seconds).ok(),
        Created::Text(text) => text.parse().ok(),
    }
    .ok_or_else(|| not_an_event("`created` is no time"))
}

#[cfg(test)]
mod tests;
