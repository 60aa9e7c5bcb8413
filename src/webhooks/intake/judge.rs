//! From a body to what is kept of it: no waiting, no database.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use jiff::Timestamp;
use ring::digest;
use uuid::Uuid;

use super::{Delivery, Door, Origin};
use crate::{
    billing::reader::in_words,
    domain::{
        event::{EndState, Envelope, EventSource},
        ids::{OBJECT_ID_MAX, ObjectId, ObjectIdError},
        provider::Book,
    },
    providers::{EventError, RawDelivery},
    store::intake::{Entry, NewDelivery, NewEnd, NewEvent, Verdict},
};

/// The headers that are kept with a delivery, in lower case: what a signature can be checked again with, and what helps
/// to find the delivery at the provider. Never cookies, credentials or the addresses that proxies add.
const KEPT_HEADERS: &[&str] = &[
    "content-digest",
    "content-type",
    "digest",
    "idempotency-key",
    "paymongo-signature",
    "stripe-signature",
    "user-agent",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

/// Whether a header is kept with a delivery. The name is in lower case.
pub fn is_kept_header(name: &str) -> bool {
    KEPT_HEADERS.binary_search(&name).is_ok()
}

/// The type of an unverified event whose body does not even claim one.
const UNREADABLE_TYPE: &str = "unreadable";

/// Reads what a body says of itself and checks that it can be stored.
pub(super) fn envelope(door: &Door, delivery: RawDelivery<'_>) -> Result<Envelope, EventError> {
    let envelope = door.room.envelope(delivery)?;
    let texts = [
        ("type", Some(&envelope.event_type)),
        ("API version", envelope.api_version.as_ref()),
    ];
    for (what, text) in texts {
        let Some(text) = text else { continue };
        let wrong = match ObjectId::new(text.as_str()) {
            Ok(_) => continue,
            Err(ObjectIdError::Empty) => "is empty".to_owned(),
            Err(ObjectIdError::TooLong(length)) => {
                format!("is {length} bytes long; at most {OBJECT_ID_MAX} are allowed")
            }
            Err(ObjectIdError::Control) => "holds a control character".to_owned(),
        };
        return Err(EventError::NotAnEvent {
            provider: door.book.provider,
            why: format!("its {what} {wrong}"),
        });
    }
    Ok(envelope)
}

/// What is kept of a delivery that was verified and can be read.
pub(super) fn verified(door: &Door, delivery: Delivery, envelope: Envelope, now: Timestamp) -> Entry {
    let hash = sha256(&delivery.body);
    if envelope.book != door.book {
        let found = envelope.book.environment;
        let end = NewEnd {
            state: EndState::Quarantined,
            code: "wrong_mode",
            reason: format!(
                "the body is a {found} event, but this endpoint serves {}; its id is {}",
                door.book.environment, envelope.provider_event_id
            ),
        };
        // Under the id of the body it would stand in the way of the real event, where both environments share a
        // database.
        let envelope = Envelope {
            book: door.book,
            provider_event_id: hash_id(&hash),
            ..envelope
        };
        return entry(
            door,
            delivery,
            hash,
            Verdict::WrongMode,
            Some((envelope, Some(end))),
            now,
        );
    }
    entry(
        door,
        delivery,
        hash,
        Verdict::Verified,
        Some((envelope, None)),
        now,
    )
}

/// What is kept of a delivery that was verified but is no event: it came from the provider, so nothing of it is lost.
pub(super) fn unreadable(door: &Door, delivery: Delivery, error: &EventError, now: Timestamp) -> Entry {
    let hash = sha256(&delivery.body);
    let end = NewEnd {
        state: EndState::Dead,
        code: error.code(),
        reason: with_causes(error),
    };
    let envelope = anonymous(door.book, &hash, UNREADABLE_TYPE.to_owned());
    entry(
        door,
        delivery,
        hash,
        Verdict::Verified,
        Some((envelope, Some(end))),
        now,
    )
}

/// What is kept of a delivery whose signature was not accepted: its type is a claim, its ids are not even that.
pub(super) fn quarantined(
    door: &Door,
    delivery: Delivery,
    verdict: Verdict,
    reason: String,
    now: Timestamp,
) -> Entry {
    let hash = sha256(&delivery.body);
    let claimed =
        envelope(door, delivery.raw()).map_or_else(|_| UNREADABLE_TYPE.to_owned(), |claim| claim.event_type);
    let envelope = anonymous(door.book, &hash, claimed);
    let end = NewEnd {
        state: EndState::Quarantined,
        code: verdict.as_str(),
        reason,
    };
    entry(door, delivery, hash, verdict, Some((envelope, Some(end))), now)
}

/// The verdict on a delivery, without its body.
pub(super) fn verdict_only(door: &Door, delivery: Delivery, verdict: Verdict, now: Timestamp) -> Entry {
    let hash = sha256(&delivery.body);
    Entry {
        body: Bytes::new(),
        ..entry(door, delivery, hash, verdict, None, now)
    }
}

/// The verdict on a delivery that was too long to be read.
pub(super) fn too_large(
    door: &Door,
    headers: BTreeMap<String, String>,
    remote: Option<std::net::IpAddr>,
    length: u64,
    now: Timestamp,
) -> Entry {
    let delivery = Delivery {
        headers,
        body: Bytes::new(),
        remote,
    };
    Entry {
        body_length: i32::try_from(length).unwrap_or(i32::MAX),
        ..entry(door, delivery, Vec::new(), Verdict::TooLarge, None, now)
    }
}

/// What is kept of an event that was not delivered.
pub(super) fn given(door: &Door, body: Bytes, envelope: Envelope, origin: Origin, now: Timestamp) -> Entry {
    Entry {
        book: door.book,
        received_at: now,
        body_sha256: sha256(&body),
        body_length: length(&body),
        body,
        content_type: None,
        delivery: None,
        event: Some(NewEvent {
            id: Uuid::now_v7().into(),
            envelope,
            source: match origin {
                Origin::Backfill => EventSource::Backfill,
                Origin::Import => EventSource::Import,
            },
            end: None,
        }),
    }
}

fn entry(
    door: &Door,
    delivery: Delivery,
    body_sha256: Vec<u8>,
    verdict: Verdict,
    event: Option<(Envelope, Option<NewEnd>)>,
    now: Timestamp,
) -> Entry {
    let Delivery {
        mut headers,
        body,
        remote,
    } = delivery;
    headers.retain(|name, _| is_kept_header(name));
    Entry {
        book: door.book,
        received_at: now,
        body_length: length(&body),
        body,
        body_sha256,
        content_type: headers.get("content-type").cloned(),
        delivery: Some(NewDelivery {
            id: Uuid::now_v7().into(),
            endpoint: Arc::clone(&door.endpoint),
            remote: remote.map(|address| address.to_string()),
            headers: serde_json::to_string(&headers).unwrap_or_else(|_| "{}".to_owned()),
            verdict,
        }),
        event: event.map(|(envelope, end)| NewEvent {
            id: Uuid::now_v7().into(),
            envelope,
            source: EventSource::Webhook,
            end,
        }),
    }
}

/// An envelope for a body whose own ids are not trusted: its identity is its hash.
fn anonymous(book: Book, hash: &[u8], event_type: String) -> Envelope {
    Envelope {
        book,
        provider_event_id: hash_id(hash),
        event_type,
        object: None,
        customer: None,
        created: None,
        api_version: None,
    }
}

#[expect(
    clippy::expect_used,
    reason = "`sha256:` and 64 hexadecimal digits are a valid id by construction"
)]
fn hash_id(hash: &[u8]) -> ObjectId {
    ObjectId::new(format!("sha256:{}", hex::encode(hash))).expect("a hash in hexadecimal is an id")
}

fn sha256(body: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, body).as_ref().to_vec()
}

fn length(body: &[u8]) -> i32 {
    i32::try_from(body.len()).unwrap_or(i32::MAX)
}

/// An error and its causes as one sentence, cut to what a person reads.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    // Postgres cannot store NUL, and what a parser quotes of a body may hold one.
    in_words(error)
        .chars()
        .filter(|character| !character.is_control())
        .take(1_000)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_headers_are_in_the_order_that_the_search_needs() {
        assert!(KEPT_HEADERS.is_sorted());
        assert!(is_kept_header("stripe-signature"));
        assert!(!is_kept_header("authorization"));
        assert!(!is_kept_header("x-forwarded-for"));
    }
}
