use super::*;
use crate::domain::{
    observation::{ChargeSeen, DisputeSeen, PaymentLinkSeen, PaymentSeen, RefundSeen},
    order::{DisputeStatus, Failure, PaymentMethod, PaymentStatus, RefundStatus},
};

const MADE: i64 = 1_789_999_000;

fn intent() -> Value {
    json!({
        "id": "pi_1", "object": "payment_intent", "amount": 1900, "amount_received": 1900, "currency": "usd",
        "status": "succeeded", "created": MADE, "customer": "cus_1", "latest_charge": "ch_1",
        "last_payment_error": null,
    })
}

fn payment(kind: &str, changes: Value) -> (PaymentSeen, Vec<Fact>) {
    match whole(kind, with(intent(), changes)) {
        (Observation::Payment(seen), facts) => (seen, facts),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payment_that_succeeded_is_a_fact() {
    let (seen, facts) = payment("payment_intent.succeeded", json!({}));
    assert_eq!(
        (seen.id, seen.customer, seen.amount),
        (id("pi_1"), Some(id("cus_1")), usd(1900))
    );
    assert_eq!(
        (seen.status, seen.paid_at),
        (PaymentStatus::Succeeded, Some(at(EVENT_AT)))
    );
    assert_eq!((seen.failure, seen.order), (None, None));
    assert_eq!(told(&facts), [(FactKind::Paid, "pi_1", 1900, EVENT_AT)]);
    assert_eq!(facts[0].object.kind, ObjectKind::Payment);
    // What was taken counts, not what was asked for.
    let (seen, facts) = payment("payment_intent.succeeded", json!({"amount_received": 1000}));
    assert_eq!((seen.amount, facts[0].amount), (usd(1000), usd(1000)));
    // Before basil the payment itself named its invoice.
    let (seen, _) = payment("payment_intent.succeeded", json!({"invoice": "in_1"}));
    assert_eq!(seen.order, Some(id("in_1")));
}

#[test]
fn how_a_payment_stands() {
    use PaymentStatus::{Canceled, Failed, Pending};
    let error = json!({"code": "card_declined", "decline_code": "insufficient_funds", "message": "No funds.", "type": "card_error"});
    let table = [
        (
            "payment_failed",
            json!({"status": "requires_payment_method", "last_payment_error": error}),
            Failed,
        ),
        ("canceled", json!({"status": "canceled"}), Canceled),
        ("processing", json!({"status": "processing"}), Pending),
        (
            "requires_action",
            json!({"status": "requires_action", "last_payment_error": error}),
            Pending,
        ),
        (
            "processing",
            json!({"status": "requires_payment_method"}),
            Pending,
        ),
        ("processing", json!({"status": "requires_capture"}), Pending),
        ("processing", json!({"status": "something_new"}), Pending),
    ];
    for (kind, changes, status) in table {
        let (seen, facts) = payment(&format!("payment_intent.{kind}"), changes.clone());
        assert_eq!((seen.status, seen.paid_at), (status, None), "{changes}");
        assert_eq!((seen.amount, facts), (usd(1900), vec![]), "{changes}");
        let failure = changes.get("last_payment_error").map(|_| Failure {
            code: Some("card_declined".to_owned()),
            decline_code: Some("insufficient_funds".to_owned()),
            message: Some("No funds.".to_owned()),
        });
        assert_eq!(seen.failure, failure, "{changes}");
    }
}

#[test]
fn a_read_payment_brings_its_charge_with_it() {
    let object = with(
        intent(),
        json!({"latest_charge": with(charge_object(), json!({"created": MADE + 3}))}),
    );
    let occasion = Occasion {
        event: None,
        at: at(EVENT_AT),
    };
    let Told::Whole {
        observations, facts, ..
    } = read_object(ObjectKind::Payment, &object.to_string(), occasion).unwrap()
    else {
        panic!("not whole");
    };
    let [Observation::Payment(payment), Observation::Charge(charge)] = observations.as_slice() else {
        panic!("{observations:?}");
    };
    assert_eq!(
        (payment.paid_at, charge.created),
        (Some(at(MADE + 3)), Some(at(MADE + 3)))
    );
    assert_eq!(told(&facts), [(FactKind::Paid, "pi_1", 1900, MADE + 3)]);

    let Told::Whole { facts, .. } =
        read_object(ObjectKind::Payment, &intent().to_string(), occasion).unwrap()
    else {
        panic!("not whole");
    };
    assert_eq!(told(&facts), [(FactKind::Paid, "pi_1", 1900, MADE)]);
}

fn charge_object() -> Value {
    json!({
        "id": "ch_1", "object": "charge", "amount": 1900, "amount_captured": 1900, "amount_refunded": 0,
        "currency": "usd", "status": "succeeded", "paid": true, "captured": true, "created": MADE, "customer": "cus_1",
        "payment_intent": "pi_1", "failure_code": null, "failure_message": null, "outcome": {"reason": null},
        "payment_method_details": {"type": "card", "card": {
            "brand": "visa", "last4": "4242", "country": "MX", "exp_month": 12, "checks": {"cvc_check": "pass"}}},
    })
}

fn charge(kind: &str, changes: Value) -> (ChargeSeen, Vec<Fact>) {
    match whole(kind, with(charge_object(), changes)) {
        (Observation::Charge(seen), facts) => (seen, facts),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_charge_tells_the_payment_and_what_was_paid_with() {
    let (seen, facts) = charge("charge.succeeded", json!({}));
    assert_eq!((seen.id, seen.payment.clone()), (id("ch_1"), id("pi_1")));
    assert_eq!((seen.status, seen.refunded_minor), (PaymentStatus::Succeeded, 0));
    assert_eq!(
        seen.method,
        Some(PaymentMethod {
            kind: "card".to_owned(),
            brand: Some("visa".to_owned()),
            last4: Some("4242".to_owned()),
            country: Some("MX".to_owned()),
        })
    );
    assert_eq!(told(&facts), [(FactKind::Paid, "pi_1", 1900, MADE)]);
    // Without an intent the charge is the payment.
    let (alone, facts) = charge("charge.succeeded", json!({"payment_intent": null}));
    assert_eq!(alone.payment, id("ch_1"));
    assert_eq!(told(&facts), [(FactKind::Paid, "ch_1", 1900, MADE)]);
}

#[test]
fn only_a_charge_that_was_taken_is_money() {
    let (authorised, facts) = charge(
        "charge.succeeded",
        json!({"captured": false, "amount_captured": 0}),
    );
    assert_eq!((authorised.status, facts), (PaymentStatus::Pending, vec![]));
    let (captured, facts) = charge("charge.captured", json!({"amount_captured": 1000}));
    assert_eq!(
        (captured.status, facts[0].amount),
        (PaymentStatus::Succeeded, usd(1000))
    );
    let (failed, facts) = charge(
        "charge.failed",
        json!({
            "status": "failed", "captured": false, "failure_code": "card_declined", "failure_message": "No.",
            "outcome": {"reason": "insufficient_funds"},
        }),
    );
    assert_eq!((failed.status, facts), (PaymentStatus::Failed, vec![]));
    assert_eq!(
        failed.failure,
        Some(Failure {
            code: Some("card_declined".to_owned()),
            decline_code: Some("insufficient_funds".to_owned()),
            message: Some("No.".to_owned()),
        })
    );
    let (unknown, facts) = charge("charge.updated", json!({"status": "something_new"}));
    assert_eq!((unknown.status, facts), (PaymentStatus::Pending, vec![]));
}

#[test]
fn a_refunded_charge_says_how_much_went_back_and_books_no_refund() {
    let (seen, facts) = charge(
        "charge.refunded",
        json!({"amount_refunded": 700, "refunded": false}),
    );
    assert_eq!(seen.refunded_minor, 700);
    assert_eq!(told(&facts), [(FactKind::Paid, "pi_1", 1900, MADE)]);
}

#[test]
fn other_payment_methods_show_what_they_have() {
    let method = |details: Value| {
        charge("charge.updated", json!({"payment_method_details": details}))
            .0
            .method
            .unwrap()
    };
    let debit = method(
        json!({"type": "sepa_debit", "sepa_debit": {"last4": "3000", "country": "DE", "mandate": "m"}}),
    );
    assert_eq!(
        (debit.kind.as_str(), debit.brand, debit.last4.as_deref()),
        ("sepa_debit", None, Some("3000"))
    );
    let bare = method(json!({"type": "oxxo", "oxxo": {}}));
    assert_eq!((bare.last4, bare.country), (None, None));
    // Whatever stands in its place, never more than four characters of a number are kept.
    assert_eq!(
        method(json!({"type": "card", "card": {"last4": "4242424242424242"}})).last4,
        None
    );
    assert_eq!(
        charge("charge.updated", json!({"payment_method_details": null}))
            .0
            .method,
        None
    );
}

fn link(changes: Value) -> (PaymentLinkSeen, Vec<Fact>) {
    match whole("invoice_payment.paid", with(link_object(), changes)) {
        (Observation::PaymentLink(seen), facts) => (seen, facts),
        other => panic!("{other:?}"),
    }
}

fn link_object() -> Value {
    json!({
        "id": "inpay_1", "object": "invoice_payment", "invoice": "in_1", "amount_paid": 1900, "amount_requested": 1900,
        "currency": "usd", "status": "paid", "payment": {"type": "payment_intent", "payment_intent": "pi_1"},
        "status_transitions": {"paid_at": MADE + 8},
    })
}

#[test]
fn a_link_joins_invoice_and_payment() {
    let (seen, facts) = link(json!({}));
    assert_eq!(
        (seen.id, seen.order, seen.payment),
        (id("inpay_1"), id("in_1"), id("pi_1"))
    );
    assert_eq!((seen.paid, seen.amount), (true, Some(usd(1900))));
    assert_eq!(told(&facts), [(FactKind::Paid, "pi_1", 1900, MADE + 8)]);
    let (by_charge, facts) =
        link(json!({"payment": {"type": "charge", "charge": {"id": "py_1"}}, "status_transitions": null}));
    assert_eq!(by_charge.payment, id("py_1"));
    assert_eq!(told(&facts), [(FactKind::Paid, "py_1", 1900, EVENT_AT)]);
    let (open, facts) = link(json!({"status": "open", "amount_paid": null, "invoice": {"id": "in_2"}}));
    assert_eq!(
        (open.order, open.paid, open.amount, facts),
        (id("in_2"), false, Some(usd(1900)), vec![])
    );

    let outside = with(
        link_object(),
        json!({"payment": {"type": "payment_record", "payment_record": "pr_1"}}),
    );
    assert!(matches!(
        interpret(&event("invoice_payment.paid", outside)),
        Ok(Interpretation::Ignore(reason)) if reason.contains("outside Stripe")
    ));
}

fn refund(kind: &str, changes: Value) -> (RefundSeen, Vec<Fact>) {
    let object = json!({
        "id": "re_1", "object": "refund", "amount": 700, "currency": "usd", "status": "succeeded", "created": MADE,
        "charge": "ch_1", "payment_intent": "pi_1", "reason": "requested_by_customer",
    });
    match whole(kind, with(object, changes)) {
        (Observation::Refund(seen), facts) => (seen, facts),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refund_is_a_fact_once_it_went() {
    for kind in ["refund.created", "refund.updated", "charge.refund.updated"] {
        let (seen, facts) = refund(kind, json!({}));
        assert_eq!(
            (seen.id, seen.payment, seen.amount),
            (id("re_1"), id("pi_1"), usd(700))
        );
        assert_eq!(
            (seen.status, seen.reason.as_deref()),
            (RefundStatus::Succeeded, Some("requested_by_customer"))
        );
        // Every event tells the fact with the same time, so the order of arrival does not matter.
        assert_eq!(told(&facts), [(FactKind::Refunded, "re_1", -700, MADE)]);
        assert_eq!(facts[0].object.kind, ObjectKind::Refund);
    }
    for word in [
        json!("pending"),
        json!("requires_action"),
        json!("something_new"),
        json!(null),
    ] {
        let (seen, facts) = refund("refund.created", json!({"status": word}));
        assert_eq!((seen.status, facts), (RefundStatus::Pending, vec![]));
    }
    let (canceled, facts) = refund("refund.updated", json!({"status": "canceled"}));
    assert_eq!((canceled.status, facts), (RefundStatus::Canceled, vec![]));
}

#[test]
fn a_refund_that_fails_sums_up_to_nothing_whatever_came_before() {
    let (seen, facts) = refund("refund.failed", json!({"status": "failed"}));
    assert_eq!(seen.status, RefundStatus::Failed);
    assert_eq!(
        told(&facts),
        [
            (FactKind::Refunded, "re_1", -700, MADE),
            (FactKind::RefundReturned, "re_1", 700, EVENT_AT)
        ]
    );
}

#[test]
fn a_refund_belongs_to_its_charge_when_there_is_no_intent() {
    assert_eq!(
        refund("refund.created", json!({"payment_intent": null}))
            .0
            .payment,
        id("ch_1")
    );
    let nothing = json!({"id": "re_1", "amount": 1, "currency": "usd", "status": "succeeded"});
    assert!(unreadable("refund.created", nothing).contains("neither a payment intent nor a charge"));
}

fn dispute(kind: &str, changes: Value) -> (DisputeSeen, Vec<Fact>) {
    let object = json!({
        "id": "du_1", "object": "dispute", "amount": 1900, "currency": "usd", "status": "needs_response",
        "created": MADE, "charge": "ch_1", "payment_intent": "pi_1", "reason": "fraudulent",
        "evidence_details": {"due_by": MADE + 9}, "balance_transactions": [],
    });
    match whole(&format!("charge.dispute.{kind}"), with(object, changes)) {
        (Observation::Dispute(seen), facts) => (seen, facts),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_dispute_and_the_money_that_it_moves() {
    let (seen, facts) = dispute("created", json!({}));
    assert_eq!(
        (seen.id, seen.payment, seen.amount),
        (id("du_1"), id("pi_1"), usd(1900))
    );
    assert_eq!(
        (seen.status, seen.provider_status.as_str()),
        (DisputeStatus::NeedsResponse, "needs_response")
    );
    assert_eq!(
        (seen.reason.as_deref(), seen.due_by),
        (Some("fraudulent"), Some(at(MADE + 9)))
    );
    let opened = (FactKind::Disputed, "du_1", -1900, MADE);
    assert_eq!(told(&facts), [opened]);

    let (_, facts) = dispute("funds_withdrawn", json!({"balance_transactions": null}));
    assert_eq!(
        told(&facts),
        [opened, (FactKind::DisputeWithdrawn, "du_1", -1900, EVENT_AT)]
    );

    // The movements stand in the object too, in the currency of the payout; the payer's amount is what counts.
    let moves = json!([{"amount": -2100, "created": MADE + 1, "currency": "eur"}, {"amount": 2100, "created": MADE + 5}]);
    let both = [
        opened,
        (FactKind::DisputeWithdrawn, "du_1", -1900, MADE + 1),
        (FactKind::DisputeReinstated, "du_1", 1900, MADE + 5),
    ];
    for kind in ["closed", "updated", "funds_reinstated"] {
        let (_, facts) = dispute(kind, json!({"status": "won", "balance_transactions": moves}));
        assert_eq!(told(&facts), both, "{kind}");
    }
}

#[test]
fn how_a_dispute_stands() {
    use DisputeStatus::{Lost, NeedsResponse, UnderReview, Won};
    let table = [
        ("warning_needs_response", NeedsResponse),
        ("warning_under_review", UnderReview),
        ("warning_closed", Won),
        ("needs_response", NeedsResponse),
        ("under_review", UnderReview),
        ("won", Won),
        ("lost", Lost),
        ("prevented", Won),
        ("appeal_needs_response", NeedsResponse),
        ("appeal_under_review", UnderReview),
        ("something_new", NeedsResponse),
    ];
    for (word, status) in table {
        let (seen, _) = dispute("updated", json!({"status": word}));
        assert_eq!((seen.status, seen.provider_status.as_str()), (status, word));
    }
    assert_eq!(
        dispute("updated", json!({"payment_intent": null})).0.payment,
        id("ch_1")
    );
}
