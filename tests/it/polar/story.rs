//! One customer's story, signed and delivered in many orders: it ends in one state.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use billdeck::{
    domain::provider::Environment,
    providers::{
        Provider,
        polar::{Polar, PolarOptions},
    },
};
use jiff::Timestamp;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use ring::hmac;
use serde_json::{Value, json};

use super::server::{CHECKOUT, CUSTOMER, ORDER, OURS, PRODUCT, SUBSCRIPTION};
use crate::support::{portrait::assert_same, works::Works};

const SECRET: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

const CATALOG: &str = r#"
[plans.pro]
name = "Pro"
[[plans.pro.prices.polar]]
environment = "test"
interval = "month"
currency = "USD"
amount = 2900
id = "b77f62e4-1c9b-4737-976c-645e059d330a"
"#;

/// An event: its `webhook-id` and its body.
pub(super) type Sent = (String, Vec<u8>);

/// The Polar room without an API: every doubt is settled by rule.
fn room() -> Arc<dyn Provider> {
    let options = PolarOptions {
        webhook_secrets: vec![SECRET.into()],
        ..PolarOptions::new(Environment::Test)
    };
    Arc::new(Polar::new(&options).unwrap())
}

fn signed(id: &str, body: &[u8]) -> [(&'static str, String); 3] {
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let time = Timestamp::now().as_second().to_string();
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key));
    for part in [id.as_bytes(), b".", time.as_bytes(), b".", body] {
        context.update(part);
    }
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", time),
        (
            "webhook-signature",
            format!("v1,{}", STANDARD.encode(context.sign())),
        ),
    ]
}

/// What the tables say after the events came in each of several orders, twice each; all the same.
pub(super) async fn end_of(events: &[Sent], catalog: &str, rounds: u64) -> Vec<String> {
    let mut first: Option<Vec<String>> = None;
    for round in 0..rounds {
        let mut order = events.to_vec();
        match round {
            0 => {}
            1 => order.reverse(),
            seed => order.shuffle(&mut StdRng::seed_from_u64(seed)),
        }
        let works = Works::start(room(), catalog).await;
        for (place, (id, body)) in order.iter().enumerate() {
            let answer = works
                .listener
                .deliver_to("polar", &signed(id, body), body.clone())
                .await;
            assert_eq!(answer.said(), (200, "accepted"), "{id}");
            if place % 3 == 0 {
                let again = works
                    .listener
                    .deliver_to("polar", &signed(id, body), body.clone())
                    .await;
                assert_eq!(again.said(), (200, "duplicate"), "{id}");
            }
            works.work().await;
        }
        works.settle().await;
        let found = works.portrait().await;
        let wanted = first.get_or_insert_with(|| found.clone());
        assert_same(wanted, &found, &format!("order {round}"));
        works.stop().await;
    }
    first.unwrap()
}

fn event(number: usize, kind: &str, at: &str, data: Value) -> Sent {
    let body = json!({"type": kind, "timestamp": at, "api_version": "2026-10", "data": data});
    (
        format!("00000000-0000-4000-8000-0000000000{number:02}"),
        body.to_string().into_bytes(),
    )
}

fn subscription(status: &str, modified: Option<&str>, ends: bool) -> Value {
    json!({"id": SUBSCRIPTION, "created_at": "2026-10-05T10:00:00Z", "modified_at": modified, "status": status,
        "amount": 2900, "currency": "usd", "recurring_interval": "month", "recurring_interval_count": 1,
        "current_period_start": "2026-10-05T10:00:00Z", "current_period_end": "2026-11-05T10:00:00Z",
        "cancel_at_period_end": ends, "customer_id": CUSTOMER, "product_id": PRODUCT,
        "metadata": {"billdeck_checkout": OURS}, "prices": [], "customer": customer("2026-10-05T09:58:00Z")})
}

fn customer(created: &str) -> Value {
    json!({"id": CUSTOMER, "created_at": created, "modified_at": null, "email": "ada@example.org", "name": "Ada",
        "external_id": "u_1", "metadata": {}})
}

fn order(
    name: &str,
    reason: &str,
    created: &str,
    modified: Option<&str>,
    status: &str,
    next: Option<&str>,
) -> Value {
    let paid = !matches!(status, "pending" | "draft" | "void");
    json!({"id": name, "created_at": created, "modified_at": modified, "status": status, "paid": paid,
        "total_amount": 3451, "due_amount": 3451, "currency": "usd", "billing_reason": reason,
        "customer_id": CUSTOMER, "subscription_id": SUBSCRIPTION, "checkout_id": CHECKOUT, "invoice_number": "I-1",
        "next_payment_attempt_at": next, "items": []})
}

/// Bought, renewed late, partly refunded, cancelled and ended.
fn story() -> Vec<Sent> {
    let bought = |modified, status| {
        order(
            ORDER,
            "subscription_create",
            "2026-10-05T10:00:01Z",
            modified,
            status,
            None,
        )
    };
    let renewed = |modified, status, next| {
        order(
            "ord_2",
            "subscription_cycle",
            "2026-11-05T10:00:00Z",
            modified,
            status,
            next,
        )
    };
    let refund = |modified: Option<&str>, status: &str| {
        json!({"id": "ref_1", "created_at": "2026-11-09T10:00:00Z", "modified_at": modified, "status": status,
            "reason": "other", "amount": 1000, "tax_amount": 190, "currency": "usd", "order_id": "ord_2",
            "customer_id": CUSTOMER})
    };
    let checkout = json!({"id": CHECKOUT, "created_at": "2026-10-05T09:59:00Z", "modified_at": "2026-10-05T10:00:03Z",
        "status": "succeeded", "customer_id": CUSTOMER, "metadata": {}});
    let ended = "2026-11-20T10:00:00Z";
    let told = [
        ("customer.created", customer("2026-10-05T09:58:00Z")),
        ("subscription.created", subscription("active", None, false)),
        ("subscription.active", subscription("active", None, false)),
        ("order.created", bought(None, "paid")),
        ("order.updated", bought(Some("2026-10-05T10:00:02Z"), "paid")),
        ("order.paid", bought(Some("2026-10-05T10:00:02Z"), "paid")),
        ("checkout.updated", checkout),
        ("order.created", renewed(None, "pending", None)),
        (
            "order.updated",
            renewed(
                Some("2026-11-05T10:00:30Z"),
                "pending",
                Some("2026-11-07T10:00:00Z"),
            ),
        ),
        (
            "subscription.past_due",
            subscription("past_due", Some("2026-11-05T10:00:30Z"), false),
        ),
        (
            "subscription.active",
            subscription("active", Some("2026-11-07T10:00:20Z"), false),
        ),
        (
            "order.updated",
            renewed(Some("2026-11-07T10:00:10Z"), "paid", None),
        ),
        ("order.paid", renewed(Some("2026-11-07T10:00:20Z"), "paid", None)),
        ("refund.created", refund(None, "pending")),
        (
            "refund.updated",
            refund(Some("2026-11-09T10:00:05Z"), "succeeded"),
        ),
        (
            "order.refunded",
            renewed(Some("2026-11-09T10:00:06Z"), "partially_refunded", None),
        ),
        (
            "subscription.canceled",
            subscription("active", Some("2026-11-12T10:00:00Z"), true),
        ),
        (
            "subscription.updated",
            subscription("canceled", Some(ended), false),
        ),
        (
            "subscription.revoked",
            subscription("canceled", Some(ended), false),
        ),
    ];
    told.into_iter()
        .enumerate()
        .map(|(number, (kind, data))| event(number, kind, "2026-11-21T00:00:00Z", data))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_ends_in_one_state_in_any_order() {
    let found = end_of(&story(), CATALOG, 6).await;
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
    let says = |start: &str, text: &str| rows(start).iter().any(|row| row.contains(text));
    assert!(says("subscription ", r#""status": "canceled""#), "{found:#?}");
    assert!(says("subscription ", r#""plan": "pro""#), "{found:#?}");
    assert!(says("order ", r#""status": "partially_refunded""#), "{found:#?}");
    // A renewal that was paid late was paid when it was first told as paid.
    assert!(
        says("payment ord_2", r#""paid_at": "2026-11-07T10:00:10+00:00""#),
        "{found:#?}"
    );
}
