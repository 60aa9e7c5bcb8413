//! Replays beside whatever else happens: other transactions, a database that goes away, a person who discards.

use std::{path::Path, sync::Arc};

use billdeck::{
    billing::{Billing, BillingError},
    config::{LiveCatalog, LoadedCatalog},
    domain::{
        audit::{Actor, Face},
        event::{Problem, ReplayMode},
        ids::EventId,
        views::action::ReplayOutcome,
    },
    webhooks::{replay, worker::Outcome},
};
use serde_json::json;

use super::{CATALOG, LONG_AGO, World, pointing, renamed, subscription, work_off};
use crate::support::scripted::{self, Gate, Step, Turn, customer};

async fn try_replay(
    billing: &Billing,
    ids: &[EventId],
    mode: ReplayMode,
) -> Result<Vec<ReplayOutcome>, BillingError> {
    let actor = Actor {
        name: "ops".to_owned(),
        face: Face::Cli,
    };
    let items = replay::replay(billing, ids, mode, &actor, None).await?;
    assert_eq!(items.iter().map(|item| item.event_id).collect::<Vec<_>>(), ids);
    Ok(items.into_iter().map(|item| item.outcome).collect())
}

async fn replayed(world: &World, ids: &[EventId], mode: ReplayMode) -> Vec<ReplayOutcome> {
    let billing = world.process("cli@host/9").await;
    try_replay(&billing, ids, mode).await.unwrap()
}

/// Three customers' events that have been applied, so that a replay writes nothing but its own try.
async fn three_done(world: &World) -> [EventId; 3] {
    let mut ids = [None; 3];
    for (number, id) in ids.iter_mut().enumerate() {
        let news = renamed(
            &format!("evt_{number}"),
            &format!("cus_{number}"),
            LONG_AGO,
            "Ana",
        );
        *id = Some(world.store(&news).await);
    }
    work_off(&world.worker("one@host/1").await).await;
    ids.map(Option::unwrap)
}

/// A dead event of a world whose provider has what it points at.
async fn dead(world: &World, body: serde_json::Value) -> EventId {
    world.provider.add_customer(customer("cus_1"));
    world
        .provider
        .add_subscription(scripted::subscription("sub_1", "cus_1"));
    let id = world.store(&body).await;
    world
        .run(
            "delete from work;
             update event set end_state = 'dead', end_code = 'internal', ended_at = now(), attempts = 8",
        )
        .await;
    id
}

#[tokio::test]
async fn a_replay_that_meets_another_transaction_is_tried_again_and_one_that_fails_stops_no_other() {
    let world = World::new().await;
    let ids = three_done(&world).await;
    world
        .run(
            "create sequence met;
             create function trouble() returns trigger language plpgsql as $$
             declare
                 name text := (select provider_event_id from event where id = new.event_id);
             begin
                 if name = 'evt_0' and nextval('met') <= 3 then
                     raise exception 'deadlock' using errcode = '40P01';
                 elsif name = 'evt_1' and new.outcome <> 'failed' then
                     raise exception 'no';
                 end if;
                 return new;
             end $$;
             create trigger trouble before insert on attempt for each row execute function trouble()",
        )
        .await;
    let outcomes = replayed(&world, &ids, ReplayMode::AsRecorded).await;
    let [
        ReplayOutcome::AlreadyInEffect,
        ReplayOutcome::Failed { problem },
        ReplayOutcome::AlreadyInEffect,
    ] = &outcomes[..]
    else {
        panic!("{outcomes:?}")
    };
    assert_eq!(problem.code, "query_failed");
    assert_eq!(
        world
            .rows(
                "select provider_event_id as event, outcome from attempt join event on event.id = event_id
                 where kind = 'replay' order by 1"
            )
            .await,
        json!([
            { "event": "evt_0", "outcome": "processed" }, { "event": "evt_1", "outcome": "failed" },
            { "event": "evt_2", "outcome": "processed" },
        ]),
    );
}

#[tokio::test]
async fn a_database_that_goes_away_ends_the_run_and_what_was_done_is_told() {
    let world = World::new().await;
    let ids = three_done(&world).await;
    world
        .run(
            "create function away() returns trigger language plpgsql as $$
             begin
                 if (select provider_event_id from event where id = new.event_id) = 'evt_1' then
                     raise exception 'going down' using errcode = '57P01';
                 end if;
                 return new;
             end $$;
             create trigger away before insert on attempt for each row execute function away()",
        )
        .await;
    let outcomes = replayed(&world, &ids, ReplayMode::AsRecorded).await;
    let [
        ReplayOutcome::AlreadyInEffect,
        ReplayOutcome::Failed { problem },
        ReplayOutcome::Refused { .. },
    ] = &outcomes[..]
    else {
        panic!("{outcomes:?}")
    };
    assert_eq!(problem.code, "database_unavailable");
    // Where nothing was done there is nothing to tell but that.
    let billing = world.process("cli@host/9").await;
    let error = try_replay(&billing, &ids[1..], ReplayMode::AsRecorded)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "database_unavailable");
}

#[tokio::test]
async fn a_replay_that_waits_puts_the_event_back_to_work() {
    let mut world = World::new().await;
    let event = dead(&world, subscription("evt_1", LONG_AGO, "active", "price_later")).await;
    let outcomes = replayed(&world, &[event], ReplayMode::AsRecorded).await;
    assert!(
        matches!(&outcomes[..], [ReplayOutcome::Waiting { .. }]),
        "{outcomes:?}"
    );
    assert_eq!(
        world.shown(event).await,
        ("failed".to_owned(), 8, Some("unknown_price".to_owned()))
    );
    assert_eq!(world.row(event).await.waiting_for.as_deref(), Some("price_later"));
    assert_eq!(
        world.rows("select outcome, error_code from attempt").await,
        json!([{ "outcome": "waiting", "error_code": "unknown_price" }]),
    );
    assert_eq!(
        world.rows("select outcome from audit").await,
        json!([{ "outcome": "unknown_price" }]),
    );

    let later = CATALOG.replace("price_pro", "price_later");
    let later = LoadedCatalog::parse(None, Path::new("catalog.toml"), &later).unwrap();
    world.catalog = LiveCatalog::new(Arc::new(later));
    world.run("update work set run_at = now()").await;
    let outcomes = work_off(&world.worker("one@host/1").await).await;
    assert!(
        matches!(outcomes[..], [(_, Outcome::Processed { .. })]),
        "{outcomes:?}"
    );
    assert_eq!(world.shown(event).await, ("processed".to_owned(), 9, None));
}

#[tokio::test]
async fn an_event_that_is_discarded_while_it_is_replayed_stays_discarded() {
    let world = World::new().await;
    let event = dead(&world, pointing("evt_1", "sub_1")).await;
    let gate = Gate::new();
    world.provider.next(Step::Read, Turn::Hold(gate.clone()));
    let billing = world.process("cli@host/9").await;
    let running = tokio::spawn(async move { try_replay(&billing, &[event], ReplayMode::Converge).await });
    gate.reached().await;
    world
        .run("update event set end_state = 'discarded', end_code = 'test', ended_at = now()")
        .await;
    gate.open();
    let outcomes = running.await.unwrap().unwrap();
    assert!(
        matches!(&outcomes[..], [ReplayOutcome::Refused { .. }]),
        "{outcomes:?}"
    );
    assert_eq!(world.shown(event).await.0, "discarded");
    assert_eq!(world.number("select count(*) from subscription").await, 0);
    assert_eq!(world.number("select count(*) from attempt").await, 0);
}

#[tokio::test]
async fn what_a_replay_changes_is_put_down_to_its_try() {
    let world = World::new().await;
    let event = dead(&world, pointing("evt_1", "sub_1")).await;
    let outcomes = replayed(&world, &[event], ReplayMode::Converge).await;
    assert_eq!(outcomes, [ReplayOutcome::Applied]);
    assert_eq!(
        world
            .rows(
                "select distinct attempt.kind, source_kind, source_ref = attempt.id::text as by_the_try
                 from change left join attempt on attempt.id = attempt_id"
            )
            .await,
        json!([{ "kind": "replay", "source_kind": "read", "by_the_try": true }]),
    );
}

#[tokio::test]
async fn an_event_that_only_points_at_its_object_fails_where_nobody_can_be_asked() {
    let mut world = World::new().await;
    world.provider = world.provider.off();
    let event = world.store(&pointing("evt_1", "sub_1")).await;
    let outcomes = work_off(&world.worker("one@host/1").await).await;
    let [(_, Outcome::Failed { problem })] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(problem.code, "not_readable");
    assert_eq!(
        world.shown(event).await,
        ("failed".to_owned(), 1, Some("not_readable".to_owned()))
    );
    let outcomes = replayed(&world, &[event], ReplayMode::Converge).await;
    assert!(
        matches!(&outcomes[..], [ReplayOutcome::Failed { problem: Problem { code, .. } }] if code == "not_readable"),
        "{outcomes:?}"
    );
}
