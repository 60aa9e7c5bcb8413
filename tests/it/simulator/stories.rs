//! Histories told at once, and how fast a few hundred of them go out.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use billdeck::simulators::stripe::{CancelWhen, Decline, Moment, NewAccount, Step, Story};
use billdeck::simulators::{Simulator, SimulatorError, SimulatorOptions};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::support::{Receiver, World, account, text};

fn subscribe(price: &str) -> Step {
    Step::Subscribe {
        price: price.to_owned(),
        quantity: 1,
        trial_days: None,
        card: None,
        metadata: BTreeMap::from([("workspace_id".to_owned(), "ws_42".to_owned())]),
        client_reference_id: None,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The published story: solo, then a team, a failed renewal, a new card, an end in the portal, a refund, a dispute lost.
fn ana() -> Story {
    let account = NewAccount {
        email: Some("ana@example.com".to_owned()),
        name: Some("Ana Reyes".to_owned()),
        ..NewAccount::default()
    };
    Story::of(account, at("2026-04-03T09:14:34Z"))
        .then(at("2026-04-03T09:14:44Z"), subscribe("price_solo"))
        .then(
            at("2026-04-18T14:02:40Z"),
            Step::ChangePlan {
                price: "price_team".to_owned(),
                quantity: Some(4),
            },
        )
        .then(
            at("2026-05-03T09:00:00Z"),
            Step::CardRefuses {
                decline: Decline::new("insufficient_funds"),
            },
        )
        .then(at("2026-05-06T09:40:08Z"), Step::NewCard { card: None })
        .then(
            at("2026-05-20T11:00:00Z"),
            Step::Cancel {
                when: CancelWhen::Portal,
                feedback: Some("too_expensive".to_owned()),
            },
        )
        .then(at("2026-06-05T10:30:00Z"), Step::Refund { amount: Some(2500) })
        .then(
            at("2026-06-09T08:00:00Z"),
            Step::Dispute {
                reason: "product_not_received".to_owned(),
            },
        )
        .then(at("2026-06-28T08:00:00Z"), Step::DisputeDecided { won: false })
}

#[tokio::test]
async fn the_published_story_can_be_told() {
    let world = World::start().await;
    let told = world.handle().stripe().play(ana()).unwrap();
    world.settle().await;
    let types: HashSet<String> = world.receiver.types().into_iter().collect();
    for kind in [
        "customer.created",
        "checkout.session.completed",
        "customer.subscription.created",
        "customer.subscription.updated",
        "invoice.paid",
        "invoice_payment.paid",
        "payment_intent.succeeded",
        "invoice.created",
        "invoice.payment_failed",
        "customer.subscription.deleted",
        "refund.created",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.closed",
    ] {
        assert!(types.contains(kind), "{kind} among {types:?}");
    }
    assert_eq!(world.receiver.events().len(), told.events);
    let created = |kind: &str| {
        let mut all: Vec<i64> = world
            .receiver
            .of(kind)
            .iter()
            .map(|event| event["created"].as_i64().unwrap())
            .collect();
        all.sort_unstable();
        all
    };
    let failed = created("invoice.payment_failed");
    assert_eq!(failed.len(), 1);
    assert_eq!(
        Timestamp::from_second(failed[0])
            .unwrap()
            .strftime("%F %H")
            .to_string(),
        "2026-05-03 10"
    );
    let deleted = world.receiver.one("customer.subscription.deleted");
    let ended = &deleted["data"]["object"];
    assert_eq!(ended["ended_at"], ended["items"]["data"][0]["current_period_end"]);
    assert_eq!(deleted["data"]["object"]["cancel_at_period_end"], false);
    let subscription = world
        .read(&format!("/v1/subscriptions/{}", told.subscriptions[0]))
        .await;
    assert_eq!(subscription["status"], "canceled");
    // The API shows no event older than 30 days.
    assert!(
        world.read("/v1/events").await["data"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_story_goes_forward_only_and_can_go_on_over_http() {
    let world = World::start().await;
    let backwards = Story::of(NewAccount::default(), at("2026-05-01T00:00:00Z"))
        .then(at("2026-04-01T00:00:00Z"), Step::Wait {});
    let stripe = world.handle().stripe().clone();
    assert!(matches!(
        stripe.play(backwards),
        Err(SimulatorError::OutOfTime { .. })
    ));
    let future = Story::of(NewAccount::default(), at("2027-05-01T00:00:00Z"));
    assert!(matches!(
        stripe.play(future),
        Err(SimulatorError::OutOfTime { .. })
    ));

    let story = json!({
        "account": { "email": "bo@example.com" },
        "begins": "2026-07-01T00:00:00Z",
        "moments": [{ "at": "2026-07-02T00:00:00Z", "do": "subscribe", "price": "price_team", "quantity": 3 }],
    });
    let told = world.control("/_stories", story).await;
    let customer = text(&told["customer"]);
    let now = world.handle().now();
    let moments = json!([{ "at": now, "do": "cancel", "when": "now" }]);
    world.control(&format!("/_stories/{customer}"), moments).await;
    let subscription = world
        .read(&format!("/v1/subscriptions/{}", text(&told["subscriptions"][0])))
        .await;
    assert_eq!(subscription["status"], "canceled");
    let refused = stripe.play_on(
        &customer,
        vec![Moment {
            at: world.handle().now(),
            step: Step::Pause {},
        }],
    );
    assert!(matches!(refused, Err(SimulatorError::Story { moment: 0, .. })));
}

#[tokio::test]
async fn the_same_seed_tells_the_same_ids() {
    let tell = async || {
        let world = World::start().await;
        let people = [world.handle().person(), world.handle().person()];
        let told = world.handle().stripe().play(ana()).unwrap();
        let events: Vec<String> = world
            .handle()
            .stripe()
            .events()
            .iter()
            .map(|event| text(&event["id"]))
            .collect();
        (people, told.customer, told.subscriptions, events)
    };
    assert_eq!(tell().await, tell().await);
}

#[tokio::test]
async fn hundreds_of_histories_are_all_delivered() {
    let receiver = Receiver::default();
    let deliver_to = receiver.start().await;
    let options = SimulatorOptions {
        deliver_to: Some(deliver_to),
        ..SimulatorOptions::new(account())
    };
    let simulator = Simulator::start(options).await.unwrap();
    let handle = simulator.handle();
    let now = handle.now();
    let mut events = 0;
    for number in 0..200_i64 {
        let person = handle.person();
        let account = NewAccount {
            email: Some(person.email),
            name: Some(person.name),
            ..NewAccount::default()
        };
        let begins = now
            .checked_sub(SignedDuration::from_hours(24 * (60 + number % 60)))
            .unwrap();
        let later = begins.checked_add(SignedDuration::from_mins(5)).unwrap();
        let story = Story::of(account, begins).then(later, subscribe("price_solo"));
        events += handle.stripe().play(story).unwrap().events;
    }
    tokio::time::timeout(Duration::from_mins(1), handle.settled())
        .await
        .unwrap();
    assert!(events > 6000, "{events}");
    assert_eq!(receiver.all().len(), events);
    assert_eq!(handle.stripe().counts().customers, 200);
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_simulators_stay_on_this_machine() {
    let options = SimulatorOptions {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..SimulatorOptions::new(account())
    };
    assert!(matches!(
        Simulator::start(options).await,
        Err(SimulatorError::NotLoopback { .. })
    ));
    let world = World::start().await;
    let taken = SimulatorOptions {
        listen: world.simulator.addr(),
        ..SimulatorOptions::new(account())
    };
    assert!(matches!(
        Simulator::start(taken).await,
        Err(SimulatorError::Listen { .. })
    ));
}
