//! Polar's own shapes, where somebody has laid them out: the events of `$BILLDECK_SPECS/polar-events` in any order.

use super::story::{Sent, end_of};

const CATALOG: &str = r#"
[plans.pro]
name = "Pro"
[[plans.pro.prices.polar]]
environment = "test"
interval = "month"
currency = "USD"
amount = 2900
id = "b77f62e4-1c9b-4737-976c-645e059d330a"

[plans.team]
name = "Team"
[[plans.team.prices.polar]]
environment = "test"
interval = "month"
currency = "USD"
amount = 7900
id = "69cbe66c-a40b-4ac8-b12f-4803e2342e39"
"#;

fn events() -> Vec<Sent> {
    let folder = std::env::var("BILLDECK_SPECS").expect("BILLDECK_SPECS names the folder with polar-events");
    let read = |name: &str| std::fs::read(format!("{folder}/polar-events/{name}")).unwrap();
    let listed: serde_json::Value = serde_json::from_slice(&read("_signatures.json")).unwrap();
    listed["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let id = entry["headers"]["webhook-id"].as_str().unwrap();
            (id.to_owned(), read(entry["file"].as_str().unwrap()))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_laid_out_story_ends_in_one_state_in_any_order() {
    let found = end_of(&events(), CATALOG, 5).await;
    let rows = |start: &str| -> Vec<&String> { found.iter().filter(|row| row.starts_with(start)).collect() };
    let kinds = [
        "customer ",
        "link ",
        "subscription ",
        "order ",
        "payment ",
        "refund ",
        "fact ",
    ];
    assert_eq!(
        kinds.map(|kind| rows(kind).len()),
        [1, 1, 1, 2, 2, 1, 3],
        "{found:#?}"
    );
    assert!(
        rows("subscription ")[0].contains(r#""status": "canceled""#),
        "{found:#?}"
    );
    assert!(
        rows("subscription ")[0].contains(r#""plan": "team""#),
        "{found:#?}"
    );
}
