//! A customer's story.

use billdeck::{
    domain::{
        audit::{Actor, AuditEntry, Face},
        views::customer::{TimelineEntry, TimelineKind},
    },
    store::{audit::audit_insert, timeline::customer_timeline},
};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

use super::VIEW;
use crate::support::{
    db::fresh,
    seed::{Customer, Event, Link, Stage, id_aged},
};

async fn story(
    conn: &mut PgConnection,
    id: Uuid,
    before: Option<Timestamp>,
    limit: u16,
) -> Vec<TimelineEntry> {
    customer_timeline(conn, VIEW, id.into(), before, limit)
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn events_and_acts_are_told_in_one_order() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let customer = Customer::default().insert(&mut conn).await;
    let merged = Customer {
        merged_into: Some(customer),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    Link::of(customer, "cus_1").insert(&mut conn).await;
    Link {
        provider: "polar",
        ..Link::of(customer, "pol_1")
    }
    .insert(&mut conn)
    .await;
    let event = |minutes: i64, provider, customer_ref: &str, stage| Event {
        id: id_aged(SignedDuration::from_mins(minutes), 0),
        provider,
        object: Some(("order", "in_1".to_owned())),
        customer_ref: Some(customer_ref.to_owned()),
        stage,
        ..Event::default()
    };
    let dead = Stage::Ended {
        state: "dead",
        code: Some("x"),
    };
    let first = event(9, "stripe", "cus_1", Stage::ended("processed"))
        .insert(&mut conn)
        .await;
    event(8, "polar", "pol_1", dead).insert(&mut conn).await;
    event(7, "polar", "cus_1", Stage::ended("processed"))
        .insert(&mut conn)
        .await;
    event(6, "stripe", "cus_1", Stage::Failed { code: "x" })
        .insert(&mut conn)
        .await;
    event(5, "stripe", "cus_1", Stage::Processing)
        .insert(&mut conn)
        .await;
    let entry = AuditEntry {
        actor: Actor {
            name: "ops-1".to_owned(),
            face: Face::Console,
        },
        action: "subscription.cancel".to_owned(),
        target: "sub_1".to_owned(),
        differences: Vec::new(),
        reason: Some("ticket 5530".to_owned()),
        outcome: "done".to_owned(),
    };
    audit_insert(&mut conn, &entry, Some(customer.into()))
        .await
        .unwrap();
    audit_insert(&mut conn, &entry, None).await.unwrap();

    let lines = story(&mut conn, merged, None, 50).await;
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line.kind, line.what.as_str(), line.detail.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                TimelineKind::Person,
                "subscription.cancel",
                "sub_1 · done by ops-1 (ticket 5530)"
            ),
            (TimelineKind::Event, "invoice.paid", "order in_1 · processing"),
            (
                TimelineKind::Event,
                "invoice.paid",
                "order in_1 · failed · a message"
            ),
            (
                TimelineKind::Event,
                "invoice.paid",
                "order in_1 · dead · a reason"
            ),
            (TimelineKind::Event, "invoice.paid", "order in_1 · processed"),
        ]
    );
    assert_eq!(lines[4].event_id, Some(first.into()));
    let older = story(&mut conn, customer, Some(lines[1].at), 50).await;
    assert_eq!(older, lines[2..]);
    assert!(
        customer_timeline(&mut conn, VIEW, Uuid::now_v7().into(), None, 5)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn lines_of_one_millisecond_stay_together() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let customer = Customer::default().insert(&mut conn).await;
    Link::of(customer, "cus_1").insert(&mut conn).await;
    let moment = id_aged(SignedDuration::from_mins(5), 0);
    for place in 0..7_u128 {
        let id = if place < 5 {
            Uuid::from_u128(moment.as_u128() + place)
        } else {
            id_aged(SignedDuration::from_mins(6 + i64::try_from(place).unwrap()), 0)
        };
        let event = Event {
            id,
            customer_ref: Some("cus_1".to_owned()),
            ..Event::default()
        };
        event.insert(&mut conn).await;
    }
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let lines = story(&mut conn, customer, before, 2).await;
        let Some(last) = lines.last() else { break };
        before = Some(last.at);
        seen.extend(lines.into_iter().filter_map(|line| line.event_id));
    }
    let mut expected: Vec<Uuid> = sqlx::query_scalar("select id from event order by id desc")
        .fetch_all(&mut conn)
        .await
        .unwrap();
    let seen: Vec<Uuid> = seen.into_iter().map(|id| id.as_uuid()).collect();
    assert_eq!(seen.len(), expected.len());
    expected.dedup();
    assert_eq!(seen, expected);
}
