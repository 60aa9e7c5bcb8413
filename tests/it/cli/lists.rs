//! The fields that scripts rely on, and the pages of lists.

use serde_json::Value;

use super::place_on_database;
use crate::support::{
    seed::{Customer, Link, Subscription},
    stripe,
};

fn assert_fields(item: &Value, fields: &[&str]) {
    for field in fields {
        assert!(item.get(field).is_some(), "no field `{field}` in {item}");
    }
}

const EVENT: &[&str] = &[
    "id",
    "provider",
    "provider_event_id",
    "type",
    "state",
    "livemode",
    "object_id",
    "customer_id",
    "received_at",
    "provider_created_at",
    "attempts",
    "next_attempt_at",
    "error",
    "duplicates",
    "source",
];

#[tokio::test]
async fn events_that_were_given() {
    let (_db, place) = place_on_database().await;
    let ingest = ["events", "ingest", "-", "--provider", "stripe", "--json"];
    let lines: Vec<String> = (0..3)
        .map(|number| stripe::event(&format!("evt_{number}")).replace('\n', " "))
        .collect();
    let mixed = format!("{}\n\nno json\n{{\"object\":\"event\"}}\n", lines.join("\n"));
    let run = place.run_with_input(&ingest, &mixed);
    assert_eq!(run.code, 1, "two of them are no events: {}", run.err);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (&report["accepted"], &report["duplicates"], &report["failed"]),
        (&3.into(), &0.into(), &2.into())
    );
    assert_eq!(report["items"][3]["line"], 5);
    assert_eq!(report["items"][3]["error"]["code"], "not_json");
    assert_eq!(report["items"][4]["error"]["code"], "not_an_event");
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&lines[0]).unwrap()).unwrap();
    let run = place.run_with_input(&ingest, &pretty);
    assert_eq!(run.code, 0, "{}", run.err);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        report["duplicates"], 1,
        "one document over many lines, known already"
    );

    let page = place.json(&["events", "list", "--limit", "2"]);
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    for item in items {
        assert_fields(item, EVENT);
        assert_eq!(item["source"], "import");
        assert_eq!(item["state"], "pending");
        assert_eq!(item["error"], Value::Null);
    }
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = place.json(&["events", "list", "--limit", "2", "--cursor", cursor]);
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next_cursor"], Value::Null);
    let oldest = place.json(&["events", "list", "--sort", "received_at", "--limit", "1"]);
    assert_eq!(oldest["items"][0]["id"], rest["items"][0]["id"]);

    let shown = place.json(&["events", "show", "evt_1"]);
    assert_fields(&shown, EVENT);
    assert_fields(&shown, &["payload", "headers", "attempt_log", "changes"]);
    assert_eq!(shown["payload"]["id"], "evt_1");
    let by_own_id = place.json(&["events", "show", shown["id"].as_str().unwrap()]);
    assert_eq!(by_own_id["provider_event_id"], "evt_1");

    let stats = place.json(&["events", "stats"]);
    assert_eq!(stats["by_state"]["pending"], 3);
    assert_eq!(stats["by_provider"]["stripe"], 3);
    assert!(stats["oldest_pending_seconds"].is_number());
    assert_eq!(stats["processed_last_minute"], 0);
}

#[tokio::test]
async fn customers_and_subscriptions() {
    let (db, place) = place_on_database().await;
    let mut conn = db.connect().await;
    let customer = Customer {
        owner: Some(("organization", "org_7".to_owned())),
        email: Some("Ana@example.com".to_owned()),
        name: Some("Ana\u{1b}[31m".to_owned()),
        ..Customer::default()
    };
    let customer = customer.insert(&mut conn).await;
    let link = Link::of(customer, "cus_7").insert(&mut conn).await;
    let subscription = Subscription {
        provider_subscription_id: Some("sub_7".to_owned()),
        plan: Some("pro"),
        ..Subscription::of(link)
    };
    let subscription = subscription.insert(&mut conn).await;
    Customer::default().insert(&mut conn).await;

    let all = place.json(&["customers", "list"]);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    for filter in [
        &["--org", "org_7"][..],
        &["--email", "ana@EXAMPLE.com"],
        &["--provider", "stripe"],
        &["--scope", "organization"],
        &["ana@"],
    ] {
        let found = place.json(&[&["customers", "list"], filter].concat());
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{filter:?}");
        let item = &found["items"][0];
        assert_fields(
            item,
            &[
                "id",
                "scope",
                "external_id",
                "email",
                "name",
                "country",
                "providers",
                "created_at",
            ],
        );
        assert_eq!(item["providers"]["stripe"][0], "cus_7");
    }
    let human = place.run(&["customers", "list", "--org", "org_7"]);
    assert!(
        human.out.contains("Ana␛[31m"),
        "what came from outside cannot act: {}",
        human.out
    );

    for id in [customer.to_string().as_str(), "cus_7", "org_7"] {
        let shown = place.json(&["customers", "show", id]);
        assert_eq!(shown["subscriptions"][0]["id"], subscription.to_string(), "{id}");
    }
    for filter in [
        &["--org", "org_7"][..],
        &["--customer", "cus_7"],
        &["--email", "ana@example.com"],
        &["--status", "active,trialing", "--plan", "pro"],
        &["--state", "active"],
    ] {
        let found = place.json(&[&["subscriptions", "list"], filter].concat());
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{filter:?}");
        assert_fields(
            &found["items"][0],
            &[
                "id",
                "customer_id",
                "provider",
                "provider_subscription_id",
                "plan",
                "status",
                "provider_status",
                "cancel_at_period_end",
                "cancel_at",
                "current_period_start",
                "current_period_end",
                "trial_end",
                "seats",
                "items",
                "verification",
                "verified_at",
                "updated_at",
                "livemode",
            ],
        );
    }
    assert_eq!(place.json(&["subscriptions", "show", "sub_7"])["plan"], "pro");

    let unowned = Customer::default().insert(&mut conn).await;
    Link::of(unowned, "cus_8").insert(&mut conn).await;
    let linked = place.json(&[
        "customers",
        "link",
        "cus_8",
        "--user",
        "user_1",
        "--reason",
        "asked by mail",
    ]);
    assert_eq!(
        (&linked["scope"], &linked["external_id"]),
        (&"user".into(), &"user_1".into())
    );
    let acts = place.json(&["audit", "list", "--actor", "ana"]);
    assert_eq!(acts["items"][0]["reason"], "asked by mail");
}
