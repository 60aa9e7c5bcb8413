mod money;
mod sale;
#[cfg(feature = "conformance")]
mod samples;
mod settled;

use serde_json::{Value, json};

use super::*;
use crate::domain::{
    observation::{ChargeSeen, CheckoutSeen, OrderSeen, PaymentSeen, SubscriptionSeen},
    order::PaymentStatus,
};

pub(super) fn body(kind: &str, resource: &Value) -> Vec<u8> {
    json!({"data": {"id": "evt_1", "type": "event", "attributes": {
        "type": kind, "livemode": false, "data": resource, "previous_data": {}, "created_at": 1_772_420_061}}})
    .to_string()
    .into_bytes()
}

pub(super) fn whole(kind: &str, resource: &Value) -> (ObjectRef, Vec<Observation>, Vec<Fact>) {
    match interpret(&body(kind, resource)).unwrap() {
        Interpretation::Whole {
            subject,
            observations,
            facts,
        } => (subject, observations, facts),
        other => panic!("{other:?}"),
    }
}

pub(super) fn unreadable(kind: &str, resource: &Value) -> String {
    let error = interpret(&body(kind, resource)).unwrap_err();
    assert_eq!(error.code(), "unreadable_body");
    error.to_string()
}

pub(super) fn payment(id: &str, status: &str) -> Value {
    json!({"id": id, "type": "payment", "attributes": {
        "amount": 99_900, "currency": "PHP", "status": status, "payment_intent_id": "pi_1",
        "source": {"id": "card_1", "type": "card", "brand": "visa", "country": "PH", "last4": "4345"},
        "refunds": [], "metadata": null, "failed_code": null, "failed_message": null,
        "created_at": 100, "paid_at": if status == "paid" { json!(110) } else { json!(null) }, "updated_at": 110}})
}

pub(super) fn refund(id: &str, status: &str, amount: i64) -> Value {
    json!({"id": id, "type": "refund", "attributes": {"amount": amount, "currency": "PHP", "payment_id": "pay_1",
        "status": status, "reason": "others", "created_at": 200, "refunded_at": if status == "succeeded" { json!(210) } else { json!(null) },
        "updated_at": 210}})
}

macro_rules! the {
    ($name:ident, $variant:ident, $seen:ty) => {
        pub(super) fn $name(observations: &[Observation]) -> $seen {
            let mut found = observations
                .iter()
                .filter_map(|observation| match observation {
                    Observation::$variant(seen) => Some(seen.clone()),
                    _ => None,
                });
            let first = found.next().unwrap();
            assert_eq!(found.next(), None);
            first
        }
    };
}

the!(the_charge, Charge, ChargeSeen);
the!(the_payment, Payment, PaymentSeen);
the!(the_checkout, Checkout, CheckoutSeen);
the!(the_order, Order, OrderSeen);
the!(the_subscription, Subscription, SubscriptionSeen);

#[test]
fn what_is_nothing_to_billing_says_why() {
    for (kind, because) in [
        ("source.chargeable", "old way"),
        ("qrph.expired", "ran out"),
        ("qr.expired", "ran out"),
        ("qr.paid", "`payment.paid`"),
        ("payout.deposited", "payouts"),
        ("payout.returned", "payouts"),
        ("workflow.completed", "workflows"),
        ("workflow.failed", "workflows"),
        ("novelty.happened", "`novelty.happened`"),
    ] {
        let Ok(Interpretation::Ignore(reason)) = interpret(&body(kind, &json!({"id": "x"}))) else {
            panic!("{kind}");
        };
        assert!(reason.contains(because), "{reason}");
    }
}

#[test]
fn the_object_is_kept_as_it_was_written() {
    let text = r#"{"data":{"id":"evt_1","attributes":{"type":"payment.paid","livemode":false,"data":{ "id": "pay_1" , "n": 1.0 }}}}"#;
    assert_eq!(
        raw_object(text.as_bytes()).as_deref(),
        Some(r#"{ "id": "pay_1" , "n": 1.0 }"#)
    );
    assert_eq!(raw_object(b"{}"), None);
}

#[test]
fn an_intent_counts_by_its_payments() {
    let intent = |status: &str, payments: Value, error: Value| {
        json!({"id": "pi_1", "type": "payment_intent", "attributes": {"amount": 99_900, "currency": "PHP",
            "status": status, "payments": payments, "last_payment_error": error, "updated_at": 120}})
    };
    let none = json!(null);
    let table = [
        (
            intent("processing", json!([payment("pay_1", "paid")]), none.clone()),
            PaymentStatus::Succeeded,
        ),
        (
            intent("succeeded", json!([]), none.clone()),
            PaymentStatus::Succeeded,
        ),
        (
            intent("awaiting_payment_method", none.clone(), none.clone()),
            PaymentStatus::Pending,
        ),
        (
            intent(
                "awaiting_payment_method",
                json!([payment("pay_1", "failed")]),
                none.clone(),
            ),
            PaymentStatus::Failed,
        ),
        (
            intent(
                "awaiting_payment_method",
                none.clone(),
                json!({"failed_code": "card_expired"}),
            ),
            PaymentStatus::Failed,
        ),
        (
            intent("awaiting_next_action", none.clone(), none.clone()),
            PaymentStatus::Pending,
        ),
        (
            intent("cancelled", none.clone(), none.clone()),
            PaymentStatus::Canceled,
        ),
        (intent("novelty", none.clone(), none), PaymentStatus::Pending),
    ];
    for (resource, status) in table {
        let (subject, observations, _) = whole("payment_intent.succeeded", &resource);
        assert_eq!(subject.to_string(), "payment pi_1");
        assert_eq!(the_payment(&observations).status, status, "{resource}");
    }
}
