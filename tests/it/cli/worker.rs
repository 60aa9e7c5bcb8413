//! Settings of the worker and of a provider's webhooks, as a process of its own follows them.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Semaphore,
};

use super::{Place, place_on_database, services::Service};
use crate::support::{LIMIT, stripe, wait_until};

/// Stores an event that nobody tells a worker of.
async fn store(db: &crate::support::db::TestDb, kind: &str, body: &Value) {
    sqlx::query(
        "with made as (
             insert into event (id, provider, livemode, provider_event_id, type, lane, received_at, body_sha256, source)
             values (gen_random_uuid(), 'stripe', false, $1, $2, $1, now(), '', 'webhook')
             returning id, received_at
         ), body as (
             insert into event_body (event_id, received_at, body) select id, received_at, $3 from made
         )
         insert into work (event_id, lane, run_at) select id, $1, now() from made",
    )
    .bind(body["id"].as_str().unwrap())
    .bind(kind)
    .bind(body.to_string().into_bytes())
    .execute(&db.pool)
    .await
    .unwrap();
}

async fn wait_for_end(db: &crate::support::db::TestDb) {
    wait_until("all events to end", || async {
        match db.number("select count(*) from work").await {
            0 => Ok(0),
            left => Err(left),
        }
    })
    .await;
}

#[tokio::test]
async fn a_worker_looks_as_often_as_is_set() {
    let (db, place) = place_on_database().await;
    let place = place.file("config/billdeck.toml", "[worker]\npoll_interval_ms = 20\n");
    let worker = Service::start_silent(&place, &["worker"]);
    let begin = Instant::now();
    for number in 0..8 {
        let body: Value = serde_json::from_str(&stripe::event(&format!("evt_{number}"))).unwrap();
        store(&db, "customer.updated", &body).await;
        wait_for_end(&db).await;
    }
    // At the usual pace of a second it would be about eight.
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    assert_eq!(worker.stop(Signal::SIGTERM), 0);
}

/// A Stripe that leaves the first call without an answer and knows no object. Says when it was called.
async fn silent_stripe() -> (String, &'static Semaphore) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let called: &'static Semaphore = Box::leak(Box::new(Semaphore::new(0)));
    tokio::spawn(async move {
        let mut unanswered = None;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4_096]).await;
            called.add_permits(1);
            if unanswered.is_none() {
                unanswered = Some(stream);
                continue;
            }
            let body = r#"{"error":{"type":"invalid_request_error","code":"resource_missing","message":"No such subscription"}}"#;
            let answer = format!(
                "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (base, called)
}

#[tokio::test]
async fn the_work_of_a_killed_worker_is_taken_over_after_the_time_that_is_set() {
    let (db, place) = place_on_database().await;
    let (base, called) = silent_stripe().await;
    let place = place
        .file("config/billdeck.toml", "[worker]\nlease_seconds = 6\n")
        .variable("STRIPE_API_BASE", &base)
        .variable("STRIPE_SECRET_KEY", "sk_test_killed");
    let event = json!({
        "id": "evt_pointing", "object": "event", "api_version": "2026-10-28.endive", "created": 1_795_000_000,
        "livemode": false, "type": "customer.subscription.pending_update_expired",
        "data": { "object": { "id": "sub_1", "object": "subscription", "customer": "cus_1" } },
    });
    store(&db, "customer.subscription.pending_update_expired", &event).await;
    let first = Service::start_silent(&place, &["worker"]);
    let waiting = tokio::time::timeout(LIMIT, called.acquire()).await;
    waiting.expect("nobody called").unwrap().forget();
    first.kill();
    let second = Service::start_silent(&place, &["worker"]);
    assert_eq!(
        db.number("select count(*) from lane where lease_until > now()")
            .await,
        1
    );
    // Well within the usual minute.
    wait_for_end(&db).await;
    assert_eq!(
        db.row("select end_state is not null as ended, attempts, (select count(*) from attempt) as tries from event")
            .await,
        json!({ "ended": true, "attempts": 2, "tries": 1 }),
    );
    assert_eq!(second.stop(Signal::SIGTERM), 0);
}

#[tokio::test]
async fn a_listener_takes_signatures_as_old_as_is_set() {
    billdeck::runtime::use_tls();
    let (_db, place) = place_on_database().await;
    let place = place.variable("STRIPE_WEBHOOK_SECRET", stripe::SECRET);
    let strict: Place = place.file(
        "config/billdeck.toml",
        "[providers.stripe]\nwebhook_tolerance_seconds = 30\n",
    );
    let service = Service::start(&strict, &["serve", "--no-worker", "--listen", "127.0.0.1:0"]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = stripe::event("evt_aged");
    for (age, status) in [(90, 400), (10, 200)] {
        let signed_at = Timestamp::now() - SignedDuration::from_secs(age);
        let answer = client
            .post(format!("{}/webhooks/stripe", service.listen()))
            .header(
                "stripe-signature",
                stripe::sign_at(stripe::SECRET, body.as_bytes(), signed_at),
            )
            .body(body.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), status, "{age} seconds old");
    }
    assert_eq!(service.stop(Signal::SIGTERM), 0);
}
