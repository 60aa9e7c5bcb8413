//! What each call about customers and sales sends, and what it makes of a good answer.

use std::collections::BTreeMap;

use billdeck::{
    domain::{observation::Observation, provider::ObjectKind},
    providers::{CancelWhen, CustomerPatch, NewCheckout, NewCustomer, ProviderError, polar::Proration},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::server::{
    CHECKOUT, CUSTOMER, OURS, PRODUCT, Reply, SUBSCRIPTION, Server, checkout, customer, dispute, id, names,
    object, order, page, payment, refund, refusal, sent, subscription,
};
use crate::support::at;

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn each_kind_is_read_where_polar_keeps_it() {
    let rows = [
        (ObjectKind::Customer, CUSTOMER, "customers", customer(&json!({}))),
        (
            ObjectKind::Subscription,
            SUBSCRIPTION,
            "subscriptions",
            subscription("active", false),
        ),
        (ObjectKind::Checkout, CHECKOUT, "checkouts", checkout(&json!({}))),
        (
            ObjectKind::Charge,
            "pay_1",
            "payments",
            payment("pay_1", "failed"),
        ),
        (
            ObjectKind::Dispute,
            "dis_1",
            "disputes",
            dispute("dis_1", CUSTOMER, 9),
        ),
    ];
    for (kind, name, folder, answer) in rows {
        let server = Server::saying(&[answer]).await;
        let found = server.api().read(&object(kind, name), None).await.unwrap().value;
        assert_eq!(server.lines(), [format!("GET /v1/{folder}/{name}")]);
        assert_eq!(names(&found), [format!("{kind} {name}")]);
        assert!(found.raw.is_some());

        let server = Server::with([refusal(404, "ResourceNotFound")]).await;
        let found = server.api().read(&object(kind, name), None).await.unwrap().value;
        assert_eq!(found.observations, [Observation::Gone(object(kind, name))]);
    }
}

#[tokio::test]
async fn a_refund_is_found_in_its_list() {
    let server = Server::saying(&[page(&[refund(&json!({}))], 1)]).await;
    let wanted = object(ObjectKind::Refund, "ref_1");
    let found = server.api().read(&wanted, None).await.unwrap().value;
    assert_eq!(names(&found), ["refund ref_1"]);
    assert_eq!(server.lines(), ["GET /v1/refunds/?id=ref_1&page=1"]);

    let server = Server::saying(&[page(&[], 0)]).await;
    let found = server.api().read(&wanted, None).await.unwrap().value;
    assert_eq!(found.observations, [Observation::Gone(wanted)]);
}

#[tokio::test]
async fn lists_are_read_to_their_end() {
    let one = |name: &str| {
        let mut found = subscription("canceled", false);
        found["id"] = name.into();
        found
    };
    let server = Server::saying(&[page(&[one("a"), one("b")], 2), page(&[one("c")], 2)]).await;
    let found = server.api().subscriptions_of(&id(CUSTOMER)).await.unwrap().value;
    assert_eq!(
        names(&found),
        ["subscription a", "subscription b", "subscription c"]
    );
    assert_eq!(
        server.lines(),
        [1, 2].map(|page| format!("GET /v1/subscriptions/?customer_id={CUSTOMER}&page={page}"))
    );
    assert!(
        server.asked()[0]
            .query
            .contains(&("limit".to_owned(), "100".to_owned()))
    );
}

#[tokio::test]
async fn a_customers_objects_are_listed_by_kind() {
    let rows = [
        (ObjectKind::Order, "orders", order()),
        (ObjectKind::Payment, "orders", order()),
        (ObjectKind::Charge, "payments", payment("pay_1", "succeeded")),
        (ObjectKind::Refund, "refunds", refund(&json!({}))),
        (ObjectKind::Checkout, "checkouts", checkout(&json!({}))),
    ];
    for (kind, folder, item) in rows {
        let server = Server::saying(&[page(&[item], 1)]).await;
        let found = server.api().objects_of(&id(CUSTOMER), kind).await.unwrap().value;
        assert!(
            found.observations.iter().any(|seen| seen.object().kind == kind),
            "{kind}"
        );
        assert_eq!(
            server.lines(),
            [format!("GET /v1/{folder}/?customer_id={CUSTOMER}&page=1")]
        );
    }
    let server = Server::with([]).await;
    let error = server
        .api()
        .objects_of(&id(CUSTOMER), ObjectKind::Price)
        .await
        .unwrap_err();
    assert!(matches!(error, ProviderError::Refused { code, .. } if code == "not_readable"));
}

#[tokio::test]
async fn disputes_of_a_customer_are_picked_out_of_all() {
    let all = [dispute("dis_1", CUSTOMER, 9), dispute("dis_2", "somebody", 8)];
    let server = Server::saying(&[page(&all, 1)]).await;
    let found = server
        .api()
        .objects_of(&id(CUSTOMER), ObjectKind::Dispute)
        .await
        .unwrap();
    assert_eq!(names(&found.value), ["dispute dis_1"]);
    assert_eq!(server.lines(), ["GET /v1/disputes/?page=1"]);
}

#[tokio::test]
async fn disputes_since_a_time_end_at_the_first_older_one() {
    let all = [
        dispute("dis_3", CUSTOMER, 9),
        dispute("dis_2", "x", 8),
        dispute("dis_1", "x", 2),
    ];
    let since: Timestamp = "2026-10-05T00:00:00Z".parse().unwrap();
    let server = Server::saying(&[page(&all, 7), page(&all[..2], 7)]).await;
    let found = server.calls().disputes(since, None).await.unwrap().value;
    let told: Vec<_> = found.items.iter().flat_map(names).collect();
    assert_eq!(told, ["dispute dis_3", "dispute dis_2"]);
    assert_eq!(found.next, None);
    let more = server.calls().disputes(since, Some("6")).await.unwrap().value;
    assert_eq!(more.next.as_deref(), Some("7"));
    assert_eq!(server.lines()[1], "GET /v1/disputes/?page=6");
}

#[tokio::test]
async fn customers_are_found_by_address_and_by_the_applications_id() {
    let server = Server::with([
        Reply::json(&page(&[customer(&json!({}))], 1)),
        Reply::json(&customer(&json!({}))),
        refusal(404, "ResourceNotFound"),
    ])
    .await;
    let found = server
        .api()
        .customers_by_email("ada+1@example.org")
        .await
        .unwrap();
    assert_eq!(names(&found.value), [format!("customer {CUSTOMER}")]);
    let by_id = server
        .calls()
        .customer_by_external_id("org/1")
        .await
        .unwrap()
        .value;
    assert_eq!(names(&by_id.unwrap()), [format!("customer {CUSTOMER}")]);
    assert!(
        server
            .calls()
            .customer_by_external_id("x")
            .await
            .unwrap()
            .value
            .is_none()
    );
    assert_eq!(
        server.lines(),
        [
            "GET /v1/customers/?email=ada+1@example.org&page=1",
            "GET /v1/customers/external/org%2F1",
            "GET /v1/customers/external/x",
        ]
    );
}

fn new_customer() -> NewCustomer {
    NewCustomer {
        email: Some("ada@example.org".to_owned()),
        name: Some("Ada".to_owned()),
        metadata: labels(&[("external_id", "u_1"), ("plan", "pro")]),
    }
}

#[tokio::test]
async fn a_customer_is_made_once_for_a_key() {
    let server = Server::with([
        Reply::json(&page(&[], 0)),
        Reply::Status(201, Vec::new(), customer(&json!({})).to_string()),
    ])
    .await;
    let made = server
        .api()
        .customer_create(&new_customer(), "customer-1")
        .await
        .unwrap();
    assert_eq!(names(&made.value), [format!("customer {CUSTOMER}")]);
    assert_eq!(
        server.lines(),
        [
            "GET /v1/customers/?metadata[billdeck_key]=customer-1&page=1",
            "POST /v1/customers/"
        ]
    );
    assert_eq!(
        sent(&server.asked()[1]),
        json!({"email": "ada@example.org", "name": "Ada", "external_id": "u_1",
            "metadata": {"billdeck_key": "customer-1", "plan": "pro"}})
    );

    let server = Server::saying(&[page(&[customer(&json!({"billdeck_key": "customer-1"}))], 1)]).await;
    let found = server
        .api()
        .customer_create(&new_customer(), "customer-1")
        .await
        .unwrap();
    assert_eq!(names(&found.value), names(&made.value));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_change_keeps_the_metadata_that_it_does_not_name() {
    let there = customer(&json!({"week": 41, "plan": "solo"}));
    let server = Server::saying(&[there.clone(), there.clone()]).await;
    let patch = CustomerPatch {
        metadata: labels(&[("plan", "pro")]),
        ..CustomerPatch::default()
    };
    server
        .api()
        .customer_update(&id(CUSTOMER), &patch, "key")
        .await
        .unwrap();
    let path = format!("/v1/customers/{CUSTOMER}");
    assert_eq!(server.lines(), [format!("GET {path}"), format!("PATCH {path}")]);
    assert_eq!(
        sent(&server.asked()[1]),
        json!({"metadata": {"week": 41, "plan": "pro"}})
    );

    let server = Server::saying(&[there]).await;
    let patch = CustomerPatch {
        name: Some("Ada Q".to_owned()),
        ..CustomerPatch::default()
    };
    server
        .api()
        .customer_update(&id(CUSTOMER), &patch, "key")
        .await
        .unwrap();
    assert_eq!(sent(&server.asked()[0]), json!({"name": "Ada Q"}));
}

fn new_checkout(quantity: u32) -> NewCheckout {
    NewCheckout {
        checkout: OURS.parse().unwrap(),
        customer: id(CUSTOMER),
        price: id(PRODUCT),
        quantity,
        success_url: "https://app.example.org/done".to_owned(),
        cancel_url: "https://app.example.org/prices".to_owned(),
        metadata: labels(&[("user_id", "u_1")]),
    }
}

#[tokio::test]
async fn a_checkout_carries_our_id_and_is_made_once() {
    let none_of_ours = page(&[checkout(&json!({"billdeck_checkout": "another"}))], 1);
    let server = Server::saying(&[none_of_ours, checkout(&json!({}))]).await;
    let started = server
        .api()
        .checkout_create(&new_checkout(3), "key")
        .await
        .unwrap()
        .value;
    assert_eq!(
        (started.id, started.url.as_str()),
        (id(CHECKOUT), "https://polar.sh/checkout/polar_c_x")
    );
    assert_eq!(started.expires_at, Some("2026-10-06T09:58:40Z".parse().unwrap()));
    assert_eq!(
        server.lines(),
        [
            format!("GET /v1/checkouts/?customer_id={CUSTOMER}&status=open&page=1"),
            "POST /v1/checkouts/".to_owned(),
        ]
    );
    assert_eq!(
        sent(&server.asked()[1]),
        json!({"products": [PRODUCT], "customer_id": CUSTOMER, "seats": 3,
            "success_url": "https://app.example.org/done", "return_url": "https://app.example.org/prices",
            "metadata": {"billdeck_checkout": OURS, "user_id": "u_1"}})
    );

    let ours = page(&[checkout(&json!({"billdeck_checkout": OURS}))], 1);
    let server = Server::saying(&[ours]).await;
    let found = server
        .api()
        .checkout_create(&new_checkout(1), "key")
        .await
        .unwrap()
        .value;
    assert_eq!((found.id, server.asked().len()), (id(CHECKOUT), 1));
}

#[tokio::test]
async fn one_of_a_product_is_asked_for_without_a_number() {
    let server = Server::saying(&[page(&[], 0), checkout(&json!({}))]).await;
    server
        .api()
        .checkout_create(&new_checkout(1), "key")
        .await
        .unwrap();
    assert_eq!(sent(&server.asked()[1]).get("seats"), None);
}

#[tokio::test]
async fn the_portal_is_a_session_of_the_customer() {
    let server =
        Server::saying(&[json!({"token": "polar_cst_x", "customer_portal_url": "https://polar.sh/p"})]).await;
    let url = server
        .api()
        .portal_create(&id(CUSTOMER), "https://app.example.org", "key")
        .await;
    assert_eq!(url.unwrap().value, "https://polar.sh/p");
    assert_eq!(server.lines(), ["POST /v1/customer-sessions/"]);
    assert_eq!(
        sent(&server.asked()[0]),
        json!({"customer_id": CUSTOMER, "return_url": "https://app.example.org"})
    );
}

async fn cancel(server: &Server, when: CancelWhen) -> Result<(), ProviderError> {
    let (subscription, customer) = (id(SUBSCRIPTION), id(CUSTOMER));
    let at = at(&subscription, &customer);
    server.api().subscription_cancel(at, when, "key").await.map(drop)
}

#[tokio::test]
async fn a_subscription_is_cancelled_with_its_period_or_revoked() {
    let path = format!("/v1/subscriptions/{SUBSCRIPTION}");
    let server = Server::saying(&[subscription("active", true)]).await;
    cancel(&server, CancelWhen::PeriodEnd).await.unwrap();
    assert_eq!(server.lines(), [format!("PATCH {path}")]);
    assert_eq!(sent(&server.asked()[0]), json!({"cancel_at_period_end": true}));
    let server = Server::saying(&[subscription("canceled", false)]).await;
    cancel(&server, CancelWhen::Now).await.unwrap();
    assert_eq!(server.lines(), [format!("DELETE {path}")]);
}

#[tokio::test]
async fn already_cancelled_is_done_only_if_a_read_shows_what_was_wanted() {
    let rows = [
        (CancelWhen::PeriodEnd, subscription("active", true), true),
        (CancelWhen::PeriodEnd, subscription("canceled", false), true),
        (CancelWhen::PeriodEnd, subscription("active", false), false),
        (CancelWhen::Now, subscription("canceled", false), true),
        (CancelWhen::Now, subscription("active", true), false),
    ];
    for (when, found, done) in rows {
        let server = Server::with([refusal(403, "AlreadyCanceledSubscription"), Reply::json(&found)]).await;
        assert_eq!(cancel(&server, when).await.is_ok(), done, "{when:?} {found}");
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn a_cancellation_is_taken_back_a_rest_ends_and_else_nothing_is_sent() {
    let rows: [(Value, Option<Value>); 3] = [
        (
            subscription("active", true),
            Some(json!({"cancel_at_period_end": false})),
        ),
        (subscription("paused", false), Some(json!({"resume": true}))),
        (subscription("active", false), None),
    ];
    for (found, expected) in rows {
        let answers = [found, subscription("active", false)];
        let server = Server::saying(&answers[..=usize::from(expected.is_some())]).await;
        let (subscription, customer) = (id(SUBSCRIPTION), id(CUSTOMER));
        server
            .api()
            .subscription_resume(at(&subscription, &customer), "key")
            .await
            .unwrap();
        assert_eq!(server.asked().get(1).map(sent), expected);
    }
}

#[tokio::test]
async fn a_subscription_is_changed_one_thing_at_a_time() {
    let answers = vec![subscription("active", false); 4];
    let server = Server::saying(&answers).await;
    let (name, product) = (id(SUBSCRIPTION), id(PRODUCT));
    let calls = server.calls();
    calls
        .subscription_change_product(&name, &product, Proration::Default)
        .await
        .unwrap();
    calls
        .subscription_change_product(&name, &product, Proration::NextPeriod)
        .await
        .unwrap();
    calls
        .subscription_set_seats(&name, 7, Proration::Invoice)
        .await
        .unwrap();
    calls.subscription_pause_at_period_end(&name, true).await.unwrap();
    let sent: Vec<_> = server.asked().iter().map(sent).collect();
    assert_eq!(
        sent,
        [
            json!({"product_id": PRODUCT}),
            json!({"product_id": PRODUCT, "proration_behavior": "next_period"}),
            json!({"seats": 7, "proration_behavior": "invoice"}),
            json!({"pause_at_period_end": true}),
        ]
    );
}
