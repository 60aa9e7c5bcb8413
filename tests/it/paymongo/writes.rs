//! The calls that are PayMongo's own.

use std::collections::BTreeMap;

use billdeck::{
    domain::{
        ids::ObjectId,
        money::Money,
        subscription::{Interval, IntervalUnit},
    },
    providers::{
        ProviderError,
        paymongo::{
            Line, NewIntent, NewLink, NewMethod, NewPaymentCheckout, NewPlan, NextAction, PlanChange,
        },
    },
};
use secrecy::ExposeSecret;
use serde_json::json;

use super::server::{Asked, Reply, Server, id, intent, invoice, object, resource, subscription, webhook};

fn pesos(minor: i64) -> Money {
    Money::new(minor, "PHP".parse().unwrap())
}

fn month() -> Interval {
    Interval {
        unit: IntervalUnit::Month,
        count: 1,
    }
}

fn sale() -> NewPaymentCheckout {
    NewPaymentCheckout {
        checkout: Some(uuid::Uuid::from_u128(7).into()),
        customer: Some(id("cus_1")),
        lines: vec![Line {
            name: "Setup".to_owned(),
            quantity: 2,
            each: pesos(75_000),
        }],
        methods: vec!["card".to_owned(), "gcash".to_owned()],
        success_url: "https://x/ok".to_owned(),
        cancel_url: "https://x/no".to_owned(),
        reference: Some("INV-1".to_owned()),
        description: None,
        email: Some("ana@x.ph".to_owned()),
        metadata: BTreeMap::from([("user_id".to_owned(), "u_1".to_owned())]),
    }
}

fn new_intent() -> NewIntent {
    NewIntent {
        amount: pesos(99_900),
        methods: vec!["card".to_owned()],
        description: None,
        customer: Some(id("cus_1")),
        save_card: true,
        metadata: BTreeMap::new(),
    }
}

fn method(kind: &str) -> NewMethod {
    NewMethod {
        kind: kind.to_owned(),
        name: Some("Ana".to_owned()),
        email: None,
        phone: None,
    }
}

fn new_plan() -> NewPlan {
    NewPlan {
        name: "Pro".to_owned(),
        description: "Pro tier".to_owned(),
        amount: pesos(99_900),
        interval: month(),
        cycles: Some(12),
    }
}

/// Every write there is, on a server that answers each well; what was asked.
async fn every_write() -> Vec<Asked> {
    let session = resource(
        "checkout_session",
        "cs_1",
        &json!({"status": "active", "checkout_url": "https://c"}),
    );
    let link = resource(
        "link",
        "link_1",
        &json!({"status": "unpaid", "amount": 5, "checkout_url": "https://l", "reference_number": "R1"}),
    );
    let plan = resource(
        "plan",
        "plan_1",
        &json!({"name": "Pro", "amount": 99_900, "currency": "PHP"}),
    );
    let shown = resource(
        "payment_method",
        "pm_1",
        &json!({"type": "gcash", "details": null}),
    );
    let (one, two) = (intent("pi_1", &[]), subscription("subs_1", "incomplete"));
    let bill = invoice("inv_1", "cus_1", "pi_1");
    let hook = webhook("enabled", json!(null));
    let replies = [
        &session,
        &session,
        &link,
        &link,
        &link,
        &one,
        &one,
        &one,
        &shown,
        &plan,
        &plan,
        &two,
        &two,
        &two,
        &json!({"id": "inv_li_1", "amount": 5}),
        &bill,
        &bill,
        &hook,
        &hook,
    ];
    let server = Server::with(replies.into_iter().map(Reply::one)).await;
    let calls = server.calls();
    let started = calls.payment_checkout(&sale(), "k1").await.unwrap().value;
    assert_eq!((started.id.as_str(), started.url.as_str()), ("cs_1", "https://c"));
    calls.checkout_expire(&id("cs_1")).await.unwrap();
    let new = NewLink {
        amount: pesos(99_900),
        description: "Open invoice".to_owned(),
        remarks: None,
    };
    let made = calls.link_create(&new, "k2").await.unwrap().value;
    assert_eq!(
        (made.url.as_str(), made.reference.as_deref()),
        ("https://l", Some("R1"))
    );
    calls.link_archive(&id("link_1"), true).await.unwrap();
    calls.link_archive(&id("link_1"), false).await.unwrap();
    let made = calls.intent_create(&new_intent(), "k3").await.unwrap().value;
    assert_eq!(
        made.client_key.as_ref().map(ExposeSecret::expose_secret),
        Some("pi_1_client_x")
    );
    assert_eq!(
        made.next_action,
        Some(NextAction::Open("https://bank".to_owned()))
    );
    assert!(!format!("{made:?}").contains("client_x"));
    calls
        .intent_attach(&id("pi_1"), &id("pm_1"), "https://x/back")
        .await
        .unwrap();
    calls.intent_cancel(&id("pi_1")).await.unwrap();
    assert_eq!(
        calls
            .method_create(&method("gcash"), "k4")
            .await
            .unwrap()
            .value
            .kind,
        "gcash"
    );
    assert_eq!(
        calls.plan_create(&new_plan(), "k5").await.unwrap().value.amount,
        Some(pesos(99_900))
    );
    let change = PlanChange {
        amount: Some(pesos(5)),
        ..PlanChange::default()
    };
    calls.plan_update(&id("plan_1"), &change).await.unwrap();
    let made = calls
        .subscription_create(&id("cus_1"), &id("plan_1"), "k6")
        .await
        .unwrap()
        .value;
    assert_eq!(
        (
            made.id.as_str(),
            made.first_payment.as_ref().map(ObjectId::as_str)
        ),
        ("subs_1", Some("pi_1"))
    );
    assert_eq!(made.found.observations.len(), 1);
    calls
        .subscription_change_plan(&id("subs_1"), &id("plan_2"))
        .await
        .unwrap();
    calls
        .subscription_change_method(&id("subs_1"), &id("pm_1"), Some("https://x"))
        .await
        .unwrap();
    let invoice = calls
        .invoice_add_line(&id("inv_1"), pesos(500), "5 calls", "k7")
        .await
        .unwrap()
        .value;
    assert_eq!(
        invoice.observations[0].object(),
        object(billdeck::domain::provider::ObjectKind::Order, "inv_1")
    );
    calls.invoice_pay(&id("inv_1")).await.unwrap();
    assert!(calls.endpoint_enable(&id("hook_1")).await.unwrap().value.enabled);
    calls.endpoint_disable(&id("hook_1")).await.unwrap();
    server.asked()
}

#[tokio::test]
async fn what_makes_an_object_has_a_key_and_what_acts_on_one_has_none() {
    let asked = every_write().await;
    let lines: Vec<(String, bool)> = asked
        .iter()
        .map(|asked| (asked.line(), asked.header("idempotency-key").is_some()))
        .collect();
    let lines: Vec<(&str, bool)> = lines.iter().map(|(line, key)| (line.as_str(), *key)).collect();
    assert_eq!(
        lines,
        [
            ("POST /v1/checkout_sessions", true),
            ("POST /v1/checkout_sessions/cs_1/expire", false),
            ("POST /v1/links", true),
            ("POST /v1/links/link_1/archive", false),
            ("POST /v1/links/link_1/unarchive", false),
            ("POST /v1/payment_intents", true),
            ("POST /v1/payment_intents/pi_1/attach", false),
            ("POST /v1/payment_intents/pi_1/cancel", false),
            ("POST /v1/payment_methods", true),
            ("POST /v1/plans", true),
            ("PUT /v1/plans/plan_1", false),
            ("POST /v1/subscriptions", true),
            ("PUT /v1/subscriptions/subs_1/plan", false),
            ("PUT /v1/subscriptions/subs_1/payment_method", false),
            ("POST /v1/invoices/inv_1/line_items", true),
            ("GET /v1/invoices/inv_1", false),
            ("POST /v1/invoices/inv_1/pay", false),
            ("POST /v1/webhooks/hook_1/enable", false),
            ("POST /v1/webhooks/hook_1/disable", false),
        ]
    );
    let session = asked[0].attributes();
    assert_eq!(session["metadata"]["billdeck_customer"], "cus_1");
    assert_eq!(
        session["metadata"]["billdeck_checkout"],
        "00000000-0000-0000-0000-000000000007"
    );
    assert_eq!(
        asked[5].attributes()["setup_future_usage"],
        json!({"session_type": "off_session", "customer_id": "cus_1"})
    );
}

#[tokio::test]
async fn what_acts_is_never_repeated_and_says_that_its_outcome_is_unknown() {
    for trouble in [
        || Reply::status(500, ""),
        || Reply::Cut("{".to_owned()),
        || Reply::Silence,
    ] {
        let server = Server::with([trouble()]).await;
        let error = server.calls().invoice_pay(&id("inv_1")).await.unwrap_err();
        assert!(error.outcome_unknown(), "{error:?}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn cards_and_other_money_never_leave() {
    let server = Server::with([]).await;
    let code = |error: ProviderError| match error {
        ProviderError::Refused { code, .. } => code,
        other => panic!("{other:?}"),
    };
    let calls = server.calls();
    assert_eq!(
        code(calls.method_create(&method("card"), "k").await.unwrap_err()),
        "card_data"
    );
    let mut dollars = new_intent();
    dollars.amount = Money::new(5, "USD".parse().unwrap());
    assert_eq!(
        code(calls.intent_create(&dollars, "k").await.unwrap_err()),
        "currency_not_supported"
    );
    let mut daily = new_plan();
    daily.interval.unit = IntervalUnit::Day;
    assert_eq!(
        code(calls.plan_create(&daily, "k").await.unwrap_err()),
        "interval_not_supported"
    );
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn saved_methods_show_no_more_of_a_card_than_its_end() {
    let saved = resource(
        "customer_payment_method",
        "cpm_1",
        &json!({"payment_method_id": "pm_1", "payment_method_type": "card",
        "details": {"last4": "4345", "exp_month": 3, "exp_year": 2030, "brand": "visa", "card_number": "4343434343434345"}}),
    );
    let server = Server::with([Reply::list(&[saved], false), Reply::status(204, "")]).await;
    let found = server.calls().saved_methods(&id("cus_1")).await.unwrap().value;
    assert_eq!(
        (found[0].method.id.as_str(), found[0].method.last4.as_deref()),
        ("pm_1", Some("4345"))
    );
    assert_eq!(found[0].method.ends, Some((2030, 3)));
    assert!(!format!("{found:?}").contains("434343"));
    server
        .calls()
        .saved_method_delete(&id("cus_1"), &id("cpm_1"))
        .await
        .unwrap();
    assert_eq!(
        server.lines()[1],
        "DELETE /v1/customers/cus_1/payment_methods/cpm_1"
    );
}

#[tokio::test]
async fn every_request_fits_the_schema() {
    let defs = [
        Some("CheckoutSessionCreate"),
        None,
        Some("LinkCreate"),
        None,
        None,
        Some("PaymentIntentCreate"),
        Some("PaymentIntentAttach"),
        None,
        None,
        Some("PlanCreate"),
        Some("PlanUpdate"),
        Some("SubscriptionCreate"),
        Some("SubscriptionPlanChange"),
        Some("SubscriptionPaymentMethodChange"),
        Some("InvoiceLineItemCreate"),
        None,
        None,
        None,
        None,
    ];
    let asked = every_write().await;
    assert_eq!(asked.len(), defs.len());
    for (asked, name) in asked.iter().zip(defs) {
        if let Some(name) = name {
            asked.fits(name);
        }
    }
}
