//! Intake, through real HTTP and a real database: what is answered, and which rows are there afterwards.

mod faults;
mod refusals;

use std::sync::Arc;

use billdeck::{
    domain::{
        event::{Envelope, EventSource},
        ids::{EventId, ObjectId},
        provider::{Book, Environment, ProviderName},
    },
    store::{
        intake::{Entry, NewEvent, Written, write, write_each},
        notify::{Bell, Ear},
    },
    webhooks::intake::{IntakeError, Origin, ReceiptStatus},
};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::support::{
    LIMIT,
    db::{self, TestDb},
    listener::{Listener, Setup},
    stripe, wait_until,
};

async fn listening() -> (TestDb, Listener) {
    let db = db::fresh().await;
    let listener = Listener::start(&db.url, Setup::default()).await;
    (db, listener)
}

#[tokio::test]
async fn an_event_is_accepted_once_with_all_its_rows() {
    let (db, listener) = listening().await;
    let body = stripe::event("evt_1");

    let first = listener.deliver(body.clone()).await;
    let again = listener.deliver(body.clone()).await;

    assert_eq!(first.said(), (200, "accepted"));
    assert_eq!(again.said(), (200, "duplicate"));
    assert_eq!(first.id(), again.id());
    let event = db
        .row(
            "select provider, livemode, provider_event_id, type, object_kind, object_id, customer_ref, lane, source,
                    duplicates, end_state, api_version, id::text from event",
        )
        .await;
    assert_eq!(
        event,
        json!({
            "provider": "stripe", "livemode": false, "provider_event_id": "evt_1", "type": "customer.updated",
            "object_kind": "customer", "object_id": "cus_intake", "customer_ref": "cus_intake",
            "lane": "stripe:test:cus_intake", "source": "webhook", "duplicates": 1, "end_state": null,
            "api_version": "2026-10-28.endive", "id": first.id(),
        })
    );
    let stored: Vec<u8> = sqlx::query_scalar(
        "select body from event_body join event on id = event_id and event.received_at = event_body.received_at",
    )
    .fetch_one(db.store.pool())
    .await
    .unwrap();
    assert_eq!(stored, body.as_bytes(), "the bytes are kept as they came");
    assert_eq!(
        db.number("select count(*) from work where run_at <= now() and lane = 'stripe:test:cus_intake'")
            .await,
        1
    );
    let delivery = db
        .row(
            "select count(*) as deliveries, count(distinct event_id) as events, min(verdict) as verdict,
                    min(remote) as remote, min(endpoint) as endpoint, bool_or(headers ? 'authorization') as secrets,
                    bool_and(headers ? 'stripe-signature') as signatures, bool_or(other_body is not null) as others
             from delivery",
        )
        .await;
    assert_eq!(
        delivery,
        json!({
            "deliveries": 2, "events": 1, "verdict": "verified", "remote": "127.0.0.1",
            "endpoint": "/webhooks/stripe", "secrets": false, "signatures": true, "others": false,
        })
    );
    listener.stop().await;
    // What is written beside the road is written at the latest when the listener stops.
    assert_eq!(
        db.number("select sum(received) from minute_figure where process = 'listener@test/1'")
            .await,
        1
    );
    assert_eq!(
        db.number("select count(*) from secret where last_used is not null")
            .await,
        1
    );
}

#[tokio::test]
async fn other_processes_hear_of_new_work() {
    let (db, listener) = listening().await;
    let mut ear = Ear::listen(&db.store, &[Bell::WORK]).await.unwrap();
    listener.deliver(stripe::event("evt_heard")).await;
    let heard = tokio::time::timeout(LIMIT, ear.hear()).await.unwrap().unwrap();
    assert_eq!(heard.as_deref(), Some(Bell::WORK));
    listener.stop().await;
}

#[tokio::test]
async fn the_same_id_with_another_body_raises_one_alarm_and_loses_nothing() {
    let (db, listener) = listening().await;
    let first = stripe::event("evt_1");
    let other = first.replace("ana@example.com", "eve@example.com");

    let accepted = listener.deliver(first.clone()).await;
    for _ in 0..2 {
        assert_eq!(listener.deliver(other.clone()).await.said(), (200, "duplicate"));
    }

    let body: Vec<u8> = sqlx::query_scalar("select body from event_body")
        .fetch_one(db.store.pool())
        .await
        .unwrap();
    assert_eq!(body, first.as_bytes());
    let others: Vec<Vec<u8>> =
        sqlx::query_scalar("select other_body from delivery where other_body is not null")
            .fetch_all(db.store.pool())
            .await
            .unwrap();
    assert_eq!(others, [other.as_bytes(), other.as_bytes()]);
    let alarms = db
        .row("select count(*), min(kind) as kind, min(event_id::text) as event from alarm")
        .await;
    assert_eq!(
        alarms,
        json!({ "count": 1, "kind": "other_body", "event": accepted.id() })
    );
    listener.stop().await;
}

#[tokio::test]
async fn deliveries_of_one_event_at_once_are_one_event() {
    let (db, listener) = listening().await;
    let listener = Arc::new(listener);
    let sent: Vec<_> = (0..40)
        .map(|number| {
            let listener = Arc::clone(&listener);
            tokio::spawn(async move {
                let answer = listener
                    .deliver(stripe::event(&format!("evt_{}", number % 2)))
                    .await;
                answer.said().1.to_owned()
            })
        })
        .collect();
    let mut accepted = 0;
    for answer in sent {
        match answer.await.unwrap().as_str() {
            "accepted" => accepted += 1,
            "duplicate" => {}
            other => panic!("answered {other}"),
        }
    }
    assert_eq!(accepted, 2);
    assert_eq!(db.number("select count(*) from work").await, 2);
    assert_eq!(db.number("select sum(duplicates) from event").await, 38);
    assert_eq!(db.number("select count(*) from delivery").await, 40);
}

fn entry(id: &str, event_type: &str) -> Entry {
    let body = Bytes::from(stripe::event(id));
    let book = Book {
        provider: ProviderName::Stripe,
        environment: Environment::Test,
    };
    Entry {
        book,
        received_at: Timestamp::now(),
        body_sha256: ring::digest::digest(&ring::digest::SHA256, &body)
            .as_ref()
            .to_vec(),
        body_length: i32::try_from(body.len()).unwrap(),
        body,
        content_type: None,
        delivery: None,
        event: Some(NewEvent {
            id: Uuid::now_v7().into(),
            envelope: Envelope {
                book,
                provider_event_id: ObjectId::new(id).unwrap(),
                event_type: event_type.to_owned(),
                object: None,
                customer: None,
                created: None,
                api_version: None,
            },
            source: EventSource::Backfill,
            end: None,
        }),
    }
}

#[tokio::test]
async fn a_batch_is_one_commit() {
    let db = db::fresh().await;
    let mut conn = db.store.pool().acquire().await.unwrap();
    // Not in the order of their keys, and one twice.
    let batch = ["evt_b", "evt_a", "evt_b", "evt_c"].map(|id| entry(id, "customer.updated"));
    let ids = batch.each_ref().map(|entry| entry.event.as_ref().unwrap().id);

    let written = write(&mut conn, &batch).await.unwrap();

    assert_eq!(
        written,
        [
            Written::New(ids[0]),
            Written::New(ids[1]),
            Written::Duplicate {
                id: ids[0],
                other_body: false
            },
            Written::New(ids[3]),
        ]
    );
    let commits = "select count(distinct xmin::text) from (
        select xmin from event union all select xmin from event_body union all select xmin from work) rows";
    assert_eq!(db.number(commits).await, 1);
    assert_eq!(
        db.number("select duplicates::bigint from event where provider_event_id = 'evt_b'")
            .await,
        1
    );
}

#[tokio::test]
async fn one_bad_row_does_not_fail_its_neighbours() {
    let db = db::fresh().await;
    let mut conn = db.store.pool().acquire().await.unwrap();
    let batch = [
        entry("evt_1", "a"),
        entry("evt_2", "no\0text"),
        entry("evt_3", "b"),
    ];

    let written = write_each(&mut conn, &batch).await.unwrap();

    let good: Vec<Option<EventId>> = batch
        .iter()
        .map(|entry| entry.event.as_ref().map(|event| event.id))
        .collect();
    assert!(
        matches!(written[0], Ok(Written::New(id)) if Some(id) == good[0]),
        "{:?}",
        written[0]
    );
    assert!(written[1].is_err(), "{:?}", written[1]);
    assert!(
        matches!(written[2], Ok(Written::New(id)) if Some(id) == good[2]),
        "{:?}",
        written[2]
    );
    assert_eq!(db.number("select count(*) from event").await, 2);
    assert_eq!(db.number("select count(*) from work").await, 2);
}

#[tokio::test]
async fn an_import_takes_the_same_road_without_a_delivery() {
    let (db, listener) = listening().await;
    let body = Bytes::from(stripe::event("evt_given"));
    let give = |body: &Bytes| {
        listener
            .intake
            .import(ProviderName::Stripe, body.clone(), Origin::Import)
    };

    let first = give(&body).await.unwrap();
    let again = give(&body).await.unwrap();

    assert_eq!(
        (first.status, again.status),
        (ReceiptStatus::Accepted, ReceiptStatus::Duplicate)
    );
    assert_eq!(
        db.row("select source, duplicates from event").await,
        json!({ "source": "import", "duplicates": 1 })
    );
    assert_eq!(db.number("select count(*) from work").await, 1);
    assert_eq!(db.number("select count(*) from delivery").await, 0);

    // It has been worked off as the person's word, and then the provider tells of it: its own rendering counts.
    sqlx::raw_sql("delete from work; update event set end_state = 'processed', ended_at = now()")
        .execute(&db.pool)
        .await
        .unwrap();
    let theirs = stripe::event("evt_given").replace(',', ", ");
    assert_eq!(listener.deliver(theirs.clone()).await.said(), (200, "duplicate"));
    assert_eq!(
        db.row("select source, end_state, (select count(*) from work) as waiting from event")
            .await,
        json!({ "source": "webhook", "end_state": null, "waiting": 1 })
    );
    let kept: Vec<u8> = sqlx::query_scalar("select body from event_body")
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!(String::from_utf8(kept).unwrap(), theirs);
    // From then on it stands, whoever gives it again.
    assert_eq!(give(&body).await.unwrap().status, ReceiptStatus::Duplicate);
    assert_eq!(
        db.row("select source, (select count(*) from work) as waiting from event")
            .await,
        json!({ "source": "webhook", "waiting": 1 })
    );
    assert_eq!(db.number("select count(*) from alarm").await, 0);
    listener.stop().await;
}

#[tokio::test]
async fn an_import_that_cannot_be_taken_says_why() {
    let (db, listener) = listening().await;
    let give = |provider, body: String| {
        listener
            .intake
            .import(provider, Bytes::from(body), Origin::Import)
    };

    let live = give(ProviderName::Stripe, stripe::event_in("evt_live", true))
        .await
        .unwrap_err();
    assert!(matches!(live, IntakeError::OtherEnvironment { .. }), "{live:?}");
    let nonsense = give(ProviderName::Stripe, "{\"half\":".to_owned())
        .await
        .unwrap_err();
    assert!(matches!(nonsense, IntakeError::BadBody(_)), "{nonsense:?}");
    let off = give(ProviderName::Polar, stripe::event("evt_1"))
        .await
        .unwrap_err();
    assert!(
        matches!(off, IntakeError::ProviderOff(ProviderName::Polar)),
        "{off:?}"
    );
    assert_eq!(db.number("select count(*) from event").await, 0);
    listener.stop().await;
}

#[tokio::test]
async fn notes_are_written_while_the_listener_runs() {
    let (db, listener) = listening().await;
    wait_until("the secret to be listed", async || {
        match db
            .number("select count(*) from secret where last_used is null")
            .await
        {
            1 => Ok(1),
            other => Err(other),
        }
    })
    .await;
    listener.stop().await;
}
