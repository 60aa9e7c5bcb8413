//! Money that goes back: refunds and disputes.

use billdeck::{
    domain::{money::Money, observation::Observation, order::RefundStatus, provider::ObjectKind},
    providers::{NewRefund, ReadObject},
};
use serde_json::{Value, json};

use super::server::{Reply, Server, id, intent, object, payment, refund, resource};

fn ids(found: &ReadObject) -> Vec<String> {
    found
        .observations
        .iter()
        .map(|observation| observation.object().to_string())
        .collect()
}

fn pesos(minor: i64) -> Money {
    Money::new(minor, "PHP".parse().unwrap())
}

#[tokio::test]
async fn a_refund_is_read_with_the_payment_that_says_whose_it_is() {
    let server = Server::with([
        Reply::one(&refund("ref_1", "succeeded", 500, &json!(null))),
        Reply::one(&payment("pay_1", Some("pi_1"))),
    ])
    .await;
    let found = server
        .api()
        .read(&object(ObjectKind::Refund, "ref_1"), None)
        .await
        .unwrap()
        .value;
    assert_eq!(
        server.lines(),
        ["GET /v1/refunds/ref_1", "GET /v1/payments/pay_1"]
    );
    let Observation::Refund(seen) = &found.observations[0] else {
        panic!("{found:?}");
    };
    assert_eq!(
        (seen.payment.as_str(), seen.status),
        ("pi_1", RefundStatus::Succeeded)
    );
    assert_eq!(ids(&found)[1..], ["charge pay_1", "payment pi_1"]);
    assert_eq!(found.facts.len(), 2);
}

#[tokio::test]
async fn disputes_are_told_where_the_account_may_see_them() {
    let wanted = object(ObjectKind::Dispute, "dp_1");
    let server = Server::with([Reply::error(403, "access_denied", "No access.")]).await;
    let found = server.api().read(&wanted, None).await.unwrap().value;
    assert!(found.observations.is_empty() && found.facts.is_empty());
    let dispute = resource(
        "dispute",
        "dp_1",
        &json!({"amount": 9, "currency": "PHP", "status": "lost", "payment_id": "pay_1"}),
    );
    let server = Server::with([Reply::one(&dispute), Reply::one(&payment("pay_1", Some("pi_1")))]).await;
    let found = server.api().read(&wanted, None).await.unwrap().value;
    assert_eq!(ids(&found), ["dispute dp_1", "charge pay_1", "payment pi_1"]);
    // Elsewhere it is a refusal like any other.
    let server = Server::with([Reply::error(403, "access_denied", "Not open.")]).await;
    let error = server
        .api()
        .read(&object(ObjectKind::Subscription, "subs_1"), None)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "provider_refused");
}

fn new_refund(amount: Option<i64>) -> NewRefund {
    NewRefund {
        payment: id("pi_1"),
        amount: amount.map(pesos),
        reason: Some("goodwill".to_owned()),
    }
}

#[tokio::test]
async fn a_refund_is_of_the_try_that_moved_the_money_and_of_what_is_left() {
    let paid = || Reply::one(&intent("pi_1", &[payment("pay_1", None)]));
    let none: Value = json!(null);
    let server = Server::with([
        paid(),
        Reply::list(
            &[
                refund("ref_1", "succeeded", 40_000, &none),
                refund("ref_2", "failed", 9, &none),
            ],
            false,
        ),
        Reply::one(&refund("ref_3", "pending", 59_900, &none)),
    ])
    .await;
    let made = server
        .api()
        .refund_create(&new_refund(None), "key")
        .await
        .unwrap()
        .value;
    assert_eq!((made.id.as_str(), made.status), ("ref_3", RefundStatus::Pending));
    let asked = server.asked();
    assert_eq!(asked[1].line(), "GET /v1/refunds");
    assert!(
        asked[1]
            .query
            .contains(&("payment_id".to_owned(), "pay_1".to_owned()))
    );
    asked[2].fits("RefundCreate");
    let sent = asked[2].attributes();
    assert_eq!(
        (&sent["amount"], &sent["payment_id"]),
        (&json!(59_900), &json!("pay_1"))
    );
    assert_eq!(
        (&sent["reason"], &sent["notes"]),
        (&json!("others"), &json!("goodwill"))
    );

    // The answer of the first try was lost: the refund bears the mark of the act.
    let mark = sent["metadata"].clone();
    let server = Server::with([
        paid(),
        Reply::list(&[refund("ref_3", "succeeded", 59_900, &mark)], false),
    ])
    .await;
    let found = server
        .api()
        .refund_create(&new_refund(None), "key")
        .await
        .unwrap()
        .value;
    assert_eq!((found.id.as_str(), found.amount), ("ref_3", pesos(59_900)));
    assert!(!server.lines().contains(&"POST /v1/refunds".to_owned()));

    let server = Server::with([
        paid(),
        Reply::list(&[refund("ref_1", "succeeded", 99_900, &none)], false),
    ])
    .await;
    let error = server
        .api()
        .refund_create(&new_refund(None), "other")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("nothing_left"), "{error}");
    let server = Server::with([Reply::one(&intent("pi_1", &[]))]).await;
    let error = server
        .api()
        .refund_create(&new_refund(None), "other")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("payment_not_paid"), "{error}");
}
