//! Intake while things go wrong: the database slow, away and back, the queue full, the process told to stop.

use std::{sync::Arc, time::Duration};

use sqlx::Connection;
use tokio::{sync::Barrier, task::JoinHandle};

use super::listening;
use crate::support::{
    LIMIT,
    db::{self, TestDb},
    listener::{Answer, Listener, Setup},
    proxy::Proxy,
    stripe, wait_until,
};

/// Delivers an event beside the test.
fn deliver_beside(listener: &Arc<Listener>, id: String) -> JoinHandle<Answer> {
    let listener = Arc::clone(listener);
    tokio::spawn(async move { listener.deliver(stripe::event(&id)).await })
}

async fn waiting(listener: &Listener, wanted: usize) {
    wait_until("deliveries to wait", async || {
        let waiting = listener.intake.readiness().waiting;
        if waiting == wanted {
            Ok(waiting)
        } else {
            Err(waiting)
        }
    })
    .await;
}

/// Holds up every commit until the connection is closed.
async fn hold_up(db: &TestDb) -> sqlx::PgConnection {
    let mut conn = db.store.connect_apart().await.unwrap();
    sqlx::raw_sql("begin; lock table event in share mode")
        .execute(&mut conn)
        .await
        .unwrap();
    conn
}

async fn held_up(db: &TestDb) {
    wait_until("a commit to be held up", async || {
        match db
            .number("select count(*) from pg_locks where not granted and relation = 'event'::regclass")
            .await
        {
            0 => Err(0),
            held => Ok(held),
        }
    })
    .await;
}

#[tokio::test]
async fn a_full_queue_is_answered_503_and_empties_again() {
    let db = db::fresh().await;
    let mut setup = Setup::default();
    setup.intake.queue = 2;
    setup.intake.batch = 1;
    setup.intake.committers = 1;
    setup.intake.retry_after = Duration::from_secs(7);
    let listener = Arc::new(Listener::start(&db.url, setup).await);
    let blocker = hold_up(&db).await;
    let mut taken = vec![deliver_beside(&listener, "evt_in_flight".to_owned())];
    held_up(&db).await;
    for number in 0..2 {
        taken.push(deliver_beside(&listener, format!("evt_waiting_{number}")));
        waiting(&listener, number + 1).await;
    }

    let refused = listener.deliver(stripe::event("evt_too_many")).await;
    let ready = listener.get("/readyz").await;

    assert_eq!(refused.said(), (503, "queue_full"));
    assert_eq!(refused.retry_after.as_deref(), Some("7"));
    assert_eq!(ready.status, 503);
    blocker.close().await.unwrap();
    for answer in taken {
        assert_eq!(answer.await.unwrap().said(), (200, "accepted"));
    }
    assert_eq!(
        listener.deliver(stripe::event("evt_too_many")).await.said(),
        (200, "accepted")
    );
    assert_eq!(listener.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn bodies_that_wait_are_bounded_in_bytes() {
    let db = db::fresh().await;
    let mut setup = Setup::default();
    setup.intake.queue_bytes = 100;
    let listener = Listener::start(&db.url, setup).await;
    let answer = listener.deliver(stripe::event("evt_1")).await;
    assert_eq!(answer.said(), (503, "queue_full"));
    listener.stop().await;
}

#[tokio::test]
async fn a_database_that_is_away_is_said_so_and_found_again() {
    let db = db::fresh().await;
    let (mut proxy, url) = Proxy::to(&db.url).await;
    let listener = Listener::start(&url, Setup::default()).await;
    assert_eq!(
        listener.deliver(stripe::event("evt_before")).await.said(),
        (200, "accepted")
    );
    assert_eq!(listener.get("/readyz").await.status, 200);

    proxy.cut().await;
    for number in 0..3 {
        let answer = listener.deliver(stripe::event(&format!("evt_{number}"))).await;
        assert_eq!(answer.said(), (503, "database_unavailable"));
        assert_eq!(answer.retry_after.as_deref(), Some("5"));
    }
    assert_eq!(listener.get("/healthz").await.status, 200);
    let ready = listener.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.body["database"].as_str()),
        (503, Some("database_unavailable"))
    );

    proxy.mend();
    wait_until("the database to be found again", async || {
        match listener.deliver(stripe::event("evt_after")).await {
            answer if answer.status == 200 => Ok(answer.status),
            answer => Err(answer.status),
        }
    })
    .await;
    assert_eq!(listener.get("/readyz").await.status, 200);
    listener.stop().await;
}

#[tokio::test]
async fn a_listener_starts_without_its_database() {
    let db = db::fresh().await;
    let (mut proxy, url) = Proxy::to(&db.url).await;
    proxy.cut().await;
    let listener = Listener::start(&url, Setup::default()).await;
    assert_eq!(
        listener.deliver(stripe::event("evt_1")).await.said(),
        (503, "database_unavailable")
    );
    proxy.mend();
    wait_until("the database to be found", async || {
        match listener.deliver(stripe::event("evt_1")).await.status {
            200 => Ok(200),
            other => Err(other),
        }
    })
    .await;
    listener.stop().await;
}

/// A connection that broke unseen between two deliveries is no reason to turn the next one away.
#[tokio::test]
async fn a_connection_that_broke_while_idle_costs_nobody_an_answer() {
    let (db, listener) = listening().await;
    for number in 0..4 {
        listener.deliver(stripe::event(&format!("evt_{number}"))).await;
        sqlx::query(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()",
        )
        .execute(&mut db.store.connect_apart().await.unwrap())
        .await
        .unwrap();
        let answer = listener
            .deliver(stripe::event(&format!("evt_after_{number}")))
            .await;
        assert_eq!(answer.said(), (200, "accepted"));
    }
}

/// Whatever the moment at which the database goes, an event that was acknowledged is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_acknowledged_is_there_when_the_database_comes_and_goes() {
    const SENDERS: usize = 8;
    const CUTS: usize = 6;
    let db = db::fresh().await;
    let (mut proxy, url) = Proxy::to(&db.url).await;
    let listener = Arc::new(Listener::start(&url, Setup::default()).await);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let (acknowledged, mut counting) = tokio::sync::watch::channel(0_usize);
    let acknowledged = Arc::new(acknowledged);
    let senders: Vec<JoinHandle<(Vec<String>, usize)>> = (0..SENDERS)
        .map(|sender| {
            let (listener, stopped, acknowledged) =
                (Arc::clone(&listener), stopped.clone(), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                let (mut kept, mut refused) = (Vec::new(), 0);
                for number in 0.. {
                    if *stopped.borrow() {
                        break;
                    }
                    let id = format!("evt_{sender}_{number}");
                    match listener.deliver(stripe::event(&id)).await.said() {
                        (200, _) => {
                            kept.push(id);
                            acknowledged.send_modify(|count| *count += 1);
                        }
                        (503, _) => {
                            refused += 1;
                            tokio::task::yield_now().await;
                        }
                        other => panic!("answered {other:?}"),
                    }
                }
                (kept, refused)
            })
        })
        .collect();
    for _ in 0..CUTS {
        let before = *counting.borrow_and_update();
        tokio::time::timeout(LIMIT, counting.wait_for(|&count| count > before + 40))
            .await
            .unwrap()
            .unwrap();
        proxy.cut().await;
        proxy.mend();
    }
    let before = *counting.borrow_and_update();
    tokio::time::timeout(LIMIT, counting.wait_for(|&count| count > before + 40))
        .await
        .unwrap()
        .unwrap();
    stop.send(true).unwrap();
    let (mut kept, mut refused) = (Vec::new(), 0);
    for sender in senders {
        let (of_sender, refused_of_sender) = sender.await.unwrap();
        kept.extend(of_sender);
        refused += refused_of_sender;
    }
    kept.sort();
    let stored: Vec<String> = sqlx::query_scalar(
        "select provider_event_id from event
         join event_body on event_body.event_id = event.id
         join work on work.event_id = event.id
         where provider_event_id = any($1) order by provider_event_id collate \"C\"",
    )
    .bind(&kept)
    .fetch_all(db.store.pool())
    .await
    .unwrap();
    assert_eq!(stored, kept, "{refused} were refused");
}

#[tokio::test]
async fn a_stop_answers_what_is_in_flight_and_loses_nothing() {
    let (db, listener) = listening().await;
    let base = listener.base.clone();
    let blocker = hold_up(&db).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let send = |id: &str| {
        let body = stripe::event(id);
        let request = client
            .post(format!("{base}/webhooks/stripe"))
            .header("stripe-signature", stripe::sign(stripe::SECRET, body.as_bytes()))
            .body(body);
        tokio::spawn(async move { request.send().await.map(|answer| answer.status().as_u16()) })
    };
    let mut in_flight = vec![send("evt_first")];
    held_up(&db).await;
    in_flight.extend((0..5).map(|number| send(&format!("evt_{number}"))));
    // Both committers hold a batch up, or the rest still waits: either way all five are in.
    wait_until("all to be taken in", async || {
        let held = db
            .number("select count(*) from pg_locks where not granted and relation = 'event'::regclass")
            .await;
        if held == 2 { Ok(held) } else { Err(held) }
    })
    .await;

    let (intake, serving) = listener.begin_stop();
    wait_until(
        "new connections to be refused",
        async || match tokio::net::TcpStream::connect(base.strip_prefix("http://").unwrap()).await {
            Err(_) => Ok(()),
            Ok(_) => Err(()),
        },
    )
    .await;
    let stopping = tokio::spawn(async move {
        serving.await.unwrap();
        intake.shutdown().await;
        intake
    });
    blocker.close().await.unwrap();

    let mut accepted = 0;
    for answer in in_flight {
        // One that the stop met before its request was read is turned away by the closed connection; it was not
        // acknowledged, so it comes again.
        if answer.await.unwrap().is_ok_and(|status| status == 200) {
            accepted += 1;
        }
    }
    let intake = stopping.await.unwrap();
    assert!(accepted >= 2, "{accepted} accepted");
    assert_eq!(db.number("select count(*) from work").await, accepted);
    assert!(intake.readiness().closing);
}

/// The handle alone, without HTTP: what was handed in before the stop is committed, what comes after is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_handed_in_before_the_stop_is_committed() {
    use billdeck::webhooks::intake::{IntakeError, Origin};
    let (db, listener) = listening().await;
    let start = Arc::new(Barrier::new(51));
    let given: Vec<_> = (0..50)
        .map(|number| {
            let (intake, start) = (listener.intake.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                let body = stripe::event(&format!("evt_{number}")).into();
                intake
                    .import(
                        billdeck::domain::provider::ProviderName::Stripe,
                        body,
                        Origin::Import,
                    )
                    .await
            })
        })
        .collect();
    start.wait().await;
    listener.intake.shutdown().await;
    let mut kept = 0;
    for outcome in given {
        match outcome.await.unwrap() {
            Ok(_) => kept += 1,
            Err(IntakeError::Closing { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(db.number("select count(*) from event").await, kept);
}
