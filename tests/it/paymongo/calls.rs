//! What the calls of the trait send, and what they make of a good answer.

use billdeck::{
    domain::{
        capability::{Capability, Means},
        money::Money,
        observation::Observation,
        provider::ObjectKind,
        subscription::SubscriptionStatus,
    },
    providers::{CancelWhen, NewCheckout, Provider, ProviderError, ReadObject, SubscriptionAt},
};
use jiff::Timestamp;
use serde_json::json;

use super::server::{KEY, Reply, Server, customer, id, intent, object, payment, resource, subscription};

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
            intent("pi_1", std::slice::from_ref(&paid)),
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
    asked.fits("SubscriptionCancel");
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
