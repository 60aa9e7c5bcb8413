//! Usage, meters, endpoints, delivering once more.

use std::collections::BTreeMap;

use billdeck::providers::polar::{Ingested, UsageEvent};
use serde_json::json;

use super::server::{CUSTOMER, Reply, Server, customer, id, page, sent};

#[tokio::test]
async fn usage_is_told_with_a_key_and_repeats_are_counted() {
    let server = Server::saying(&[json!({"inserted": 1, "duplicates": 2}), json!({"inserted": 1})]).await;
    let event = UsageEvent {
        name: "tokens".to_owned(),
        customer: id(CUSTOMER),
        key: "bucket-1".to_owned(),
        at: "2026-10-05T10:00:00Z".parse().unwrap(),
        values: BTreeMap::from([("count".to_owned(), 7)]),
    };
    let told = server
        .calls()
        .usage_ingest(std::slice::from_ref(&event))
        .await
        .unwrap()
        .value;
    assert_eq!(
        told,
        Ingested {
            inserted: 1,
            duplicates: 2
        }
    );
    let told = server.calls().usage_ingest(&[event]).await.unwrap().value;
    assert_eq!(told.duplicates, 0);
    let asked = server.asked();
    assert_eq!(asked[0].line(), "POST /v1/events/ingest");
    assert_eq!(
        sent(&asked[0]),
        json!({"events": [{"name": "tokens", "customer_id": CUSTOMER, "external_id": "bucket-1",
            "timestamp": "2026-10-05T10:00:00Z", "metadata": {"count": 7}}]})
    );
}

#[tokio::test]
async fn meters_and_what_they_counted_are_read_exactly() {
    let balance =
        json!({"meter_id": "met_1", "consumed_units": 10.25, "credited_units": 3, "balance": -7.25});
    let server = Server::saying(&[
        page(&[json!({"id": "met_1", "name": "Tokens"})], 1),
        page(&[balance], 1),
    ])
    .await;
    let meters = server.calls().meters().await.unwrap().value;
    assert_eq!(
        (meters[0].id.as_str(), meters[0].name.as_deref()),
        ("met_1", Some("Tokens"))
    );
    let [counted] = server
        .calls()
        .meter_balances(&id(CUSTOMER))
        .await
        .unwrap()
        .value
        .try_into()
        .unwrap();
    let figures = [counted.consumed, counted.credited, counted.balance].map(|figure| figure.to_string());
    assert_eq!(figures, ["10.25", "3", "-7.25"]);
    assert_eq!(
        server.lines(),
        [
            "GET /v1/meters/?is_archived=false&page=1".to_owned(),
            format!("GET /v1/customer-meters/?customer_id={CUSTOMER}&page=1"),
        ]
    );
}

#[tokio::test]
async fn the_state_comes_as_polar_writes_it() {
    let server = Server::saying(&[customer(&json!({}))]).await;
    let state = server.calls().customer_state(&id(CUSTOMER)).await.unwrap().value;
    assert!(state.contains("ada@example.org"));
    assert_eq!(server.lines(), [format!("GET /v1/customers/{CUSTOMER}/state")]);
}

#[tokio::test]
async fn endpoints_are_read_without_their_secrets() {
    let endpoint = json!({"id": "end_1", "url": "https://app.example.org/hook", "enabled": false, "secret": "whsec_x",
        "events": ["order.paid"], "uses_standard_webhook_signature": true});
    let server = Server::saying(&[page(&[endpoint], 1)]).await;
    let found = server.calls().webhook_endpoints().await.unwrap().value;
    assert_eq!(
        (found[0].enabled, found[0].standard_signature),
        (false, Some(true))
    );
    assert!(!format!("{found:?}").contains("whsec"));
}

#[tokio::test]
async fn an_event_is_asked_for_once_more_with_an_empty_body() {
    let server = Server::with([Reply::status(202, "")]).await;
    server.calls().event_redeliver(&id("evt_1")).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].line(), "POST /v1/webhooks/events/evt_1/redeliver");
    assert_eq!(
        (asked[0].header("content-length"), asked[0].body.as_str()),
        (Some("0"), "")
    );
}

#[tokio::test]
async fn the_credentials_are_tried_on_the_organization() {
    let server = Server::saying(&[page(&[json!({"id": "org_1"})], 1)]).await;
    server.api().check_credentials().await.unwrap();
    assert_eq!(server.lines(), ["GET /v1/organizations/"]);
}
