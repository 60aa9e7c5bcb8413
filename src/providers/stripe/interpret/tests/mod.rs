//! Events of this module's own making, each with as little as the case is about.

mod damage;
mod money;
mod sale;
#[cfg(feature = "conformance")]
mod samples;
mod subscription;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::domain::{
    ids::ObjectId,
    money::Money,
    observation::{Fact, FactKind, Observation},
};

/// The time of every event here.
const EVENT_AT: i64 = 1_790_000_000;

fn event_at(version: &str, kind: &str, object: Value) -> Vec<u8> {
    let mut event = json!({
        "id": "evt_1", "object": "event", "api_version": version, "created": EVENT_AT, "type": kind,
        "livemode": false, "pending_webhooks": 1, "request": {"id": null, "idempotency_key": null}, "data": {},
    });
    event["data"]["object"] = object;
    serde_json::to_vec(&event).unwrap()
}

fn event(kind: &str, object: Value) -> Vec<u8> {
    event_at("2026-10-28.endive", kind, object)
}

/// The only observation and the facts of an event whose body holds a whole object.
fn whole(kind: &str, object: Value) -> (Observation, Vec<Fact>) {
    match interpret(&event(kind, object)).unwrap() {
        Interpretation::Whole {
            subject,
            observations,
            facts,
        } => {
            let [observation] = observations.try_into().unwrap();
            assert_eq!(subject, observation.object());
            (observation, facts)
        }
        other => panic!("{other:?}"),
    }
}

fn unreadable(kind: &str, object: Value) -> String {
    match interpret(&event(kind, object)) {
        Err(EventError::Unreadable { event_type, why }) => {
            assert_eq!(event_type, kind);
            why
        }
        other => panic!("{other:?}"),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn id(text: &str) -> ObjectId {
    ObjectId::new(text).unwrap()
}

fn usd(minor: i64) -> Money {
    Money::new(minor, "USD".parse().unwrap())
}

fn told(facts: &[Fact]) -> Vec<(FactKind, &str, i64, i64)> {
    facts
        .iter()
        .map(|fact| {
            (
                fact.kind,
                fact.object.id.as_str(),
                fact.amount.minor,
                fact.at.as_second(),
            )
        })
        .collect()
}

/// The object with some of its fields replaced; `null` in `changes` takes a field away.
fn with(mut object: Value, changes: Value) -> Value {
    let (Some(fields), Value::Object(changes)) = (object.as_object_mut(), changes) else {
        panic!("both are objects");
    };
    for (name, value) in changes {
        if value.is_null() {
            fields.remove(&name);
        } else {
            fields.insert(name, value);
        }
    }
    object
}

#[test]
fn versions_are_dates_from_the_oldest_one_on() {
    let at_version = |version: &str| {
        interpret(&event_at(
            version,
            "customer.updated",
            json!({"id": "cus_1", "object": "customer"}),
        ))
    };
    for version in [
        "2020-08-27",
        "2024-06-20",
        "2025-02-24.acacia",
        "2026-10-28.endive",
        "2031-01-01.something_new",
    ] {
        assert!(at_version(version).is_ok(), "{version}");
    }
    for version in [
        "2019-12-03",
        "1999-01-01.ancient",
        "2026-99-99.endive",
        "latest",
        "2026-10-28.",
        "2026-10-28.a b",
        "v2",
    ] {
        match at_version(version) {
            Err(error @ EventError::UnsupportedVersion { .. }) => {
                assert!(error.to_string().contains(version) && error.to_string().contains("2020-08-27"));
            }
            other => panic!("{version}: {other:?}"),
        }
    }
    let mut none: Value = serde_json::from_slice(&event("customer.updated", json!({"id": "cus_1"}))).unwrap();
    none["api_version"] = Value::Null;
    assert!(interpret(&serde_json::to_vec(&none).unwrap()).is_ok());
}

#[test]
fn what_billdeck_does_not_handle_is_ignored_with_the_reason() {
    let reason = |kind: &str| match interpret(&event(kind, json!({"anything": [1, {"x": null}]}))) {
        Ok(Interpretation::Ignore(reason)) => reason,
        other => panic!("{kind}: {other:?}"),
    };
    assert_eq!(
        reason("radar.early_fraud_warning.created"),
        "billdeck does not handle `radar.early_fraud_warning.created` events"
    );
    assert!(reason("price.updated").contains("catalogue"));
    assert!(reason("payment_method.attached").contains("charge"));
    assert!(reason("invoice.upcoming").contains("does not exist yet"));
    assert!(reason("customer.subscription.brand_new").contains("does not handle"));
    // An ignored event is ignored in whatever version it came.
    let thin = br#"{"id":"evt_2","object":"v2.core.event","type":"v1.billing.meter.no_meter_found","created":"2026-11-01T12:00:00Z","livemode":false}"#;
    assert!(matches!(interpret(thin), Ok(Interpretation::Ignore(reason)) if reason.contains("thin events")));
}

#[test]
fn a_change_that_waited_for_payment_is_followed_by_a_read() {
    for kind in [
        "customer.subscription.pending_update_applied",
        "customer.subscription.pending_update_expired",
    ] {
        let subject = ObjectRef::new(ObjectKind::Subscription, id("sub_1"));
        let facts = Vec::new();
        assert_eq!(
            interpret(&event(kind, json!({"id": "sub_1", "object": "subscription"}))).unwrap(),
            Interpretation::Partial { subject, facts }
        );
        assert!(unreadable(kind, json!({})).contains("missing field"));
    }
}

#[test]
fn what_is_missing_or_wrong_is_named_but_not_quoted() {
    let invoice = json!({"id": "in_1", "object": "invoice", "currency": "usd", "total": 5});
    assert!(unreadable("invoice.paid", with(invoice.clone(), json!({"total": null}))).contains("`total`"));
    let why = unreadable(
        "invoice.paid",
        with(invoice.clone(), json!({"total": "ana@example.com"})),
    );
    assert!(why.contains("`total`") && !why.contains("ana"), "{why}");
    let why = unreadable(
        "invoice.paid",
        with(
            invoice.clone(),
            json!({"lines": {"data": [{"period": {"start": 1, "end": "soon"}}]}}),
        ),
    );
    assert!(why.contains("lines.data[0].period.end"), "{why}");
    assert!(
        unreadable(
            "invoice.paid",
            with(invoice.clone(), json!({"currency": "dollars"}))
        )
        .contains("ISO 4217")
    );
    assert!(unreadable("invoice.paid", with(invoice.clone(), json!({"id": ""}))).contains("`id`"));
    assert!(
        unreadable(
            "invoice.paid",
            with(invoice, json!({"next_payment_attempt": i64::MAX}))
        )
        .contains("next_payment_attempt")
    );
    let no_object = br#"{"id":"evt_1","object":"event","created":1,"type":"invoice.paid","livemode":false}"#;
    assert!(matches!(
        interpret(no_object),
        Err(EventError::Unreadable { why, .. }) if why.contains("data.object")
    ));
}

#[test]
fn the_object_is_given_back_as_stripe_wrote_it() {
    let body = br#"{"id":"evt_1","object":"event","type":"a.b","livemode":true,"data":{"object":{ "id" : "x_1","n":1.50 }}}"#;
    assert_eq!(raw_object(body).as_deref(), Some(r#"{ "id" : "x_1","n":1.50 }"#));
    assert_eq!(raw_object(br#"{"object":"event","type":"a.b"}"#), None);
    assert_eq!(raw_object(b"nonsense"), None);
}

#[test]
fn nul_never_reaches_the_store() {
    let customer = json!({"id": "cus_1", "email": "a\u{0}b", "metadata": {"k\u{0}": "v\u{0}"}});
    let (Observation::Customer(seen), _) = whole("customer.updated", customer) else {
        panic!("no customer");
    };
    assert!(!format!("{seen:?}").contains("\\0"));
    assert_eq!(seen.email.as_deref(), Some("a\u{fffd}b"));
}
