//! The backlog in figures, with and without rollups.

use std::collections::BTreeMap;

use billdeck::{
    domain::{
        event::EventState,
        provider::ProviderName,
        views::{Total, event::EventFilter},
    },
    store::{
        event_stats::{event_stats, event_total},
        rollup::rollup_refresh,
    },
};
use jiff::SignedDuration;
use sqlx::{Connection, PgConnection};

use super::TEST;
use crate::support::{
    db::fresh,
    seed::{Event, Stage, id_aged},
};

async fn refresh(conn: &mut PgConnection) {
    let mut tx = conn.begin().await.unwrap();
    assert!(rollup_refresh(&mut tx).await.unwrap());
    tx.commit().await.unwrap();
}

async fn by_state(conn: &mut PgConnection) -> BTreeMap<EventState, u64> {
    event_stats(conn, TEST).await.unwrap().by_state
}

fn states(counts: [u64; 8]) -> BTreeMap<EventState, u64> {
    EventState::ALL.iter().copied().zip(counts).collect()
}

/// Events of several ends, days and providers; one of the other environment.
async fn make(conn: &mut PgConnection) {
    let stages = [
        (Stage::Pending, 1),
        (
            Stage::Failed {
                code: "provider_unavailable",
            },
            2,
        ),
        (Stage::Waiting { price: "price_new" }, 1),
        (Stage::ended("processed"), 4),
        (Stage::ended("ignored"), 3),
        (Stage::ended("dead"), 2),
        (Stage::ended("discarded"), 1),
        (Stage::ended("quarantined"), 1),
    ];
    let mut place = 0;
    for (stage, times) in stages {
        for _ in 0..times {
            place += 1;
            let hours = i64::try_from(place).unwrap() * 17;
            let event = Event {
                id: id_aged(SignedDuration::from_hours(hours), place),
                provider: if place % 4 == 0 { "polar" } else { "stripe" },
                stage: stage.clone(),
                ..Event::default()
            };
            event.insert(conn).await;
        }
    }
    Event {
        livemode: true,
        ..Event::default()
    }
    .insert(conn)
    .await;
}

#[tokio::test]
async fn figures_agree_before_and_after_every_refresh() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    assert_eq!(by_state(&mut conn).await, states([0; 8]));
    make(&mut conn).await;
    // pending, processing, processed, ignored, failed, dead, discarded, quarantined
    let expected = states([1, 0, 4, 3, 3, 2, 1, 1]);
    assert_eq!(by_state(&mut conn).await, expected);
    refresh(&mut conn).await;
    assert_eq!(by_state(&mut conn).await, expected);
    refresh(&mut conn).await;
    assert_eq!(by_state(&mut conn).await, expected);

    // A new event, and an old one that ends, before the next refresh counts them.
    Event::default().insert(&mut conn).await;
    sqlx::query("with gone as (delete from work where attempts = 0 and wait_key is null returning event_id)
                 update event set end_state = 'ignored', ended_at = now() where id in (select event_id from gone)")
        .execute(&mut conn)
        .await
        .unwrap();
    let expected = states([0, 0, 5, 4, 3, 2, 1, 1]);
    assert_eq!(by_state(&mut conn).await, expected);
    refresh(&mut conn).await;
    assert_eq!(by_state(&mut conn).await, expected);

    // A replay moves an event from one end to another.
    sqlx::query("update event set end_state = 'processed', ended_at = now() where end_state = 'dead'")
        .execute(&mut conn)
        .await
        .unwrap();
    let expected = states([0, 0, 7, 4, 3, 0, 1, 1]);
    assert_eq!(by_state(&mut conn).await, expected);
    refresh(&mut conn).await;
    assert_eq!(by_state(&mut conn).await, expected);

    let stats = event_stats(&mut conn, TEST).await.unwrap();
    let unsettled: u64 = stats.by_provider.values().sum();
    assert_eq!(unsettled, 4, "three that fail and one in quarantine");
    assert_eq!(
        stats.processed_last_minute,
        14 - 3,
        "all were ended just now; discarded and quarantined do not count"
    );
}

#[tokio::test]
async fn the_oldest_pending_event_is_one_that_nobody_tried() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let age = |minutes| id_aged(SignedDuration::from_mins(minutes), 0);
    assert_eq!(
        event_stats(&mut conn, TEST).await.unwrap().oldest_pending_seconds,
        None
    );
    Event {
        id: age(30),
        stage: Stage::Failed { code: "x" },
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    Event {
        id: age(20),
        stage: Stage::Waiting { price: "p" },
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    Event {
        id: age(15),
        livemode: true,
        stage: Stage::Pending,
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    Event {
        id: age(10),
        stage: Stage::Pending,
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    Event {
        id: age(5),
        stage: Stage::Pending,
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    let seconds = event_stats(&mut conn, TEST)
        .await
        .unwrap()
        .oldest_pending_seconds
        .unwrap();
    assert!((600..660).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn totals_are_exact_where_they_can_be() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    make(&mut conn).await;
    let all = EventFilter::default;
    let polar = Some(ProviderName::Polar);
    let cases = [
        ("all", all(), 15),
        (
            "processed",
            EventFilter {
                states: vec![EventState::Processed],
                ..all()
            },
            4,
        ),
        (
            "backlog",
            EventFilter {
                states: vec![EventState::Pending, EventState::Failed],
                ..all()
            },
            4,
        ),
        (
            "polar",
            EventFilter {
                provider: polar,
                ..all()
            },
            3,
        ),
        (
            "dead polar",
            EventFilter {
                provider: polar,
                states: vec![EventState::Dead],
                ..all()
            },
            1,
        ),
        (
            "type",
            EventFilter {
                event_type: Some("invoice.*".to_owned()),
                ..all()
            },
            15,
        ),
        (
            "code",
            EventFilter {
                error_code: Some("provider_unavailable".to_owned()),
                ..all()
            },
            2,
        ),
        (
            "nothing",
            EventFilter {
                object: Some("x\0".to_owned()),
                ..all()
            },
            0,
        ),
    ];
    for round in ["without rollups", "with rollups"] {
        for (what, filter, expected) in &cases {
            let total = event_total(&mut conn, TEST, filter).await.unwrap();
            assert_eq!(total, Total::Exactly(*expected), "{what} {round}");
        }
        refresh(&mut conn).await;
    }
}

#[tokio::test]
async fn a_title_does_not_count_for_ever() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    sqlx::query(
        "insert into event
             (id, provider, livemode, provider_event_id, type, lane, received_at, body_sha256, source, end_state, ended_at)
         select ('0190' || lpad(to_hex(n), 8, '0') || '70008000000000000000')::uuid, 'stripe', false, 'evt_' || n,
             'invoice.paid', 'stripe:test:evt_' || n, now(), '\\x00', 'webhook', 'processed', now()
         from generate_series(1, 2001) as n",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let filter = EventFilter {
        event_type: Some("invoice.paid".to_owned()),
        ..EventFilter::default()
    };
    assert_eq!(
        event_total(&mut conn, TEST, &filter).await.unwrap(),
        Total::AtLeast(2_000)
    );
    let all = event_total(&mut conn, TEST, &EventFilter::default())
        .await
        .unwrap();
    assert_eq!(all, Total::Exactly(2_001));
}
