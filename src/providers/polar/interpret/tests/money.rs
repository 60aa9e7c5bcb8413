//! Orders, payments, refunds, disputes.

use super::*;
use crate::domain::{
    observation::{ChargeSeen, DisputeSeen, OrderSeen, PaymentSeen, RefundSeen},
    order::{Collection, DisputeStatus, PaymentStatus, RefundStatus},
    provider::{ObjectKind, ObjectRef},
};

fn told(changes: &[(&str, Value)]) -> (OrderSeen, Option<PaymentSeen>, Vec<Fact>) {
    let (observations, facts) = whole("order.updated", with(order(), changes));
    let mut observations = observations.into_iter();
    let Some(Observation::Order(seen)) = observations.next() else {
        panic!("no order");
    };
    let payment = observations.next().map(|observation| match observation {
        Observation::Payment(seen) => seen,
        other => panic!("{other:?}"),
    });
    (seen, payment, facts)
}

fn fact(kind: FactKind, object: (ObjectKind, &str), minor: i64, when: &str) -> Fact {
    Fact {
        object: ObjectRef::new(object.0, id(object.1)),
        kind,
        amount: usd(minor),
        at: at(when),
    }
}

fn read(kind: ObjectKind, object: &Value) -> (Observation, Vec<Fact>) {
    let occasion = Occasion {
        event: None,
        at: at(TIME),
    };
    match read_object(kind, &object.to_string(), occasion).unwrap() {
        Told::Whole {
            mut observations,
            facts,
            ..
        } => (observations.remove(0), facts),
        Told::Nothing(reason) => panic!("{reason}"),
    }
}

#[test]
fn an_order_is_the_invoice_and_its_own_payment() {
    let (seen, payment, facts) = told(&[]);
    let payment = payment.unwrap();
    assert_eq!(
        (seen.id.clone(), seen.amount, seen.collection),
        (id("ord_1"), usd(3451), Collection::Paid)
    );
    assert_eq!(seen.payments, [id("ord_1")]);
    assert_eq!(
        (seen.number.as_deref(), seen.subscription),
        (Some("INV-1"), Some(id("sub_1")))
    );
    assert_eq!((payment.id, payment.order), (id("ord_1"), Some(id("ord_1"))));
    assert_eq!(
        (payment.status, payment.amount),
        (PaymentStatus::Succeeded, usd(3451))
    );
    let when = "2026-10-07T10:00:00Z";
    assert_eq!(
        facts,
        [fact(FactKind::Paid, (ObjectKind::Payment, "ord_1"), 3451, when)]
    );
}

#[test]
fn every_status_has_its_meaning() {
    let next = json!("2026-10-09T10:00:00Z");
    let rows = [
        ("draft", Value::Null, Collection::Pending, PaymentStatus::Pending),
        (
            "pending",
            Value::Null,
            Collection::Pending,
            PaymentStatus::Pending,
        ),
        ("pending", next, Collection::Failed, PaymentStatus::Failed),
        ("paid", Value::Null, Collection::Paid, PaymentStatus::Succeeded),
        (
            "refunded",
            Value::Null,
            Collection::Paid,
            PaymentStatus::Succeeded,
        ),
        (
            "partially_refunded",
            Value::Null,
            Collection::Paid,
            PaymentStatus::Succeeded,
        ),
        ("void", Value::Null, Collection::Expired, PaymentStatus::Canceled),
        ("novel", Value::Null, Collection::Pending, PaymentStatus::Pending),
    ];
    for (word, next, collection, status) in rows {
        let paid = json!(collection == Collection::Paid);
        let (seen, payment, facts) = told(&[
            ("status", json!(word)),
            ("paid", paid),
            ("next_payment_attempt_at", next),
        ]);
        assert_eq!(seen.collection, collection, "{word}");
        assert_eq!(payment.unwrap().status, status, "{word}");
        assert_eq!(facts.is_empty(), collection != Collection::Paid, "{word}");
        assert_eq!(seen.paid_at.is_some(), collection == Collection::Paid, "{word}");
    }
    assert_eq!(told(&[("status", json!("novel"))]).0.collection, Collection::Paid);
}

#[test]
fn a_checkouts_order_was_paid_when_it_was_made() {
    let (_, payment, facts) = told(&[
        ("billing_reason", json!("subscription_create")),
        ("checkout_id", json!("chk_1")),
    ]);
    assert_eq!(payment.unwrap().paid_at, Some(at("2026-10-05T10:00:00Z")));
    assert_eq!(facts[0].at, at("2026-10-05T10:00:00Z"));
}

#[test]
fn nothing_due_is_paid_without_a_payment_and_a_balance_lessens_it() {
    let (seen, payment, facts) = told(&[("total_amount", json!(0)), ("due_amount", json!(0))]);
    assert_eq!((seen.collection, seen.payments.len()), (Collection::Paid, 0));
    assert_eq!((payment, facts), (None, Vec::new()));
    let (seen, payment, facts) = told(&[("due_amount", json!(451))]);
    assert_eq!(
        (seen.amount, payment.unwrap().amount, facts[0].amount),
        (usd(3451), usd(451), usd(451))
    );
}

#[test]
fn the_lines_say_what_the_order_pays_for() {
    let line = |proration: bool, start: &str, end: &str| {
        json!({"proration": proration, "start_timestamp": format!("{start}T00:00:00Z"),
            "end_timestamp": format!("{end}T00:00:00Z")})
    };
    let span = |items: Value| {
        let period = told(&[("items", items)]).0.period?;
        Some((period.start.to_string(), period.end.to_string()))
    };
    let dates = |start: &str, end: &str| Some((format!("{start}T00:00:00Z"), format!("{end}T00:00:00Z")));
    let cycle = line(false, "2026-10-05", "2026-11-05");
    let change = line(true, "2026-09-20", "2026-10-05");
    assert_eq!(
        span(json!([change.clone(), cycle])),
        dates("2026-10-05", "2026-11-05")
    );
    assert_eq!(span(json!([change])), dates("2026-09-20", "2026-10-05"));
    assert_eq!(span(json!([{ "proration": false }])), None);
}

fn refund(changes: &[(&str, Value)]) -> (Vec<Observation>, RefundSeen, Vec<Fact>) {
    let object = json!({"id": "ref_1", "created_at": "2026-10-08T10:00:00Z", "modified_at": "2026-10-09T10:00:00Z",
        "status": "succeeded", "reason": "customer_request", "amount": 2000, "tax_amount": 380, "currency": "usd",
        "order_id": "ord_1", "customer_id": "cus_1", "dispute": null});
    let (observations, facts) = whole("refund.updated", with(object, changes));
    let Observation::Refund(seen) = observations[0].clone() else {
        panic!("{observations:?}");
    };
    (observations, seen, facts)
}

#[test]
fn a_refund_gives_back_the_tax_too_and_hangs_on_the_orders_payment() {
    let (_, seen, facts) = refund(&[]);
    assert_eq!(
        (seen.payment, seen.amount, seen.status),
        (id("ord_1"), usd(2380), RefundStatus::Succeeded)
    );
    let object = (ObjectKind::Refund, "ref_1");
    assert_eq!(
        facts,
        [fact(FactKind::Refunded, object, -2380, "2026-10-08T10:00:00Z")]
    );
    for word in ["pending", "canceled", "novel"] {
        assert_eq!(refund(&[("status", json!(word))]).2, [], "{word}");
    }
    let (_, seen, facts) = refund(&[("status", json!("failed"))]);
    assert_eq!(seen.status, RefundStatus::Failed);
    assert_eq!(facts.iter().map(|fact| fact.amount.minor).sum::<i64>(), 0);
    assert_eq!(facts.len(), 2);
}

fn dispute(status: &str) -> Value {
    json!({"id": "dis_1", "created_at": "2026-10-08T09:00:00Z", "modified_at": "2026-10-20T09:00:00Z", "status": status,
        "amount": 2900, "tax_amount": 551, "currency": "usd", "reason": "fraudulent", "order_id": "ord_1",
        "evidence_due_by": "2026-10-18T00:00:00Z", "customer": {"id": "cus_1"}})
}

#[test]
fn disputes_are_read_and_only_real_ones_are_money() {
    let rows = [
        ("prevented", DisputeStatus::Won, vec![]),
        ("early_warning", DisputeStatus::NeedsResponse, vec![]),
        (
            "needs_response",
            DisputeStatus::NeedsResponse,
            vec![FactKind::Disputed],
        ),
        (
            "under_review",
            DisputeStatus::UnderReview,
            vec![FactKind::Disputed],
        ),
        ("won", DisputeStatus::Won, vec![FactKind::Disputed]),
        (
            "lost",
            DisputeStatus::Lost,
            vec![FactKind::Disputed, FactKind::DisputeWithdrawn],
        ),
        ("novel", DisputeStatus::NeedsResponse, vec![FactKind::Disputed]),
    ];
    for (word, status, kinds) in rows {
        let (observation, facts) = read(ObjectKind::Dispute, &dispute(word));
        let Observation::Dispute(DisputeSeen {
            status: found,
            payment,
            amount,
            provider_status,
            ..
        }) = observation
        else {
            panic!("{observation:?}");
        };
        assert_eq!((found, provider_status.as_str()), (status, word));
        assert_eq!((payment, amount), (id("ord_1"), usd(3451)));
        assert_eq!(
            facts.iter().map(|fact| fact.kind).collect::<Vec<_>>(),
            kinds,
            "{word}"
        );
    }
}

#[test]
fn a_dispute_inside_a_refund_is_told_with_it() {
    let (observations, _, facts) = refund(&[("dispute", dispute("lost"))]);
    assert!(matches!(&observations[1], Observation::Dispute(seen) if seen.id == id("dis_1")));
    assert_eq!(facts.len(), 3);
}

#[test]
fn a_try_is_the_charge_behind_the_orders_payment() {
    let payment = json!({"id": "pay_1", "created_at": "2026-10-05T10:00:30Z", "status": "succeeded", "amount": 3451,
        "currency": "usd", "method": "card", "order_id": "ord_1", "method_metadata": {"brand": "visa", "last4": "4242"}});
    let charge = |object: &Value| match read(ObjectKind::Charge, object) {
        (Observation::Charge(seen), facts) => (seen, facts),
        other => panic!("{other:?}"),
    };
    let (
        ChargeSeen {
            payment: of,
            order,
            method,
            ..
        },
        facts,
    ) = charge(&payment);
    assert_eq!((of, order), (id("ord_1"), Some(id("ord_1"))));
    let method = method.unwrap();
    assert_eq!(
        (method.brand.as_deref(), method.last4.as_deref()),
        (Some("visa"), Some("4242"))
    );
    let when = "2026-10-05T10:00:30Z";
    assert_eq!(
        facts,
        [fact(FactKind::Paid, (ObjectKind::Payment, "ord_1"), 3451, when)]
    );

    let failed = with(
        payment.clone(),
        &[
            ("status", json!("failed")),
            ("decline_reason", json!("card_declined")),
        ],
    );
    let (seen, facts) = charge(&failed);
    assert_eq!((seen.status, facts), (PaymentStatus::Failed, Vec::new()));
    assert_eq!(seen.failure.unwrap().code.as_deref(), Some("card_declined"));

    let whole_number = with(
        payment,
        &[("method_metadata", json!({"last4": "4242424242424242"}))],
    );
    assert_eq!(charge(&whole_number).0.method.unwrap().last4, None);
}
