//! What each call of the trait sends, and what it makes of a good answer.

use billdeck::{
    domain::{
        capability::{Capability, Means},
        money::Money,
        observation::Observation,
        order::RefundStatus,
        provider::ObjectKind,
        subscription::SubscriptionStatus,
    },
    providers::{
        CancelWhen, CustomerPatch, NewCheckout, NewCustomer, NewRefund, Provider, ProviderError, ReadObject,
        SubscriptionAt,
    },
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::server::{
    KEY, Reply, Server, customer, id, intent, object, payment, refund, resource, subscription,
};

fn new_customer(email: Option<&str>) -> NewCustomer {
    NewCustomer {
        email: email.map(str::to_owned),
        name: Some("Ana dela Cruz".to_owned()),
        metadata: [("user_id".to_owned(), "u_1".to_owned())].into(),
    }
}

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
async fn credentials_are_the_key_as_a_users_name() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let server = Server::with([Reply::list(&[], false)]).await;
    let answer = server.api().check_credentials().await.unwrap();
    assert_eq!(answer.request_id.as_deref(), Some("req_7"));
    let asked = &server.asked()[0];
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{KEY}:")));
    assert_eq!(asked.header("authorization"), Some(basic.as_str()));
    assert_eq!(asked.header("idempotency-key"), None);
    assert_eq!(asked.line(), "GET /v1/payments");
    assert!(server.room.api_p95().is_some());
}

#[tokio::test]
async fn each_kind_is_read_in_its_place() {
    let paid = payment("pay_1", Some("pi_1"));
    let session = resource(
        "checkout_session",
        "cs_1",
        &json!({"status": "active", "payments": []}),
    );
    let link = resource(
        "link",
        "link_1",
        &json!({"status": "unpaid", "amount": 5, "payments": []}),
    );
    let table = [
        (
            ObjectKind::Customer,
            "cus_1",
            "/v1/customers/cus_1",
            customer("cus_1", "a@x.ph"),
        ),
        (
            ObjectKind::Subscription,
            "subs_1",
            "/v1/subscriptions/subs_1",
            subscription("subs_1", "active"),
        ),
        (
            ObjectKind::Checkout,
            "cs_1",
            "/v1/checkout_sessions/cs_1",
            session.clone(),
        ),
        (ObjectKind::Checkout, "link_1", "/v1/links/link_1", link.clone()),
        (
            ObjectKind::Order,
            "inv_1",
            "/v1/invoices/inv_1",
            super::server::invoice("inv_1", "cus_1", "pi_1"),
        ),
        (ObjectKind::Order, "cs_1", "/v1/checkout_sessions/cs_1", session),
        (ObjectKind::Order, "link_1", "/v1/links/link_1", link),
        (
            ObjectKind::Payment,
            "pi_1",
            "/v1/payment_intents/pi_1",
            intent("pi_1", &[paid.clone()]),
        ),
        (
            ObjectKind::Payment,
            "pay_1",
            "/v1/payments/pay_1",
            payment("pay_1", None),
        ),
        (ObjectKind::Charge, "pay_1", "/v1/payments/pay_1", paid),
    ];
    for (kind, name, path, body) in table {
        let server = Server::with([Reply::one(&body)]).await;
        let wanted = object(kind, name);
        let found = server.api().read(&wanted, None).await.unwrap().value;
        assert_eq!(server.lines(), [format!("GET {path}")]);
        // What an order goes by is another kind's own id, where it is not an invoice.
        let own = ids(&found).iter().any(|told| told.ends_with(&format!(" {name}")));
        assert!(own, "{wanted}: {:?}", ids(&found));
        assert!(found.raw.unwrap().contains(name));
    }
}

#[tokio::test]
async fn what_does_not_exist_is_an_answer_and_an_unknown_route_is_none() {
    let wanted = object(ObjectKind::Subscription, "subs_1");
    let server = Server::with([Reply::error(404, "resource_not_found", "No such.")]).await;
    let found = server.api().read(&wanted, None).await.unwrap().value;
    assert_eq!(found.observations, [Observation::Gone(wanted.clone())]);
    let server = Server::with([Reply::status(404, "")]).await;
    let error = server.api().read(&wanted, None).await.unwrap_err();
    assert_eq!(error.code(), "provider_unreadable");
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

#[tokio::test]
async fn a_customer_is_looked_for_before_one_is_made() {
    let server = Server::with([Reply::list(
        &[customer("cus_9", "Ana@x.ph"), customer("cus_8", "b@x.ph")],
        false,
    )])
    .await;
    let found = server
        .api()
        .customer_create(&new_customer(Some("ana@x.ph")), "key")
        .await
        .unwrap();
    assert_eq!(ids(&found.value), ["customer cus_9"]);
    assert_eq!(server.lines(), ["GET /v1/customers"]);
    assert!(
        server.asked()[0]
            .query
            .contains(&("email".to_owned(), "ana@x.ph".to_owned()))
    );

    let server = Server::with([
        Reply::list(&[], false),
        Reply::one(&customer("cus_1", "ana@x.ph")),
    ])
    .await;
    let made = server
        .api()
        .customer_create(&new_customer(Some("ana@x.ph")), "key")
        .await
        .unwrap();
    assert_eq!(ids(&made.value), ["customer cus_1"]);
    let Observation::Customer(seen) = &made.value.observations[0] else {
        panic!("{made:?}");
    };
    assert_eq!(seen.name.as_deref(), Some("Ana"));
    let asked = &server.asked()[1];
    assert_eq!(asked.line(), "POST /v1/customers");
    assert_eq!(
        *asked.attributes(),
        json!({"first_name": "Ana", "last_name": "dela Cruz", "email": "ana@x.ph", "default_device": "email"})
    );
    let key: uuid::Uuid = asked.header("idempotency-key").unwrap().parse().unwrap();
    assert_eq!(key.get_version_num(), 4);
}

#[tokio::test]
async fn a_customer_whose_answer_was_lost_is_found_again() {
    let lost = || Reply::status(500, "");
    let server = Server::with([Reply::list(&[], false), lost(), lost(), lost()]).await;
    let new = new_customer(Some("ana@x.ph"));
    let error = server.api().customer_create(&new, "key").await.unwrap_err();
    assert!(error.outcome_unknown(), "{error:?}");
    let keys: std::collections::BTreeSet<_> = server.asked()[1..]
        .iter()
        .map(|asked| asked.header("idempotency-key").unwrap().to_owned())
        .collect();
    assert_eq!(keys.len(), 1);
    // Refused for being there already: somebody was quicker, or it was this very one.
    let server = Server::with([
        Reply::list(&[], false),
        Reply::error(400, "parameter_invalid", "The email is taken."),
        Reply::list(&[customer("cus_1", "ana@x.ph")], false),
    ])
    .await;
    let found = server.api().customer_create(&new, "key").await.unwrap();
    assert_eq!(ids(&found.value), ["customer cus_1"]);
    // Refused for another reason: that reason is told.
    let server = Server::with([
        Reply::list(&[], false),
        Reply::error(400, "parameter_invalid", "No such name."),
        Reply::list(&[], false),
    ])
    .await;
    let error = server.api().customer_create(&new, "key").await.unwrap_err();
    assert!(error.to_string().contains("No such name."), "{error}");
}

#[tokio::test]
async fn a_customer_without_an_address_is_refused_without_a_call() {
    let server = Server::with([]).await;
    let error = server
        .api()
        .customer_create(&new_customer(None), "key")
        .await
        .unwrap_err();
    assert!(
        matches!(&error, ProviderError::Refused { code, .. } if code == "email_required"),
        "{error:?}"
    );
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_change_goes_without_a_key_and_metadata_alone_changes_nothing() {
    let server = Server::with([Reply::one(&customer("cus_1", "b@x.ph"))]).await;
    let patch = CustomerPatch {
        email: Some("b@x.ph".to_owned()),
        ..CustomerPatch::default()
    };
    server
        .api()
        .customer_update(&id("cus_1"), &patch, "key")
        .await
        .unwrap();
    let asked = &server.asked()[0];
    assert_eq!(asked.line(), "PATCH /v1/customers/cus_1");
    assert_eq!(*asked.attributes(), json!({"email": "b@x.ph"}));
    assert_eq!(asked.header("idempotency-key"), None);

    let server = Server::with([Reply::one(&customer("cus_1", "b@x.ph"))]).await;
    let patch = CustomerPatch {
        metadata: [("user_id".to_owned(), "u_1".to_owned())].into(),
        ..CustomerPatch::default()
    };
    server
        .api()
        .customer_update(&id("cus_1"), &patch, "key")
        .await
        .unwrap();
    assert_eq!(server.lines(), ["GET /v1/customers/cus_1"]);
}

async fn cancel(server: &Server, when: CancelWhen) -> Result<ReadObject, ProviderError> {
    let at = SubscriptionAt {
        id: &id("subs_1"),
        customer: &id("cus_1"),
    };
    server
        .api()
        .subscription_cancel(at, when, "key")
        .await
        .map(|answer| answer.value)
}

#[tokio::test]
async fn a_subscription_is_cancelled_at_once_or_not_at_all() {
    let server = Server::with([Reply::one(&subscription("subs_1", "cancelled"))]).await;
    let found = cancel(&server, CancelWhen::Now).await.unwrap();
    let Observation::Subscription(seen) = &found.observations[0] else {
        panic!("{found:?}");
    };
    assert_eq!(seen.status, SubscriptionStatus::Canceled);
    let asked = &server.asked()[0];
    assert_eq!(asked.line(), "POST /v1/subscriptions/subs_1/cancel");
    assert_eq!(*asked.attributes(), json!({"cancellation_reason": "other"}));

    // Cancelled before, and the answer was lost.
    let refused = || Reply::error(400, "resource_failed_state", "It is cancelled.");
    let server = Server::with([refused(), Reply::one(&subscription("subs_1", "cancelled"))]).await;
    cancel(&server, CancelWhen::Now).await.unwrap();
    let server = Server::with([refused(), Reply::one(&subscription("subs_1", "active"))]).await;
    assert_eq!(
        cancel(&server, CancelWhen::Now).await.unwrap_err().code(),
        "provider_refused"
    );
}

#[tokio::test]
async fn what_paymongo_has_not_is_refused_with_a_sentence_and_no_call() {
    let server = Server::with([]).await;
    let api = server.api();
    let checkout = NewCheckout {
        checkout: uuid::Uuid::from_u128(1).into(),
        customer: id("cus_1"),
        price: id("plan_1"),
        quantity: 1,
        success_url: String::new(),
        cancel_url: String::new(),
        metadata: std::collections::BTreeMap::new(),
    };
    let at = SubscriptionAt {
        id: &id("subs_1"),
        customer: &id("cus_1"),
    };
    for error in [
        api.checkout_create(&checkout, "key").await.map(drop).unwrap_err(),
        api.portal_create(&id("cus_1"), "https://x", "key")
            .await
            .map(drop)
            .unwrap_err(),
        api.subscription_resume(at, "key").await.map(drop).unwrap_err(),
        cancel(&server, CancelWhen::PeriodEnd)
            .await
            .map(drop)
            .unwrap_err(),
    ] {
        let ProviderError::Refused { code, message, .. } = &error else {
            panic!("{error:?}");
        };
        assert!(
            code == "not_supported" && message.starts_with("PayMongo "),
            "{error}"
        );
        assert!(!error.outcome_unknown());
    }
    for what in [
        Capability::Portal,
        Capability::Trials,
        Capability::Seats,
        Capability::Proration,
        Capability::Pause,
        Capability::CancelAtPeriodEnd,
        Capability::SubscriptionCheckout,
    ] {
        assert!(
            matches!(server.room.capability(what), Means::Impossible(_)),
            "{what}"
        );
    }
    assert!(
        matches!(server.room.capability(Capability::EventList), Means::Kept(how) if how.contains("state"))
    );
    let events = api.events(Timestamp::UNIX_EPOCH, None).await.unwrap().value;
    assert!(events.items.is_empty() && events.next.is_none());
    assert!(api.event(&id("evt_1")).await.unwrap().value.is_none());
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn plans_are_listed_page_by_page() {
    let plan = |name: &str| {
        resource(
            "plan",
            name,
            &json!({"name": "Pro", "amount": 99_900, "currency": "PHP"}),
        )
    };
    let server = Server::with([
        Reply::list(&[plan("plan_1"), plan("plan_2")], true),
        Reply::list(&[], false),
    ])
    .await;
    let first = server.api().prices(None).await.unwrap().value;
    assert_eq!(first.next.as_deref(), Some("plan_2"));
    assert_eq!(first.items[0].amount, Some(pesos(99_900)));
    let second = server.api().prices(Some("plan_2")).await.unwrap().value;
    assert!(second.items.is_empty() && second.next.is_none());
    assert!(
        server.asked()[1]
            .query
            .contains(&("after".to_owned(), "plan_2".to_owned()))
    );
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
