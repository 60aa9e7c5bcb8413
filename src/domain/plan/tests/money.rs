//! Orders, payments, refunds, disputes.

use std::collections::BTreeSet;

use super::{
    seen::{charge, dispute, invoice, link, payment, refund, subscription},
    world::{End, Told, World, at, id, money, object, told},
};
use crate::domain::{
    customer::LinkingRules,
    observation::{ChargeSeen, Observation, OrderSeen, PaymentSeen},
    order::{Collection, DisputeStatus, Failure, OrderKind, OrderStatus, PaymentStatus, RefundStatus},
    plan::{Reading, needs, row_diffs},
    provider::ObjectKind,
    subscription::SubscriptionStatus,
};

fn event(name: &str, second: i64, seen: impl Into<Observation>) -> Told {
    told(name, second, seen.into())
}

fn failed(world: &mut World, event: &Told) -> (String, String) {
    match world.take(event) {
        End::Failed(problem) => (problem.code, problem.message),
        end @ (End::Applied | End::Waiting(_)) => panic!("did not fail: {end:?}"),
    }
}

/// A world in which `pi_1` has paid 19.00.
fn paid(reading: Reading) -> World {
    let mut world = World::new(reading);
    world.take(&event("evt_pi", 10, payment("pi_1", PaymentStatus::Succeeded)));
    world
}

#[test]
fn a_bare_payment_is_an_order_until_something_names_it() {
    let mut world = paid(Reading::Impossible);
    let bare = world.order("pi_1").unwrap();
    assert_eq!(
        (bare.kind, bare.status, bare.amount, bare.purchased_at),
        (
            OrderKind::Bare,
            OrderStatus::Paid,
            Some(money(1_900)),
            Some(at(80))
        )
    );

    world.take(&event("evt_2", 20, link("in_1", "pi_1")));
    assert_eq!(world.order("pi_1"), None);
    let stub = world.order("in_1").unwrap();
    assert_eq!((stub.kind, stub.amount), (OrderKind::Invoice, None));

    world.take(&event("evt_3", 30, invoice("in_1", Collection::Paid)));
    world.take(&event("evt_4", 40, payment("pi_1", PaymentStatus::Succeeded)));
    world.take(&event(
        "evt_5",
        50,
        charge("ch_1", "pi_1", PaymentStatus::Succeeded),
    ));
    assert_eq!(world.order("pi_1"), None, "it never comes back");
    assert_eq!(world.rows.orders.len(), 1);
}

#[test]
fn an_invoice_may_name_its_payments_and_a_payment_its_invoice() {
    let mut world = World::new(Reading::Impossible);
    let naming = OrderSeen {
        payments: vec![id("pi_1")],
        ..invoice("in_1", Collection::Paid)
    };
    world.take(&event("evt_1", 10, naming));
    assert_eq!(world.order_of("pi_1"), "in_1");
    assert_eq!(world.payment("pi_1").amount, None);

    let named = PaymentSeen {
        order: Some(id("in_2")),
        ..payment("pi_2", PaymentStatus::Succeeded)
    };
    world.take(&event("evt_2", 20, named));
    assert_eq!(world.order_of("pi_2"), "in_2");

    let charged = ChargeSeen {
        order: Some(id("in_3")),
        ..charge("ch_3", "pi_3", PaymentStatus::Succeeded)
    };
    world.take(&event("evt_3", 30, charged));
    assert_eq!(world.order_of("pi_3"), "in_3");
}

#[test]
fn a_payment_that_two_invoices_name_stays_with_one_whichever_came_first() {
    let one = event("evt_1", 10, link("in_1", "pi_1"));
    let two = event("evt_2", 20, link("in_2", "pi_1"));
    for order in [[&one, &two], [&two, &one]] {
        let mut world = World::new(Reading::Impossible);
        for event in order {
            world.take(event);
        }
        assert_eq!(world.order_of("pi_1"), "in_1");
    }
}

#[test]
fn the_charge_tells_what_was_paid_with_and_the_payment_whether() {
    let declined = Failure {
        code: Some("card_declined".to_owned()),
        decline_code: None,
        message: None,
    };
    let mut world = World::new(Reading::Impossible);
    let failed = ChargeSeen {
        failure: Some(declined.clone()),
        ..charge("ch_1", "pi_1", PaymentStatus::Failed)
    };
    world.take(&event("evt_1", 10, failed));
    let row = world.payment("pi_1");
    assert_eq!(
        (row.status, &row.failure, row.amount),
        (PaymentStatus::Failed, &Some(declined), Some(money(1_900)))
    );
    assert_eq!(world.order("pi_1").unwrap().status, OrderStatus::Failed);

    world.take(&event("evt_2", 20, payment("pi_1", PaymentStatus::Pending)));
    let row = world.payment("pi_1");
    assert_eq!((row.status, &row.failure), (PaymentStatus::Pending, &None));
    assert_eq!(row.charge_id, Some(id("ch_1")));

    world.take(&event(
        "evt_3",
        30,
        charge("ch_22", "pi_1", PaymentStatus::Succeeded),
    ));
    let row = world.payment("pi_1");
    assert_eq!(row.status, PaymentStatus::Pending, "the payment itself is asked");
    assert_eq!(row.charge_id, Some(id("ch_22")));
    assert_eq!(
        row.method.as_ref().and_then(|method| method.last4.as_deref()),
        Some("0005")
    );
}

#[test]
fn the_charge_that_moved_the_money_stands_for_the_payment() {
    let tries = [
        event("evt_1", 10, charge("ch_1", "pi_1", PaymentStatus::Failed)),
        event("evt_2", 20, charge("ch_3", "pi_1", PaymentStatus::Failed)),
        event("evt_3", 30, charge("ch_2", "pi_1", PaymentStatus::Succeeded)),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let mut world = World::new(Reading::Impossible);
        for index in order {
            world.take(&tries[index]);
        }
        let row = world.payment("pi_1");
        assert_eq!(
            (row.charge_id.as_ref(), row.status),
            (Some(&id("ch_2")), PaymentStatus::Succeeded)
        );
    }
}

#[test]
fn a_payment_that_does_not_say_when_was_made_when_its_event_was() {
    let mut world = World::new(Reading::Impossible);
    let untimed = PaymentSeen {
        paid_at: None,
        ..payment("pi_1", PaymentStatus::Succeeded)
    };
    world.take(&event("evt_1", 100, untimed));
    assert_eq!(world.payment("pi_1").paid_at, Some(at(100)));
    // The charge is the earlier word.
    world.take(&event(
        "evt_2",
        100,
        charge("ch_1", "pi_1", PaymentStatus::Succeeded),
    ));
    assert_eq!(world.payment("pi_1").paid_at, Some(at(80)));
    assert_eq!(world.order("pi_1").unwrap().purchased_at, Some(at(80)));
}

#[test]
fn an_invoice_without_a_time_of_its_own_takes_its_payments() {
    let mut world = paid(Reading::Impossible);
    let untimed = OrderSeen {
        paid_at: None,
        ..invoice("in_1", Collection::Paid)
    };
    world.take(&event("evt_1", 20, untimed));
    assert_eq!(world.order("in_1").unwrap().purchased_at, None);
    world.take(&event("evt_2", 30, link("in_1", "pi_1")));
    assert_eq!(world.order("in_1").unwrap().purchased_at, Some(at(80)));
    world.take(&event("evt_3", 40, invoice("in_1", Collection::Paid)));
    assert_eq!(world.order("in_1").unwrap().purchased_at, Some(at(90)));
}

#[test]
fn refunds_add_up_on_the_order() {
    let mut world = paid(Reading::Impossible);
    let mut second = 100;
    for (name, minor, status, back, expected) in [
        ("re_1", 500, RefundStatus::Pending, 0, OrderStatus::Paid),
        (
            "re_1",
            500,
            RefundStatus::Succeeded,
            500,
            OrderStatus::PartiallyRefunded,
        ),
        (
            "re_2",
            1_400,
            RefundStatus::Succeeded,
            1_900,
            OrderStatus::Refunded,
        ),
        (
            "re_1",
            500,
            RefundStatus::Failed,
            1_400,
            OrderStatus::PartiallyRefunded,
        ),
    ] {
        second += 10;
        let seen = refund(name, "pi_1", minor, status);
        assert_eq!(
            world.take(&event(&format!("evt_{second}"), second, seen)),
            End::Applied
        );
        let order = world.order("pi_1").unwrap();
        assert_eq!((order.refunded_minor, order.status), (back, expected));
    }
    assert_eq!(
        world
            .effects
            .keys()
            .filter(|key| key.starts_with("refund."))
            .count(),
        2
    );
}

#[test]
fn a_refund_before_its_payment_fails_until_the_payment_is_known() {
    let mut world = World::new(Reading::Impossible);
    let early = event("evt_1", 10, refund("re_1", "pi_1", 500, RefundStatus::Succeeded));
    let (code, message) = failed(&mut world, &early);
    assert_eq!(code, "unknown_payment");
    assert_eq!(
        message,
        "refund re_1 belongs to payment pi_1, which billdeck does not know, and stripe could not tell of it: it is \
         tried again by itself; ingest the payment's own event, or set the provider's credentials, then replay this \
         one"
    );
    world.take(&event(
        "evt_2",
        20,
        charge("ch_1", "pi_1", PaymentStatus::Succeeded),
    ));
    assert_eq!(world.take(&early), End::Applied);
    assert_eq!(
        world.order("pi_1").unwrap().status,
        OrderStatus::PartiallyRefunded
    );
}

#[test]
fn a_refund_has_its_payment_read() {
    let mut world = World::new(Reading::Possible);
    world.provider = vec![(5, payment("pi_1", PaymentStatus::Succeeded).into())];
    let seen = refund("re_1", "pi_1", 500, RefundStatus::Succeeded);
    assert_eq!(world.take(&event("evt_1", 10, seen)), End::Applied);
    assert_eq!(world.reads, BTreeSet::from([object(ObjectKind::Payment, "pi_1")]));
    assert_eq!(world.order("pi_1").unwrap().refunded_minor, 500);
}

#[test]
fn a_refund_or_dispute_that_fits_no_payment_says_so() {
    let mut world = World::new(Reading::Possible);
    let seen = refund("re_1", "pi_1", 500, RefundStatus::Succeeded);
    let (code, message) = failed(&mut world, &event("evt_1", 10, seen));
    assert_eq!(code, "unknown_payment");
    assert_eq!(
        message,
        "refund re_1 belongs to payment pi_1, which neither billdeck nor stripe knows: if the payment was made in \
         another account or mode, discard this event; else replay it once the payment is there"
    );
    let seen = dispute("du_1", "pi_1", DisputeStatus::NeedsResponse);
    let (code, message) = failed(&mut world, &event("evt_2", 20, seen));
    assert_eq!(code, "unknown_payment");
    assert!(
        message.starts_with("dispute du_1 belongs to payment pi_1"),
        "{message}"
    );
}

#[test]
fn no_more_goes_back_than_was_paid() {
    let mut world = paid(Reading::Impossible);
    world.take(&event(
        "evt_1",
        20,
        refund("re_1", "pi_1", 1_500, RefundStatus::Succeeded),
    ));
    let second = event("evt_2", 30, refund("re_2", "pi_1", 500, RefundStatus::Pending));
    let (code, message) = failed(&mut world, &second);
    assert_eq!(code, "refund_exceeds_payment");
    assert_eq!(
        message,
        "refund re_2 gives back 5.00 USD, but of payment pi_1 (19.00 USD) only 4.00 USD is left: an earlier refund \
         may have failed without its event having come; look at the payment at stripe, then replay or discard this \
         event"
    );
    // A refund that did not go takes nothing.
    let gave_up = refund("re_3", "pi_1", 1_900, RefundStatus::Canceled);
    assert_eq!(world.take(&event("evt_3", 40, gave_up)), End::Applied);
    world.take(&event(
        "evt_4",
        50,
        refund("re_1", "pi_1", 1_500, RefundStatus::Failed),
    ));
    assert_eq!(world.take(&second), End::Applied);
}

#[test]
fn where_refunds_do_not_fit_the_others_are_read() {
    let mut world = paid(Reading::Possible);
    let first = refund("re_1", "pi_1", 1_500, RefundStatus::Succeeded);
    world.take(&event("evt_1", 20, first));
    world.provider = vec![
        (20, payment("pi_1", PaymentStatus::Succeeded).into()),
        (25, refund("re_1", "pi_1", 1_500, RefundStatus::Failed).into()),
    ];
    let second = refund("re_2", "pi_1", 500, RefundStatus::Succeeded);
    assert_eq!(world.take(&event("evt_2", 100, second)), End::Applied);
    assert_eq!(world.order("pi_1").unwrap().refunded_minor, 500);
    assert!(world.reads.contains(&object(ObjectKind::Refund, "re_1")));
}

#[test]
fn a_refund_in_another_currency_fits_no_payment() {
    let mut world = paid(Reading::Impossible);
    let mut seen = refund("re_1", "pi_1", 500, RefundStatus::Succeeded);
    seen.amount.currency = "EUR".parse().unwrap();
    let (code, message) = failed(&mut world, &event("evt_1", 20, seen));
    assert_eq!(code, "refund_currency_mismatch");
    assert_eq!(
        message,
        "refund re_1 is in EUR, but payment pi_1 was made in USD: look at both at stripe, then replay or discard this \
         event"
    );
}

#[test]
fn an_order_is_disputed_unless_the_dispute_is_won() {
    let mut world = paid(Reading::Impossible);
    let mut second = 20;
    for (status, expected) in [
        (DisputeStatus::NeedsResponse, OrderStatus::Disputed),
        (DisputeStatus::UnderReview, OrderStatus::Disputed),
        (DisputeStatus::Won, OrderStatus::Paid),
        (DisputeStatus::Lost, OrderStatus::Disputed),
    ] {
        second += 10;
        world.take(&event(
            &format!("evt_{second}"),
            second,
            dispute("du_1", "pi_1", status),
        ));
        assert_eq!(world.order("pi_1").unwrap().status, expected, "{status}");
    }
    assert!(world.effects.contains_key("dispute.opened:du_1"));
}

#[test]
fn a_refund_follows_its_payment_to_the_invoice() {
    let mut world = paid(Reading::Impossible);
    world.take(&event(
        "evt_1",
        20,
        refund("re_1", "pi_1", 500, RefundStatus::Succeeded),
    ));
    world.take(&event("evt_2", 30, invoice("in_1", Collection::Paid)));
    assert_eq!(world.order("in_1").unwrap().status, OrderStatus::Paid);
    world.take(&event("evt_3", 40, link("in_1", "pi_1")));
    let order = world.order("in_1").unwrap();
    assert_eq!(
        (order.status, order.refunded_minor),
        (OrderStatus::PartiallyRefunded, 500)
    );
}

#[test]
fn each_failed_try_is_told_once_and_a_payers_own_tries_are_not() {
    let mut world = World::new(Reading::Impossible);
    let tried = |tries| OrderSeen {
        attempts: Some(tries),
        ..invoice("in_1", Collection::Failed)
    };
    world.take(&event("evt_1", 10, payment("pi_1", PaymentStatus::Failed)));
    world.take(&event("evt_2", 20, tried(1)));
    world.take(&event("evt_3", 30, tried(1)));
    world.take(&event("evt_4", 40, tried(2)));
    world.take(&event("evt_5", 50, link("in_1", "pi_1")));
    world.take(&event("evt_6", 60, invoice("in_1", Collection::Paid)));
    world.take(&event("evt_7", 70, payment("pi_1", PaymentStatus::Succeeded)));
    assert_eq!(
        world.effects.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            "payment.failed:in_1:1",
            "payment.failed:in_1:2",
            "payment.succeeded:pi_1"
        ]
    );
}

#[test]
fn a_draft_that_is_gone_is_no_longer_owed() {
    let mut world = World::new(Reading::Possible);
    world.take(&event("evt_1", 10, invoice("in_1", Collection::Pending)));
    world.take(&event("evt_2", 10, invoice("in_2", Collection::Paid)));
    world.clock = 60;
    for (name, status) in [("in_1", OrderStatus::Expired), ("in_2", OrderStatus::Paid)] {
        let read = world.read(&object(ObjectKind::Order, name));
        world.settle(vec![read], &[]);
        assert_eq!(world.order(name).unwrap().status, status);
    }
}

#[test]
fn needs_name_everything_that_a_description_names() {
    let testimonies: Vec<_> = [
        event("evt_1", 10, link("in_1", "pi_1")),
        event("evt_2", 10, refund("re_1", "pi_2", 1, RefundStatus::Pending)),
        event("evt_3", 10, subscription("sub_1", SubscriptionStatus::Active)),
    ]
    .iter()
    .map(Told::testimony)
    .collect();
    let names: Vec<String> = needs(&testimonies, &LinkingRules::default())
        .objects
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        names,
        [
            "customer cus_1",
            "subscription sub_1",
            "order in_1",
            "payment_link inpay_in_1_pi_1",
            "payment pi_1",
            "payment pi_2",
            "refund re_1",
        ]
    );
}

#[test]
fn a_plan_reads_as_rows_and_fields() {
    let world = paid(Reading::Impossible);
    let linked = event("evt_2", 20, link("in_1", "pi_1"));
    let plan = world.plan(&[linked.testimony()], &[], &BTreeSet::new()).unwrap();
    let diffs = row_diffs(&plan);
    let rows: Vec<(&str, &str, bool)> = diffs
        .iter()
        .map(|diff| (diff.table.as_str(), diff.row_key.as_str(), diff.new))
        .collect();
    assert_eq!(
        rows,
        [
            ("order", "in_1", true),
            ("payment", "pi_1", false),
            ("order", "pi_1", false)
        ]
    );
    let moved: Vec<&str> = diffs[1].fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(moved, ["order_id"]);
    assert!(diffs[2].fields.iter().all(|field| field.after.is_null()));
    let told = |name: &str| diffs[2].fields.iter().any(|field| field.field == name);
    assert!(told("provider_order_id") && told("amount"));
}
