//! How fast signed events are taken in, beside the limit that the database sets, in one run.
//!
//! Protects: a delivery is acknowledged after its commit, with all rows of the inbound road written, at no less than
//! 0.8 times the rate at which as many connections can each commit one event-sized row (shared commits make it
//! possible); under 50 ms at the 99th percentile at 500 events/s; under 0.2 ms of CPU time per event, listener and
//! Postgres together.
//!
//! `cargo bench --bench ingest` needs nothing but the server programs: it makes a cluster of its own, with fsync on. The
//! listener is a process of its own, so that its CPU time can be told from the load's. `BILLDECK_BENCH_SECONDS` is the
//! length of one measurement (2), `BILLDECK_BENCH_ROUNDS` how often each is repeated (3; the median counts),
//! `BILLDECK_BENCH_AT_ONCE` the numbers of deliveries at once, `BILLDECK_BENCH_PARTS` which parts run
//! (`road,paced,costs`).

#![recursion_limit = "256"]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and times of one run are small positive numbers"
)]

#[path = "ingest/cpu.rs"]
mod cpu;
#[path = "ingest/event.rs"]
mod event;
#[path = "ingest/limit.rs"]
mod limit;
#[path = "ingest/listener.rs"]
mod listener;
#[path = "ingest/load.rs"]
mod load;
#[path = "ingest/place.rs"]
mod place;
#[path = "ingest/statement.rs"]
mod statement;

use std::{error::Error, io::Write, time::Duration};

use cpu::Reading;
use listener::Listener;
use place::Place;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What is to be measured, and how long.
struct Plan {
    length: Duration,
    rounds: usize,
    parts: String,
    /// Deliveries at once.
    at_once: Vec<usize>,
}

impl Plan {
    fn from_environment() -> Self {
        let number = |name: &str, default: f64| {
            std::env::var(name)
                .ok()
                .and_then(|text| text.parse::<f64>().ok())
                .unwrap_or(default)
        };
        Self {
            length: Duration::from_secs_f64(number("BILLDECK_BENCH_SECONDS", 2.0)),
            rounds: number("BILLDECK_BENCH_ROUNDS", 3.0) as usize,
            at_once: std::env::var("BILLDECK_BENCH_AT_ONCE").map_or(vec![1, 8, 32, 64], |text| {
                text.split(',').filter_map(|number| number.parse().ok()).collect()
            }),
            parts: std::env::var("BILLDECK_BENCH_PARTS").unwrap_or_else(|_| "road,paced,costs".to_owned()),
        }
    }

    fn has(&self, part: &str) -> bool {
        self.parts.split(',').any(|wanted| wanted == part)
    }
}

fn main() -> Outcome<()> {
    if let Ok(url) = std::env::var(listener::ROLE) {
        return runtime()?.block_on(listener::serve(url));
    }
    let plan = Plan::from_environment();
    let runtime = runtime()?;
    let place = runtime.block_on(Place::make())?;
    say(&format!(
        "{} on {} cores, fsync on; events of {} bytes; {} rounds of {:?}, medians",
        place.version(),
        std::thread::available_parallelism()?,
        event::body("evt_size", 0).len(),
        plan.rounds,
        plan.length,
    ))?;
    if plan.has("road") {
        road(&runtime, &place, &plan)?;
    }
    if plan.has("paced") {
        paced(&runtime, &place, &plan)?;
    }
    if plan.has("exp") {
        statement::exp(&runtime, &place, plan.length)?;
    }
    if plan.has("costs") {
        statement::costs(&runtime, &place, plan.length)?;
    }
    runtime.block_on(place.leave())
}

fn runtime() -> Outcome<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn say(line: &str) -> Outcome<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Events per second over the whole road, beside the limit, at each concurrency.
fn road(runtime: &tokio::runtime::Runtime, place: &Place, plan: &Plan) -> Outcome<()> {
    say(
        "\n  at once   limit rows/s   road events/s   ratio   per commit   p50 ms   p99 ms   CPU ms/event: listener  postgres",
    )?;
    let url = runtime.block_on(place.database("road"))?;
    let listener = Listener::start(&url)?;
    let mut run = 0;
    for &at_once in &plan.at_once {
        let (mut limits, mut rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let (mut middle, mut slow, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut shared = Vec::new();
        for _ in 0..plan.rounds {
            run += 1;
            let limit = runtime.block_on(limit::rows_per_second(&url, at_once, plan.length))?;
            let cpu = Reading::of(listener.pid(), place.postmaster())?;
            let seen = load::closed(listener.address(), at_once, plan.length, run)?;
            let spent = Reading::of(listener.pid(), place.postmaster())?.since(&cpu);
            let events = seen.latencies.len() as f64;
            shared.push(events / runtime.block_on(place.commits(&url, run))?);
            limits.push(limit);
            rates.push(seen.rate());
            ratios.push(seen.rate() / limit);
            middle.push(seen.percentile(0.5));
            slow.push(seen.percentile(0.99));
            ours.push(spent.listener * 1_000.0 / events);
            theirs.push(spent.postgres * 1_000.0 / events);
        }
        let ours = median(ours);
        let theirs = median(theirs);
        say(&format!(
            "{at_once:>9} {:>14.0} {:>15.0} {:>7.2} {:>12.1} {:>8.2} {:>8.2} {:>13.3} = {:>7.3} + {:.3}",
            median(limits),
            median(rates),
            median(ratios),
            median(shared),
            median(middle),
            median(slow),
            ours + theirs,
            ours,
            theirs,
        ))?;
    }
    Ok(())
}

/// Latency at a steady 500 events/s, counted from the moment at which each was due.
fn paced(runtime: &tokio::runtime::Runtime, place: &Place, plan: &Plan) -> Outcome<()> {
    let url = runtime.block_on(place.database("paced"))?;
    let listener = Listener::start(&url)?;
    let cpu = Reading::of(listener.pid(), place.postmaster())?;
    let seen = load::paced(listener.address(), 500, plan.length * 4)?;
    let spent = Reading::of(listener.pid(), place.postmaster())?.since(&cpu);
    let events = seen.latencies.len() as f64;
    say(&format!(
        "\n500 events/s: p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms; CPU {:.3} ms/event (batches of one)",
        seen.percentile(0.5),
        seen.percentile(0.99),
        seen.percentile(1.0),
        (spent.listener + spent.postgres) * 1_000.0 / events,
    ))
}
