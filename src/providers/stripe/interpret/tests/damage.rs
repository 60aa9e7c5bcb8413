//! Bodies that were damaged on purpose: whatever comes, an answer or an error, never a panic.

use proptest::prelude::*;

use super::*;

fn samples() -> Vec<Vec<u8>> {
    let item = json!({
        "id": "si_1", "quantity": 4, "price": {"id": "price_1", "currency": "usd", "unit_amount": 5,
        "recurring": {"interval": "month", "interval_count": 1}}, "current_period_start": 1, "current_period_end": 9,
    });
    let method = json!({"type": "card", "card": {"brand": "visa", "last4": "4242", "country": "MX"}});
    let charge = json!({"id": "ch_1", "amount": 5, "currency": "usd", "status": "succeeded", "created": 5,
        "payment_intent": {"id": "pi_1"}, "payment_method_details": method, "amount_refunded": 2});
    vec![
        event(
            "customer.updated",
            json!({"id": "cus_1", "email": "a@b.c", "address": {"country": "MX"}, "metadata": {"a": "b"}}),
        ),
        event(
            "customer.subscription.updated",
            json!({"id": "sub_1", "customer": "cus_1", "status": "active", "items": {"data": [item], "has_more": false},
                "trial_start": 1, "trial_end": 3, "cancel_at": 9, "metadata": {}}),
        ),
        event(
            "checkout.session.completed",
            json!({"id": "cs_1", "mode": "payment", "status": "complete", "payment_status": "paid", "amount_total": 5,
                "currency": "usd", "customer_details": {"email": "a@b.c"}, "payment_intent": "pi_1", "expires_at": 7}),
        ),
        event(
            "invoice.paid",
            json!({"id": "in_1", "total": 5, "currency": "usd", "status": "paid", "attempt_count": 1,
                "lines": {"data": [{"period": {"start": 1, "end": 2}, "subscription_item": "si_1"}]},
                "parent": {"subscription_details": {"subscription": "sub_1"}}, "status_transitions": {"paid_at": 6}}),
        ),
        event(
            "payment_intent.succeeded",
            json!({"id": "pi_1", "amount": 5, "currency": "usd", "status": "succeeded", "latest_charge": charge}),
        ),
        event("charge.succeeded", charge),
        event(
            "invoice_payment.paid",
            json!({"id": "inpay_1", "invoice": "in_1", "amount_paid": 5, "currency": "usd", "status": "paid",
                "payment": {"payment_intent": "pi_1"}}),
        ),
        event(
            "refund.failed",
            json!({"id": "re_1", "amount": 5, "currency": "usd", "status": "failed", "charge": "ch_1", "created": 5}),
        ),
        event(
            "charge.dispute.closed",
            json!({"id": "du_1", "amount": 5, "currency": "usd", "status": "lost", "charge": "ch_1",
                "balance_transactions": [{"amount": -5, "created": 5}], "evidence_details": {"due_by": 8}}),
        ),
    ]
}

/// A value that does not belong where it is put.
fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(i64::MIN)),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,20}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{"id": "x"}])),
        Just(json!("\u{0}")),
        Just(json!("x".repeat(300))),
    ]
}

/// Puts `odd` in place of the `target`th value, counted from the root.
fn replace(value: &mut Value, target: &mut usize, odd: &Value) {
    if *target == 0 {
        *value = odd.clone();
        *target = usize::MAX;
        return;
    }
    *target -= 1;
    match value {
        Value::Array(list) => list.iter_mut().for_each(|inner| replace(inner, target, odd)),
        Value::Object(fields) => fields.values_mut().for_each(|inner| replace(inner, target, odd)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn read_all(body: &[u8]) {
    drop(crate::providers::stripe::envelope::envelope(body));
    drop(interpret(body));
    drop(raw_object(body));
}

#[test]
fn the_samples_are_whole_before_they_are_damaged() {
    for body in samples() {
        assert!(matches!(interpret(&body), Ok(Interpretation::Whole { .. })));
    }
}

proptest! {
    #[test]
    fn a_value_out_of_place(sample in 0..9_usize, target in 0..60_usize, odd in odd_value()) {
        let mut body: Value = serde_json::from_slice(&samples()[sample]).unwrap();
        let mut target = target;
        replace(&mut body, &mut target, &odd);
        read_all(&serde_json::to_vec(&body).unwrap());
    }

    #[test]
    fn a_body_cut_short_is_no_json(sample in 0..9_usize, keep in 0.0..1.0_f64) {
        let body = &samples()[sample];
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a short length")]
        let cut = &body[..(body.len() as f64 * keep) as usize];
        prop_assert!(matches!(interpret(cut), Err(EventError::NotJson(_))));
        prop_assert!(crate::providers::stripe::envelope::envelope(cut).is_err());
    }

    #[test]
    fn bytes_changed_at_random(sample in 0..9_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut body = samples()[sample].clone();
        for (place, byte) in changes {
            let place = place.index(body.len());
            body[place] = byte;
        }
        read_all(&body);
    }

    #[test]
    fn any_bytes_at_all(body in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&body);
    }
}
