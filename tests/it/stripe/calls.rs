//! What each call sends, and what it makes of a good answer.

use std::collections::BTreeMap;

use billdeck::{
    domain::{
        ids::ObjectId,
        money::Money,
        observation::{FactKind, Observation},
        order::RefundStatus,
        provider::{ObjectKind, ObjectRef},
    },
    providers::{CancelWhen, CustomerPatch, NewCheckout, NewCustomer, NewRefund, Provider, ReadObject},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::server::{Asked, KEY, Reply, Server};
use crate::support::at;

fn id(text: &str) -> ObjectId {
    ObjectId::new(text).unwrap()
}

fn object(kind: ObjectKind, text: &str) -> ObjectRef {
    ObjectRef::new(kind, id(text))
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn metadata(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs(fields).into_iter().collect()
}

fn list(data: &[Value], has_more: bool) -> Value {
    json!({"object": "list", "url": "/v1/x", "has_more": has_more, "data": data})
}

fn customer(name: &str) -> Value {
    json!({"id": name, "object": "customer", "email": "ana@example.com", "metadata": {"user_id": "u_1"}})
}

fn subscription(name: &str, changes: &[(&str, Value)]) -> Value {
    let mut subscription = json!({
        "id": name, "object": "subscription", "customer": "cus_1", "status": "active", "cancel_at_period_end": false,
        "cancel_at": null, "metadata": {},
        "items": list(&[json!({"id": "si_1", "price": {"id": "price_1", "object": "price"}, "quantity": 2,
            "current_period_start": 100, "current_period_end": 200})], false),
    });
    for (field, value) in changes {
        subscription[*field] = value.clone();
    }
    subscription
}

fn ids(found: &ReadObject) -> Vec<String> {
    found
        .observations
        .iter()
        .map(|observation| observation.object().to_string())
        .collect()
}

/// What every call has in common.
fn is_well_formed(asked: &Asked, key: Option<&str>) {
    assert_eq!(
        asked.header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
    assert_eq!(asked.header("stripe-version"), Some("2026-10-28.endive"));
    assert_eq!(
        asked.header("user-agent"),
        Some(concat!("billdeck/", env!("CARGO_PKG_VERSION")))
    );
    assert_eq!(asked.header("idempotency-key"), key);
    let form = key.map(|_| "application/x-www-form-urlencoded");
    assert_eq!(asked.header("content-type"), form);
}

#[tokio::test]
async fn checking_credentials_changes_nothing() {
    let server = Server::with([Reply::json(&list(&[], false))]).await;
    let answer = server.api().check_credentials().await.unwrap();
    assert_eq!(answer.request_id.as_deref(), Some("req_7"));
    let asked = server.only();
    is_well_formed(&asked, None);
    assert_eq!(
        (asked.line(), asked.query),
        ("GET /v1/prices".to_owned(), pairs(&[("limit", "1")]))
    );
    assert!(server.stripe.api_p95().is_some());
}

#[tokio::test]
async fn each_kind_is_read_in_its_place() {
    let money = |name: &str| json!({"id": name, "amount": 5, "currency": "usd", "status": "succeeded", "created": 9, "charge": "ch_1"});
    let table = [
        (
            ObjectKind::Customer,
            "cus_1",
            "/v1/customers/cus_1",
            None,
            customer("cus_1"),
        ),
        (
            ObjectKind::Subscription,
            "sub_1",
            "/v1/subscriptions/sub_1",
            None,
            subscription("sub_1", &[]),
        ),
        (
            ObjectKind::Checkout,
            "cs_1",
            "/v1/checkout/sessions/cs_1",
            Some("payment_intent"),
            json!({"id": "cs_1", "status": "open"}),
        ),
        (
            ObjectKind::Order,
            "in_1",
            "/v1/invoices/in_1",
            Some("payments"),
            json!({"id": "in_1", "total": 5, "currency": "usd", "status": "open"}),
        ),
        (
            ObjectKind::PaymentLink,
            "inpay_1",
            "/v1/invoice_payments/inpay_1",
            None,
            json!({"id": "inpay_1", "invoice": "in_1", "status": "open", "payment": {"charge": "ch_1"}}),
        ),
        (
            ObjectKind::Payment,
            "pi_1",
            "/v1/payment_intents/pi_1",
            Some("latest_charge"),
            money("pi_1"),
        ),
        (
            ObjectKind::Charge,
            "ch_1",
            "/v1/charges/ch_1",
            None,
            money("ch_1"),
        ),
        (
            ObjectKind::Refund,
            "re_1",
            "/v1/refunds/re_1",
            None,
            money("re_1"),
        ),
        (
            ObjectKind::Dispute,
            "du_1",
            "/v1/disputes/du_1",
            None,
            money("du_1"),
        ),
    ];
    for (kind, name, path, expand, body) in table {
        let server = Server::with([Reply::json(&body)]).await;
        let found = server.api().read(&object(kind, name), None).await.unwrap().value;
        assert_eq!(ids(&found), [format!("{kind} {name}")]);
        assert_eq!(found.raw, Some(body.to_string()));
        let asked = server.only();
        is_well_formed(&asked, None);
        assert_eq!(asked.line(), format!("GET {path}"));
        let expand: Vec<_> = expand.into_iter().map(|field| ("expand[]", field)).collect();
        assert_eq!(asked.query, pairs(&expand));
    }
}

#[tokio::test]
async fn an_orders_id_says_which_object_it_is() {
    for (kind, name, path) in [
        (
            ObjectKind::Order,
            "cs_test_1",
            "GET /v1/checkout/sessions/cs_test_1",
        ),
        (ObjectKind::Order, "pi_1", "GET /v1/payment_intents/pi_1"),
        (ObjectKind::Order, "ch_1", "GET /v1/charges/ch_1"),
        (ObjectKind::Payment, "py_1", "GET /v1/charges/py_1"),
    ] {
        let body = json!({"id": name, "amount": 5, "currency": "usd", "status": "succeeded"});
        let server = Server::with([Reply::json(&body)]).await;
        server.api().read(&object(kind, name), None).await.unwrap();
        assert_eq!(server.only().line(), path);
    }
}

#[tokio::test]
async fn what_a_read_proves_about_money_comes_with_it() {
    let charge = json!({"id": "ch_1", "amount": 5, "currency": "usd", "status": "succeeded", "created": 9, "payment_intent": "pi_1"});
    let intent =
        json!({"id": "pi_1", "amount": 5, "currency": "usd", "status": "succeeded", "latest_charge": charge});
    let server = Server::with([Reply::json(&intent)]).await;
    let found = server
        .api()
        .read(&object(ObjectKind::Payment, "pi_1"), None)
        .await
        .unwrap()
        .value;
    assert_eq!(ids(&found), ["payment pi_1", "charge ch_1"]);
    assert_eq!(
        (found.facts[0].kind, found.facts[0].at.as_second()),
        (FactKind::Paid, 9)
    );
}

#[tokio::test]
async fn what_does_not_exist_is_an_answer() {
    let missing = json!({"error": {"type": "invalid_request_error", "code": "resource_missing", "param": "id",
        "message": "No such customer: 'cus_1'"}});
    let deleted = json!({"id": "cus_1", "object": "customer", "deleted": true});
    for (reply, raw) in [
        (Reply::status(404, &missing.to_string()), None),
        (Reply::json(&deleted), Some(deleted.to_string())),
    ] {
        let server = Server::with([reply]).await;
        let wanted = object(ObjectKind::Customer, "cus_1");
        let answer = server.api().read(&wanted, None).await.unwrap();
        assert_eq!(answer.value.observations, [Observation::Gone(wanted)]);
        assert_eq!(
            (answer.value.raw, answer.request_id.as_deref()),
            (raw, Some("req_7"))
        );
    }
}

#[tokio::test]
async fn ids_stay_in_their_piece_of_the_path() {
    let server = Server::with([Reply::json(&customer("x"))]).await;
    server
        .api()
        .read(&object(ObjectKind::Customer, "a/b?c=d#é"), None)
        .await
        .unwrap();
    let asked = server.only();
    assert_eq!(asked.path, "/v1/customers/a%2Fb%3Fc%3Dd%23%C3%A9");
    assert_eq!(asked.query, []);
}

#[tokio::test]
async fn kinds_without_a_place_are_refused_without_asking() {
    let server = Server::with([]).await;
    let error = server
        .api()
        .read(&object(ObjectKind::Other, "pm_1"), None)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "provider_refused");
    let error = server
        .api()
        .objects_of(&id("cus_1"), ObjectKind::Price)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "provider_refused");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn all_subscriptions_of_a_customer_page_by_page() {
    let server = Server::with([
        Reply::json(&list(
            &[subscription("sub_3", &[]), subscription("sub_2", &[])],
            true,
        )),
        Reply::json(&list(
            &[subscription("sub_1", &[("status", json!("canceled"))])],
            false,
        )),
    ])
    .await;
    let found = server.api().subscriptions_of(&id("cus_1")).await.unwrap().value;
    assert_eq!(
        ids(&found),
        ["subscription sub_3", "subscription sub_2", "subscription sub_1"]
    );
    let [first, second] = server.asked().try_into().unwrap();
    assert_eq!(first.line(), "GET /v1/subscriptions");
    let common = [("customer", "cus_1"), ("status", "all"), ("limit", "100")];
    assert_eq!(first.query, pairs(&common));
    let mut next = common.to_vec();
    next.push(("starting_after", "sub_2"));
    assert_eq!(second.query, pairs(&next));
}

#[tokio::test]
async fn items_that_did_not_fit_are_fetched() {
    let cut = subscription("sub_1", &[("items", list(&[], true))]);
    let item = |name: &str| json!({"id": name, "price": {"id": "price_1"}, "quantity": 1});
    let server = Server::with([
        Reply::json(&cut),
        Reply::json(&list(&[item("si_2")], true)),
        Reply::json(&list(&[item("si_1")], false)),
    ])
    .await;
    let found = server
        .api()
        .read(&object(ObjectKind::Subscription, "sub_1"), None)
        .await
        .unwrap()
        .value;
    let [Observation::Subscription(seen)] = found.observations.as_slice() else {
        panic!("{found:?}");
    };
    let items: Vec<_> = seen
        .items
        .iter()
        .map(|item| item.provider_item_id.as_str())
        .collect();
    assert_eq!(items, ["si_2", "si_1"]);
    let asked = server.asked();
    assert_eq!(asked[1].line(), "GET /v1/subscription_items");
    assert_eq!(
        asked[2].query,
        pairs(&[
            ("subscription", "sub_1"),
            ("limit", "100"),
            ("starting_after", "si_2")
        ])
    );
}

#[tokio::test]
async fn objects_of_a_customer_by_kind() {
    let money =
        |name: &str| json!({"id": name, "amount": 5, "currency": "usd", "status": "succeeded", "created": 9});
    let table = [
        (
            ObjectKind::Payment,
            "/v1/payment_intents",
            Some("data.latest_charge"),
            money("pi_1"),
            "payment pi_1",
        ),
        (
            ObjectKind::Charge,
            "/v1/charges",
            None,
            money("ch_1"),
            "charge ch_1",
        ),
        (
            ObjectKind::Order,
            "/v1/invoices",
            Some("data.payments"),
            json!({"id": "in_1", "total": 5, "currency": "usd"}),
            "order in_1",
        ),
        (
            ObjectKind::Checkout,
            "/v1/checkout/sessions",
            None,
            json!({"id": "cs_1"}),
            "checkout cs_1",
        ),
        (
            ObjectKind::Refund,
            "/v1/charges",
            Some("data.refunds"),
            json!({"id": "ch_1", "refunds": list(&[json!({"id": "re_1", "amount": 5, "currency": "usd", "charge": "ch_1"})], false)}),
            "refund re_1",
        ),
    ];
    for (kind, path, expand, element, expected) in table {
        let server = Server::with([Reply::json(&list(&[element], false))]).await;
        let found = server.api().objects_of(&id("cus_1"), kind).await.unwrap().value;
        assert_eq!(ids(&found), [expected]);
        let asked = server.only();
        assert_eq!(asked.line(), format!("GET {path}"));
        let mut query = vec![("customer", "cus_1")];
        query.extend(expand.map(|field| ("expand[]", field)));
        query.push(("limit", "100"));
        assert_eq!(asked.query, pairs(&query));
    }
}

#[tokio::test]
async fn disputes_are_found_by_the_charges_that_have_one() {
    let charge = |name: &str, disputed: bool| json!({"id": name, "amount": 5, "currency": "usd", "status": "succeeded", "disputed": disputed});
    let dispute = json!({"id": "du_1", "amount": 5, "currency": "usd", "status": "lost", "charge": "ch_2"});
    let server = Server::with([
        Reply::json(&list(&[charge("ch_1", false), charge("ch_2", true)], false)),
        Reply::json(&list(&[dispute], false)),
    ])
    .await;
    let found = server
        .api()
        .objects_of(&id("cus_1"), ObjectKind::Dispute)
        .await
        .unwrap()
        .value;
    assert_eq!(ids(&found), ["dispute du_1"]);
    let asked = server.asked();
    assert_eq!(asked[1].line(), "GET /v1/disputes");
    assert_eq!(asked[1].query, pairs(&[("charge", "ch_2"), ("limit", "100")]));
}

#[tokio::test]
async fn a_list_ends_after_a_few_hundred_and_a_missing_customer_is_gone() {
    let page = || Reply::json(&list(&[json!({"id": "cs_1"})], true));
    let server = Server::with([page(), page(), page()]).await;
    let found = server
        .api()
        .objects_of(&id("cus_1"), ObjectKind::Checkout)
        .await
        .unwrap();
    assert_eq!(server.asked().len(), 3);
    assert!(found.value.is_cut, "there is more");

    let last = Reply::json(&list(&[json!({"id": "cs_1"})], false));
    let server = Server::with([page(), page(), last]).await;
    let found = server
        .api()
        .objects_of(&id("cus_1"), ObjectKind::Checkout)
        .await
        .unwrap();
    assert!(!found.value.is_cut, "that was all");

    let missing = r#"{"error":{"type":"invalid_request_error","code":"resource_missing","param":"customer","message":"No such customer"}}"#;
    let server = Server::with([Reply::status(400, missing)]).await;
    let found = server.api().subscriptions_of(&id("cus_1")).await.unwrap().value;
    assert_eq!(
        found.observations,
        [Observation::Gone(object(ObjectKind::Customer, "cus_1"))]
    );
}

#[tokio::test]
async fn customers_are_found_by_their_exact_address_and_by_search() {
    let server = Server::with([Reply::json(&list(&[customer("cus_2"), customer("cus_1")], false))]).await;
    let found = server
        .api()
        .customers_by_email("ana+b@example.com")
        .await
        .unwrap()
        .value;
    assert_eq!(ids(&found), ["customer cus_2", "customer cus_1"]);
    let asked = server.only();
    assert_eq!(asked.line(), "GET /v1/customers");
    assert_eq!(
        asked.query,
        pairs(&[("email", "ana+b@example.com"), ("limit", "100")])
    );

    let page = |name: &str, next: Value| json!({"object": "search_result", "has_more": !next.is_null(), "next_page": next, "data": [customer(name)]});
    let server = Server::with([
        Reply::json(&page("cus_2", json!("page_2"))),
        Reply::json(&page("cus_1", Value::Null)),
    ])
    .await;
    let found = server
        .stripe
        .customers_search("o'neill@example.com")
        .await
        .unwrap()
        .unwrap()
        .value;
    assert_eq!(ids(&found), ["customer cus_2", "customer cus_1"]);
    let [first, second] = server.asked().try_into().unwrap();
    assert_eq!(first.line(), "GET /v1/customers/search");
    assert_eq!(
        first.query,
        pairs(&[("query", r"email:'o\'neill@example.com'"), ("limit", "100")])
    );
    assert_eq!(second.query.last().unwrap().1, "page_2");
}

#[tokio::test]
async fn customers_are_made_and_changed_under_a_key() {
    let server = Server::with([Reply::json(&customer("cus_1"))]).await;
    let new = NewCustomer {
        email: Some("ana@example.com".to_owned()),
        name: None,
        metadata: metadata(&[("user_id", "u_1")]),
    };
    let made = server.api().customer_create(&new, "key-1").await.unwrap().value;
    assert_eq!(ids(&made), ["customer cus_1"]);
    let asked = server.only();
    is_well_formed(&asked, Some("key-1"));
    assert_eq!(asked.line(), "POST /v1/customers");
    assert_eq!(
        asked.form,
        pairs(&[("email", "ana@example.com"), ("metadata[user_id]", "u_1")])
    );

    let server = Server::with([Reply::json(&customer("cus_1"))]).await;
    let patch = CustomerPatch {
        name: Some("Ana & Co".to_owned()),
        ..CustomerPatch::default()
    };
    server
        .api()
        .customer_update(&id("cus_1"), &patch, "key-2")
        .await
        .unwrap();
    let asked = server.only();
    is_well_formed(&asked, Some("key-2"));
    assert_eq!(
        (asked.line(), asked.form),
        (
            "POST /v1/customers/cus_1".to_owned(),
            pairs(&[("name", "Ana & Co")])
        )
    );
}

fn checkout(owner: &[(&str, &str)]) -> NewCheckout {
    NewCheckout {
        checkout: "0192f8f0-0000-7000-8000-000000000001".parse().unwrap(),
        customer: id("cus_1"),
        price: id("price_1"),
        quantity: 4,
        success_url: "https://app.example.com/ok?session={CHECKOUT_SESSION_ID}&x=1".to_owned(),
        cancel_url: "https://app.example.com/no".to_owned(),
        metadata: metadata(owner),
    }
}

#[tokio::test]
async fn a_checkout_carries_our_id_on_session_and_subscription() {
    let session = json!({"id": "cs_1", "object": "checkout.session", "url": "https://pay.example.com/1", "expires_at": 1_790_000_000});
    let server = Server::with([Reply::json(&session)]).await;
    let new = checkout(&[("organization_id", "org_7"), ("client_reference_id", "ws_42")]);
    let started = server.api().checkout_create(&new, "key-1").await.unwrap().value;
    assert_eq!(
        (started.id, started.url.as_str()),
        (id("cs_1"), "https://pay.example.com/1")
    );
    assert_eq!(started.expires_at, Timestamp::from_second(1_790_000_000).ok());
    let asked = server.only();
    is_well_formed(&asked, Some("key-1"));
    assert_eq!(asked.line(), "POST /v1/checkout/sessions");
    let ours = "0192f8f0-0000-7000-8000-000000000001";
    assert_eq!(
        asked.form,
        pairs(&[
            ("mode", "subscription"),
            ("customer", "cus_1"),
            ("line_items[0][price]", "price_1"),
            ("line_items[0][quantity]", "4"),
            (
                "success_url",
                "https://app.example.com/ok?session={CHECKOUT_SESSION_ID}&x=1"
            ),
            ("cancel_url", "https://app.example.com/no"),
            ("client_reference_id", "ws_42"),
            ("metadata[billdeck_checkout]", ours),
            ("metadata[client_reference_id]", "ws_42"),
            ("metadata[organization_id]", "org_7"),
            ("subscription_data[metadata][billdeck_checkout]", ours),
            ("subscription_data[metadata][client_reference_id]", "ws_42"),
            ("subscription_data[metadata][organization_id]", "org_7"),
        ])
    );
}

#[tokio::test]
async fn a_reference_is_sent_only_when_the_owner_has_one() {
    let session = json!({"id": "cs_1", "url": "https://pay.example.com/1"});
    let long = "x".repeat(201);
    for owner in [
        &[("user_id", "u_1")][..],
        &[("client_reference_id", long.as_str())],
    ] {
        let server = Server::with([Reply::json(&session)]).await;
        server
            .api()
            .checkout_create(&checkout(owner), "key")
            .await
            .unwrap();
        assert!(
            server
                .only()
                .form
                .iter()
                .all(|(name, _)| name != "client_reference_id")
        );
    }
    // A session without a page is of no use to anybody.
    let server = Server::with([Reply::json(&json!({"id": "cs_1", "url": null}))]).await;
    let error = server
        .api()
        .checkout_create(&checkout(&[]), "key")
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.outcome_unknown()),
        ("provider_unreadable", true)
    );
}

#[tokio::test]
async fn a_portal_link_is_made_on_demand() {
    let server = Server::with([Reply::json(
        &json!({"id": "bps_1", "url": "https://billing.example.com/p"}),
    )])
    .await;
    let url = server
        .api()
        .portal_create(&id("cus_1"), "https://app.example.com", "key")
        .await
        .unwrap()
        .value;
    assert_eq!(url, "https://billing.example.com/p");
    let asked = server.only();
    is_well_formed(&asked, Some("key"));
    assert_eq!(asked.line(), "POST /v1/billing_portal/sessions");
    assert_eq!(
        asked.form,
        pairs(&[("customer", "cus_1"), ("return_url", "https://app.example.com")])
    );
}

#[tokio::test]
async fn a_subscription_is_cancelled_now_or_later() {
    let ended = subscription(
        "sub_1",
        &[("status", json!("canceled")), ("ended_at", json!(150))],
    );
    let server = Server::with([Reply::json(&ended)]).await;
    let found = server
        .api()
        .subscription_cancel(at(&id("sub_1"), &id("cus_1")), CancelWhen::Now, "key")
        .await
        .unwrap()
        .value;
    assert_eq!(ids(&found), ["subscription sub_1"]);
    let asked = server.only();
    is_well_formed(&asked, None);
    assert_eq!(
        (asked.line(), asked.form.len()),
        ("DELETE /v1/subscriptions/sub_1".to_owned(), 0)
    );

    let server = Server::with([Reply::json(&subscription("sub_1", &[]))]).await;
    server
        .api()
        .subscription_cancel(at(&id("sub_1"), &id("cus_1")), CancelWhen::PeriodEnd, "key")
        .await
        .unwrap();
    let asked = server.only();
    is_well_formed(&asked, Some("key"));
    assert_eq!(asked.line(), "POST /v1/subscriptions/sub_1");
    assert_eq!(asked.form, pairs(&[("cancel_at_period_end", "true")]));
}

#[tokio::test]
async fn a_cancellation_whose_answer_was_lost_is_not_an_error_the_second_time() {
    let missing = r#"{"error":{"type":"invalid_request_error","code":"resource_missing","message":"No such subscription"}}"#;
    let ended = subscription("sub_1", &[("status", json!("canceled"))]);
    let server = Server::with([
        Reply::Cut("{".to_owned()),
        Reply::status(404, missing),
        Reply::json(&ended),
    ])
    .await;
    let found = server
        .api()
        .subscription_cancel(at(&id("sub_1"), &id("cus_1")), CancelWhen::Now, "key")
        .await
        .unwrap()
        .value;
    assert_eq!(ids(&found), ["subscription sub_1"]);

    // One that is not there at all stays an error.
    let server = Server::with([Reply::status(404, missing), Reply::status(404, missing)]).await;
    let error = server
        .api()
        .subscription_cancel(at(&id("sub_1"), &id("cus_1")), CancelWhen::Now, "key")
        .await
        .unwrap_err();
    assert_eq!(error.code(), "provider_not_found");
}

#[tokio::test]
async fn resuming_undoes_whichever_shape_the_cancellation_has() {
    let table = [
        (
            vec![("cancel_at_period_end", json!(true)), ("cancel_at", json!(200))],
            "",
            vec![("cancel_at_period_end", "false")],
        ),
        (vec![("cancel_at", json!(200))], "", vec![("cancel_at", "")]),
        (vec![("status", json!("paused"))], "/resume", vec![]),
    ];
    for (state, action, form) in table {
        let server = Server::with([
            Reply::json(&subscription("sub_1", &state)),
            Reply::json(&subscription("sub_1", &[])),
        ])
        .await;
        server
            .api()
            .subscription_resume(at(&id("sub_1"), &id("cus_1")), "key")
            .await
            .unwrap();
        let [read, write] = server.asked().try_into().unwrap();
        assert_eq!(read.line(), "GET /v1/subscriptions/sub_1");
        is_well_formed(&write, Some("key"));
        assert_eq!(write.line(), format!("POST /v1/subscriptions/sub_1{action}"));
        assert_eq!(write.form, pairs(&form));
    }
    // Nothing to undo: nothing is written.
    let server = Server::with([Reply::json(&subscription("sub_1", &[]))]).await;
    let found = server
        .api()
        .subscription_resume(at(&id("sub_1"), &id("cus_1")), "key")
        .await
        .unwrap()
        .value;
    assert_eq!(ids(&found), ["subscription sub_1"]);
    assert_eq!(server.only().line(), "GET /v1/subscriptions/sub_1");
}

#[tokio::test]
async fn prices_come_with_the_name_of_what_they_sell() {
    let price = |name: &str, product: Value| json!({"id": name, "active": true, "currency": "usd", "unit_amount": 1900, "nickname": "nick", "product": product});
    let page = list(
        &[
            price("price_2", json!({"id": "prod_1", "name": "Team"})),
            price("price_1", json!("prod_1")),
        ],
        true,
    );
    let server = Server::with([Reply::json(&page)]).await;
    let page = server.api().prices(Some("price_3")).await.unwrap().value;
    assert_eq!(page.next.as_deref(), Some("price_1"));
    let [first, second] = page.items.try_into().unwrap();
    assert_eq!(
        (first.id, first.name.as_deref(), first.active),
        (id("price_2"), Some("Team"), true)
    );
    assert_eq!(first.amount, Some(Money::new(1900, "USD".parse().unwrap())));
    assert_eq!(second.name.as_deref(), Some("nick"));
    let asked = server.only();
    assert_eq!(asked.line(), "GET /v1/prices");
    assert_eq!(
        asked.query,
        pairs(&[
            ("expand[]", "data.product"),
            ("limit", "100"),
            ("starting_after", "price_3")
        ])
    );
}

#[tokio::test]
async fn events_are_handed_on_as_stripe_wrote_them() {
    let body = r#"{"object":"list","has_more":false,"data":[{ "id": "evt_2", "n": 1.50 },{"id":"evt_1"}]}"#;
    let server = Server::with([Reply::status(200, body)]).await;
    let since = Timestamp::from_second(1_790_000_000).unwrap();
    let page = server.api().events(since, None).await.unwrap().value;
    let bodies: Vec<_> = page.items.iter().map(|event| event.body.as_slice()).collect();
    assert_eq!(
        bodies,
        [
            br#"{ "id": "evt_2", "n": 1.50 }"#.as_slice(),
            br#"{"id":"evt_1"}"#
        ]
    );
    assert_eq!(page.next, None);
    let asked = server.only();
    assert_eq!(asked.line(), "GET /v1/events");
    assert_eq!(
        asked.query,
        pairs(&[("created[gte]", "1790000000"), ("limit", "100")])
    );
}

#[tokio::test]
async fn money_is_given_back_by_payment_or_by_charge() {
    let refund = json!({"id": "re_1", "object": "refund", "amount": 700, "currency": "usd", "status": "pending", "charge": "ch_1"});
    let part = NewRefund {
        payment: id("pi_1"),
        amount: Some(Money::new(700, "USD".parse().unwrap())),
        reason: Some("duplicate".to_owned()),
    };
    let server = Server::with([Reply::json(&refund)]).await;
    let started = server.api().refund_create(&part, "key").await.unwrap().value;
    assert_eq!(
        (started.id, started.status, started.amount.minor),
        (id("re_1"), RefundStatus::Pending, 700)
    );
    let asked = server.only();
    is_well_formed(&asked, Some("key"));
    assert_eq!(asked.line(), "POST /v1/refunds");
    assert_eq!(
        asked.form,
        pairs(&[
            ("payment_intent", "pi_1"),
            ("amount", "700"),
            ("reason", "duplicate")
        ])
    );

    let rest = NewRefund {
        payment: id("ch_1"),
        amount: None,
        reason: None,
    };
    let server = Server::with([Reply::json(&refund)]).await;
    server.api().refund_create(&rest, "key").await.unwrap();
    assert_eq!(server.only().form, pairs(&[("charge", "ch_1")]));
}
