use std::collections::BTreeMap;

use serde_json::json;

use super::*;

fn read(headers: &[(&str, &str)], body: &[u8]) -> Result<Envelope, EventError> {
    let headers: BTreeMap<String, String> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let delivery = RawDelivery {
        headers: &headers,
        body,
    };
    envelope(Environment::Test, delivery)
}

fn of(body: &serde_json::Value) -> Envelope {
    read(&[("webhook-id", "evt_1")], body.to_string().as_bytes()).unwrap()
}

fn event(kind: &str, data: serde_json::Value) -> serde_json::Value {
    json!({"type": kind, "timestamp": "2026-10-05T10:00:09Z", "api_version": "2026-10", "data": data})
}

#[test]
fn the_header_names_the_event_and_the_object_dates_it() {
    let data = json!({"id": "ord_1", "customer_id": "cus_1", "created_at": "2026-10-05T10:00:00Z",
        "modified_at": "2026-10-05T10:00:01.5Z"});
    let found = of(&event("order.paid", data));
    assert_eq!(found.provider_event_id.as_str(), "evt_1");
    assert_eq!(found.event_type, "order.paid");
    assert_eq!(found.object.unwrap().to_string(), "order ord_1");
    assert_eq!(found.customer.unwrap().as_str(), "cus_1");
    assert_eq!(found.created, Some("2026-10-05T10:00:01.5Z".parse().unwrap()));
    assert_eq!(found.api_version.as_deref(), Some("2026-10"));
    assert_eq!(found.book.to_string(), "polar:test");
}

#[test]
fn what_was_never_changed_is_dated_by_its_making_and_else_by_the_event() {
    let made = json!({"id": "x", "created_at": "2026-10-05T10:00:00Z", "modified_at": null});
    assert_eq!(
        of(&event("customer.created", made)).created,
        Some("2026-10-05T10:00:00Z".parse().unwrap())
    );
    let undated = of(&event("customer.created", json!({"id": "x"})));
    assert_eq!(undated.created, Some("2026-10-05T10:00:09Z".parse().unwrap()));
    assert_eq!(undated.customer, Some(undated.object.unwrap().id));
}

#[test]
fn without_headers_the_name_is_of_what_the_body_says() {
    let value = event("order.paid", json!({"id": "ord_1"}));
    let name = |body: &[u8]| read(&[], body).unwrap().provider_event_id;
    let compact = name(value.to_string().as_bytes());
    let pretty = name(serde_json::to_string_pretty(&value).unwrap().as_bytes());
    let other = name(event("order.paid", json!({"id": "ord_2"})).to_string().as_bytes());
    assert_eq!(compact, pretty);
    assert_ne!(compact, other);
}

#[test]
fn the_header_tells_the_version_where_the_body_does_not() {
    let body = json!({"type": "order.paid", "timestamp": "2026-10-05T10:00:09Z", "data": {"id": "o"}});
    let headers = [("webhook-id", "evt_1"), ("webhook-api-version", "2027-01")];
    let found = read(&headers, body.to_string().as_bytes()).unwrap();
    assert_eq!(found.api_version.as_deref(), Some("2027-01"));
}

#[test]
fn what_is_no_event_is_refused_without_quoting_it() {
    let secret = "ada@example.com";
    let nested = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let bodies = [
        String::new(),
        "<html>".to_owned(),
        "[]".to_owned(),
        format!(r#"{{"type":7,"data":{{"id":"{secret}"}}}}"#),
        format!(r#"{{"type":"order.paid","data":"{secret}"}}"#),
        r#"{"type":"order.paid"}"#.to_owned(),
        r#"{"data":{"id":"x"}}"#.to_owned(),
        r#"{"type":"","data":{"id":"x"}}"#.to_owned(),
        r#"{"type":"order.paid","data":{"id":""}}"#.to_owned(),
        format!(r#"{{"type":"order.paid","data":{{"id":"x","created_at":"{secret}"}}}}"#),
        format!(r#"{{"type":"order.paid","data":{{"id":"x","a":{nested}}}}}"#),
    ];
    for body in bodies {
        let error = read(&[("webhook-id", "evt_1")], body.as_bytes()).unwrap_err();
        assert!(
            matches!(error, EventError::NotJson(_) | EventError::NotAnEvent { .. }),
            "{body}: {error:?}"
        );
        assert!(!error.to_string().contains(secret), "{error}");
    }
    let body = event("order.paid", json!({"id": "x"})).to_string();
    assert!(matches!(
        read(&[("webhook-id", "")], body.as_bytes()),
        Err(EventError::NotAnEvent { .. })
    ));
}
