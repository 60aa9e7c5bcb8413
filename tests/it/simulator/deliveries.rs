//! Deliveries: retries, faults, the log, and events read back.

use std::collections::HashSet;

use billdeck::simulators::{DeliveryFault, DeliveryState, Fault};
use serde_json::{Value, json};

use super::support::{World, ids, text};

#[tokio::test]
async fn a_delivery_is_repeated_until_it_is_taken() {
    let world = World::start().await;
    world.receiver.answer_first_with(&[500, 302, 503]);
    let customer = world.made("/v1/customers", &[("email", "a@example.com")]).await;
    world.settle().await;
    let received = world.receiver.all();
    assert_eq!(received.len(), 4);
    assert!(received.iter().all(|delivery| delivery.body == received[0].body));
    let event = received[0].json();
    assert_eq!(event["data"]["object"], customer);
    let log = world.handle().deliveries_of(event["id"].as_str().unwrap());
    assert_eq!((log.len(), log[0].state), (1, DeliveryState::Delivered));
    let statuses: Vec<_> = log[0].attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), Some(302), Some(503), Some(200)]);
}

#[tokio::test]
async fn a_delivery_nobody_takes_fails_in_the_end_and_can_be_sent_again() {
    let world = World::start().await;
    world.receiver.answer_first_with(&[500; 6]);
    world.made("/v1/customers", &[]).await;
    world.settle().await;
    let failed = world.read("/v1/events?delivery_success=false").await;
    assert_eq!(ids(&failed).len(), 1);
    assert_eq!(failed["data"][0]["pending_webhooks"], 1);
    let id = text(&failed["data"][0]["id"]);
    world
        .control(&format!("/_deliveries/{id}/resend"), json!({}))
        .await;
    world.settle().await;
    assert_eq!(world.receiver.all().len(), 7);
    let states: Vec<_> = world
        .handle()
        .deliveries_of(&id)
        .iter()
        .map(|delivery| delivery.state)
        .collect();
    assert_eq!(states, [DeliveryState::Failed, DeliveryState::Delivered]);
}

#[tokio::test]
async fn dropped_events_can_still_be_read() {
    let world = World::start().await;
    let handle = world.handle();
    handle.add_fault(Fault::from(DeliveryFault::Drop).on_event("customer.*"));
    world.subscribed("price_solo").await;
    world.settle().await;
    assert!(world.receiver.of("customer.created").is_empty());
    assert!(!world.receiver.of("invoice.paid").is_empty());
    let missing = world.read("/v1/events?delivery_success=false&limit=100").await;
    let kinds: HashSet<&str> = missing["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert!(
        kinds.contains("customer.created") && kinds.iter().all(|kind| kind.starts_with("customer.")),
        "{kinds:?}"
    );
    let some = world
        .read("/v1/events?types[]=invoice.paid&types[]=charge.succeeded")
        .await;
    assert_eq!(ids(&some).len(), 2);
}

#[tokio::test]
async fn duplicates_and_changed_bodies_keep_the_id() {
    let world = World::start().await;
    world
        .handle()
        .add_fault(Fault::from(DeliveryFault::Duplicate { copies: 2 }).times(1));
    world.made("/v1/customers", &[]).await;
    world.settle().await;
    let received = world.receiver.all();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|delivery| delivery.body == received[0].body));

    world.receiver.forget();
    world
        .handle()
        .add_fault(Fault::from(DeliveryFault::ChangedBody).times(1));
    world.made("/v1/customers", &[]).await;
    world.settle().await;
    let received = world.receiver.all();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].json()["id"], received[1].json()["id"]);
    assert_ne!(received[0].body, received[1].body);
}

#[tokio::test]
async fn reordered_deliveries_all_arrive() {
    let world = World::start().await;
    world.handle().add_fault(DeliveryFault::Reorder { window: 30 });
    for number in 0..30 {
        world
            .made("/v1/customers", &[("name", &number.to_string())])
            .await;
    }
    world.settle().await;
    let order: Vec<String> = world
        .receiver
        .events()
        .iter()
        .map(|event| text(&event["data"]["object"]["name"]))
        .collect();
    let mut sorted = order.clone();
    sorted.sort_by_key(|name| name.parse::<u32>().unwrap());
    assert_eq!(
        sorted,
        (0..30).map(|number| number.to_string()).collect::<Vec<_>>()
    );
    assert_ne!(order, sorted);
}

#[tokio::test]
async fn events_of_one_second() {
    let world = World::start().await;
    let (_, _) = world.subscribed("price_solo").await;
    world.settle().await;
    world.receiver.forget();
    world.handle().add_fault(DeliveryFault::SameSecond);
    world
        .control("/_clock/advance", json!({ "seconds": 40 * 86_400 }))
        .await;
    world.settle().await;
    let events = world.receiver.events();
    let seconds: HashSet<i64> = events
        .iter()
        .map(|event| event["created"].as_i64().unwrap())
        .collect();
    assert!(events.len() > 5 && seconds.len() == 1, "{seconds:?}");
}

#[tokio::test]
async fn odd_events_go_out_as_they_are() {
    let world = World::start().await;
    let event = json!({
        "type": "refund.created",
        "data": { "object": { "id": "re_lost", "object": "refund", "charge": "ch_lost", "amount": 5 } },
    });
    let id = text(&world.control("/_events", event).await["id"]);
    world.settle().await;
    let received = world.receiver.one("refund.created");
    assert_eq!(
        (text(&received["id"]), &received["api_version"]),
        (id.clone(), &json!("2026-10-28.endive"))
    );
    assert_eq!(world.get("/v1/charges/ch_lost").await.status, 404);
    assert_eq!(
        world.read(&format!("/v1/events/{id}")).await["data"]["object"]["id"],
        "re_lost"
    );
}

#[tokio::test]
async fn an_endpoint_made_over_the_api_has_a_secret_of_its_own() {
    let world = World::start().await;
    let other = super::support::Receiver::default();
    let url = other.start().await;
    let endpoint = world
        .made(
            "/v1/webhook_endpoints",
            &[
                ("url", &format!("{url}webhooks/stripe")),
                ("enabled_events[]", "customer.created"),
            ],
        )
        .await;
    assert!(text(&endpoint["secret"]).starts_with("whsec_"));
    let shown = world
        .read(&format!("/v1/webhook_endpoints/{}", text(&endpoint["id"])))
        .await;
    assert_eq!(shown["secret"], Value::Null);
    world.subscribed("price_solo").await;
    world.settle().await;
    assert_eq!(other.types(), ["customer.created"]);
    let header = other.all()[0].headers["stripe-signature"]
        .to_str()
        .unwrap()
        .to_owned();
    let primary = world
        .receiver
        .all()
        .into_iter()
        .find(|delivery| delivery.body == other.all()[0].body)
        .unwrap();
    assert_ne!(header, primary.headers["stripe-signature"].to_str().unwrap());
}
