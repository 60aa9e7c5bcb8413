//! Customers, subscriptions, checkouts.

use super::*;
use crate::domain::{
    observation::{CheckoutProgress, CheckoutSeen, CustomerSeen, SubscriptionSeen},
    subscription::{Interval, IntervalUnit, SubscriptionStatus},
};

fn customer(kind: &str, data: Value) -> CustomerSeen {
    let [only] = whole(kind, data).0.try_into().unwrap();
    match only {
        Observation::Customer(seen) => seen,
        other => panic!("{other:?}"),
    }
}

fn seen(changes: &[(&str, Value)]) -> SubscriptionSeen {
    match whole("subscription.updated", with(subscription(), changes))
        .0
        .remove(0)
    {
        Observation::Subscription(seen) => seen,
        other => panic!("{other:?}"),
    }
}

fn checkout(changes: &[(&str, Value)]) -> CheckoutSeen {
    let object = json!({"id": "chk_1", "status": "open", "customer_id": "cus_1", "total_amount": 2900, "currency": "usd",
        "expires_at": "2026-10-06T09:00:00Z", "customer_email": "ada@example.com", "metadata": {}});
    match whole("checkout.updated", with(object, changes)).0.remove(0) {
        Observation::Checkout(seen) => seen,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_customer_brings_the_applications_id_and_values_of_all_kinds_as_text() {
    let object = json!({"id": "cus_1", "email": "ada@example.com", "name": "Ada", "external_id": "user_7",
        "billing_address": {"country": "de"}, "deleted_at": null,
        "metadata": {"plan": "pro", "week": 41, "share": 0.5, "vip": true, "odd": null}});
    let seen = customer("customer.created", object.clone());
    assert_eq!(seen.country.as_deref(), Some("DE"));
    assert!(!seen.deleted);
    let labels: Vec<(&str, &str)> = seen
        .metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        labels,
        [
            ("external_id", "user_7"),
            ("plan", "pro"),
            ("share", "0.5"),
            ("vip", "true"),
            ("week", "41")
        ]
    );
    assert!(customer("customer.deleted", object.clone()).deleted);
    assert!(customer("customer.updated", with(object, &[("deleted_at", json!(TIME))])).deleted);
}

#[test]
fn the_state_tells_the_customer_and_nothing_of_subscriptions() {
    let object = json!({"id": "cus_1", "email": "ada@example.com", "active_subscriptions": [],
        "granted_benefits": [], "active_meters": []});
    assert_eq!(customer("customer.state_changed", object).id, id("cus_1"));
}

#[test]
fn every_status_has_its_meaning_and_an_unknown_one_gives_no_access() {
    let rows = [
        ("incomplete", SubscriptionStatus::Incomplete),
        ("incomplete_expired", SubscriptionStatus::Expired),
        ("trialing", SubscriptionStatus::Trialing),
        ("active", SubscriptionStatus::Active),
        ("past_due", SubscriptionStatus::PastDue),
        ("canceled", SubscriptionStatus::Canceled),
        ("unpaid", SubscriptionStatus::Unpaid),
        ("paused", SubscriptionStatus::Paused),
        ("dreaming", SubscriptionStatus::Paused),
    ];
    for (word, status) in rows {
        let seen = seen(&[("status", json!(word))]);
        assert_eq!((seen.status, seen.provider_status.as_str()), (status, word));
    }
}

#[test]
fn the_product_is_the_price_and_meters_follow_without_a_number() {
    let metered = json!({"id": "price_2", "amount_type": "metered_unit", "unit_amount": "0.5"});
    let prices = json!([subscription()["prices"][0], metered, {"id": "price_3", "amount_type": "novel"}]);
    let items = seen(&[("prices", prices)]).items;
    let told: Vec<_> = items
        .iter()
        .map(|item| (item.price_id.as_str(), item.quantity, item.unit_amount))
        .collect();
    assert_eq!(
        told,
        [("prod_1", Some(1), Some(usd(2900))), ("price_2", None, None)]
    );
    let month = Interval {
        unit: IntervalUnit::Month,
        count: 1,
    };
    assert_eq!(items[0].interval, Some(month));
}

#[test]
fn a_seat_costs_its_share_where_it_is_even() {
    let seats = |amount: i64, seats: i64| {
        let prices = json!([{"id": "price_1", "amount_type": "seat_based"}]);
        let changes = [
            ("prices", prices),
            ("seats", json!(seats)),
            ("amount", json!(amount)),
        ];
        let item = seen(&changes).items.remove(0);
        (item.quantity, item.unit_amount)
    };
    assert_eq!(seats(6000, 4), (Some(4), Some(usd(1500))));
    assert_eq!(seats(6001, 4), (Some(4), None));
    assert_eq!(seats(6000, 0), (Some(0), None));
}

#[test]
fn a_cancellation_that_waits_and_one_that_is_done() {
    let waiting = seen(&[
        ("cancel_at_period_end", json!(true)),
        ("canceled_at", json!("2026-10-10T10:00:00Z")),
        ("ends_at", json!("2026-11-05T10:00:00Z")),
    ]);
    assert!(waiting.cancel_at_period_end);
    assert_eq!(waiting.cancel_at, Some(at("2026-11-05T10:00:00Z")));
    assert_eq!(
        (waiting.status, waiting.ended_at),
        (SubscriptionStatus::Active, None)
    );
    let done = seen(&[
        ("status", json!("canceled")),
        ("ended_at", json!("2026-11-05T10:00:00Z")),
    ]);
    assert_eq!(done.ended_at, Some(at("2026-11-05T10:00:00Z")));
}

#[test]
fn our_checkout_is_known_by_its_metadata() {
    let ours = "0199f0a4-0000-7000-8000-000000000001";
    let metadata = json!({ "billdeck_checkout": ours, "user_id": "u_1" });
    assert_eq!(
        seen(&[("metadata", metadata.clone())]).checkout,
        Some(ours.parse().unwrap())
    );
    assert_eq!(
        checkout(&[("metadata", metadata)]).checkout,
        Some(ours.parse().unwrap())
    );
    assert_eq!(
        checkout(&[("metadata", json!({"billdeck_checkout": "not ours"}))]).checkout,
        None
    );
}

#[test]
fn a_checkout_never_stands_for_an_order() {
    let rows = [
        ("open", CheckoutProgress::Open),
        ("confirmed", CheckoutProgress::AwaitingPayment),
        ("succeeded", CheckoutProgress::Paid),
        ("failed", CheckoutProgress::PaymentFailed),
        ("expired", CheckoutProgress::Expired),
        ("novel", CheckoutProgress::Open),
    ];
    for (word, state) in rows {
        let seen = checkout(&[
            ("status", json!(word)),
            ("subscription_id", json!("sub_upgraded")),
        ]);
        assert_eq!(seen.state, state, "{word}");
        assert_eq!(
            (seen.subscription, seen.order, seen.payment, seen.amount),
            (None, None, None, None)
        );
    }
}

#[test]
fn the_customer_inside_is_told_with_it() {
    let inside = json!({"id": "cus_1", "email": "ada@example.com", "metadata": {}});
    let (observations, _) = whole(
        "subscription.active",
        with(subscription(), &[("customer", inside)]),
    );
    assert_eq!(observations.len(), 2);
    assert!(matches!(&observations[1], Observation::Customer(seen) if seen.id == id("cus_1")));
}
