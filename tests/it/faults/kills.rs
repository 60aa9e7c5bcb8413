//! Processes killed with SIGKILL at random moments, under load.

use std::net::TcpListener;

use nix::sys::signal::Signal;

use super::{
    assert_done_once, leases_run_out, load, number, place,
    senders::{Senders, assert_stored},
    undisturbed, worked_off,
};
use crate::support::{
    db,
    place::Service,
    portrait::{assert_same, portrait},
    wait_until,
    works::unsettled,
};

const ACCOUNTS: i64 = 6;
const KILLS: usize = 3;

const DONE: &str = "select count(*) from event where end_state is not null";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_workers_lose_nothing_and_do_nothing_twice() {
    let told = load(ACCOUNTS).await;
    let total = told.deliveries.len();
    let db = db::fresh().await;
    let place = place(&db.url, &told);
    let listener = Service::start(&place, &["serve", "--no-worker", "--listen", "127.0.0.1:0"]);
    let worker = || Service::start_silent(&place, &["worker", "--workers", "3"]);
    let mut workers = vec![worker(), worker()];
    let mut senders = Senders::start(listener.listen(), &told.deliveries, 4);

    let mut left_behind = 0;
    for kill in 1..=KILLS {
        // Somewhere in this part of the load, and while somebody is at it.
        let part = i64::try_from(total / (KILLS + 1)).unwrap();
        let moment = part * i64::try_from(kill - 1).unwrap() + rand::random_range(1..part);
        let victim = wait_until("a worker to be at work", async || {
            let done = number(&db.pool, DONE).await;
            let owner: Option<String> = sqlx::query_scalar(
                "select owner from lane where lease_until > now() order by random() limit 1",
            )
            .fetch_optional(&db.pool)
            .await
            .unwrap();
            let at_work = owner.and_then(|owner| {
                workers
                    .iter()
                    .position(|worker| owner.ends_with(&format!("/{}", worker.pid())))
            });
            match at_work {
                Some(place) if done >= moment => Ok((done, Some(place))),
                other => Err((done, other)),
            }
        })
        .await;
        let victim = workers.swap_remove(victim.1.unwrap());
        let pid = victim.pid();
        victim.kill();
        left_behind += leases_run_out(&db.pool, pid).await;
        workers.push(worker());
    }
    senders.finish().await;
    worked_off(&db.pool).await;

    assert!(left_behind > 0, "nobody was killed at work");
    assert_eq!(unsettled(&db).await, Vec::<String>::new());
    assert_stored(&db.pool, &senders.acknowledged()).await;
    assert_eq!(senders.acknowledged().len(), total);
    assert_done_once(&db.pool).await;
    assert_same(
        &undisturbed(&told).await,
        &portrait(&db.pool).await,
        "killed workers left another state",
    );
    for worker in workers {
        assert_eq!(worker.stop(Signal::SIGTERM), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_listener_loses_nothing_that_it_acknowledged() {
    let told = load(ACCOUNTS).await;
    let total = told.deliveries.len();
    let db = db::fresh().await;
    let place = place(&db.url, &told);
    let address = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().to_string()
    };
    let serve = || Service::start(&place, &["serve", "--listen", &address]);
    let mut service = serve();
    let mut senders = Senders::start(&format!("http://{address}"), &told.deliveries, 8);

    for kill in 0..KILLS {
        let part = total / (KILLS + 1);
        senders.reach(part * kill + rand::random_range(1..part)).await;
        let pid = service.pid();
        service.kill();
        assert_stored(&db.pool, &senders.acknowledged()).await;
        leases_run_out(&db.pool, pid).await;
        service = serve();
    }
    senders.finish().await;
    worked_off(&db.pool).await;

    assert_eq!(unsettled(&db).await, Vec::<String>::new());
    assert_stored(&db.pool, &senders.acknowledged()).await;
    assert_done_once(&db.pool).await;
    assert_same(
        &undisturbed(&told).await,
        &portrait(&db.pool).await,
        "a killed listener left another state",
    );
    drop(senders);
    assert_eq!(service.stop(Signal::SIGTERM), 0);
}
