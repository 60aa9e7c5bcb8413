//! Putting events aside.

use billdeck::{
    billing::{By, events::discard},
    domain::{event::EventState, ids::EventId},
};
use serde_json::json;
use uuid::Uuid;

use super::World;

/// An event in some state, written as the listener and the worker leave it.
async fn event(world: &World, end: Option<&str>, work: Option<&str>) -> EventId {
    let event = Uuid::now_v7();
    sqlx::query(
        "insert into event (id, provider, livemode, provider_event_id, type, lane, received_at, body_sha256, source,
                            customer_ref, end_state, ended_at)
         values ($1, 'stripe', false, $1::text, 'customer.updated', 'lane-' || $1, now(), '', 'webhook', 'cus_1', $2,
                 case when $2 is null then null else now() end)",
    )
    .bind(event)
    .bind(end)
    .execute(world.db.store.pool())
    .await
    .unwrap();
    if let Some(kind) = work {
        let (error, token) = match kind {
            "failed" => (Some("provider_down"), None),
            "taken" | "abandoned" => (None, Some(Uuid::now_v7())),
            _ => (None, None),
        };
        sqlx::query(
            "insert into work (event_id, lane, run_at, attempts, error_code, error_message, token)
             values ($1, 'lane-' || $1, now(), 3, $2, $2, $3)",
        )
        .bind(event)
        .bind(error)
        .bind(token)
        .execute(world.db.store.pool())
        .await
        .unwrap();
        if let Some(token) = token {
            sqlx::query(
                "insert into lane (key, owner, token, lease_until)
                 values ('lane-' || $1, 'worker@host/9', $2, now() + case when $3 then interval '1 minute' else interval '-1 minute' end)",
            )
            .bind(event)
            .bind(token)
            .bind(kind == "taken")
            .execute(world.db.store.pool())
            .await
            .unwrap();
        }
    }
    event.into()
}

#[tokio::test]
async fn what_is_not_done_is_put_aside_and_what_is_done_or_in_hand_is_kept() {
    let (world, _) = World::with_subscription().await;
    let pending = event(&world, None, Some("pending")).await;
    let failed = event(&world, None, Some("failed")).await;
    let abandoned = event(&world, None, Some("abandoned")).await;
    let dead = event(&world, Some("dead"), None).await;
    let quarantined = event(&world, Some("quarantined"), None).await;
    let taken = event(&world, None, Some("taken")).await;
    let processed = event(&world, Some("processed"), None).await;

    let all = [pending, failed, abandoned, dead, quarantined, taken, processed];
    let done = discard(&world.billing, &all, world.by(" sent by mistake "))
        .await
        .unwrap();

    assert_eq!(
        done.discarded,
        [pending, failed, abandoned, dead, quarantined].into()
    );
    assert_eq!(
        done.kept,
        [
            (taken, EventState::Processing),
            (processed, EventState::Processed)
        ]
    );
    assert_eq!(
        world.rows("select end_state, end_code, end_reason, count(*) as events from event where end_state = 'discarded' group by 1, 2, 3").await,
        json!([{ "end_state": "discarded", "end_code": "discarded", "end_reason": "sent by mistake", "events": 5 }])
    );
    assert_eq!(
        world.rows("select event_id from work").await,
        json!([{ "event_id": taken.to_string() }]),
        "only the one in hand has work left"
    );
    let from = world
        .rows("select target, differences -> 0 ->> 'before' as before, reason, customer_id is not null as told from audit where action = 'event.discard' order by id")
        .await;
    let told = |event: EventId, before: &str| json!({ "target": event.to_string(), "before": before, "reason": "sent by mistake", "told": true });
    assert_eq!(
        from,
        json!([
            told(pending, "pending"),
            told(failed, "failed"),
            told(abandoned, "pending"),
            told(dead, "dead"),
            told(quarantined, "quarantined"),
        ])
    );
}

#[tokio::test]
async fn no_reason_or_an_unknown_id_stops_all_of_it() {
    let (world, _) = World::with_subscription().await;
    let dead = event(&world, Some("dead"), None).await;
    for reason in [None, Some("  ")] {
        let by = By {
            actor: &world.actor,
            reason,
        };
        let error = discard(&world.billing, &[dead], by).await.unwrap_err();
        assert_eq!(error.code(), "reason_missing");
    }
    let unknown = Uuid::now_v7().into();
    let error = discard(&world.billing, &[dead, unknown], world.by("gone"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "not_found");
    assert!(error.to_string().contains(&unknown.to_string()), "{error}");
    assert_eq!(
        world.rows("select end_state from event").await,
        json!([{ "end_state": "dead" }])
    );
    assert_eq!(world.audit().await, json!([]));
}
