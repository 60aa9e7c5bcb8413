//! What drawing alone costs, screen by screen and size by size.

use billdeck::store::Store;
use tokio::runtime::Runtime;

use super::{
    Outcome,
    driver::{Driver, desk},
    percentile, say,
};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
const FRAMES: usize = 400;
/// The wanted limit at the 99th percentile, in ms.
const WANTED: f64 = 16.0;

/// The screens, and the keys that lead to each from the overview.
const SCREENS: [(&str, &[&str]); 9] = [
    ("overview", &[]),
    ("customers", &["1"]),
    ("subscriptions", &["2"]),
    ("events", &["3"]),
    ("orders", &["6"]),
    ("an event", &["3", "Enter"]),
    ("a customer", &["1", "Enter"]),
    ("a subscription", &["2", "Enter"]),
    ("help over events", &["3", "?"]),
];

pub(super) fn measure(runtime: &Runtime, store: &Store) -> Outcome<()> {
    let desk = desk(runtime, store)?;
    say("\ndrawing alone, ms per frame: p50 / p99")?;
    let sizes = SIZES.map(|(width, height)| format!("{width}x{height}"));
    say(&format!(
        "  {:<20} {:>15} {:>15} {:>15}",
        "", sizes[0], sizes[1], sizes[2]
    ))?;
    let mut worst: f64 = 0.0;
    for (name, keys) in SCREENS {
        let mut line = format!("  {name:<20}");
        for size in SIZES {
            let mut driver = Driver::open(runtime, &desk, size)?;
            for key in keys {
                driver.press(key)?;
            }
            driver.rest()?;
            let mut times = Vec::with_capacity(FRAMES);
            for frame in 0..FRAMES {
                // Something moves in every frame, as it does when a key is held.
                driver.strike(if frame % 40 < 20 { "j" } else { "k" })?;
                times.push(driver.draw()?);
                driver.answer_all()?;
            }
            let slow = percentile(&times, 0.99);
            worst = worst.max(slow);
            line.push_str(&format!(
                " {:>15}",
                format!("{:.2} / {slow:.2}", percentile(&times, 0.5))
            ));
        }
        say(&line)?;
    }
    let word = if worst < WANTED { "good" } else { "TOO SLOW" };
    say(&format!(
        "  slowest p99 {worst:.2} ms, wanted under {WANTED} ms: {word}"
    ))
}
