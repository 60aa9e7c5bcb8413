//! Events of this module's own making, each with as little as the case is about.

mod damage;
mod money;
mod sale;
#[cfg(feature = "conformance")]
mod samples;

use serde_json::{Value, json};

use super::*;
use crate::domain::{
    ids::ObjectId,
    money::Money,
    observation::{Fact, FactKind, Observation},
};

const TIME: &str = "2026-10-05T10:00:09Z";

fn event(kind: &str, data: Value) -> Vec<u8> {
    let event = json!({"type": kind, "timestamp": TIME, "api_version": "2026-10", "data": data});
    event.to_string().into_bytes()
}

/// What an event whose body holds a whole object tells, its subject's observation first.
fn whole(kind: &str, data: Value) -> (Vec<Observation>, Vec<Fact>) {
    match interpret(&event(kind, data)).unwrap() {
        Interpretation::Whole {
            subject,
            observations,
            facts,
        } => {
            assert_eq!(subject, observations[0].object());
            (observations, facts)
        }
        other => panic!("{other:?}"),
    }
}

fn unreadable(kind: &str, data: Value) -> String {
    match interpret(&event(kind, data)) {
        Err(EventError::Unreadable { event_type, why }) => {
            assert_eq!(event_type, kind);
            why
        }
        other => panic!("{other:?}"),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn id(text: &str) -> ObjectId {
    ObjectId::new(text).unwrap()
}

fn usd(minor: i64) -> Money {
    Money::new(minor, "USD".parse().unwrap())
}

fn with(mut object: Value, changes: &[(&str, Value)]) -> Value {
    for (field, value) in changes {
        object[*field] = value.clone();
    }
    object
}

fn order() -> Value {
    json!({
        "id": "ord_1", "created_at": "2026-10-05T10:00:00Z", "modified_at": "2026-10-07T10:00:00Z", "status": "paid",
        "paid": true, "total_amount": 3451, "due_amount": 3451, "currency": "usd", "billing_reason": "subscription_cycle",
        "invoice_number": "INV-1", "customer_id": "cus_1", "subscription_id": "sub_1", "checkout_id": null,
        "next_payment_attempt_at": null, "items": [],
    })
}

fn subscription() -> Value {
    json!({
        "id": "sub_1", "status": "active", "amount": 2900, "currency": "usd", "recurring_interval": "month",
        "recurring_interval_count": 1, "current_period_start": "2026-10-05T10:00:00Z",
        "current_period_end": "2026-11-05T10:00:00Z", "cancel_at_period_end": false, "customer_id": "cus_1",
        "product_id": "prod_1", "metadata": {}, "prices": [
            {"id": "price_1", "amount_type": "fixed", "price_amount": 2900, "price_currency": "usd"},
        ],
    })
}
