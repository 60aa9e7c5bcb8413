//! What is not taken up: who is told what, and what is kept of it.

use std::sync::Arc;

use billdeck::{domain::provider::Environment, webhooks::intake::QuarantineLimits};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::listening;
use crate::support::{
    db,
    listener::{Listener, Setup},
    stripe,
};

#[tokio::test]
async fn a_forged_delivery_is_refused_and_kept_apart() {
    let (db, listener) = listening().await;
    let body = stripe::event("evt_1");

    let forged = listener
        .deliver_signed(body.clone(), &stripe::sign("whsec_guessed", body.as_bytes()))
        .await;
    let unsigned = listener.deliver_signed(body.clone(), "nonsense").await;

    assert_eq!(forged.said(), (400, "bad_signature"));
    assert_eq!(unsigned.said(), (400, "bad_signature"));
    assert_eq!(forged.content_type, "application/problem+json");
    let kept = db
        .row(
            "select left(provider_event_id, 7) as id, type, customer_ref, object_id, end_state, end_code, duplicates
             from event",
        )
        .await;
    assert_eq!(
        kept,
        json!({
            "id": "sha256:", "type": "customer.updated", "customer_ref": null, "object_id": null,
            "end_state": "quarantined", "end_code": "bad_signature", "duplicates": 1,
        })
    );
    assert_eq!(db.number("select count(*) from work").await, 0);
    assert_eq!(
        db.number("select count(*) from delivery where verdict = 'bad_signature'")
            .await,
        2
    );

    // It does not stand in the way of the real one.
    assert_eq!(listener.deliver(body).await.said(), (200, "accepted"));
    assert_eq!(db.number("select count(*) from work").await, 1);
    listener.stop().await;
}

#[tokio::test]
async fn strangers_cannot_fill_the_disk() {
    let db = db::fresh().await;
    let mut setup = Setup::default();
    setup.intake.quarantine = QuarantineLimits {
        bodies_per_source: 2,
        verdicts_per_minute: 3,
        ..QuarantineLimits::default()
    };
    let listener = Listener::start(&db.url, setup).await;

    for number in 0..9 {
        let answer = listener
            .deliver_signed(stripe::event(&format!("evt_{number}")), "t=1,v1=00")
            .await;
        assert_eq!(
            answer.said(),
            (400, "bad_signature"),
            "a refusal does not tell of the budget"
        );
    }

    assert_eq!(db.number("select count(*) from event").await, 2);
    assert_eq!(db.number("select count(*) from event_body").await, 2);
    assert_eq!(db.number("select count(*) from delivery").await, 5);
    assert_eq!(
        listener.deliver(stripe::event("evt_real")).await.said(),
        (200, "accepted")
    );
    listener.stop().await;
}

#[tokio::test]
async fn an_old_signature_is_refused() {
    let (db, listener) = listening().await;
    let body = stripe::event("evt_1");
    let long_ago = Timestamp::now() - SignedDuration::from_mins(10);
    let answer = listener
        .deliver_signed(
            body.clone(),
            &stripe::sign_at(stripe::SECRET, body.as_bytes(), long_ago),
        )
        .await;
    assert_eq!(answer.said(), (400, "too_old"));
    assert_eq!(
        db.row("select verdict, end_state from delivery join event on event.id = event_id")
            .await,
        json!({ "verdict": "too_old", "end_state": "quarantined" })
    );
    listener.stop().await;
}

#[tokio::test]
async fn without_a_secret_nothing_is_believed_and_nothing_lost() {
    let db = db::fresh().await;
    let setup = Setup {
        room: Arc::new(stripe::room(&[])),
        ..Setup::default()
    };
    let listener = Listener::start(&db.url, setup).await;
    assert_eq!(
        listener.deliver(stripe::event("evt_1")).await.said(),
        (400, "no_secret")
    );
    assert_eq!(
        db.row("select end_state, end_code from event").await,
        json!({ "end_state": "quarantined", "end_code": "no_secret" })
    );
    listener.stop().await;
}

#[tokio::test]
async fn each_of_several_secrets_is_good_and_its_use_noted() {
    let db = db::fresh().await;
    let setup = Setup {
        room: Arc::new(stripe::room(&["whsec_before", "whsec_after", "whsec_later"])),
        ..Setup::default()
    };
    let listener = Listener::start(&db.url, setup).await;
    for secret in ["whsec_before", "whsec_after"] {
        let body = stripe::event(&format!("evt_{secret}"));
        let signature = stripe::sign(secret, body.as_bytes());
        assert_eq!(
            listener.deliver_signed(body, &signature).await.said(),
            (200, "accepted")
        );
    }
    listener.stop().await;
    assert_eq!(
        db.row("select count(*), count(last_used) as used, bool_or(fingerprint like '%whsec%') as told from secret")
            .await,
        json!({ "count": 3, "used": 2, "told": false })
    );
}

#[tokio::test]
async fn a_live_event_at_a_test_endpoint_is_kept_apart_and_accepted() {
    let (db, listener) = listening().await;
    let body = stripe::event_in("evt_1", true);

    let answer = listener.deliver(body.clone()).await;

    assert_eq!(answer.said(), (200, "accepted"));
    assert_eq!(
        db.row(
            "select verdict, end_state, end_code, left(provider_event_id, 7) as id, event.livemode
             from delivery join event on event.id = event_id"
        )
        .await,
        json!({
            "verdict": "wrong_mode", "end_state": "quarantined", "end_code": "wrong_mode", "id": "sha256:",
            "livemode": false,
        })
    );
    assert_eq!(db.number("select count(*) from work").await, 0);
    listener.stop().await;

    // A process that serves the live books in the same database gets the real one.
    let setup = Setup {
        room: Arc::new(stripe::room_in(Environment::Live, &[stripe::SECRET])),
        ..Setup::default()
    };
    let live = Listener::start(&db.url, setup).await;
    assert_eq!(live.deliver(body).await.said(), (200, "accepted"));
    assert_eq!(db.number("select count(*) from work").await, 1);
    live.stop().await;
}

/// What the provider signed but nobody can read is refused in clear words, and nothing of it is lost.
#[tokio::test]
async fn signed_nonsense_is_refused_with_a_reason_and_kept_as_dead() {
    let (db, listener) = listening().await;
    let long_id = stripe::event(&"x".repeat(10_000));
    let deep = format!(
        "{{\"id\":\"evt_deep\",\"object\":\"event\",\"livemode\":false,\"type\":\"t\",\"data\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let whole = stripe::event("evt_cut");
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("nothing", Vec::new(), "not_json"),
        ("half", whole.as_bytes()[..whole.len() / 2].to_vec(), "not_json"),
        (
            "no UTF-8",
            whole
                .replace("ana", "\u{1}")
                .replace('\u{1}', "")
                .into_bytes()
                .into_iter()
                .chain([0xff])
                .collect(),
            "not_json",
        ),
        ("deep nesting", deep.into_bytes(), "not_json"),
        (
            "no event",
            b"{\"object\":\"charge\",\"id\":\"ch_1\"}".to_vec(),
            "not_an_event",
        ),
        ("a list", b"[1,2,3]".to_vec(), "not_an_event"),
        ("an endless id", long_id.into_bytes(), "not_an_event"),
        (
            "an id with NUL",
            stripe::event("evt_\0").into_bytes(),
            "not_an_event",
        ),
        (
            "a type with NUL",
            stripe::event("evt_nul")
                .replace("customer.updated", "customer\\u0000")
                .into_bytes(),
            "not_an_event",
        ),
    ];
    for (what, body, code) in &cases {
        let answer = listener.deliver(body.clone()).await;
        assert_eq!(answer.said(), (400, *code), "{what}");
        let kept = sqlx::query_as::<_, (String, String, String, Vec<u8>)>(
            "select end_state, end_code, end_reason, body from event join event_body on event_id = id
             order by id desc limit 1",
        )
        .fetch_one(db.store.pool())
        .await
        .unwrap();
        assert_eq!((kept.0.as_str(), kept.1.as_str()), ("dead", *code), "{what}");
        assert!(!kept.2.is_empty() && kept.2.len() < 1_100, "{what}: {}", kept.2);
        assert_eq!(&kept.3, body, "{what}");
    }
    assert_eq!(db.number("select count(*) from event").await, 9);
    assert_eq!(db.number("select count(*) from work").await, 0);
    // Delivered again it is told the same, and counted.
    assert_eq!(
        listener.deliver(b"[1,2,3]".to_vec()).await.said(),
        (400, "not_an_event")
    );
    assert_eq!(db.number("select sum(duplicates) from event").await, 1);
    // The listener goes on.
    assert_eq!(
        listener.deliver(stripe::event("evt_good")).await.said(),
        (200, "accepted")
    );
    listener.stop().await;
}

#[tokio::test]
async fn a_path_secret_is_part_of_the_address() {
    let db = db::fresh().await;
    let mut setup = Setup::default();
    setup.intake.path_secret = Some("0123456789abcdef".into());
    let listener = Listener::start(&db.url, setup).await;
    let body = || stripe::event("evt_1").into();

    assert_eq!(
        listener.post("/webhooks/stripe", body()).await.said(),
        (404, "unknown_endpoint")
    );
    assert_eq!(
        listener
            .post("/webhooks/stripe/0123456789abcdeX", body())
            .await
            .said(),
        (404, "unknown_endpoint")
    );
    let answer = listener.post("/webhooks/stripe/0123456789abcdef", body()).await;
    assert_eq!(answer.said(), (400, "bad_signature"));
    assert_eq!(
        db.row("select endpoint from delivery").await,
        json!({ "endpoint": "/webhooks/stripe" })
    );
    listener.stop().await;
}
