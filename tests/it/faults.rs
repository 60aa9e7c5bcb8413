//! What goes wrong while events come in: processes killed, the database stopped, the provider slow or away. Real processes
//! and real servers; nothing that was acknowledged is lost, nothing is done twice, and all recovers by itself.

mod database;
mod kills;
mod provider;
mod senders;

use std::time::{Duration, Instant};

use billdeck::providers::stripe::Timeouts;
use sqlx::{AssertSqlSafe, PgPool};

use crate::{
    simulator::support::{KEY, SECRET},
    support::{
        LIMIT,
        place::Place,
        told::{CATALOG, Told, ordinary},
        works::{Works, room},
    },
};

/// Some accounts with their histories.
async fn load(accounts: i64) -> Told {
    Told::of((0..accounts).map(ordinary).collect()).await
}

/// A place whose processes work on this database, for the simulated account.
fn place(url: &str, told: &Told) -> Place {
    Place::on(url)
        .variable("STRIPE_SECRET_KEY", KEY)
        .variable("STRIPE_WEBHOOK_SECRET", SECRET)
        .variable("STRIPE_API_BASE", &told.world.simulator.stripe_base())
        .file("config/billdeck.toml", "[worker]\nworkers = 4\n")
        .file("config/catalog.toml", CATALOG)
}

/// How the tables look when nothing goes wrong.
async fn undisturbed(told: &Told) -> Vec<String> {
    let base = told.world.simulator.stripe_base();
    let works = Works::start(room(Some(&base), Timeouts::default()), CATALOG).await;
    for delivery in &told.deliveries {
        works.deliver(delivery).await;
    }
    works.settle().await;
    let portrait = works.portrait().await;
    works.stop().await;
    portrait
}

async fn number(pool: &PgPool, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(pool)
        .await
        .unwrap()
}

/// Lets the leases of a process that is no more run out, as they do after a minute; gives back how many there were.
async fn leases_run_out(pool: &PgPool, pid: u32) -> u64 {
    sqlx::query("update lane set lease_until = now() where owner like '%/' || $1")
        .bind(pid.to_string())
        .execute(pool)
        .await
        .unwrap()
        .rows_affected()
}

/// Waits until everything is worked off; the time until the next try of what failed passes at once. Gives up only when
/// nothing has moved for a while, however slow the machine is.
async fn worked_off(pool: &PgPool) {
    let mut least = i64::MAX;
    let mut moved = Instant::now();
    loop {
        sqlx::query("update work set run_at = now() where run_at > now()")
            .execute(pool)
            .await
            .unwrap();
        let left = number(pool, "select count(*) from work").await;
        if left == 0 {
            return;
        }
        if left < least {
            (least, moved) = (left, Instant::now());
        }
        assert!(moved.elapsed() < LIMIT, "{left} events are not worked off");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Every event was done once: one try that ended it, and no change of it written twice.
async fn assert_done_once(pool: &PgPool) {
    const DONE: &str = "outcome in ('processed', 'in_effect', 'stale', 'ignored', 'dead')";
    let events = number(pool, "select count(*) from event").await;
    for sql in [
        "select count(*) from event where end_state in ('processed', 'ignored')",
        &format!("select count(distinct event_id) from attempt where {DONE}"),
        &format!("select count(*) from attempt where {DONE}"),
        "select count(distinct event_id) from event_body",
    ] {
        assert_eq!(number(pool, sql).await, events, "{sql}");
    }
    for sql in [
        "select count(*) from work",
        "select count(*) from (select 1 from change group by event_id, row_id, field having count(*) > 1) twice",
        "select count(*) from audit",
    ] {
        assert_eq!(number(pool, sql).await, 0, "{sql}");
    }
}
