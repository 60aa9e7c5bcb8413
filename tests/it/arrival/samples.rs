//! Stripe's own shapes, where somebody has laid them out: every `*.json` in `$BILLDECK_SPECS/stripe-events` is an event of
//! one customer's story, and their names are in the order of the story.

use std::path::PathBuf;

use billdeck::providers::stripe::Timeouts;
use bytes::Bytes;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::{
    simulator::support::SECRET,
    support::{
        place::Place,
        portrait::{assert_same, portrait},
        stripe::sign,
        works::{Works, room},
    },
};

const CATALOG: &str = r#"
[plans.solo]
name = "Solo"
[[plans.solo.prices.stripe]]
environment = "test"
interval = "month"
currency = "USD"
amount = 1900
id = "price_1TdEckSolo0001mo"

[plans.team]
name = "Team"
[[plans.team.prices.stripe]]
environment = "test"
interval = "month"
currency = "USD"
amount = 1500
id = "price_1TdEckTeam0001mo"
per_seat = true
"#;

fn events() -> Vec<Bytes> {
    let folder = std::env::var_os("BILLDECK_SPECS").map(PathBuf::from);
    let folder = folder.expect("BILLDECK_SPECS names the folder with stripe-events");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("stripe-events"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(files.len() > 10, "{files:?}");
    files
        .iter()
        .map(|file| std::fs::read(file).unwrap().into())
        .collect()
}

/// The events in order, reversed, and in fixed other orders.
fn orders(events: &[Bytes]) -> Vec<Vec<Bytes>> {
    let mut orders = vec![events.to_vec(), events.iter().rev().cloned().collect()];
    for seed in 1..=3 {
        let mut shuffled = events.to_vec();
        shuffled.shuffle(&mut StdRng::seed_from_u64(seed));
        orders.push(shuffled);
    }
    orders
}

/// How the story ends, whatever the order.
fn assert_told(portrait: &[String]) {
    let count = |start: &str| portrait.iter().filter(|row| row.starts_with(start)).count();
    let kinds = ["customer ", "link ", "subscription ", "refund ", "dispute "];
    assert_eq!(kinds.map(count), [1; 5], "{portrait:#?}");
    let row = |start: &str| portrait.iter().find(|row| row.starts_with(start)).unwrap();
    assert!(
        row("subscription ").contains(r#""status": "canceled""#),
        "{portrait:#?}"
    );
    assert!(row("dispute ").contains(r#""status": "lost""#), "{portrait:#?}");
    assert!(
        row("refund ").contains(r#""status": "succeeded""#),
        "{portrait:#?}"
    );
    assert!(count("fact ") >= 4, "{portrait:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_and_delivered_in_any_order_they_end_in_one_state() {
    let mut first: Option<Vec<String>> = None;
    for (place, order) in orders(&events()).into_iter().enumerate() {
        let works = Works::start(room(None, Timeouts::default()), CATALOG).await;
        for body in order {
            let signature = sign(SECRET, &body);
            let answer = works.listener.deliver_signed(body, &signature).await;
            assert_eq!(answer.said(), (200, "accepted"));
            works.work().await;
        }
        works.settle().await;
        let found = works.portrait().await;
        assert_told(&found);
        let wanted = first.get_or_insert_with(|| found.clone());
        assert_same(wanted, &found, &format!("order {place}"));
        works.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingested_from_a_file_in_any_order_they_end_in_one_state() {
    let mut first: Option<Vec<String>> = None;
    for (place, order) in orders(&events()).into_iter().take(3).enumerate() {
        let works = Works::start(room(None, Timeouts::default()), CATALOG).await;
        let mut lines = String::new();
        for body in &order {
            let event: serde_json::Value = serde_json::from_slice(body).unwrap();
            lines += &format!("{event}\n");
        }
        let here = Place::on(&works.db.url).file("events.jsonl", &lines);
        let run = here.run(&["events", "ingest", "events.jsonl", "--provider", "stripe"]);
        assert_eq!(run.code, 0, "{}", run.err);
        works.settle().await;
        let found = portrait(&works.db.pool).await;
        assert_told(&found);
        assert!(
            !found
                .iter()
                .any(|row| row.contains(r#""verification": "verified""#)),
            "an import alone verifies nothing: {found:#?}"
        );
        let wanted = first.get_or_insert_with(|| found.clone());
        assert_same(wanted, &found, &format!("order {place}"));
        works.stop().await;
    }
}
