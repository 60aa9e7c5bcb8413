//! Pages of the lists through the store, beside the bare query of the same rows through the same driver.
//!
//! The bare query is what a person would write for these rows: one statement with every column that the page shows,
//! answered into rows of the driver and no further. Both are asked in turn on one connection.

use std::time::Instant;

use billdeck::{
    domain::{
        provider::{Environment, ProviderName},
        views::{Page, PageRequest, event::EventSort},
    },
    store::{
        Store, StoreError, Viewpoint, customer_list::customer_list, event_list::event_list,
        order_list::order_list, overview::overview, subscription_list::subscription_list,
    },
};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use super::{
    DEEP, Outcome,
    cases::{Case, List, cases},
    percentile, say,
};

const TEST: Environment = Environment::Test;
const VIEW: Viewpoint = Viewpoint {
    environment: TEST,
    past_due_has_access: true,
};
const PAGE: u16 = 100;
const ROUNDS: usize = 60;
/// The wanted ratio.
const WANTED: f64 = 2.0;
/// A page of fewer rows is all round trips, of which ours are three; it is shown, but not judged.
const JUDGED: usize = 10;

/// A page's ids, and where the next one begins.
struct Seen {
    ids: Vec<Uuid>,
    next: Option<String>,
}

pub(super) async fn measure(store: &Store) -> Outcome<()> {
    let mut conn = store.connect_apart().await?;
    say("\na page of 100 rows through the store, beside the bare query of the same rows, ms (medians)")?;
    say(&format!(
        "  {:<53} {:>6} {:>8} {:>8} {:>7} {:>9}",
        "", "rows", "store", "bare", "ratio", "store p99"
    ))?;
    let mut worst: (f64, String) = (0.0, String::new());
    for case in cases() {
        let first = PageRequest::first(PAGE);
        let ratio = compare(&mut conn, &case, &first, None, "first page").await?;
        if ratio > worst.0 {
            worst = (ratio, format!("{}, first page", case.name));
        }
        let Some((page, last)) = walk(&mut conn, &case).await? else {
            continue;
        };
        let ratio = compare(&mut conn, &case, &page, Some(last), "10,000 deep").await?;
        if ratio > worst.0 {
            worst = (ratio, format!("{}, 10,000 deep", case.name));
        }
    }
    let word = if worst.0 <= WANTED { "good" } else { "TOO SLOW" };
    say(&format!(
        "  highest ratio {:.2} ({}), wanted at most {WANTED}: {word}",
        worst.0, worst.1
    ))?;
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        overview(&mut conn, VIEW, &[ProviderName::Stripe, ProviderName::Polar]).await?;
        times.push(begun.elapsed());
    }
    say(&format!(
        "  the overview: p50 {:.2} ms, p99 {:.2} ms",
        percentile(&times, 0.5),
        percentile(&times, 0.99)
    ))
}

/// The page that begins 10,000 rows deep, and the row before it. None where the list ends sooner.
async fn walk(conn: &mut PgConnection, case: &Case) -> Outcome<Option<(PageRequest, Uuid)>> {
    let mut page = PageRequest::first(500);
    let mut last = None;
    for _ in 0..DEEP / 500 {
        let seen = case.list.read(conn, &page).await?;
        let (Some(next), Some(id)) = (seen.next, seen.ids.last().copied()) else {
            return Ok(None);
        };
        page.cursor = Some(next);
        last = Some(id);
    }
    page.limit = PAGE;
    Ok(last.map(|last| (page, last)))
}

async fn compare(
    conn: &mut PgConnection,
    case: &Case,
    page: &PageRequest,
    after: Option<Uuid>,
    place: &str,
) -> Outcome<f64> {
    let bare = case.bare.sql(after.is_some(), PAGE);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut rows = 0;
    for round in 0..ROUNDS + 8 {
        let begun = Instant::now();
        let seen = case.list.read(conn, page).await?;
        let store = begun.elapsed();
        let begun = Instant::now();
        let mut query = sqlx::query(AssertSqlSafe(bare.clone())).bind(TEST.livemode());
        if let Some(after) = after {
            query = query.bind(after);
        }
        let found = query.fetch_all(&mut *conn).await?;
        let direct = begun.elapsed();
        let theirs_found = found
            .iter()
            .map(|row| row.try_get("id"))
            .collect::<Result<Vec<Uuid>, _>>()?;
        if theirs_found != seen.ids {
            return Err(format!("{}, {place}: the bare query finds other rows", case.name).into());
        }
        rows = seen.ids.len();
        // The first rounds prepare statements.
        if round >= 8 {
            ours.push(store);
            theirs.push(direct);
        }
    }
    let (store, direct) = (percentile(&ours, 0.5), percentile(&theirs, 0.5));
    let ratio = store / direct;
    say(&format!(
        "  {:<53} {rows:>6} {store:>8.2} {direct:>8.2} {ratio:>7.2} {:>9.2}",
        format!("{}, {place}", case.name),
        percentile(&ours, 0.99),
    ))?;
    Ok(if rows < JUDGED { 0.0 } else { ratio })
}

impl List {
    async fn read(&self, conn: &mut PgConnection, page: &PageRequest) -> Result<Seen, StoreError> {
        fn seen<T>(page: Page<T>, id: impl Fn(&T) -> Uuid) -> Seen {
            Seen {
                ids: page.items.iter().map(id).collect(),
                next: page.next_cursor,
            }
        }
        Ok(match self {
            Self::Customers(filter, sort) => {
                let page = customer_list(conn, VIEW, filter, *sort, page).await?;
                seen(page, |row| row.id.as_uuid())
            }
            Self::Subscriptions(filter, sort) => {
                let page = subscription_list(conn, TEST, filter, *sort, page).await?;
                seen(page, |row| row.id.as_uuid())
            }
            Self::Orders(filter) => {
                let page = order_list(conn, TEST, filter, page).await?;
                seen(page, |row| row.id.as_uuid())
            }
            Self::Events(filter) => {
                let page = event_list(conn, TEST, filter, EventSort::default(), page).await?;
                seen(page, |row| row.id.as_uuid())
            }
        })
    }
}
