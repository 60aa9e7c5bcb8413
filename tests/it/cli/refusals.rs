//! What is refused: writes in a read-only session, and what nobody confirmed.

use super::place_on_database;
use crate::support::{
    seed::{Customer, Link, Subscription},
    stripe,
};

#[tokio::test]
async fn a_read_only_session_refuses_every_write_before_anything_is_opened() {
    let (db, place) = place_on_database().await;
    for arguments in [
        &["migrate"][..],
        &["serve"],
        &["worker"],
        &["events", "replay", "evt_1", "--yes"],
        &["events", "discard", "evt_1", "--reason", "why", "--yes"],
        &["events", "ingest", "-", "--provider", "stripe"],
        &["customers", "link", "cus_1", "--org", "org_1"],
        &["subscriptions", "cancel", "sub_1", "--yes"],
        &["subscriptions", "resume", "sub_1", "--yes"],
        &["subscriptions", "verify", "sub_1", "--fix", "--yes"],
        &["checkout", "create", "--customer", "cus_1", "--plan", "pro"],
        &["portal", "create", "--customer", "cus_1"],
    ] {
        let run = place.run(&[&["--read-only"], arguments].concat());
        assert_eq!(run.code, 4, "{arguments:?}: {}", run.err);
        assert!(run.err.contains("read-only"), "{arguments:?}: {}", run.err);
    }
    assert_eq!(place.run(&["--read-only", "events", "list"]).code, 0);
    assert_eq!(db.number("select count(*) from audit").await, 0);
}

#[tokio::test]
async fn a_profile_may_be_read_only() {
    let (_db, place) = place_on_database().await;
    let place = place.file("config/billdeck.toml", "[profiles.careful]\nread_only = true\n");
    let arguments = ["events", "discard", "evt_1", "--reason", "why", "--yes"];
    assert_eq!(place.run(&arguments).code, 3);
    assert_eq!(
        place
            .run(&[&["--profile", "careful"][..], &arguments].concat())
            .code,
        4
    );
}

#[tokio::test]
async fn what_changes_something_needs_a_yes_where_nobody_can_be_asked() {
    let (db, place) = place_on_database().await;
    let body = stripe::event("evt_kept").replace('\n', " ");
    assert_eq!(
        place
            .run_with_input(&["events", "ingest", "-", "--provider", "stripe"], &body)
            .code,
        0
    );
    for arguments in [
        &["events", "replay", "evt_kept"][..],
        &["events", "replay", "--state", "pending"],
        &["events", "discard", "evt_kept", "--reason", "why"],
        &["subscriptions", "cancel", "sub_1"],
        &["subscriptions", "resume", "sub_1"],
        &["subscriptions", "verify", "sub_1", "--fix"],
    ] {
        let run = place.run(arguments);
        assert_eq!(run.code, 4, "{arguments:?}: {}", run.err);
        assert!(run.err.contains("--yes"), "{arguments:?}: {}", run.err);
    }
    let run = place.run(&["events", "discard", "evt_kept", "--yes"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("--reason"), "{}", run.err);
    assert_eq!(db.number("select count(*) from audit").await, 0);
    assert_eq!(db.number("select count(*) from work").await, 1);
}

#[tokio::test]
async fn a_bulk_discard_shows_first_and_then_leaves_an_audit() {
    let (db, place) = place_on_database().await;
    let bodies: Vec<String> = ["evt_a", "evt_b"]
        .map(|id| stripe::event(id).replace('\n', " "))
        .into();
    let input = bodies.join("\n");
    assert_eq!(
        place
            .run_with_input(&["events", "ingest", "-", "--provider", "stripe"], &input)
            .code,
        0
    );

    let planned = place.json(&["events", "discard", "--state", "pending", "--dry-run"]);
    assert_eq!(planned["items"].as_array().unwrap().len(), 2);
    assert_eq!(planned["items"][0]["discarded"], true);
    assert_eq!(db.number("select count(*) from work").await, 2);

    let done = place.json(&[
        "events", "discard", "--state", "pending", "--reason", "a test", "--yes",
    ]);
    assert_eq!(done["items"].as_array().unwrap().len(), 2);
    assert_eq!(db.number("select count(*) from work").await, 0);
    let acts = place.json(&["audit", "list"]);
    let act = &acts["items"][0];
    assert_eq!(acts["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&act["actor"], &act["face"], &act["action"], &act["reason"]),
        (
            &"ana".into(),
            &"cli".into(),
            &"event.discard".into(),
            &"a test".into()
        )
    );
    let again = place.run(&["events", "discard", "evt_a", "--reason", "again", "--yes"]);
    assert_eq!(again.code, 4, "{}", again.err);
}

#[tokio::test]
async fn a_provider_that_is_off_or_away_is_told_apart_from_everything_else() {
    let (db, place) = place_on_database().await;
    let mut conn = db.connect().await;
    let customer = Customer::default().insert(&mut conn).await;
    let link = Link::of(customer, "cus_1").insert(&mut conn).await;
    let subscription = Subscription {
        provider_subscription_id: Some("sub_1".to_owned()),
        ..Subscription::of(link)
    };
    subscription.insert(&mut conn).await;
    let off = place.run(&["subscriptions", "verify", "sub_1"]);
    assert_eq!(off.code, 5, "{}", off.err);
    assert!(off.err.contains("STRIPE_SECRET_KEY"), "{}", off.err);
    let place = place
        .variable("STRIPE_SECRET_KEY", "sk_test_nothing")
        .variable("STRIPE_API_BASE", "http://127.0.0.1:1");
    let away = place.run(&["subscriptions", "cancel", "sub_1", "--yes"]);
    assert_eq!(away.code, 5, "{}", away.err);
    assert!(!away.err.contains("sk_test_nothing"));
}

#[tokio::test]
async fn one_command_takes_no_more_events_than_it_can_show_for() {
    let (db, place) = place_on_database().await;
    sqlx::query(
        "insert into event (id, provider, livemode, provider_event_id, type, lane, received_at, body_sha256, source,
                            end_state, ended_at)
         select gen_random_uuid(), 'stripe', false, 'evt_' || number, case when number = 1 then 'one.of' else 'many.of' end,
                'stripe:test:' || number, now(), '', 'webhook', 'dead', now()
         from generate_series(1, 10001) as number",
    )
    .execute(&db.pool)
    .await
    .unwrap();
    for verb in [&["replay"][..], &["discard", "--reason", "why"]] {
        let run = place.run(&[&["events"], verb, &["--state", "dead", "--yes"]].concat());
        assert_eq!(run.code, 4, "{}", run.err);
        assert!(run.err.contains("more than 10000 events"), "{}", run.err);
        assert!(run.err.contains("--since"), "{}", run.err);
    }
    assert_eq!(db.number("select count(*) from audit").await, 0);
    let narrowed = place.json(&[
        "events",
        "discard",
        "--state",
        "dead",
        "--type",
        "one.of",
        "--dry-run",
    ]);
    assert_eq!(narrowed["items"].as_array().unwrap().len(), 1);
}
