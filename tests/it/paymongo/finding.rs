//! The objects of one customer, picked from lists that PayMongo does not filter.

use billdeck::{
    domain::{observation::Observation, provider::ObjectKind},
    providers::ReadObject,
};
use serde_json::{Value, json};

use super::server::{Reply, Server, customer, id, intent, invoice, payment, refund, resource, subscription};

fn ids(found: &ReadObject) -> Vec<String> {
    found
        .observations
        .iter()
        .map(|observation| observation.object().to_string())
        .collect()
}

fn another(mut resource: Value) -> Value {
    resource["attributes"]["customer_id"] = json!("cus_2");
    resource
}

#[tokio::test]
async fn subscriptions_are_walked_to_the_end() {
    let server = Server::with([
        Reply::list(
            &[
                subscription("subs_1", "active"),
                another(subscription("subs_2", "active")),
            ],
            true,
        ),
        Reply::list(&[subscription("subs_3", "cancelled")], false),
    ])
    .await;
    let found = server.api().subscriptions_of(&id("cus_1")).await.unwrap().value;
    assert_eq!(ids(&found), ["subscription subs_1", "subscription subs_3"]);
    let asked = server.asked();
    assert_eq!(asked[0].query, [("limit".to_owned(), "100".to_owned())]);
    assert!(
        asked[1]
            .query
            .contains(&("after".to_owned(), "subs_2".to_owned()))
    );
}

#[tokio::test]
async fn what_is_wrong_with_anothers_object_is_none_of_this_ones() {
    let mut broken = another(subscription("subs_2", "active"));
    broken["attributes"]["status"] = json!(7);
    let server = Server::with([Reply::list(
        &[broken.clone(), subscription("subs_1", "active")],
        false,
    )])
    .await;
    let found = server.api().subscriptions_of(&id("cus_1")).await.unwrap().value;
    assert_eq!(ids(&found), ["subscription subs_1"]);
    broken["attributes"]["customer_id"] = json!("cus_1");
    let server = Server::with([Reply::list(&[broken], false)]).await;
    let error = server.api().subscriptions_of(&id("cus_1")).await.unwrap_err();
    assert!(error.to_string().contains("`status`"), "{error}");
}

#[tokio::test]
async fn payments_and_refunds_are_found_by_the_invoices_that_they_pay() {
    let mut paid = payment("pay_1", Some("pi_1"));
    paid["attributes"]["refunds"] = json!([refund("ref_1", "succeeded", 5, &json!(null))]);
    for kind in [ObjectKind::Payment, ObjectKind::Charge, ObjectKind::Refund] {
        let invoices = [
            invoice("inv_1", "cus_1", "pi_1"),
            invoice("inv_2", "cus_2", "pi_2"),
            invoice("inv_3", "cus_1", "pi_1"),
        ];
        let server = Server::with([
            Reply::list(&invoices, false),
            Reply::one(&intent("pi_1", &[paid.clone()])),
        ])
        .await;
        let found = server.api().objects_of(&id("cus_1"), kind).await.unwrap().value;
        assert_eq!(ids(&found), ["payment pi_1", "charge pay_1", "refund ref_1"]);
        assert_eq!(
            server.lines(),
            ["GET /v1/invoices", "GET /v1/payment_intents/pi_1"]
        );
    }
}

#[tokio::test]
async fn disputes_are_those_of_the_customers_payments() {
    let replies = |disputes| {
        [
            Reply::list(&[invoice("inv_1", "cus_1", "pi_1")], false),
            Reply::one(&intent("pi_1", &[payment("pay_1", Some("pi_1"))])),
            disputes,
        ]
    };
    let dispute = |name: &str, of: &str| {
        resource(
            "dispute",
            name,
            &json!({"amount": 9, "currency": "PHP", "status": "expired", "payment_id": of}),
        )
    };
    let listed = Reply::list(&[dispute("dp_1", "pay_1"), dispute("dp_2", "pay_9")], false);
    let server = Server::with(replies(listed)).await;
    let found = server
        .api()
        .objects_of(&id("cus_1"), ObjectKind::Dispute)
        .await
        .unwrap()
        .value;
    let [Observation::Dispute(seen)] = found.observations.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(
        (seen.payment.as_str(), seen.provider_status.as_str()),
        ("pi_1", "expired")
    );
    let server = Server::with(replies(Reply::error(403, "access_denied", "No access."))).await;
    let found = server
        .api()
        .objects_of(&id("cus_1"), ObjectKind::Dispute)
        .await
        .unwrap()
        .value;
    assert!(found.observations.is_empty());
}

#[tokio::test]
async fn sessions_are_not_listed_and_customers_are_found_to_the_letter() {
    let server = Server::with([]).await;
    let error = server
        .api()
        .objects_of(&id("cus_1"), ObjectKind::Checkout)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("not_readable"), "{error}");
    let listed = [customer("cus_1", "ana@x.ph"), customer("cus_2", "Ana@x.ph")];
    let server = Server::with([Reply::list(&listed, false)]).await;
    let found = server.api().customers_by_email("ana@x.ph").await.unwrap().value;
    assert_eq!(ids(&found), ["customer cus_1"]);
}

#[tokio::test]
async fn a_list_that_does_not_end_is_left() {
    let same = || Reply::list(&[subscription("subs_1", "active")], true);
    let server = Server::with([same(), same()]).await;
    server.api().subscriptions_of(&id("cus_1")).await.unwrap();
    assert_eq!(server.asked().len(), 2);
}
