//! PayMongo's own shapes, where somebody has laid them out: every `*.json` in `$BILLDECK_SPECS/paymongo-events` is an event
//! of one customer's story, and their names are in the order of the story.

use std::{path::PathBuf, sync::Arc};

use billdeck::{
    domain::provider::Environment,
    providers::paymongo::{Paymongo, PaymongoOptions},
};
use jiff::Timestamp;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use ring::hmac;
use serde_json::{Value, json};

use crate::support::{portrait::assert_same, works::Works};

const SECRET: &str = "whsk_of_the_tests";

const CATALOG: &str = r#"
[plans.pro]
name = "Pro"
[[plans.pro.prices.paymongo]]
environment = "test"
interval = "month"
currency = "PHP"
amount = 99900
id = "plan_Ho5Fp9vJkTqW2xYzB3cD4eFg"
"#;

fn folder() -> PathBuf {
    let folder = std::env::var_os("BILLDECK_SPECS").map(PathBuf::from);
    folder.expect("BILLDECK_SPECS names the folder with paymongo.schema.json")
}

/// Holds a value against one of the definitions.
pub(super) fn fits(name: &str, value: &Value) {
    let text = std::fs::read_to_string(folder().join("paymongo.schema.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert!(document["$defs"].get(name).is_some(), "no definition {name}");
    let schema = json!({"$ref": format!("#/$defs/{name}"), "$defs": document["$defs"]});
    let validator = jsonschema::validator_for(&schema).unwrap();
    let violations: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert_eq!(violations, [""; 0], "{name}");
}

fn events() -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder().join("paymongo-events"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert_eq!(files.len(), 14);
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

fn sign(body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let time = Timestamp::now().as_second();
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{time}.").as_bytes());
    context.update(body);
    format!("t={time},te={},li=", hex::encode(context.sign()))
}

/// The events in order, reversed, and in fixed other orders, with one of them twice.
fn orders() -> Vec<Vec<Vec<u8>>> {
    let events = events();
    let mut orders = vec![events.clone(), events.iter().rev().cloned().collect()];
    for (seed, twice) in (1..).zip(&events[..4]) {
        let mut shuffled = events.clone();
        shuffled.push(twice.clone());
        shuffled.shuffle(&mut StdRng::seed_from_u64(seed));
        orders.push(shuffled);
    }
    orders
}

/// How the story ends, whatever the order.
fn assert_told(portrait: &[String]) {
    let rows =
        |start: &str| -> Vec<&String> { portrait.iter().filter(|row| row.starts_with(start)).collect() };
    let kinds = ["customer ", "subscription ", "refund ", "order ", "fact "];
    // The two invoices, the session and the link are the orders; three payments and one refund are the money.
    assert_eq!(
        kinds.map(|kind| rows(kind).len()),
        [1, 1, 1, 4, 4],
        "{portrait:#?}"
    );
    assert!(
        rows("subscription ")[0].contains(r#""status": "canceled""#),
        "{portrait:#?}"
    );
    assert!(
        rows("refund ")[0].contains(r#""status": "succeeded""#),
        "{portrait:#?}"
    );
    let orders = rows("order ");
    let count = |status: &str| {
        let word = format!(r#""status": "{status}""#);
        orders.iter().filter(|row| row.contains(&word)).count()
    };
    assert_eq!(
        ["paid", "partially_refunded", "failed"].map(count),
        [2, 1, 1],
        "{portrait:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_and_delivered_in_any_order_they_end_in_one_state() {
    let mut first: Option<Vec<String>> = None;
    for (place, order) in orders().into_iter().enumerate() {
        let mut options = PaymongoOptions::new(Environment::Test);
        options.webhook_secrets = vec![SECRET.into()];
        let works = Works::start(Arc::new(Paymongo::new(&options).unwrap()), CATALOG).await;
        let http = reqwest::Client::new();
        for body in order {
            let answer = http
                .post(format!("http://{}/webhooks/paymongo", works.listener.address()))
                .header("content-type", "application/json")
                .header("paymongo-signature", sign(&body))
                .body(body)
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 200);
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

#[test]
fn every_laid_out_event_fits_the_schema() {
    for body in events() {
        fits("EventDelivery", &serde_json::from_slice(&body).unwrap());
    }
}
