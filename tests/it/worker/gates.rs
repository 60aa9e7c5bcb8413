//! Gates and batches: what is not begun loses no try.

use std::time::Duration;

use billdeck::{
    billing::lanes,
    domain::provider::LaneKey,
    store::work::work_take,
    webhooks::worker::{Outcome, Step as Worked},
};
use serde_json::json;

use super::{LONG_AGO, World, event, of, pointing, renamed, subscription, work_off};
use crate::support::scripted::{self, BOOK, Step, Turn, customer, id};

#[tokio::test]
async fn a_provider_in_trouble_is_asked_by_one_event_of_a_lane_and_left_alone() {
    for trouble in [Turn::Limit, Turn::Unreachable, Turn::Down] {
        let world = World::new().await;
        world.provider.add_customer(customer("cus_1"));
        world
            .provider
            .add_subscription(scripted::subscription("sub_1", "cus_1"));
        for number in 0..30 {
            world.store(&pointing(&format!("evt_{number}"), "sub_1")).await;
            world.provider.next(Step::Read, trouble.clone());
        }
        let Worked::Worked(report) = world.worker("one@host/1").await.step().await.unwrap() else {
            panic!("nothing was done")
        };
        assert!(
            matches!(report.events[..], [(_, Outcome::Failed { .. })]),
            "{trouble:?}: {report:?}"
        );
        assert_eq!(world.provider.state().reads, 1, "{trouble:?}");
        assert_eq!(
            world
                .rows("select attempts, token is null as free, count(*) from work group by 1, 2 order by 1")
                .await,
            json!([
                { "attempts": 0, "free": true, "count": 29 }, { "attempts": 1, "free": true, "count": 1 },
            ]),
            "{trouble:?}"
        );
        assert_eq!(world.number("select count(*) from lane").await, 0);
        assert_eq!(
            world
                .number("select count(*) from gate where state = 'paused' and until <= now() + interval '2 seconds'")
                .await,
            1
        );
    }
}

#[tokio::test]
async fn a_longer_pause_is_not_cut_short() {
    let world = World::new().await;
    let mut conn = world.db.pool.acquire().await.unwrap();
    for seconds in [120, 1] {
        billdeck::store::gate::gate_pause(&mut conn, BOOK, "why", Duration::from_secs(seconds))
            .await
            .unwrap();
    }
    assert_eq!(
        world
            .number("select count(*) from gate where until > now() + interval '100 seconds'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_type_that_is_paused_is_held_back_in_a_lane_that_is_not() {
    let world = World::new().await;
    world
        .run(
            "insert into gate (provider, livemode, type, state, by_whom)
             values ('stripe', false, 'customer.updated', 'paused', 'ops')",
        )
        .await;
    let held_back = world.store(&renamed("evt_1", "cus_1", LONG_AGO, "Ana")).await;
    let goes_on = world
        .store(&subscription("evt_2", LONG_AGO + 1, "active", "price_pro"))
        .await;
    let outcomes = work_off(&world.worker("one@host/1").await).await;
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    assert_eq!(of(&outcomes, goes_on).len(), 1);
    assert_eq!(world.shown(held_back).await, ("pending".to_owned(), 0, None));
}

#[tokio::test]
async fn a_database_that_fails_one_event_costs_the_others_no_try() {
    let world = World::new().await;
    for number in 0..5 {
        world
            .store(&renamed(
                &format!("evt_{number}"),
                "cus_1",
                LONG_AGO + number,
                "Ana",
            ))
            .await;
    }
    world
        .run(
            "create function away() returns trigger language plpgsql as $$
             begin raise exception 'going down' using errcode = '57P01'; end $$;
             create trigger away before insert on attempt for each row execute function away()",
        )
        .await;
    world.worker("one@host/1").await.step().await.unwrap_err();
    assert_eq!(
        world
            .rows("select attempts, token is null as free, count(*) from work group by 1, 2 order by 1")
            .await,
        json!([{ "attempts": 0, "free": true, "count": 4 }, { "attempts": 1, "free": false, "count": 1 }]),
    );
}

#[tokio::test]
async fn a_lost_lease_takes_no_work() {
    let world = World::new().await;
    world.store(&renamed("evt_1", "cus_1", LONG_AGO, "Ana")).await;
    let billing = world.process("one@host/1").await;
    let held = lanes::take(&billing, &LaneKey::new(BOOK, &id("cus_1"))).await;
    let held = held.unwrap().unwrap();
    world.run("update lane set token = gen_random_uuid()").await;
    let mut conn = world.db.pool.acquire().await.unwrap();
    assert!(work_take(&mut conn, held.lease(), 20).await.unwrap().is_empty());
    assert_eq!(world.number("select sum(attempts) from work").await, 0);
}

#[tokio::test]
async fn an_old_event_that_books_a_payment_is_no_stale_one() {
    let world = World::new().await;
    let told = |name: &str, at: i64| {
        let intent = json!({
            "id": "pi_1", "object": "payment_intent", "amount": 4900, "amount_received": 4900, "currency": "usd",
            "status": "succeeded", "created": LONG_AGO, "customer": "cus_1",
        });
        event(name, "payment_intent.succeeded", at, intent)
    };
    world.store(&told("evt_1", LONG_AGO + 100)).await;
    let worker = world.worker("one@host/1").await;
    work_off(&worker).await;
    // The state is in place, and the fact is not, as after a repair of the rows by hand.
    world.run("delete from ledger").await;
    let books = world.store(&told("evt_2", LONG_AGO)).await;
    let outcomes = work_off(&worker).await;
    assert!(
        matches!(of(&outcomes, books)[..], [Outcome::Processed { .. }]),
        "{outcomes:?}"
    );
    assert_eq!(world.number("select count(*) from ledger").await, 1);
    assert_eq!(world.shown(books).await.0, "processed");
    // Told once more, it is stale.
    let again = world.store(&told("evt_3", LONG_AGO)).await;
    let outcomes = work_off(&worker).await;
    assert_eq!(of(&outcomes, again), [&Outcome::Ignored { code: "stale" }]);
}
