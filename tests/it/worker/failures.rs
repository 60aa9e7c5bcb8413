//! Events that cannot be worked off: each fails by itself, at the pace of the retries, until it is dead.

use billdeck::{
    billing::Rules,
    domain::{event::RETRY_DELAYS, ids::EventId},
    webhooks::worker::{Outcome, Worker},
};
use jiff::Timestamp;
use jiff_sqlx::Timestamp as SqlTimestamp;
use serde_json::json;

use super::{LONG_AGO, World, of, renamed, work_off};

async fn database_now(world: &World) -> Timestamp {
    let now: SqlTimestamp = sqlx::query_scalar("select clock_timestamp()")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    now.to_jiff()
}

/// Makes one try of the only event that is due, and checks when the next one follows: the pause after so many tries,
/// and up to a tenth more.
async fn try_once(world: &World, worker: &Worker, event: EventId, tries: usize) -> Outcome {
    let before = database_now(world).await;
    let mut outcomes = work_off(worker).await;
    let after = database_now(world).await;
    assert_eq!(of(&outcomes, event).len(), 1, "{outcomes:?}");
    outcomes.retain(|(id, _)| *id == event);
    let next: Option<SqlTimestamp> = sqlx::query_scalar("select run_at from work where event_id = $1")
        .bind(event.as_uuid())
        .fetch_optional(&world.db.pool)
        .await
        .unwrap();
    if let Some(next) = next.map(SqlTimestamp::to_jiff) {
        let pause = RETRY_DELAYS[tries - 1];
        let (soonest, latest) = (before + pause, after + pause.mul_f64(1.1));
        assert!(
            (soonest..=latest).contains(&next),
            "after try {tries}: {next} is not within {soonest} and {latest}"
        );
    }
    outcomes.remove(0).1
}

#[tokio::test]
async fn an_event_that_panics_harms_nobody_else_and_is_tried_again_until_it_is_dead() {
    let rules = Rules {
        max_attempts: 4,
        ..Rules::default()
    };
    let world = World::with(rules).await;
    world.provider.state().poison = Some("evt_poison");
    let poison = world
        .store(&renamed("evt_poison", "cus_1", LONG_AGO, "Poison"))
        .await;
    let neighbour = world.store(&renamed("evt_2", "cus_1", LONG_AGO + 1, "Ana")).await;
    let elsewhere = world.store(&renamed("evt_3", "cus_2", LONG_AGO, "Luz")).await;
    let worker = world.worker("one@host/1").await;

    let outcome = try_once(&world, &worker, poison, 1).await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    assert_eq!(
        world.shown(poison).await,
        ("failed".to_owned(), 1, Some("internal".to_owned()))
    );
    for fine in [neighbour, elsewhere] {
        assert_eq!(world.shown(fine).await, ("processed".to_owned(), 1, None));
    }
    assert_eq!(world.number("select count(*) from lane").await, 0);

    for tries in 2..=4 {
        world.run("update work set run_at = now()").await;
        let outcome = try_once(&world, &worker, poison, tries).await;
        assert_eq!(matches!(outcome, Outcome::Dead { .. }), tries == 4, "{outcome:?}");
    }
    assert_eq!(
        world.shown(poison).await,
        ("dead".to_owned(), 4, Some("internal".to_owned()))
    );
    assert_eq!(world.number("select count(*) from work").await, 0);
    assert_eq!(
        world
            .rows(
                "select number, outcome from attempt join event on event.id = event_id
                 where provider_event_id = 'evt_poison' order by number"
            )
            .await,
        json!([
            { "number": 1, "outcome": "failed" }, { "number": 2, "outcome": "failed" },
            { "number": 3, "outcome": "failed" }, { "number": 4, "outcome": "dead" },
        ]),
    );
    assert!(work_off(&worker).await.is_empty(), "the dead are left alone");
}

#[tokio::test]
async fn what_the_database_refuses_fails_like_any_other_try() {
    let world = World::new().await;
    world
        .run("alter table customer_link add constraint no_mallory check (name <> 'Mallory')")
        .await;
    let refused = world.store(&renamed("evt_1", "cus_1", LONG_AGO, "Mallory")).await;
    let neighbour = world.store(&renamed("evt_2", "cus_1", LONG_AGO + 1, "Ana")).await;
    let worker = world.worker("one@host/1").await;
    let outcome = try_once(&world, &worker, refused, 1).await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    assert_eq!(
        world.shown(refused).await,
        ("failed".to_owned(), 1, Some("constraint".to_owned()))
    );
    assert_eq!(world.shown(neighbour).await, ("processed".to_owned(), 1, None));
    // Once newer news are in place, there is nothing left of it that could be refused.
    world.run("update work set run_at = now()").await;
    let again = work_off(&worker).await;
    assert!(
        matches!(again[..], [(_, Outcome::Ignored { code: "stale" })]),
        "{again:?}"
    );
}

#[tokio::test]
async fn what_no_retry_can_help_is_dead_at_once() {
    let world = World::new().await;
    let mut old = renamed("evt_1", "cus_1", LONG_AGO, "Ana");
    old["api_version"] = json!("2019-12-03");
    let old = world.store(&old).await;
    let mut empty = renamed("evt_2", "cus_1", LONG_AGO + 1, "Ana");
    empty["data"]["object"]["email"] = json!(["no", "address"]);
    let unreadable = world.store(&empty).await;
    let fine = world.store(&renamed("evt_3", "cus_1", LONG_AGO + 2, "Ana")).await;
    let outcomes = work_off(&world.worker("one@host/1").await).await;
    assert_eq!(outcomes.len(), 3, "{outcomes:?}");
    let state = world.shown(old).await;
    assert_eq!(
        (state.0.as_str(), state.1, state.2.as_deref()),
        ("dead", 1, Some("unsupported_api_version"))
    );
    let state = world.shown(unreadable).await;
    assert_eq!(
        (state.0.as_str(), state.1, state.2.as_deref()),
        ("dead", 1, Some("unreadable_body"))
    );
    assert_eq!(world.shown(fine).await.0, "processed");
}

#[tokio::test]
async fn an_event_without_a_readable_row_or_body_is_dead_and_in_nobodys_way() {
    let world = World::new().await;
    let blank = world.store(&renamed("evt_1", "cus_1", LONG_AGO, "Ana")).await;
    world.run("delete from event_body").await;
    let strange = world.store(&renamed("evt_2", "cus_1", LONG_AGO + 1, "Ana")).await;
    world.run("update event set source = 'import', object_kind = 'unheard_of' where provider_event_id = 'evt_2'").await;
    let fine = world
        .store(&renamed("evt_3", "cus_1", LONG_AGO + 2, "Ana Reyes"))
        .await;
    let outcomes = work_off(&world.worker("one@host/1").await).await;
    assert_eq!(outcomes.len(), 3, "{outcomes:?}");
    assert!(matches!(of(&outcomes, fine)[..], [Outcome::Processed { .. }]));
    for (event, code) in [(blank, "body_gone"), (strange, "bad_row")] {
        let [Outcome::Dead { problem }] = of(&outcomes, event)[..] else {
            panic!("{outcomes:?}")
        };
        assert_eq!(problem.code, code);
    }
    assert_eq!(
        world
            .rows("select end_state, attempts from event where end_state = 'dead'")
            .await,
        json!([{ "end_state": "dead", "attempts": 1 }, { "end_state": "dead", "attempts": 1 }]),
    );
}

/// Eight processes took it and none came back.
#[tokio::test]
async fn an_event_that_kills_its_workers_is_dead_after_the_limit() {
    let world = World::new().await;
    let killer = world.store(&renamed("evt_1", "cus_1", LONG_AGO, "Ana")).await;
    let neighbour = world.store(&renamed("evt_2", "cus_1", LONG_AGO + 1, "Ana")).await;
    world
        .run(
            "update work set attempts = 8, token = gen_random_uuid()
             where event_id = (select id from event where provider_event_id = 'evt_1')",
        )
        .await;
    let outcomes = work_off(&world.worker("one@host/1").await).await;
    let [Outcome::Dead { problem }] = of(&outcomes, killer)[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(problem.code, "worker_died");
    assert_eq!(world.shown(neighbour).await, ("processed".to_owned(), 1, None));
}
