use super::*;
use crate::domain::{
    observation::{CheckoutProgress, CheckoutSeen, CustomerSeen, OrderSeen},
    order::{Collection, OrderKind},
    subscription::Period,
};

fn customer(kind: &str, changes: Value) -> CustomerSeen {
    let object = json!({
        "id": "cus_1", "object": "customer", "email": "ana@example.com", "name": "Ana", "address": {"country": "mx"},
        "metadata": {"user_id": "u_1"},
    });
    match whole(kind, with(object, changes)) {
        (Observation::Customer(seen), _) => seen,
        other => panic!("{other:?}"),
    }
}

#[test]
fn customers_are_kept_and_a_deletion_keeps_the_last_object() {
    let seen = customer("customer.created", json!({}));
    assert_eq!(
        (seen.email.as_deref(), seen.name.as_deref()),
        (Some("ana@example.com"), Some("Ana"))
    );
    assert_eq!(
        (seen.country.as_deref(), seen.metadata["user_id"].as_str()),
        (Some("MX"), "u_1")
    );
    assert!(!seen.deleted);
    let gone = customer("customer.deleted", json!({}));
    assert!(gone.deleted && gone.email == seen.email);
    let bare = customer(
        "customer.updated",
        json!({"email": null, "name": null, "address": null, "metadata": null}),
    );
    assert_eq!(
        (bare.email, bare.name, bare.country, bare.metadata.len()),
        (None, None, None, 0)
    );
    assert_eq!(
        customer("customer.updated", json!({"address": {"country": "Mexico"}})).country,
        None
    );
}

fn session() -> Value {
    json!({
        "id": "cs_test_1", "object": "checkout.session", "mode": "subscription", "status": "complete",
        "payment_status": "paid", "customer": "cus_1", "subscription": "sub_1", "invoice": "in_1",
        "payment_intent": null, "amount_total": 1900, "currency": "usd", "customer_email": null,
        "customer_details": {"email": "ana@example.com"}, "client_reference_id": "ws_42",
        "metadata": {"billdeck_checkout": "0192f8f0-0000-7000-8000-000000000001", "organization_id": "org_7"},
        "expires_at": EVENT_AT + 60,
    })
}

fn checkout(kind: &str, changes: Value) -> CheckoutSeen {
    match whole(kind, with(session(), changes)) {
        (Observation::Checkout(seen), facts) => {
            assert_eq!(facts, []);
            seen
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_session_binds_customer_subscription_invoice_and_our_checkout() {
    let seen = checkout("checkout.session.completed", json!({}));
    assert_eq!(seen.state, CheckoutProgress::Paid);
    assert_eq!(
        (seen.customer, seen.subscription),
        (Some(id("cus_1")), Some(id("sub_1")))
    );
    assert_eq!(
        (seen.order, seen.payment, seen.amount),
        (Some(id("in_1")), None, Some(usd(1900)))
    );
    assert_eq!(seen.email.as_deref(), Some("ana@example.com"));
    assert_eq!(seen.metadata["client_reference_id"], "ws_42");
    assert_eq!(seen.metadata["organization_id"], "org_7");
    assert_eq!(
        seen.checkout.unwrap().to_string(),
        "0192f8f0-0000-7000-8000-000000000001"
    );
    assert_eq!(seen.expires_at, Some(at(EVENT_AT + 60)));
}

#[test]
fn a_payment_session_names_its_payment() {
    let seen = checkout(
        "checkout.session.completed",
        json!({"mode": "payment", "payment_intent": "pi_1", "subscription": null, "invoice": null}),
    );
    assert_eq!(
        (seen.payment, seen.order, seen.subscription),
        (Some(id("pi_1")), None, None)
    );
    // With an invoice, that is what the payment pays.
    let invoiced = checkout(
        "checkout.session.completed",
        json!({"mode": "payment", "payment_intent": "pi_1"}),
    );
    assert_eq!((invoiced.payment, invoiced.order), (None, Some(id("in_1"))));
}

#[test]
fn how_far_a_session_has_come() {
    use CheckoutProgress::{AwaitingPayment, Expired, Open, Paid, PaymentFailed};
    let completed = "checkout.session.completed";
    let table = [
        (completed, json!({"payment_status": "no_payment_required"}), Paid),
        (completed, json!({"payment_status": "unpaid"}), AwaitingPayment),
        (completed, json!({"payment_status": "half_paid"}), AwaitingPayment),
        (completed, json!({"status": null}), Paid),
        ("checkout.session.async_payment_succeeded", json!({}), Paid),
        (
            "checkout.session.async_payment_failed",
            json!({"payment_status": "unpaid"}),
            PaymentFailed,
        ),
        (
            "checkout.session.expired",
            json!({"status": "expired", "payment_status": "unpaid"}),
            Expired,
        ),
        (
            "checkout.session.expired",
            json!({"status": null, "payment_status": "unpaid"}),
            Expired,
        ),
        (
            completed,
            json!({"status": "open", "payment_status": "unpaid"}),
            Open,
        ),
        (completed, json!({"status": "something_new"}), Open),
    ];
    for (kind, changes, state) in table {
        assert_eq!(checkout(kind, changes.clone()).state, state, "{kind} {changes}");
    }
}

#[test]
fn a_read_session_learns_of_a_failed_slow_payment_from_the_payment() {
    let state = |status: &str| {
        let intent = json!({"id": "pi_1", "amount": 5, "currency": "usd", "status": status});
        let object = with(
            session(),
            json!({"payment_status": "unpaid", "invoice": null, "payment_intent": intent}),
        );
        let occasion = Occasion {
            event: None,
            at: at(EVENT_AT),
        };
        let told = read_object(ObjectKind::Checkout, &object.to_string(), occasion).unwrap();
        match told {
            Told::Whole { observations, .. } => match observations.as_slice() {
                [Observation::Checkout(seen)] => (seen.state, seen.payment.clone()),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        state("processing"),
        (CheckoutProgress::AwaitingPayment, Some(id("pi_1")))
    );
    assert_eq!(
        state("requires_payment_method").0,
        CheckoutProgress::PaymentFailed
    );
    assert_eq!(state("canceled").0, CheckoutProgress::PaymentFailed);
}

#[test]
fn a_session_that_sells_nothing_is_ignored() {
    let setup = event(
        "checkout.session.completed",
        with(session(), json!({"mode": "setup"})),
    );
    assert!(
        matches!(interpret(&setup), Ok(Interpretation::Ignore(reason)) if reason.contains("nothing is bought"))
    );
}

const START: i64 = 1_788_000_000;
const END: i64 = 1_790_592_000;

/// A renewal with a proration line before the line that bills the cycle, as from basil on.
fn invoice() -> Value {
    json!({
        "id": "in_1", "object": "invoice", "customer": "cus_1", "number": "A-0001", "total": 8090, "currency": "usd",
        "status": "paid", "attempted": true, "attempt_count": 2, "next_payment_attempt": null,
        "hosted_invoice_url": "https://invoice.example.com/1", "period_start": START - 9000, "period_end": START,
        "status_transitions": {"paid_at": START + 77, "voided_at": null},
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1", "metadata": {}}},
        "lines": {"has_more": false, "data": [
            {"period": {"start": START - 500, "end": START}, "amount": -968, "parent": {
                "type": "invoice_item_details", "invoice_item_details": {"proration": true},
                "subscription_item_details": null}},
            {"period": {"start": START, "end": END}, "amount": 6000, "parent": {
                "type": "subscription_item_details", "subscription_item_details": {"proration": false}}},
        ]},
    })
}

fn order(kind: &str, changes: Value) -> OrderSeen {
    match whole(kind, with(invoice(), changes)) {
        (Observation::Order(seen), _) => seen,
        other => panic!("{other:?}"),
    }
}

fn period(start: i64, end: i64) -> Period {
    Period {
        start: at(start),
        end: at(end),
    }
}

#[test]
fn an_invoice_is_an_order_with_the_cycle_it_bills() {
    let seen = order("invoice.paid", json!({}));
    assert_eq!(
        (seen.id, seen.kind, seen.amount),
        (id("in_1"), OrderKind::Invoice, usd(8090))
    );
    assert_eq!(
        (seen.customer, seen.subscription),
        (Some(id("cus_1")), Some(id("sub_1")))
    );
    assert_eq!(
        (seen.collection, seen.paid_at),
        (Collection::Paid, Some(at(START + 77)))
    );
    assert_eq!(seen.period, Some(period(START, END)));
    assert_eq!((seen.attempts, seen.next_attempt_at), (Some(2), None));
    assert_eq!(seen.number.as_deref(), Some("A-0001"));
    assert_eq!(seen.hosted_url.as_deref(), Some("https://invoice.example.com/1"));
    assert!(seen.payments.is_empty());
}

#[test]
fn the_shape_from_before_basil_tells_the_same_and_names_the_payment() {
    let acacia = json!({
        "parent": null, "subscription": "sub_1", "payment_intent": {"id": "pi_1", "object": "payment_intent"},
        "charge": "ch_1",
        "lines": {"data": [
            {"period": {"start": START - 500, "end": START}, "subscription_item": "si_1", "proration": true},
            {"period": {"start": START, "end": END}, "subscription_item": "si_1", "proration": false},
        ]},
    });
    let old = order("invoice.paid", acacia.clone());
    assert_eq!(old.payments, [id("pi_1")]);
    let new = order("invoice.paid", json!({}));
    assert_eq!(
        OrderSeen {
            payments: vec![],
            ..old
        },
        new
    );
    let without_intent = order("invoice.paid", with(acacia, json!({"payment_intent": null})));
    // Replacing by `null` leaves the field out, so the charge is what is left.
    assert_eq!(without_intent.payments, [id("ch_1")]);
}

#[test]
fn a_period_is_found_even_without_lines_that_bill_a_cycle() {
    let one_off = json!({"lines": {"data": [{"period": {"start": START, "end": START}}]}});
    assert_eq!(
        order("invoice.paid", one_off).period,
        Some(period(START - 9000, START))
    );
    let item = json!({"lines": {"data": [{"period": {"start": 10, "end": 20}}, {"period": {"start": 15, "end": 30}}]}});
    assert_eq!(order("invoice.paid", item).period, Some(period(10, 30)));
    let none = json!({"lines": null, "period_start": 5, "period_end": 5, "parent": null});
    assert_eq!(order("invoice.paid", none).period, None);
}

#[test]
fn how_an_invoice_stands() {
    use Collection::{Expired, Failed, Paid, Pending};
    let untried =
        json!({"status": "open", "attempted": false, "attempt_count": 0, "status_transitions": null});
    let table = [
        (
            "invoice.created",
            json!({"status": "draft", "attempted": false, "attempt_count": 0}),
            Pending,
        ),
        ("invoice.finalized", untried.clone(), Pending),
        ("invoice.payment_failed", json!({"status": "open"}), Failed),
        ("invoice.payment_failed", untried, Failed),
        ("invoice.updated", json!({"status": "open"}), Failed),
        // The news of a failure came after that of the success: the body tells which is true.
        ("invoice.payment_failed", json!({"status": "paid"}), Paid),
        ("invoice.payment_succeeded", json!({}), Paid),
        ("invoice.voided", json!({"status": "void"}), Expired),
        (
            "invoice.marked_uncollectible",
            json!({"status": "uncollectible"}),
            Failed,
        ),
        ("invoice.updated", json!({"status": "something_new"}), Pending),
    ];
    for (kind, changes, collection) in table {
        assert_eq!(
            order(kind, changes.clone()).collection,
            collection,
            "{kind} {changes}"
        );
    }
    let failed = order(
        "invoice.payment_failed",
        json!({"status": "open", "next_payment_attempt": END}),
    );
    assert_eq!(failed.next_attempt_at, Some(at(END)));
}

#[test]
fn a_deleted_draft_is_gone() {
    let (observation, _) = whole("invoice.deleted", with(invoice(), json!({"status": "draft"})));
    assert_eq!(
        observation,
        Observation::Gone(ObjectRef::new(ObjectKind::Order, id("in_1")))
    );
}

#[test]
fn a_read_invoice_brings_its_payments_with_it() {
    let link = |name: &str, status: &str, payment: Value| {
        json!({
            "id": name, "object": "invoice_payment", "invoice": "in_1", "amount_paid": 8090, "amount_requested": 8090,
            "currency": "usd", "status": status, "payment": payment, "status_transitions": {"paid_at": START + 77},
        })
    };
    let payments = json!({"data": [
        link("inpay_1", "paid", json!({"type": "payment_intent", "payment_intent": "pi_1"})),
        link("inpay_2", "canceled", json!({"type": "payment_intent", "payment_intent": {"id": "pi_2"}})),
        link("inpay_3", "paid", json!({"type": "payment_record", "payment_record": "pr_1"})),
    ], "has_more": false});
    let body = event("invoice.paid", with(invoice(), json!({"payments": payments})));
    let Interpretation::Whole {
        observations, facts, ..
    } = interpret(&body).unwrap()
    else {
        panic!("not whole");
    };
    let [
        Observation::Order(order),
        Observation::PaymentLink(paid),
        Observation::PaymentLink(canceled),
    ] = observations.as_slice()
    else {
        panic!("{observations:?}");
    };
    assert_eq!(order.payments, [id("pi_1"), id("pi_2")]);
    assert!(paid.paid && !canceled.paid);
    assert_eq!(told(&facts), [(FactKind::Paid, "pi_1", 8090, START + 77)]);
}
