use serde_json::json;

use super::*;

fn body(object: &serde_json::Value) -> Vec<u8> {
    let event = json!({
        "id": "evt_1", "object": "event", "api_version": "2026-10-28.endive", "created": 1_785_748_505,
        "type": "some.thing", "livemode": false, "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null},
        "data": {"object": object, "previous_attributes": {"items": {"data": []}}},
    });
    serde_json::to_vec(&event).unwrap()
}

fn read(object: &serde_json::Value) -> Envelope {
    envelope(&body(object)).unwrap()
}

fn why(result: Result<Envelope, EventError>) -> String {
    match result {
        Err(EventError::NotAnEvent { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tells_what_the_event_is_and_whose() {
    let found =
        read(&json!({"id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active"}));
    assert_eq!(found.provider_event_id.as_str(), "evt_1");
    assert_eq!(found.event_type, "some.thing");
    assert_eq!(found.book.to_string(), "stripe:test");
    assert_eq!(found.created, Timestamp::from_second(1_785_748_505).ok());
    assert_eq!(found.api_version.as_deref(), Some("2026-10-28.endive"));
    assert_eq!(found.object.unwrap().to_string(), "subscription sub_1");
    assert_eq!(found.customer.unwrap().as_str(), "cus_1");
}

#[test]
fn live_events_are_of_the_live_books() {
    let text = String::from_utf8(body(&json!({"id": "x", "object": "price"}))).unwrap();
    let live = text.replace("\"livemode\":false", "\"livemode\":true");
    assert_eq!(envelope(live.as_bytes()).unwrap().book.to_string(), "stripe:live");
}

#[test]
fn the_customer_is_found_in_every_shape() {
    let of = |object| read(&object).customer.map(String::from);
    assert_eq!(
        of(json!({"id": "cus_9", "object": "customer", "email": "a@b.c"})).as_deref(),
        Some("cus_9")
    );
    let expanded = json!({"id": "in_1", "object": "invoice", "customer": {"object": "customer", "id": "cus_2", "x": [1]}});
    assert_eq!(of(expanded).as_deref(), Some("cus_2"));
    assert_eq!(
        of(json!({"id": "pi_1", "object": "payment_intent", "customer": null})),
        None
    );
    assert_eq!(of(json!({"id": "inpay_1", "object": "invoice_payment"})), None);
}

#[test]
fn object_kinds_follow_stripes_names() {
    let kinds = [
        ("customer", ObjectKind::Customer),
        ("subscription", ObjectKind::Subscription),
        ("checkout.session", ObjectKind::Checkout),
        ("invoice", ObjectKind::Order),
        ("invoice_payment", ObjectKind::PaymentLink),
        ("payment_intent", ObjectKind::Payment),
        ("charge", ObjectKind::Charge),
        ("refund", ObjectKind::Refund),
        ("dispute", ObjectKind::Dispute),
        ("price", ObjectKind::Price),
        ("payment_method", ObjectKind::Other),
        ("something.newer", ObjectKind::Other),
    ];
    for (name, kind) in kinds {
        // `type` stands beside `object` in many of them and must not be taken for it.
        let found = read(&json!({"id": "x_1", "object": name, "type": "card"}));
        assert_eq!(found.object.unwrap().kind, kind, "{name}");
    }
}

#[test]
fn an_object_without_an_id_is_no_object() {
    assert_eq!(
        read(&json!({"object": "invoice", "customer": "cus_1"})).object,
        None
    );
    assert_eq!(read(&json!({"id": null, "object": "invoice"})).object, None);
    assert_eq!(read(&json!(null)).object, None);
}

#[test]
fn thin_events_are_taken_in() {
    let thin = json!({
        "id": "evt_thin", "object": "v2.core.event", "type": "v1.billing.meter.error_report_triggered",
        "livemode": true, "created": "2026-11-01T12:00:00.000Z",
        "related_object": {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"},
    });
    let found = envelope(&serde_json::to_vec(&thin).unwrap()).unwrap();
    assert_eq!(found.object.unwrap().to_string(), "other mtr_1");
    assert_eq!(found.created, Some("2026-11-01T12:00:00Z".parse().unwrap()));
}

#[test]
fn what_is_no_json_is_told_apart_from_what_is_no_event() {
    for text in [
        &b""[..],
        b"{",
        b"{\"id\":",
        b"nonsense",
        b"[1,",
        b"\xff\xfe",
        b"{\"id\":\"\xc3\"}",
        b"{} {}",
    ] {
        assert!(matches!(envelope(text), Err(EventError::NotJson(_))), "{text:?}");
    }
    for text in [
        "[]",
        "7",
        "null",
        "\"text\"",
        "[\"evt_1\",\"event\",\"t\",1,true]",
        "{}",
        "{\"object\":\"customer\"}",
    ] {
        why(envelope(text.as_bytes()));
    }
    assert_eq!(
        why(envelope(br#"{"object":"event","livemode":true,"type":"a.b"}"#)),
        "`id` is missing"
    );
    assert_eq!(
        why(envelope(br#"{"object":"event","livemode":true,"id":"a"}"#)),
        "`type` is missing"
    );
    assert_eq!(
        why(envelope(br#"{"object":"event","type":"a.b","id":"a"}"#)),
        "`livemode` is missing"
    );
}

#[test]
fn values_that_cannot_be_kept_are_refused_without_being_quoted() {
    let long = "x".repeat(10_000);
    assert!(why(envelope(&body(&json!({"id": long, "object": "charge"})))).contains("10000 bytes"));
    assert!(
        why(envelope(&body(
            &json!({"id": "ch_1", "object": "charge", "customer": long})
        )))
        .contains("10000 bytes")
    );
    assert!(
        why(envelope(&body(&json!({"id": "ch\u{0}1", "object": "charge"})))).contains("control character")
    );
    let text = String::from_utf8(body(&json!(null))).unwrap();
    let odd_type = text.replace("some.thing", &long);
    assert!(why(envelope(odd_type.as_bytes())).contains("longer than 255 bytes"));
    let no_time = text.replace("1785748505", "9223372036854775807");
    assert_eq!(why(envelope(no_time.as_bytes())), "`created` is no time");
    let wrong = text.replace("\"livemode\":false", "\"livemode\":\"ana@example.com\"");
    assert!(!why(envelope(wrong.as_bytes())).contains("ana"));
}

#[test]
fn endless_nesting_is_refused_wherever_it_stands() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        for place in ["\"passed_over\"", "\"data\"", "\"request\""] {
            let text =
                format!(r#"{{"id":"evt_1","object":"event","type":"a.b","livemode":true,{place}:{deep}}}"#);
            assert!(matches!(envelope(text.as_bytes()), Err(EventError::NotJson(_))));
        }
        let cut = open.repeat(100_000);
        assert!(matches!(envelope(cut.as_bytes()), Err(EventError::NotJson(_))));
    }
    // Brackets inside of texts do not nest.
    let text = format!("\\\"{}", "[{".repeat(1_000));
    assert!(
        envelope(&body(
            &json!({"id": "ch_1", "object": "charge", "description": text})
        ))
        .is_ok()
    );
}
