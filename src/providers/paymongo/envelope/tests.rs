use serde_json::json;

use super::*;
use crate::domain::provider::ObjectKind;

fn event(resource: &Value) -> Value {
    json!({"data": {"id": "evt_1", "type": "event", "attributes": {
        "type": "payment.paid", "livemode": false, "data": resource, "previous_data": {},
        "created_at": 1000, "updated_at": 1000}}})
}

fn read(event: &Value) -> Result<Envelope, EventError> {
    envelope(event.to_string().as_bytes())
}

#[test]
fn the_name_the_mode_and_the_object_stand_in_the_attributes() {
    let mut body = event(&json!({"id": "subs_1", "type": "subscription",
        "attributes": {"customer_id": "cus_1", "updated_at": 900}}));
    let found = read(&body).unwrap();
    assert_eq!(found.provider_event_id.as_str(), "evt_1");
    assert_eq!(found.event_type, "payment.paid");
    assert_eq!(found.book.environment, Environment::Test);
    assert_eq!(found.object.unwrap().to_string(), "subscription subs_1");
    assert_eq!(found.customer.unwrap().as_str(), "cus_1");
    assert_eq!(found.created, Timestamp::from_second(900).ok());
    body["data"]["attributes"]["livemode"] = json!(true);
    assert_eq!(read(&body).unwrap().book.environment, Environment::Live);
}

#[test]
fn a_body_is_as_new_as_the_newest_thing_in_it() {
    let created = |resource: &Value| read(&event(resource)).unwrap().created.map(Timestamp::as_second);
    let payment = json!({"id": "pay_1", "type": "payment", "attributes": {"updated_at": 960}});
    let session = json!({"id": "cs_1", "type": "checkout_session",
        "attributes": {"updated_at": 900, "paid_at": 950, "payments": [payment]}});
    assert_eq!(created(&session), Some(960));
    let link = json!({"id": "link_1", "type": "link",
        "attributes": {"updated_at": 900, "payments": [{"data": payment}]}});
    assert_eq!(created(&link), Some(960));
    // Without a time of its own the event's counts; what is no time counts for nothing.
    assert_eq!(
        created(&json!({"id": "x", "attributes": {"updated_at": "soon"}})),
        Some(1000)
    );
}

#[test]
fn an_object_without_a_type_is_known_by_the_event() {
    let found = read(&event(&json!({"id": "pay_1", "attributes": {}}))).unwrap();
    assert_eq!(found.object.unwrap().kind, ObjectKind::Charge);
    let found = read(&event(&json!({"id": "x_1", "type": "novelty", "attributes": {}}))).unwrap();
    assert_eq!(found.object.unwrap().kind, ObjectKind::Other);
}

#[test]
fn what_is_no_event_is_told_without_being_quoted() {
    let whole = event(&json!({"id": "pay_1", "attributes": {}}));
    let without = |pointer: &str, value: Value| {
        let mut body = whole.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        read(&body).unwrap_err()
    };
    for (pointer, value) in [
        ("/data", json!(null)),
        ("/data/id", json!(7)),
        ("/data/id", json!("")),
        ("/data/id", json!("e\u{0}")),
        ("/data/type", json!("secret")),
        ("/data/attributes", json!(null)),
        ("/data/attributes/type", json!(null)),
        ("/data/attributes/type", json!("a\u{0}b")),
        ("/data/attributes/type", json!("secret".repeat(60))),
        ("/data/attributes/livemode", json!("secret")),
        ("/data/attributes/data", json!("secret")),
        ("/data/attributes/data/id", json!("")),
    ] {
        let error = without(pointer, value);
        assert_eq!(error.code(), "not_an_event", "{pointer}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    for body in ["", "{", "<html>", "\u{feff}{}", &"[".repeat(10_000)] {
        assert_eq!(
            envelope(body.as_bytes()).unwrap_err().code(),
            "not_json",
            "{body:.20}"
        );
    }
    assert_eq!(envelope(b"[]").unwrap_err().code(), "not_an_event");
    assert_eq!(envelope(b"\xff\xfe").unwrap_err().code(), "not_json");
}
