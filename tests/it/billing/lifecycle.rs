//! Cancelling and resuming.

use std::time::Duration;

use billdeck::{
    billing::{
        BillingError, lanes, lifecycle,
        verify::{Provided, verify},
    },
    domain::{
        event::{Envelope, EventSource},
        provider::{LaneKey, ObjectKind, ObjectRef},
        subscription::{SubscriptionStatus, Verification, VerifiedBy},
    },
    providers::{CancelWhen, Provider},
    store::intake::{self, Entry, NewEvent},
    webhooks::worker::{Step as WorkerStep, Worker},
};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::{World, line};
use crate::support::{
    scripted::{BOOK, Gate, Step, Turn, id},
    undelivered, wait_until,
};

#[tokio::test]
async fn a_cancellation_is_asked_for_carried_out_and_stored_as_this_persons_doing() {
    let (world, sub) = World::with_subscription().await;
    let by = world.by("moves away");
    let row = lifecycle::cancel(&world.billing, sub, CancelWhen::PeriodEnd, by)
        .await
        .unwrap();

    assert!(row.cancel_at_period_end);
    assert!(matches!(
        row.verification,
        Verification::Verified {
            by: VerifiedBy::Read,
            ..
        }
    ));
    assert_eq!(
        world.audit().await,
        json!([
            line("subscription.cancel.period_end", "requested", "moves away"),
            line("subscription.cancel.period_end", "done", "moves away"),
        ])
    );
    let requested: Uuid = sqlx::query_scalar("select id from audit where outcome = 'requested'")
        .fetch_one(world.db.store.pool())
        .await
        .unwrap();
    assert_eq!(
        world.provider.state().writes,
        [(Step::Cancel, format!("billdeck-{requested}"))],
        "the key is the request's own"
    );
    let told = world
        .rows("select d ->> 'field' as field from audit, jsonb_array_elements(differences) d order by 1")
        .await;
    assert_eq!(
        told,
        json!([{ "field": "cancel_at" }, { "field": "cancel_at_period_end" }])
    );
    let set = world
        .rows("select source_kind, source_ref from change where field = 'cancel_at_period_end' order by id desc limit 1")
        .await;
    assert_eq!(set, json!([{ "source_kind": "person", "source_ref": "marta" }]));
    let story = world.customer_of("cus_1").await;
    assert_eq!(
        world.rows("select distinct customer_id from audit").await,
        json!([{ "customer_id": story.to_string() }])
    );
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_happens() {
    let (world, sub) = World::with_subscription().await;
    let by = world.by("by mistake");
    let code = |result: Result<_, BillingError>| {
        result
            .map(|_: billdeck::domain::subscription::Subscription| ())
            .unwrap_err()
            .code()
            .to_owned()
    };

    assert_eq!(
        code(lifecycle::resume(&world.billing, sub, by).await),
        "nothing_scheduled"
    );
    lifecycle::cancel(&world.billing, sub, CancelWhen::PeriodEnd, by)
        .await
        .unwrap();
    let again = lifecycle::cancel(&world.billing, sub, CancelWhen::PeriodEnd, by).await;
    assert_eq!(code(again), "already_scheduled");
    lifecycle::resume(&world.billing, sub, by).await.unwrap();
    lifecycle::cancel(&world.billing, sub, CancelWhen::Now, by)
        .await
        .unwrap();
    let again = lifecycle::cancel(&world.billing, sub, CancelWhen::Now, by).await;
    assert_eq!(code(again), "already_ended");
    assert_eq!(
        code(lifecycle::resume(&world.billing, sub, by).await),
        "already_ended"
    );

    assert_eq!(world.provider.state().writes.len(), 3);
    assert_eq!(
        world.db.number("select count(*) from audit").await,
        6,
        "two for each act"
    );
    assert_eq!(
        world
            .rows("select status, cancel_at_period_end from subscription")
            .await,
        json!([{ "status": "canceled", "cancel_at_period_end": false }])
    );
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn a_provider_that_says_no_leaves_everything_as_it_was() {
    let (world, sub) = World::with_subscription().await;
    let all = "select (to_jsonb(subscription) - 'updated_at') as subscription from subscription";
    let before = world.rows(all).await;
    world.provider.next(Step::Cancel, Turn::Refuse);
    let by = world.by("asked on the phone");
    let error = lifecycle::cancel(&world.billing, sub, CancelWhen::Now, by)
        .await
        .unwrap_err();

    assert_eq!(
        (error.code(), error.outcome_unknown()),
        ("provider_refused", false)
    );
    assert_eq!(world.rows(all).await, before);
    assert_eq!(
        world.audit().await,
        json!([
            line("subscription.cancel.now", "requested", "asked on the phone"),
            line(
                "subscription.cancel.now",
                "provider_refused",
                "asked on the phone"
            ),
        ])
    );
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn nothing_looks_certain_while_the_provider_is_asked() {
    let (world, sub) = World::with_subscription().await;
    let gate = Gate::new();
    world.provider.next(Step::Cancel, Turn::Hold(gate.clone()));
    let by = world.by("the process ends here");
    let cancel = lifecycle::cancel(&world.billing, sub, CancelWhen::Now, by);
    tokio::select! {
        _ = cancel => panic!("it went on without an answer"),
        () = gate.reached() => {}
    }

    assert_eq!(
        world.rows("select status, verification from subscription").await,
        json!([{ "status": "active", "verification": "pending" }])
    );
    assert_eq!(
        world.audit().await,
        json!([line(
            "subscription.cancel.now",
            "requested",
            "the process ends here"
        )])
    );
}

#[tokio::test]
async fn a_lost_answer_makes_the_state_pending_until_a_verification_settles_it() {
    let (world, sub) = World::with_subscription().await;
    world.provider.next(Step::Cancel, Turn::Lost);
    let by = world.by("bad line");
    let error = lifecycle::cancel(&world.billing, sub, CancelWhen::Now, by)
        .await
        .unwrap_err();

    assert!(error.outcome_unknown());
    assert_eq!(
        world.rows("select status, verification from subscription").await,
        json!([{ "status": "active", "verification": "pending" }])
    );
    assert_eq!(
        world.audit().await,
        json!([
            line("subscription.cancel.now", "requested", "bad line"),
            line("subscription.cancel.now", "unknown", "bad line"),
        ])
    );
    verify(&world.billing, sub, Provided::Applied, None)
        .await
        .unwrap();
    assert_eq!(
        world.rows("select status, verification from subscription").await,
        json!([{ "status": "canceled", "verification": "verified" }])
    );
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn what_was_done_and_could_not_be_stored_is_said_so() {
    let (world, sub) = World::with_subscription().await;
    let gate = Gate::new();
    world.provider.next(Step::Cancel, Turn::Hold(gate.clone()));
    let by = world.by("takeover");
    let cancel = lifecycle::cancel(&world.billing, sub, CancelWhen::Now, by);
    let takeover = async {
        gate.reached().await;
        // As if this process had been paused for a minute and another one had taken over.
        sqlx::query("update lane set token = gen_random_uuid(), owner = 'another@host/2'")
            .execute(world.db.store.pool())
            .await
            .unwrap();
        gate.open();
    };
    let (done, ()) = tokio::join!(cancel, takeover);

    let error = done.unwrap_err();
    assert_eq!((error.code(), error.outcome_unknown()), ("unrecorded", true));
    assert_eq!(
        world.rows("select status from subscription").await,
        json!([{ "status": "active" }]),
        "a late process commits nothing"
    );
    assert_eq!(
        world.audit().await,
        json!([line("subscription.cancel.now", "requested", "takeover")])
    );
    assert_eq!(
        world.rows("select owner from lane").await,
        json!([{ "owner": "another@host/2" }]),
        "and gives no lane back that is another's"
    );
}

#[tokio::test]
async fn an_answer_that_does_not_fit_leaves_the_state_pending_and_says_that_it_was_done() {
    let (world, sub) = World::with_subscription().await;
    // The provider has given the subscription to somebody whose lane is not held.
    world.provider.change("sub_1", |seen| seen.customer = id("cus_2"));
    let by = world.by("wrong record");
    let error = lifecycle::cancel(&world.billing, sub, CancelWhen::Now, by)
        .await
        .unwrap_err();

    assert_eq!((error.code(), error.outcome_unknown()), ("unrecorded", true));
    assert_eq!(
        world.rows("select status, verification from subscription").await,
        json!([{ "status": "active", "verification": "pending" }])
    );
    assert_eq!(
        world.audit().await,
        json!([
            line("subscription.cancel.now", "requested", "wrong record"),
            line("subscription.cancel.now", "done", "wrong record"),
        ])
    );
    verify(&world.billing, sub, Provided::Applied, None)
        .await
        .unwrap();
    assert_eq!(
        world.rows("select status, verification from subscription").await,
        json!([{ "status": "canceled", "verification": "verified" }])
    );
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn a_price_in_no_plan_does_not_hide_that_the_cancellation_was_done() {
    let (world, sub) = World::with_subscription().await;
    world
        .provider
        .change("sub_1", |seen| seen.items[0].price_id = id("price_new"));
    let by = world.by("repriced meanwhile");
    let row = lifecycle::cancel(&world.billing, sub, CancelWhen::PeriodEnd, by)
        .await
        .unwrap();
    assert_eq!(
        row.verification,
        Verification::Pending,
        "ours is behind, and says so"
    );
    assert_eq!(row.plan.as_deref(), Some("pro"));

    let row = lifecycle::cancel(&world.billing, sub, CancelWhen::Now, by)
        .await
        .unwrap();
    assert_eq!(
        row.status,
        SubscriptionStatus::Canceled,
        "an end of access waits for no price"
    );
}

#[tokio::test]
async fn nobody_writes_without_the_lane() {
    let (world, sub) = World::with_subscription().await;
    let lane = LaneKey::new(BOOK, &id("cus_1"));
    let held = lanes::take(&world.billing, &lane).await.unwrap().unwrap();
    let by = world.by("impatient");
    let error = lifecycle::cancel(&world.billing, sub, CancelWhen::Now, by)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "busy");
    assert!(world.provider.state().writes.is_empty());
    assert_eq!(world.audit().await, json!([]));
    held.release().await;
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn a_holder_that_is_dropped_gives_its_lane_back() {
    let (world, _) = World::with_subscription().await;
    let lane = LaneKey::new(BOOK, &id("cus_1"));
    drop(lanes::take(&world.billing, &lane).await.unwrap().unwrap());
    wait_until("a free lane", || async {
        match world.db.number("select count(*) from lane").await {
            0 => Ok(0),
            held => Err(held),
        }
    })
    .await;
}

/// An event that only points at the subscription, so that the worker has to read it.
async fn pointing_event(world: &World) {
    let body = json!({
        "id": "evt_pointing",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": Timestamp::now().as_second(),
        "livemode": false,
        "type": "customer.subscription.pending_update_expired",
        "data": { "object": { "id": "sub_1", "object": "subscription", "customer": "cus_1" } },
    })
    .to_string();
    let envelope: Envelope = world.provider.envelope(undelivered(body.as_bytes())).unwrap();
    assert_eq!(envelope.lane(), LaneKey::new(BOOK, &id("cus_1")));
    assert_eq!(
        envelope.object,
        Some(ObjectRef::new(ObjectKind::Subscription, id("sub_1")))
    );
    let entry = Entry {
        book: BOOK,
        received_at: Timestamp::now(),
        body_sha256: vec![0; 32],
        body_length: i32::try_from(body.len()).unwrap(),
        body: body.into(),
        content_type: None,
        delivery: None,
        event: Some(NewEvent {
            id: Uuid::now_v7().into(),
            envelope,
            source: EventSource::Backfill,
            end: None,
        }),
    };
    let mut tx = world.db.store.begin().await.unwrap();
    intake::write(&mut tx, &[entry]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_cancellation_waits_for_the_worker_that_applies_an_event_of_the_same_customer() {
    let (world, sub) = World::with_subscription().await;
    pointing_event(&world).await;
    let gate = Gate::new();
    world.provider.next(Step::Read, Turn::Hold(gate.clone()));
    let worker = Worker::new(world.billing.clone(), 1);
    let working = tokio::spawn(async move { worker.step().await });
    gate.reached().await;

    let by = world.by("at the same time");
    let cancel = lifecycle::cancel(&world.billing, sub, CancelWhen::PeriodEnd, by);
    tokio::pin!(cancel);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut cancel).await;
    assert!(early.is_err(), "it went on although the worker holds the lane");
    assert!(world.provider.state().writes.is_empty());
    gate.open();

    let row = cancel.await.unwrap();
    assert!(row.cancel_at_period_end);
    assert!(matches!(working.await.unwrap().unwrap(), WorkerStep::Worked(_)));
    assert_eq!(
        world.rows("select end_state from event").await,
        json!([{ "end_state": "processed" }])
    );
    assert_eq!(
        world.rows("select cancel_at_period_end from subscription").await,
        json!([{ "cancel_at_period_end": true }]),
        "the worker's older read did not land on top"
    );
    world.assert_lanes_free().await;
}
