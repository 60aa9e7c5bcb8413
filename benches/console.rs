//! How fast the console is on a large database: 1,000,000 customers and 2,000,000 events.
//!
//! Protects: the pure drawing of a frame takes under 16 ms at the 99th percentile at every size of terminal; a page of a
//! list through the store takes at most twice as long as the bare query of the same rows through the same driver, on
//! the first page and 10,000 rows deep; and from a key to the frame that shows its answer nobody waits.
//!
//! `cargo bench --bench console` needs nothing but the server programs: it makes a cluster of its own and fills it, which
//! takes some minutes. Arguments, after `--`: `CUSTOMERS EVENTS` for a smaller database, `at URL` for a database that
//! is filled already, and any of `keys`, `frames`, `pages` for these parts only.

#![recursion_limit = "256"]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and times of one run are small positive numbers"
)]

#[path = "console/bare.rs"]
mod bare;
#[path = "../tests/it/support/bulk.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod bulk;
#[path = "console/cases.rs"]
mod cases;
#[path = "console/driver.rs"]
mod driver;
#[path = "console/frames.rs"]
mod frames;
#[path = "console/keys.rs"]
mod keys;
#[path = "console/pages.rs"]
mod pages;
#[path = "ingest/place.rs"]
#[expect(dead_code, reason = "the bench `ingest` measures the server's processes too")]
mod place;

use std::{
    error::Error,
    io::Write,
    time::{Duration, Instant},
};

use billdeck::{
    domain::provider::Environment,
    store::{ConnectOptions, Store, rollup::rollup_refresh},
};
use bulk::Size;
use place::Place;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How deep in a list the deep measurements are made.
const DEEP: usize = 10_000;

struct Plan {
    size: Size,
    /// A database that is there already.
    url: Option<String>,
    parts: Vec<String>,
}

impl Plan {
    fn from_arguments() -> Outcome<Self> {
        let mut plan = Self {
            size: Size {
                customers: 1_000_000,
                events: 2_000_000,
            },
            url: None,
            parts: Vec::new(),
        };
        let mut numbers = Vec::new();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // Cargo says it to every bench.
                "--bench" => {}
                "at" => plan.url = Some(arguments.next().ok_or("`at` wants a database's URL")?),
                "keys" | "frames" | "pages" => plan.parts.push(argument),
                number => numbers.push(
                    number
                        .parse::<i32>()
                        .map_err(|_| format!("what is `{number}`?"))?,
                ),
            }
        }
        match numbers.as_slice() {
            [] => {}
            &[customers, events] => plan.size = Size { customers, events },
            _ => return Err("give both numbers, or none: CUSTOMERS EVENTS".into()),
        }
        Ok(plan)
    }

    fn has(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }
}

fn main() -> Outcome<()> {
    let plan = Plan::from_arguments()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let place = match plan.url {
        Some(_) => None,
        None => Some(runtime.block_on(Place::make())?),
    };
    let url = match (&plan.url, &place) {
        (Some(url), _) => url.clone(),
        (None, Some(place)) => runtime.block_on(filled(place, plan.size))?,
        (None, None) => return Err("there is no database".into()),
    };
    let store = runtime.block_on(Store::connect(ConnectOptions::new(
        url.as_str().into(),
        Environment::Test,
    )))?;
    runtime.block_on(prepare(&store))?;
    if plan.has("pages") {
        runtime.block_on(pages::measure(&store))?;
    }
    if plan.has("keys") {
        keys::measure(&runtime, &store)?;
    }
    if plan.has("frames") {
        frames::measure(&runtime, &store)?;
    }
    runtime.block_on(async {
        store.close().await;
        match place {
            Some(place) => place.leave().await,
            None => Ok(()),
        }
    })
}

async fn filled(place: &Place, size: Size) -> Outcome<String> {
    say(&format!(
        "filling {} customers and {} events …",
        size.customers, size.events
    ))?;
    let begun = Instant::now();
    let url = place.database("console").await?;
    let store = Store::connect(ConnectOptions {
        statement_timeout: Duration::from_hours(1),
        ..ConnectOptions::new(url.as_str().into(), Environment::Test)
    })
    .await?;
    let mut conn = store.connect_apart().await?;
    bulk::fill(&mut conn, size).await?;
    store.close().await;
    say(&format!("filled in {:.0} s", begun.elapsed().as_secs_f64()))?;
    Ok(url)
}

/// Does what every worker does beside its work, and says what is there.
async fn prepare(store: &Store) -> Outcome<()> {
    let mut tx = store.begin().await?;
    rollup_refresh(&mut tx).await?;
    tx.commit().await?;
    let mut conn = store.connect_apart().await?;
    let (version, customers, events): (String, i64, i64) = sqlx::query_as(
        "select current_setting('server_version'), (select count(*) from customer), (select count(*) from event)",
    )
    .fetch_one(&mut conn)
    .await?;
    say(&format!(
        "PostgreSQL {version} on {} cores; {customers} customers, {events} events",
        std::thread::available_parallelism()?
    ))
}

fn say(line: &str) -> Outcome<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// The value below which this part of all values lies, in milliseconds.
fn percentile(times: &[Duration], part: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1);
    let place = (last as f64 * part).round() as usize;
    sorted
        .get(place)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}
