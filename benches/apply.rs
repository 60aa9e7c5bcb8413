//! How fast stored events are worked off, beside the cost of the very same statements, in one run.
//!
//! Protects: interpreting, judging and planning an event costs little beside what the database does for it, so that the
//! worker is as fast as its SQL; and at 1,000 events a minute 95 of 100 are applied within 500 ms of their receipt.
//!
//! The plans are recorded beforehand on a database of their own. The raw run then claims, takes, loads and writes with
//! the store's own functions over as many connections, without reading a body or thinking about it.
//!
//! `cargo bench --bench apply` needs nothing but the server programs: it makes a cluster of its own, with fsync on. What
//! is measured runs in this process; its CPU time and that of Postgres are told apart.

#![recursion_limit = "256"]
#![expect(
    clippy::cast_precision_loss,
    reason = "counts of one run are small positive numbers"
)]

#[path = "ingest/cpu.rs"]
mod cpu;
#[path = "apply/event.rs"]
mod event;
#[path = "ingest/place.rs"]
#[expect(dead_code, reason = "the other bench counts commits")]
mod place;
#[path = "apply/raw.rs"]
mod raw;
#[path = "apply/world.rs"]
mod world;

use std::{
    error::Error,
    io::Write,
    time::{Duration, Instant},
};

use billdeck::webhooks::worker::Worker;
use tokio_util::sync::CancellationToken;

use cpu::Reading;
use place::Place;
use raw::Recorded;
use world::World;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Customers with a history each.
const CUSTOMERS: u64 = 250;
/// Lanes that are worked on at once; the default of the settings.
const SLOTS: usize = 4;
const ROUNDS: usize = 3;

fn main() -> Outcome<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(measure())
}

fn say(line: &str) -> Outcome<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

async fn measure() -> Outcome<()> {
    let place = Place::make().await?;
    let bodies = event::histories(0..CUSTOMERS);
    say(&format!(
        "{} on {} cores, fsync on; {} events of {CUSTOMERS} customers, {SLOTS} lanes at once",
        place.version(),
        std::thread::available_parallelism()?,
        bodies.len(),
    ))?;
    let recorded = raw::record(&World::make(&place, "recorded").await?, &bodies).await?;
    say("\n            events/s   ms/event   CPU ms/event: billdeck  postgres")?;
    let (mut raws, mut workers) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let world = World::make(&place, &format!("raw_{round}")).await?;
        world.take_in(&bodies).await?;
        raws.push(raw_run(&place, &world, &recorded).await?);
        let world = World::make(&place, &format!("worker_{round}")).await?;
        world.take_in(&bodies).await?;
        workers.push(worker_run(&place, &world, bodies.len()).await?);
    }
    let (raw, worker) = (Figures::median(raws)?, Figures::median(workers)?);
    raw.tell("raw")?;
    worker.tell("worker")?;
    say(&format!("ratio       {:>8.2}", worker.rate / raw.rate))?;
    paced(&World::make(&place, "paced").await?).await?;
    place.leave().await
}

/// One run over all events.
#[derive(Clone, Copy)]
struct Figures {
    rate: f64,
    /// CPU milliseconds per event.
    ours: f64,
    theirs: f64,
}

impl Figures {
    fn of(events: usize, took: Duration, spent: cpu::Cpu) -> Self {
        let events = events as f64;
        Self {
            rate: events / took.as_secs_f64(),
            ours: spent.listener * 1_000.0 / events,
            theirs: spent.postgres * 1_000.0 / events,
        }
    }

    fn median(mut all: Vec<Self>) -> Outcome<Self> {
        all.sort_by(|one, other| one.rate.total_cmp(&other.rate));
        Ok(*all.get(all.len() / 2).ok_or("no rounds")?)
    }

    fn tell(self, what: &str) -> Outcome<()> {
        say(&format!(
            "{what:<11} {:>8.0} {:>10.3} {:>14.3} = {:>7.3} + {:.3}",
            self.rate,
            1_000.0 / self.rate,
            self.ours + self.theirs,
            self.ours,
            self.theirs
        ))
    }
}

async fn raw_run(place: &Place, world: &World, recorded: &Recorded) -> Outcome<Figures> {
    let cpu = Reading::of(std::process::id(), place.postmaster())?;
    let start = Instant::now();
    let events = raw::apply(world, recorded, SLOTS).await?;
    let took = start.elapsed();
    let spent = Reading::of(std::process::id(), place.postmaster())?.since(&cpu);
    if events == recorded.len() {
        Ok(Figures::of(events, took, spent))
    } else {
        Err(format!("{events} of {} events were applied", recorded.len()).into())
    }
}

async fn worker_run(place: &Place, world: &World, events: usize) -> Outcome<Figures> {
    let worker = Worker::new(world.billing.clone(), SLOTS);
    let stop = CancellationToken::new();
    let until = stop.clone();
    let cpu = Reading::of(std::process::id(), place.postmaster())?;
    let start = Instant::now();
    let running = tokio::spawn(async move { worker.run(until).await });
    while world
        .number("select count(*) from (select from work limit 1) left_over")
        .await?
        > 0
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = start.elapsed();
    let spent = Reading::of(std::process::id(), place.postmaster())?.since(&cpu);
    stop.cancel();
    running.await?;
    let applied = world
        .number("select count(*) from event where end_state = 'processed' and end_code is null")
        .await?;
    if applied == i64::try_from(events)? {
        Ok(Figures::of(events, took, spent))
    } else {
        Err(format!("{applied} of {events} events were applied").into())
    }
}

/// From receipt to the end of the try, at a steady 1,000 events a minute.
async fn paced(world: &World) -> Outcome<()> {
    const EVENTS: u64 = 120;
    let bodies = event::histories(0..EVENTS.div_ceil(event::PER_CUSTOMER));
    let worker = Worker::new(world.billing.clone(), SLOTS);
    let stop = CancellationToken::new();
    let until = stop.clone();
    let running = tokio::spawn(async move { worker.run(until).await });
    let mut beat = tokio::time::interval(Duration::from_secs(60) / 1_000);
    for body in &bodies {
        beat.tick().await;
        world.take_in(std::slice::from_ref(body)).await?;
    }
    while world.number("select count(*) from work").await? > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    running.await?;
    let latencies: Vec<f64> = sqlx::query_scalar(
        "select unnest(percentile_disc(array[0.5, 0.95, 1.0]) within group (
                    order by extract(epoch from attempt.ended_at - event.received_at)::float8 * 1000))
         from event join attempt on attempt.event_id = event.id",
    )
    .fetch_all(world.billing.store().pool())
    .await?;
    let [middle, slow, worst] = latencies[..] else {
        return Err("three percentiles were asked for".into());
    };
    say(&format!(
        "\n1,000 events a minute, from receipt to applied: p50 {middle:.1} ms, p95 {slow:.1} ms, worst {worst:.1} ms ({} events)",
        bodies.len()
    ))
}
