//! The provider slow, away, or too busy while the worker has to read from it.

use std::{sync::Arc, time::Duration};

use billdeck::{
    providers::stripe::Timeouts,
    simulators::{ApiFault, Fault},
    webhooks::worker::Worker,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{assert_done_once, load, number, undisturbed, worked_off};
use crate::{
    simulator::support::Received,
    support::{
        portrait::assert_same,
        told::{CATALOG, Told, caught},
        wait_until,
        works::{Works, billing, room},
    },
};

/// A worker that runs until it is told to stop.
struct Running {
    works: Works,
    stop: CancellationToken,
    worker: JoinHandle<()>,
}

impl Running {
    async fn start(told: &Told) -> Self {
        let base = told.world.simulator.stripe_base();
        let timeouts = Timeouts {
            read: Duration::from_secs(2),
            backoff: Duration::from_millis(1),
            ..Timeouts::default()
        };
        let room = room(Some(&base), timeouts);
        let works = Works::start(Arc::clone(&room), CATALOG).await;
        let stop = CancellationToken::new();
        let worker = Worker::new(billing(&works.db, room, CATALOG), 4);
        let until = stop.clone();
        let worker = tokio::spawn(async move { worker.run(until).await });
        Self { works, stop, worker }
    }

    fn pool(&self) -> &PgPool {
        &self.works.db.pool
    }

    async fn deliver(&self, deliveries: &[Received]) {
        for delivery in deliveries {
            self.works.deliver(delivery).await;
        }
    }

    async fn wait_for_none(&self, what: &str, sql: &str) {
        wait_until(what, async || match number(self.pool(), sql).await {
            0 => Ok(0),
            left => Err(left),
        })
        .await;
    }

    /// Stops, and compares with a run in which nothing went wrong.
    async fn end(self, told: &Told) {
        self.stop.cancel();
        self.worker.await.unwrap();
        assert_done_once(&self.works.db.pool).await;
        let found = self.works.portrait().await;
        assert_same(
            &undisturbed(told).await,
            &found,
            "a provider in trouble left another state",
        );
        self.works.stop().await;
    }
}

const UNFINISHED: &str = "select count(*) from work";

/// Events that say too little, so that the subscriptions have to be read; as they were delivered.
async fn doubts(told: &mut Told) -> Vec<Received> {
    let stripe = told.world.handle().stripe().clone();
    for outcome in &told.outcomes {
        let object = stripe.object(&outcome.subscriptions[0]).unwrap();
        let doubt = json!({
            "type": "customer.subscription.pending_update_expired", "data": { "object": object },
        });
        stripe.emit_raw(doubt).unwrap();
    }
    let all = caught(&told.world).await;
    let doubts = all[told.deliveries.len()..].to_vec();
    assert_eq!(doubts.len(), told.outcomes.len());
    told.deliveries = all;
    doubts
}

fn id(delivery: &Received) -> String {
    delivery.json()["id"].as_str().unwrap().to_owned()
}

/// How the tries of an event ended.
async fn tries(pool: &PgPool, event: &Received) -> Vec<(String, Option<String>)> {
    sqlx::query_as(
        "select outcome, attempt.error_code from attempt join event on event.id = event_id
         where provider_event_id = $1 order by number",
    )
    .bind(id(event))
    .fetch_all(pool)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_read_holds_up_its_own_lane_only() {
    let mut told = load(3).await;
    let bodies = told.deliveries.clone();
    let doubts = doubts(&mut told).await;
    let (slow, subscription) = (&doubts[0], &told.outcomes[0].subscriptions[0]);
    let simulator = told.world.handle();
    simulator.add_fault(
        Fault::from(ApiFault::Slow { milliseconds: 60_000 })
            .on("GET", "/v1/subscriptions/*")
            .on_object(subscription),
    );
    let running = Running::start(&told).await;

    running.deliver(std::slice::from_ref(slow)).await;
    wait_until("the read to begin", async || {
        match simulator.faults()[0].applied {
            0 => Err(0),
            times => Ok(times),
        }
    })
    .await;
    running.deliver(&bodies).await;
    running.deliver(&doubts[1..]).await;
    let others: String = format!(
        "select count(*) from work join event on event.id = event_id where customer_ref <> '{}'",
        told.outcomes[0].customer
    );
    running
        .wait_for_none("the other lanes to be worked off", &others)
        .await;
    let held_up: Value = running
        .works
        .db
        .row("select count(*) as events, min(attempts) as attempts from work")
        .await;
    assert!(held_up["events"].as_i64().unwrap() > 0, "{held_up}");

    simulator.clear_faults();
    worked_off(running.pool()).await;
    running.end(&told).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_a_read_waits_for_the_end_of_an_outage() {
    let mut told = load(3).await;
    let doubts = doubts(&mut told).await;
    let simulator = told.world.handle();
    simulator.add_fault(Fault::from(ApiFault::Unavailable).on("GET", "*"));
    let running = Running::start(&told).await;

    running.deliver(&told.deliveries).await;
    running
        .wait_for_none(
            "everything to be tried",
            "select count(*) from work where error_code is null or token is not null",
        )
        .await;
    let left = number(running.pool(), UNFINISHED).await;
    let sensibly = number(
        running.pool(),
        "select count(*) from work
         where error_code = 'provider_down' and attempts = 1 and run_at > now() + interval '1 second'",
    )
    .await;
    assert!(left >= 3, "{left} events needed a read");
    assert_eq!(sensibly, left, "each waits for its next try, and says why");
    assert!(
        number(
            running.pool(),
            "select count(*) from event where end_state = 'processed'"
        )
        .await
            > 20,
        "bodies are applied without the provider"
    );

    simulator.clear_faults();
    worked_off(running.pool()).await;
    for doubt in &doubts {
        let tries = tries(running.pool(), doubt).await;
        assert_eq!(tries.len(), 2, "{tries:?}");
        assert_eq!(tries[0], ("failed".to_owned(), Some("provider_down".to_owned())));
        assert_ne!(tries[1].0, "failed");
    }
    running.end(&told).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_limits_calls_is_left_alone_for_as_long_as_it_asks() {
    let mut told = load(2).await;
    let doubts = doubts(&mut told).await;
    let simulator = told.world.handle();
    // As often as one use of the API repeats a call.
    let limit = ApiFault::RateLimit {
        retry_after_seconds: Some(1),
    };
    simulator.add_fault(
        Fault::from(limit)
            .on("GET", "/v1/subscriptions/*")
            .on_object(&told.outcomes[0].subscriptions[0])
            .times(3),
    );
    let running = Running::start(&told).await;
    running.deliver(&told.deliveries).await;
    // By itself, without any help: the pause ends, and the try comes again.
    running
        .wait_for_none("everything to be worked off", UNFINISHED)
        .await;
    let outcomes: Vec<String> = tries(running.pool(), &doubts[0])
        .await
        .into_iter()
        .map(|(outcome, code)| code.unwrap_or(outcome))
        .collect();
    assert_eq!(outcomes[0], "provider_rate_limited", "{outcomes:?}");
    assert_eq!(
        number(
            running.pool(),
            "select count(*) from gate where state = 'paused' and until < now() and reason is not null"
        )
        .await,
        1
    );
    running.end(&told).await;
}
