use super::*;
use crate::domain::{
    observation::CheckoutProgress,
    order::Collection,
    subscription::{Interval, IntervalUnit, SubscriptionStatus},
};

fn plan() -> Value {
    json!({"id": "plan_1", "amount": 99_900, "currency": "PHP", "interval": "monthly", "interval_count": 1, "name": "Pro"})
}

fn subscription(status: &str) -> Value {
    json!({"id": "subs_1", "type": "subscription", "attributes": {"status": status, "customer_id": "cus_1",
        "plan": plan(), "anchor_date": "2026-03-03", "next_billing_schedule": "2026-04-03",
        "latest_invoice": {"id": "inv_1", "payment_intent": {"id": "pi_1", "status": "succeeded"}},
        "setup_intent": null, "cancelled_at": null, "updated_at": 500}})
}

fn invoice(status: &str, of: &str) -> Value {
    json!({"id": "inv_1", "type": "invoice", "attributes": {"amount": 99_900, "currency": "PHP", "customer_id": "cus_1",
        "due_date": "2026-03-03", "line_items": [], "payment_intent": {"id": "pi_1", "status": "x"},
        "subscription": {"id": "subs_1", "status": of, "plan": plan()}, "status": status, "updated_at": 500}})
}

fn session(status: &str, payments: &Value, intent: &Value) -> Value {
    json!({"id": "cs_1", "type": "checkout_session", "attributes": {"status": status, "checkout_url": "https://x",
        "customer_email": "ana@example.ph", "line_items": [{"name": "a", "quantity": 2, "amount": 400, "currency": "PHP"},
        {"name": "b", "quantity": 1, "amount": 50, "currency": "PHP"}], "payments": payments, "payment_intent": intent,
        "metadata": {"billdeck_customer": "cus_1", "seats": 3, "billdeck_checkout": "01970000-0000-7000-8000-000000000001"},
        "updated_at": 500}})
}

#[test]
fn a_subscription_in_each_of_its_states() {
    for (word, status) in [
        ("incomplete", SubscriptionStatus::Incomplete),
        ("incomplete_cancelled", SubscriptionStatus::Expired),
        ("active", SubscriptionStatus::Active),
        ("past_due", SubscriptionStatus::PastDue),
        ("unpaid", SubscriptionStatus::Unpaid),
        ("cancelled", SubscriptionStatus::Canceled),
        ("novelty", SubscriptionStatus::Paused),
    ] {
        let (subject, observations, _) = whole("subscription.updated", &subscription(word));
        let seen = the_subscription(&observations);
        assert_eq!(
            (subject.to_string().as_str(), seen.status),
            ("subscription subs_1", status)
        );
        assert_eq!(seen.provider_status, word);
    }
}

#[test]
fn a_subscription_bills_one_plan_in_cycles_of_philippine_days() {
    let (_, observations, _) = whole("subscription.activated", &subscription("active"));
    let seen = the_subscription(&observations);
    let [item] = seen.items.as_slice() else {
        panic!("{seen:?}")
    };
    assert_eq!((item.price_id.as_str(), item.quantity), ("plan_1", Some(1)));
    assert_eq!(item.unit_amount.unwrap().to_string(), "999.00 PHP");
    let month = Interval {
        unit: IntervalUnit::Month,
        count: 1,
    };
    assert_eq!(item.interval, Some(month));
    let period = seen.period.unwrap();
    assert_eq!(period.start.to_string(), "2026-03-02T16:00:00Z");
    assert_eq!(period.end.to_string(), "2026-04-02T16:00:00Z");
}

#[test]
fn a_plan_comes_in_several_forms() {
    let full = json!({"id": "plan_1", "type": "plan", "attributes":
        {"amount": 5, "currency": "PHP", "interval": "month", "interval_count": 2, "name": "Pro"}});
    for form in [full.clone(), json!({"data": full}), json!("plan_1")] {
        let mut told = subscription("active");
        told["attributes"]["plan"] = form;
        let (_, observations, _) = whole("subscription.updated", &told);
        assert_eq!(
            the_subscription(&observations).items[0].price_id.as_str(),
            "plan_1"
        );
    }
    let mut told = subscription("active");
    told["attributes"]["plan"] = json!(null);
    told["attributes"]["plan_id"] = json!("plan_2");
    let (_, observations, _) = whole("subscription.updated", &told);
    assert_eq!(
        the_subscription(&observations).items[0].price_id.as_str(),
        "plan_2"
    );
}

#[test]
fn a_cancellation_ends_it_at_once() {
    let mut told = subscription("cancelled");
    told["attributes"]["cancelled_at"] = json!(450);
    told["attributes"]["next_billing_schedule"] = json!(null);
    let (_, observations, _) = whole("subscription.updated", &told);
    let seen = the_subscription(&observations);
    assert_eq!(seen.ended_at.unwrap().as_second(), 450);
    assert_eq!((seen.ended_at, seen.period), (seen.canceled_at, None));
}

#[test]
fn an_invoice_says_how_it_stands_the_same_by_event_and_read() {
    for (kind, status, of, collection) in [
        ("created", "draft", "active", Collection::Pending),
        ("finalized", "open", "active", Collection::Pending),
        ("payment_failed", "open", "active", Collection::Failed),
        ("payment_failed", "open", "past_due", Collection::Failed),
        ("updated", "open", "past_due", Collection::Failed),
        ("updated", "open", "unpaid", Collection::Failed),
        ("created", "draft", "unpaid", Collection::Pending),
        ("paid", "paid", "active", Collection::Paid),
        ("updated", "void", "cancelled", Collection::Expired),
        ("updated", "novelty", "active", Collection::Pending),
    ] {
        let (_, observations, facts) = whole(&format!("subscription.invoice.{kind}"), &invoice(status, of));
        let seen = the_order(&observations);
        assert_eq!(seen.collection, collection, "{kind} {status} {of}");
        assert_eq!(seen.payments[0].as_str(), "pi_1");
        assert_eq!(seen.period.unwrap().end.to_string(), "2026-04-02T16:00:00Z");
        // The money itself is the payment's to tell.
        assert_eq!(facts, []);
    }
}

#[test]
fn the_subscription_of_an_invoice_is_looked_for_in_three_places() {
    let of = |changes: &[(&str, Value)]| {
        let mut told = invoice("open", "active");
        for (field, value) in changes {
            told["attributes"][*field] = value.clone();
        }
        let (_, observations, _) = whole("subscription.invoice.updated", &told);
        the_order(&observations).subscription.map(|id| id.to_string())
    };
    let (one, two) = (
        ("subscription_id", json!("subs_2")),
        ("resource_id", json!("subs_3")),
    );
    let none = ("subscription", json!(null));
    assert_eq!(of(&[one.clone(), two.clone()]).as_deref(), Some("subs_1"));
    assert_eq!(of(&[none.clone(), one, two.clone()]).as_deref(), Some("subs_2"));
    assert_eq!(of(&[none.clone(), two]).as_deref(), Some("subs_3"));
    assert_eq!(of(&[none]), None);
}

#[test]
fn a_session_is_judged_by_its_payments() {
    let (none, paid, failed, pending) = (
        json!([]),
        json!([payment("pay_1", "failed"), payment("pay_2", "paid")]),
        json!([payment("pay_1", "failed")]),
        json!([payment("pay_1", "pending")]),
    );
    let intent = |status: &str, payments: &Value| {
        json!({"id": "pi_1", "type": "payment_intent", "attributes": {"status": status, "amount": 1, "currency": "PHP",
            "payments": payments}})
    };
    let lags = intent("processing", &none);
    for (status, payments, intent, state) in [
        ("active", &paid, &lags, CheckoutProgress::Paid),
        ("expired", &paid, &lags, CheckoutProgress::Paid),
        // Payments count wherever they stand, the intent's own word nowhere.
        (
            "active",
            &none,
            &intent("processing", &paid),
            CheckoutProgress::Paid,
        ),
        (
            "active",
            &none,
            &intent("succeeded", &none),
            CheckoutProgress::Open,
        ),
        ("active", &none, &json!(null), CheckoutProgress::Open),
        ("active", &failed, &lags, CheckoutProgress::Open),
        ("active", &pending, &lags, CheckoutProgress::AwaitingPayment),
        ("expired", &none, &lags, CheckoutProgress::Expired),
    ] {
        let (_, observations, _) = whole(
            "checkout_session.payment.paid",
            &session(status, payments, intent),
        );
        assert_eq!(
            the_checkout(&observations).state,
            state,
            "{status} {payments} {intent}"
        );
    }
}

#[test]
fn a_paid_session_tells_its_tries_and_whose_it_is() {
    let payments = json!([payment("pay_1", "failed"), payment("pay_2", "paid")]);
    let (_, observations, facts) = whole(
        "checkout_session.payment.paid",
        &session("active", &payments, &json!(null)),
    );
    let seen = the_checkout(&observations);
    assert_eq!(seen.customer.unwrap().as_str(), "cus_1");
    assert!(seen.checkout.is_some());
    assert_eq!(seen.payment.unwrap().as_str(), "pi_1");
    assert_eq!(seen.amount.unwrap().minor, 99_900);
    assert_eq!(seen.metadata["seats"], "3");
    // Two tries, but of the one intent only the word of the better one.
    assert_eq!(the_payment(&observations).status, PaymentStatus::Succeeded);
    assert_eq!(facts.len(), 1);
    let (_, observations, _) = whole(
        "checkout_session.payment.paid",
        &session("active", &json!([]), &json!(null)),
    );
    assert_eq!(the_checkout(&observations).amount.unwrap().minor, 850);
}

#[test]
fn a_link_wraps_its_payments() {
    let link = |status: &str, archived: bool, payments: Value| {
        json!({"id": "link_1", "type": "link", "attributes": {"amount": 99_900, "currency": "PHP", "status": status,
            "archived": archived, "checkout_url": "https://x", "payments": payments, "updated_at": 500}})
    };
    let wrapped = json!([{"data": payment("pay_1", "paid")}]);
    for (resource, state) in [
        (link("paid", false, wrapped), CheckoutProgress::Paid),
        (link("paid", false, json!(null)), CheckoutProgress::Paid),
        (link("unpaid", false, json!([])), CheckoutProgress::Open),
        (link("unpaid", true, json!([])), CheckoutProgress::Expired),
    ] {
        let (subject, observations, _) = whole("link.payment.paid", &resource);
        assert_eq!(
            (subject.to_string().as_str(), the_checkout(&observations).state),
            ("checkout link_1", state)
        );
    }
}

#[test]
fn days_that_are_none_and_fields_that_are_missing_are_told() {
    let mut told = subscription("active");
    told["attributes"]["next_billing_schedule"] = json!("soon");
    assert!(unreadable("subscription.updated", &told).contains("`next_billing_schedule` is no day"));
    let mut told = subscription("active");
    told["attributes"].as_object_mut().unwrap().remove("customer_id");
    assert!(unreadable("subscription.updated", &told).contains("customer_id"));
    let mut told = invoice("open", "active");
    told["attributes"]["amount"] = json!(null);
    assert!(unreadable("subscription.invoice.updated", &told).contains("`amount`"));
    let mut told = session("active", &json!([]), &json!(null));
    told["attributes"]["payments"] = json!([{"id": "pay_1", "attributes": {"status": "paid"}}]);
    assert!(unreadable("checkout_session.payment.paid", &told).contains("amount"));
}
