//! Who holds a lane, and for how long.

use std::time::Duration;

use billdeck::{
    billing::{Rules, lanes},
    domain::provider::LaneKey,
    webhooks::worker::{Outcome, Step as Worked, Worker},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{LONG_AGO, World, pointing, renamed, work_off};
use crate::support::{
    scripted::{self, BOOK, Gate, Step, Turn, customer, id},
    wait_until,
};

fn leased_for(lease: Duration) -> Rules {
    Rules {
        lease,
        ..Rules::default()
    }
}

/// A world whose provider has a subscription, and holds the first that asks for it at the gate.
async fn held_at_gate(rules: Rules) -> (World, Gate) {
    let world = World::with(rules).await;
    world.provider.add_customer(customer("cus_1"));
    world
        .provider
        .add_subscription(scripted::subscription("sub_1", "cus_1"));
    let gate = Gate::new();
    world.provider.next(Step::Read, Turn::Hold(gate.clone()));
    (world, gate)
}

const SECONDS_LEFT: &str = "select extract(epoch from lease_until - now())::bigint from lane";

#[tokio::test]
async fn a_lease_lasts_as_long_as_the_rules_say() {
    let (world, gate) = held_at_gate(leased_for(Duration::from_secs(1_000))).await;
    world.store(&pointing("evt_1", "sub_1")).await;
    let worker = world.worker("one@host/1").await;
    let working = tokio::spawn(async move { worker.step().await });
    gate.reached().await;
    assert!((980..=1_000).contains(&world.number(SECONDS_LEFT).await));
    gate.open();
    working.await.unwrap().unwrap();

    // Whoever is no worker takes lanes under the same rule.
    let billing = world.process("cli@host/2").await;
    let held = lanes::take(&billing, &LaneKey::new(BOOK, &id("cus_9"))).await;
    let held = held.unwrap().unwrap();
    assert!((980..=1_000).contains(&world.number(SECONDS_LEFT).await));
    held.release().await;
}

#[tokio::test]
async fn a_lease_is_renewed_while_its_holder_works() {
    let lease = Duration::from_millis(1_500);
    let (world, gate) = held_at_gate(leased_for(lease)).await;
    world.store(&pointing("evt_1", "sub_1")).await;
    let (one, two) = (world.worker("one@host/1").await, world.worker("two@host/2").await);
    let working = tokio::spawn(async move { one.step().await });
    gate.reached().await;
    world
        .run("create table first_lease as select lease_until from lane")
        .await;
    wait_until("the first lease to be over", || async {
        let over = world
            .number("select count(*) from first_lease where lease_until < now()")
            .await;
        // As long as the first one works, nobody else gets the lane.
        assert!(matches!(two.step().await.unwrap(), Worked::Idle));
        if over == 1 { Ok(over) } else { Err(over) }
    })
    .await;
    gate.open();
    let Worked::Worked(report) = working.await.unwrap().unwrap() else {
        panic!("nothing was done")
    };
    assert!(matches!(report.events[0].1, Outcome::Processed { .. }));
    assert_eq!(world.number("select count(*) from lane").await, 0);
}

#[tokio::test]
async fn the_work_of_a_holder_that_died_is_taken_over() {
    let (world, gate) = held_at_gate(leased_for(Duration::from_millis(600))).await;
    let event = world.store(&pointing("evt_1", "sub_1")).await;
    let (one, two) = (world.worker("one@host/1").await, world.worker("two@host/2").await);
    let working = tokio::spawn(async move { one.step().await });
    gate.reached().await;
    working.abort();
    assert!(working.await.unwrap_err().is_cancelled());
    assert_eq!(
        world.number("select count(*) from lane").await,
        1,
        "nobody gave it back"
    );

    let report = wait_until("the lease to run out", || async {
        match two.step().await.unwrap() {
            Worked::Worked(report) => Ok(Some(report)),
            Worked::Idle => Err(None),
        }
    })
    .await
    .unwrap();
    assert_eq!(report.events.len(), 1);
    assert!(matches!(report.events[0].1, Outcome::Processed { .. }));
    assert_eq!(world.shown(event).await, ("processed".to_owned(), 2, None));
    assert_eq!(
        world.rows("select worker, number, outcome from attempt").await,
        json!([{ "worker": "two@host/2", "number": 2, "outcome": "processed" }]),
    );
}

#[tokio::test]
async fn a_former_holder_that_wakes_up_commits_nothing() {
    let (world, gate) = held_at_gate(Rules::default()).await;
    world.store(&pointing("evt_1", "sub_1")).await;
    let (one, two) = (world.worker("one@host/1").await, world.worker("two@host/2").await);
    let sleeper = tokio::spawn(async move { one.step().await });
    gate.reached().await;
    // It sleeps for longer than its lease lasts, and what it has read grows old meanwhile.
    world
        .run("update lane set lease_until = now() - interval '1 second'")
        .await;
    world.provider.change("sub_1", |seen| {
        seen.cancel_at_period_end = true;
        seen.cancel_at = seen.period.map(|period| period.end);
    });
    let done = work_off(&two).await;
    assert!(matches!(done[..], [(_, Outcome::Processed { .. })]), "{done:?}");
    let stored = "select cancel_at_period_end, updated_at from subscription";
    let before = world.rows(stored).await;
    assert_eq!(before[0]["cancel_at_period_end"], true);

    // A third one holds the lane when the sleeper wakes: its lane is not the sleeper's to give back.
    let third = world.process("cli@host/3").await;
    let held = lanes::take(&third, &LaneKey::new(BOOK, &id("cus_1"))).await;
    let held = held.unwrap().unwrap();
    gate.open();
    let Worked::Worked(report) = sleeper.await.unwrap().unwrap() else {
        panic!("it held a lane")
    };
    assert!(
        matches!(report.events[..], [(_, Outcome::Lost)]),
        "{:?}",
        report.events
    );
    assert_eq!(world.rows(stored).await, before);
    assert_eq!(
        world.rows("select worker, outcome from attempt").await,
        json!([{ "worker": "two@host/2", "outcome": "processed" }]),
    );
    assert_eq!(
        world.rows("select owner from lane").await,
        json!([{ "owner": "cli@host/3" }])
    );
    held.release().await;
}

#[tokio::test]
async fn a_stop_finishes_the_event_in_hand_and_gives_everything_else_back() {
    let (world, gate) = held_at_gate(Rules::default()).await;
    let first = world.store(&pointing("evt_1", "sub_1")).await;
    let second = world.store(&renamed("evt_2", "cus_1", LONG_AGO + 1, "Ana")).await;
    let third = world
        .store(&renamed("evt_3", "cus_1", LONG_AGO + 2, "Ana Reyes"))
        .await;
    let worker = world.worker("one@host/1").await;
    let stop = CancellationToken::new();
    let until = stop.clone();
    let running = tokio::spawn(async move { worker.run(until).await });
    gate.reached().await;
    stop.cancel();
    gate.open();
    running.await.unwrap();

    assert_eq!(world.number("select count(*) from lane").await, 0);
    assert_eq!(world.shown(first).await.0, "processed");
    assert_eq!(
        world
            .rows("select attempts, token, run_at <= now() as due from work order by event_id")
            .await,
        json!([{ "attempts": 0, "token": null, "due": true }, { "attempts": 0, "token": null, "due": true }]),
    );
    // The next one begins at once, without waiting for any lease.
    let next = work_off(&world.worker("two@host/2").await).await;
    assert_eq!(
        next.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        [second, third]
    );
    assert_eq!(world.shown(third).await, ("processed".to_owned(), 1, None));
}

#[tokio::test]
async fn work_that_nobody_announces_is_found_as_often_as_was_asked_for() {
    let world = World::new().await;
    let worker = Worker::new(world.process("one@host/1").await, 1).looking_every(Duration::from_millis(20));
    let stop = CancellationToken::new();
    let until = stop.clone();
    let running = tokio::spawn(async move { worker.run(until).await });
    let begin = std::time::Instant::now();
    for number in 0..8 {
        let event = world
            .store(&renamed(
                &format!("evt_{number}"),
                "cus_1",
                LONG_AGO + number,
                "Ana",
            ))
            .await;
        wait_until("the event to be found", || async {
            match world.shown(event).await.0.as_str() {
                "processed" => Ok(()),
                _ => Err(()),
            }
        })
        .await;
    }
    // At the usual pace of a second it would be about eight.
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    stop.cancel();
    running.await.unwrap();
}
