use super::*;
use crate::domain::{
    observation::SubscriptionSeen,
    subscription::{Interval, IntervalUnit, Period, SubscriptionStatus},
};

const START: i64 = 1_788_000_000;
const END: i64 = 1_790_592_000;

fn price(id: &str, amount: i64) -> Value {
    json!({
        "id": id, "object": "price", "currency": "usd", "unit_amount": amount, "type": "recurring",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    })
}

/// In the shape from basil on: the period stands at the items.
fn subscription() -> Value {
    json!({
        "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active",
        "cancel_at_period_end": false, "cancel_at": null, "canceled_at": null, "ended_at": null,
        "metadata": {"organization_id": "org_7"},
        "items": {"object": "list", "has_more": false, "data": [{
            "id": "si_1", "object": "subscription_item", "quantity": 4, "price": price("price_team", 1500),
            "plan": {"id": "price_team"}, "current_period_start": START, "current_period_end": END,
        }]},
        "trial_start": null, "trial_end": null,
    })
}

fn seen(changes: Value) -> SubscriptionSeen {
    match whole("customer.subscription.updated", with(subscription(), changes)) {
        (Observation::Subscription(seen), facts) => {
            assert_eq!(facts, []);
            seen
        }
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
fn everything_a_subscription_says_is_kept() {
    let seen = seen(json!({"trial_start": START - 100, "trial_end": START}));
    assert_eq!((seen.id.as_str(), seen.customer.as_str()), ("sub_1", "cus_1"));
    assert_eq!(
        (seen.status, seen.provider_status.as_str()),
        (SubscriptionStatus::Active, "active")
    );
    assert_eq!(seen.period, Some(period(START, END)));
    assert_eq!(seen.trial, Some(period(START - 100, START)));
    assert_eq!(seen.metadata["organization_id"], "org_7");
    assert_eq!(seen.checkout, None);
    let [item] = seen.items.as_slice() else {
        panic!("one item");
    };
    assert_eq!(
        (item.provider_item_id.as_str(), item.price_id.as_str()),
        ("si_1", "price_team")
    );
    assert_eq!((item.quantity, item.unit_amount), (Some(4), Some(usd(1500))));
    assert_eq!(
        item.interval,
        Some(Interval {
            unit: IntervalUnit::Month,
            count: 1
        })
    );
}

#[test]
fn every_event_of_a_subscription_tells_the_same_object() {
    for kind in [
        "created",
        "updated",
        "deleted",
        "paused",
        "resumed",
        "trial_will_end",
    ] {
        let (observation, _) = whole(&format!("customer.subscription.{kind}"), subscription());
        assert_eq!(observation, Observation::Subscription(seen(json!({}))), "{kind}");
    }
}

#[test]
fn the_shape_from_before_basil_tells_the_same() {
    let item = json!({"id": "si_1", "quantity": 4, "price": price("price_team", 1500)});
    let acacia = with(
        subscription(),
        json!({
            "current_period_start": START, "current_period_end": END, "items": {"data": [item], "has_more": false},
        }),
    );
    let body = event_at("2025-02-24.acacia", "customer.subscription.updated", acacia);
    let Interpretation::Whole { observations, .. } = interpret(&body).unwrap() else {
        panic!("not whole");
    };
    assert_eq!(observations, [Observation::Subscription(seen(json!({})))]);
}

#[test]
fn the_legacy_plan_stands_in_for_a_price_and_ids_for_objects() {
    let plan = json!({"id": "plan_old", "amount": 900, "currency": "usd", "interval": "year"});
    let items = json!({"data": [
        {"id": "si_1", "plan": plan, "quantity": 1},
        {"id": "si_2", "price": "price_by_id"},
        {"id": "si_3", "plan": "plan_by_id"},
    ]});
    let seen =
        seen(json!({"items": items, "customer": {"id": "cus_1", "object": "customer", "deleted": true}}));
    let prices: Vec<_> = seen.items.iter().map(|item| item.price_id.as_str()).collect();
    assert_eq!(prices, ["plan_old", "price_by_id", "plan_by_id"]);
    assert_eq!(seen.items[0].unit_amount, Some(usd(900)));
    assert_eq!(seen.items[0].interval.unwrap().unit, IntervalUnit::Year);
    assert_eq!((seen.items[1].quantity, seen.items[1].interval), (None, None));
    assert_eq!(seen.customer.as_str(), "cus_1");

    let why = unreadable(
        "customer.subscription.updated",
        with(subscription(), json!({"items": {"data": [{"id": "si_1"}]}})),
    );
    assert!(why.contains("names no price"), "{why}");
}

#[test]
fn of_items_in_different_cycles_the_one_that_reaches_furthest_counts() {
    let item = |id: &str, end: i64| json!({"id": id, "price": price("p", 1), "current_period_start": START, "current_period_end": end});
    let seen = seen(
        json!({"items": {"data": [item("si_1", END), item("si_2", END + 500), item("si_3", END - 500)]}}),
    );
    assert_eq!(seen.period, Some(period(START, END + 500)));
}

#[test]
fn a_scheduled_end_is_known_in_both_shapes() {
    let flag = seen(json!({"cancel_at_period_end": true, "cancel_at": END, "canceled_at": START + 5}));
    assert!(flag.cancel_at_period_end);
    assert_eq!(
        (flag.cancel_at, flag.canceled_at),
        (Some(at(END)), Some(at(START + 5)))
    );

    let portal = seen(json!({"cancel_at": END, "canceled_at": START + 5}));
    assert_eq!(portal, flag);

    let later = seen(json!({"cancel_at": END + 1}));
    assert!(!later.cancel_at_period_end);
    assert_eq!(later.cancel_at, Some(at(END + 1)));
}

#[test]
fn statuses_and_words_that_came_later() {
    use SubscriptionStatus::{Active, Canceled, Expired, Incomplete, PastDue, Paused, Trialing, Unpaid};
    let table = [
        ("incomplete", Incomplete),
        ("incomplete_expired", Expired),
        ("trialing", Trialing),
        ("active", Active),
        ("past_due", PastDue),
        ("unpaid", Unpaid),
        ("canceled", Canceled),
        ("paused", Paused),
    ];
    for (word, status) in table {
        let seen = seen(json!({"status": word}));
        assert_eq!((seen.status, seen.provider_status.as_str()), (status, word));
    }
    let unknown = seen(json!({"status": "hibernating"}));
    assert_eq!(unknown.provider_status, "hibernating");
    assert!(!unknown.status.gives_access(true) && !unknown.status.is_terminal());
}

#[test]
fn a_checkout_of_ours_is_recognised() {
    let checkout = "0192f8f0-0000-7000-8000-000000000001";
    let ours = seen(json!({"metadata": {"billdeck_checkout": checkout}}));
    assert_eq!(ours.checkout.unwrap().to_string(), checkout);
    assert_eq!(
        seen(json!({"metadata": {"billdeck_checkout": "not an id"}})).checkout,
        None
    );
}

#[test]
fn items_that_did_not_fit_make_the_body_partial() {
    let cut = with(subscription(), json!({"items": {"data": [], "has_more": true}}));
    assert!(matches!(
        interpret(&event("customer.subscription.updated", cut)),
        Ok(Interpretation::Partial { subject, .. }) if subject.id.as_str() == "sub_1"
    ));
    // Without any list of items nothing may be concluded about the plan.
    let none = with(subscription(), json!({"items": null}));
    assert!(unreadable("customer.subscription.updated", none).contains("items"));
}
