//! Settling alarms.

use billdeck::{
    billing::{By, alarms::settle},
    domain::ids::EventId,
};
use serde_json::json;
use uuid::Uuid;

use super::World;
use crate::support::seed::Event;

/// An event of a known customer, with an alarm about it.
async fn alarmed(world: &World) -> EventId {
    let event = Event {
        customer_ref: Some("cus_1".to_owned()),
        ..Event::default()
    }
    .insert(&mut world.db.connect().await)
    .await;
    sqlx::query(
        "insert into alarm (id, kind, event_id, provider, livemode, detail)
         values (gen_random_uuid(), 'other_body', $1, 'stripe', false, 'another body under a known id')",
    )
    .bind(event)
    .execute(world.db.store.pool())
    .await
    .unwrap();
    event.into()
}

#[tokio::test]
async fn an_alarm_is_settled_once_by_somebody_and_for_a_reason() {
    let (world, _) = World::with_subscription().await;
    let event = alarmed(&world).await;
    let other = alarmed(&world).await;
    let reason = "the sender repairs its own log";

    assert_eq!(settle(&world.billing, event, world.by(reason)).await.unwrap(), 1);

    assert_eq!(
        world
            .rows("select event_id, cleared_by from alarm where cleared_at is not null")
            .await,
        json!([{ "event_id": event.to_string(), "cleared_by": "marta" }]),
        "the one about {other} stays"
    );
    let acts = world
        .rows(
            "select action, target, reason, outcome, customer_id is not null as told, differences from audit",
        )
        .await;
    assert_eq!(
        acts,
        json!([{
            "action": "event.alarm.settle",
            "target": event.to_string(),
            "reason": reason,
            "outcome": "done",
            "told": true,
            "differences": [{ "field": "alarm", "before": "another body under a known id", "after": null }],
        }])
    );
    let again = settle(&world.billing, event, world.by(reason)).await.unwrap_err();
    assert_eq!(again.code(), "no_alarm");
}

#[tokio::test]
async fn nothing_is_settled_without_a_reason_or_an_event() {
    let (world, _) = World::with_subscription().await;
    let event = alarmed(&world).await;
    let by = world.by(" ");
    let silent = By { reason: None, ..by };
    for (id, by, code) in [
        (event, by, "reason_missing"),
        (event, silent, "reason_missing"),
        (Uuid::now_v7().into(), world.by("why"), "not_found"),
    ] {
        assert_eq!(settle(&world.billing, id, by).await.unwrap_err().code(), code);
    }
    assert_eq!(world.audit().await, json!([]));
    assert_eq!(
        world
            .db
            .number("select count(*) from alarm where cleared_at is null")
            .await,
        1
    );
}
