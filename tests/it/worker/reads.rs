//! What the worker asks the provider, and for whom an answer counts.

use std::collections::BTreeMap;

use billdeck::{
    billing::Rules,
    config::ApplyFrom,
    domain::{provider::ProviderName, subscription::SubscriptionStatus},
    webhooks::worker::{Outcome, Step as Worked},
};
use jiff::Timestamp;
use serde_json::json;

use super::{World, of, pointing, subscription, work_off};
use crate::support::scripted::{self, Gate, Step, Turn, customer};

async fn world_with_subscription(rules: Rules) -> World {
    let world = World::with(rules).await;
    world.provider.add_customer(customer("cus_1"));
    world
        .provider
        .add_subscription(scripted::subscription("sub_1", "cus_1"));
    world
}

#[tokio::test]
async fn a_storm_of_events_about_one_object_is_answered_by_one_read() {
    let world = world_with_subscription(Rules::default()).await;
    let mut events = Vec::new();
    for number in 0..10 {
        events.push(world.store(&pointing(&format!("evt_{number}"), "sub_1")).await);
    }
    let outcomes = work_off(&world.worker("one@host/1").await).await;
    assert_eq!(world.provider.state().reads, 1);
    assert!(
        matches!(of(&outcomes, events[0])[..], [Outcome::Processed { .. }]),
        "{outcomes:?}"
    );
    for event in &events[1..] {
        assert!(
            matches!(of(&outcomes, *event)[..], [Outcome::InEffect]),
            "{outcomes:?}"
        );
        assert_eq!(world.shown(*event).await, ("processed".to_owned(), 1, None));
    }
    // Each has its own try, and all of them name the one read.
    assert_eq!(
        world
            .rows("select count(*) as tries, count(distinct event_id) as events, count(distinct ticket) as reads from attempt")
            .await,
        json!([{ "tries": 10, "events": 10, "reads": 1 }]),
    );
}

#[tokio::test]
async fn what_was_read_for_a_try_that_committed_nothing_answers_for_no_other_event() {
    let rules = Rules {
        apply_from: BTreeMap::from([(ProviderName::Stripe, ApplyFrom::Read)]),
        ..Rules::default()
    };
    let world = world_with_subscription(rules).await;
    world
        .run("alter table subscription add constraint never_active check (status <> 'active')")
        .await;
    let now = Timestamp::now().as_second();
    let refused = world
        .store(&subscription("evt_1", now, "active", "price_pro"))
        .await;
    let newer = world
        .store(&subscription("evt_2", now + 3, "past_due", "price_pro"))
        .await;
    let gates = [Gate::new(), Gate::new()];
    for gate in &gates {
        world.provider.next(Step::Read, Turn::Hold(gate.clone()));
    }
    let worker = world.worker("one@host/1").await;
    let working = tokio::spawn(async move { worker.step().await });
    gates[0].reached().await;
    gates[0].open();
    // The database refuses what the first event came to. The second one is newer than that read.
    gates[1].reached().await;
    world.provider.change("sub_1", |seen| {
        seen.status = SubscriptionStatus::PastDue;
        seen.provider_status = "past_due".to_owned();
    });
    gates[1].open();
    let Worked::Worked(report) = working.await.unwrap().unwrap() else {
        panic!("nothing was done")
    };
    assert!(
        matches!(of(&report.events, refused)[..], [Outcome::Failed { .. }]),
        "{report:?}"
    );
    assert!(
        matches!(of(&report.events, newer)[..], [Outcome::Processed { .. }]),
        "{report:?}"
    );
    assert_eq!(
        world.rows("select status from subscription").await,
        json!([{ "status": "past_due" }]),
    );
    assert_eq!(world.provider.state().reads, 2);
}

#[tokio::test]
async fn a_provider_that_does_not_have_what_it_tells_of_ends_nothing() {
    let rules = Rules {
        apply_from: BTreeMap::from([(ProviderName::Stripe, ApplyFrom::Read)]),
        ..Rules::default()
    };
    let world = world_with_subscription(rules).await;
    let now = Timestamp::now().as_second();
    world
        .store(&subscription("evt_1", now, "active", "price_pro"))
        .await;
    work_off(&world.worker("one@host/1").await).await;
    // As with the key of another account.
    world.provider.forget("sub_1");
    let event = world
        .store(&subscription("evt_2", now + 60, "past_due", "price_pro"))
        .await;
    work_off(&world.worker("one@host/1").await).await;

    let (state, _, error) = world.shown(event).await;
    assert_eq!(
        (state.as_str(), error.as_deref()),
        ("failed", Some("gone_contradicts_event"))
    );
    assert_eq!(
        world.rows("select status from subscription").await,
        json!([{ "status": "active" }]),
    );
}

/// As under Stripe's test clocks: events are dated months ahead of the clock that answers are dated by.
#[tokio::test]
async fn a_read_settles_what_events_of_a_clock_that_runs_ahead_leave_open() {
    let world = world_with_subscription(Rules::default()).await;
    let ahead = Timestamp::now().as_second() + 90 * 24 * 3_600;
    let first = world
        .store(&subscription("evt_1", ahead, "past_due", "price_pro"))
        .await;
    // The very same second, and something else: the provider has to be asked.
    let second = world
        .store(&subscription("evt_2", ahead, "unpaid", "price_pro"))
        .await;
    let outcomes = work_off(&world.worker("one@host/1").await).await;
    for event in [first, second] {
        assert!(
            matches!(of(&outcomes, event)[..], [Outcome::Processed { .. }]),
            "{outcomes:?}"
        );
    }
    assert!(
        world.provider.state().reads <= 2,
        "{}",
        world.provider.state().reads
    );
    assert_eq!(
        world.rows("select status from subscription").await,
        json!([{ "status": "active" }]),
    );
}
