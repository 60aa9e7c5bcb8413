//! What runs until it is told to stop: the ready line, the road, and the end in order.

use std::io::{BufRead, BufReader};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use super::place_on_database;
pub(super) use crate::support::place::Service;
use crate::support::{place::Place, stripe, wait_until};

async fn deliver(to: &str, body: &str) -> (u16, Value) {
    let response = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{to}/webhooks/stripe"))
        .header("stripe-signature", stripe::sign(stripe::SECRET, body.as_bytes()))
        .body(body.to_owned())
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn serve_takes_an_event_in_and_works_it_off() {
    billdeck::runtime::use_tls();
    let (_db, place) = place_on_database().await;
    let place = place.variable("STRIPE_WEBHOOK_SECRET", stripe::SECRET);
    let service = Service::start(&place, &["serve", "--listen", "127.0.0.1:0"]);
    let url = service.ready["database_url"].as_str().unwrap();
    assert!(
        url.starts_with("postgres://") && !url.contains(":postgres@"),
        "{url}"
    );
    assert_eq!(service.ready["simulator"], Value::Null);
    let (status, receipt) = deliver(service.listen(), &stripe::event("evt_served")).await;
    assert_eq!((status, &receipt["status"]), (200, &"accepted".into()));
    let ended = wait_until("the event to be worked off", async || {
        let event = place.json(&["events", "show", "evt_served"]);
        match event["state"].as_str().unwrap() {
            "pending" | "processing" => Err(event),
            _ => Ok(event),
        }
    })
    .await;
    assert_eq!(ended["attempts"], 1);
    let doctor = place.run(&["doctor"]);
    assert!(doctor.out.contains("1 at work"), "{}", doctor.out);
    assert_eq!(service.stop(Signal::SIGTERM), 0);
}

#[tokio::test]
async fn an_address_that_is_taken() {
    let (_db, place) = place_on_database().await;
    let first = Service::start(&place, &["serve", "--no-worker", "--listen", "127.0.0.1:0"]);
    let address = first.listen().strip_prefix("http://").unwrap();
    let run = place.run(&["serve", "--listen", address]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("port 0 picks a free one"), "{}", run.err);
    assert_eq!(first.stop(Signal::SIGINT), 0);
}

#[tokio::test]
async fn the_simulators_alone() {
    let place = Place::new();
    let service = Service::start(&place, &["simulate", "--listen", "127.0.0.1:0"]);
    assert_eq!(service.ready["simulator"], service.ready["listen"]);
    assert_eq!(service.ready["database_url"], Value::Null);
    let (_db, here) = place_on_database().await;
    let here = here
        .variable(
            "STRIPE_API_BASE",
            service.ready["stripe_api_base"].as_str().unwrap(),
        )
        .variable(
            "STRIPE_SECRET_KEY",
            service.ready["stripe_secret_key"].as_str().unwrap(),
        );
    let doctor = here.run(&["doctor"]);
    assert!(doctor.out.contains("the credentials work"), "{}", doctor.out);
    assert_eq!(service.stop(Signal::SIGTERM), 0);
    assert_eq!(Place::new().run(&["simulate", "--listen", "0.0.0.0:0"]).code, 2);
}

#[test]
fn a_short_command_makes_the_private_cluster_and_leaves_it_stopped() {
    let place = Place::new();
    let stats = place.json(&["events", "stats"]);
    assert_eq!(stats["by_state"]["pending"], 0);
    let data = place.path().join("data/billdeck/postgres/data");
    assert!(data.join("PG_VERSION").is_file());
    assert!(!data.join("postmaster.pid").exists());
}

#[tokio::test]
async fn tail_shows_events_as_they_come_in() {
    let (_db, place) = place_on_database().await;
    let mut child = place.command(&["events", "tail", "--json"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let body = stripe::event("evt_tailed").replace('\n', " ");
    assert_eq!(
        place
            .run_with_input(&["events", "ingest", "-", "--provider", "stripe"], &body)
            .code,
        0
    );
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["provider_event_id"], "evt_tailed");
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
