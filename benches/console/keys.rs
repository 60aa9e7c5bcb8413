//! From a key to the frame that shows its answer.

use std::time::Duration;

use billdeck::{console::desk::SharedDesk, store::Store};
use tokio::runtime::Runtime;

use super::{
    DEEP, Outcome,
    driver::{Driver, Took, desk},
    percentile, say,
};

const SIZE: (u16, u16) = (120, 40);
const ROUNDS: usize = 30;

/// The lists, and the key of each.
const LISTS: [(&str, &str); 4] = [
    ("customers", "1"),
    ("subscriptions", "2"),
    ("events", "3"),
    ("orders", "6"),
];

pub(super) fn measure(runtime: &Runtime, store: &Store) -> Outcome<()> {
    let desk = desk(runtime, store)?;
    say(&format!(
        "\nfrom a key to the frame with its last answer, {}x{}, ms",
        SIZE.0, SIZE.1
    ))?;
    say(&format!(
        "  {:<46} {:>11} {:>9} {:>9} {:>9} {:>9}",
        "", "first frame", "p50", "p99", "worst", "requests"
    ))?;
    row("the overview, read again", &overview(runtime, &desk)?)?;
    for (name, key) in LISTS {
        let opened = each(|| {
            let mut driver = Driver::open(runtime, &desk, SIZE)?;
            driver.press(key)
        })?;
        row(&format!("{name}, opened"), &opened)?;
        deep(runtime, &desk, name, key)?;
    }
    for (name, keys, filter) in [
        ("events", "3", "state:dead"),
        ("events", "3", "type:radar.early_fraud_warning.created"),
        ("customers", "1", "ana"),
        ("customers", "1", "user77777"),
    ] {
        let filtered = each(|| {
            let mut driver = Driver::open(runtime, &desk, SIZE)?;
            driver.press(keys)?;
            driver.press("/")?;
            driver.type_text(filter)?;
            driver.press("Enter")
        })?;
        row(&format!("{name}, filter {filter}"), &filtered)?;
    }
    Ok(())
}

fn each(mut once: impl FnMut() -> Outcome<Took>) -> Outcome<Vec<Took>> {
    once()?;
    (0..ROUNDS).map(|_| once()).collect()
}

fn overview(runtime: &Runtime, desk: &SharedDesk) -> Outcome<Vec<Took>> {
    let mut driver = Driver::open(runtime, desk, SIZE)?;
    each(|| driver.press("Ctrl-r"))
}

/// Walks to the depth page by page, and measures there.
fn deep(runtime: &Runtime, desk: &SharedDesk, name: &str, key: &str) -> Outcome<()> {
    let mut driver = Driver::open(runtime, desk, SIZE)?;
    driver.press(key)?;
    let mut pages = 0;
    let (mut read, mut moved) = (Vec::new(), Vec::new());
    // A page of the list has 100 rows; a small database ends before that.
    let mut idle = 0;
    while pages * 100 < DEEP && idle < 40 {
        let took = driver.press("PgDn")?;
        if took.requests > 0 {
            pages += 1;
            idle = 0;
            read.push(took);
        } else {
            idle += 1;
            moved.push(took);
        }
    }
    row(
        &format!("{name}, PgDn that reads, to {} rows deep", pages * 100),
        &read,
    )?;
    row(&format!("{name}, PgDn within what is read"), &moved)?;
    if !driver.text()?.contains("BENCH") {
        return Err("the console has drawn nothing".into());
    }
    let again = each(|| driver.press("Ctrl-r"))?;
    row(&format!("{name}, read again at that depth"), &again)?;
    let opened = each(|| {
        let took = driver.press("Enter");
        driver.press("q")?;
        driver.press("k")?;
        took
    })?;
    row(&format!("{name}, Enter at that depth"), &opened)
}

fn row(what: &str, all: &[Took]) -> Outcome<()> {
    let times = |of: fn(&Took) -> Duration| all.iter().map(of).collect::<Vec<_>>();
    let (first, answered) = (times(|took| took.first), times(|took| took.answered));
    let requests = all.iter().map(|took| took.requests).max().unwrap_or_default();
    say(&format!(
        "  {what:<46} {:>11.2} {:>9.2} {:>9.2} {:>9.2} {requests:>9}",
        percentile(&first, 0.5),
        percentile(&answered, 0.5),
        percentile(&answered, 0.99),
        percentile(&answered, 1.0),
    ))
}
