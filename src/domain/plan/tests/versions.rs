//! Which of two descriptions counts.

use std::collections::BTreeSet;

use super::{
    seen::{invoice, link, payment, subscription},
    world::{End, Told, World, at, id, money, object, told},
};
use crate::domain::{
    observation::{Fact, FactKind, OrderSeen},
    order::{Collection, OrderStatus, PaymentStatus},
    plan::{Reading, Stop},
    provider::ObjectKind,
    subscription::{SubscriptionStatus, Verification},
    version::Verdict,
};

fn event(name: &str, second: i64, status: SubscriptionStatus) -> Told {
    told(name, second, subscription("sub_1", status).into())
}

#[test]
fn stale_news_changes_no_row_and_its_facts_are_booked() {
    let mut world = World::new(Reading::Possible);
    world.take(&event("evt_2", 20, SubscriptionStatus::Active));
    let before = world.portrait();
    let mut late = event("evt_1", 10, SubscriptionStatus::Incomplete);
    late.facts = vec![Fact {
        object: object(ObjectKind::Payment, "pi_1"),
        kind: FactKind::Paid,
        amount: money(5),
        at: at(10),
    }];
    let plan = world
        .plan(&[late.testimony()], &late.facts, &BTreeSet::new())
        .unwrap();
    assert_eq!(plan.verdicts.into_values().collect::<Vec<_>>(), [Verdict::Stale]);
    assert!(plan.writes.is_empty());
    assert_eq!(plan.facts, late.facts);
    world.take(&late);
    assert_eq!(world.portrait(), before);
}

#[test]
fn two_bodies_of_one_second_are_settled_by_a_read() {
    let mut world = World::new(Reading::Possible);
    world.provider = vec![(10, subscription("sub_1", SubscriptionStatus::Active).into())];
    world.take(&event("evt_1", 10, SubscriptionStatus::Active));
    assert!(world.reads.is_empty());
    world.take(&event("evt_2", 10, SubscriptionStatus::PastDue));
    assert_eq!(world.subscription("sub_1").status, SubscriptionStatus::Active);
    assert_eq!(
        world.reads,
        BTreeSet::from([object(ObjectKind::Subscription, "sub_1")])
    );
}

#[test]
fn two_bodies_of_one_second_that_agree_need_no_read() {
    let mut world = World::new(Reading::Possible);
    world.take(&event("evt_1", 10, SubscriptionStatus::Active));
    world.take(&event("evt_2", 10, SubscriptionStatus::Active));
    assert!(world.reads.is_empty());
    assert!(matches!(
        world.subscription("sub_1").verification,
        Verification::Verified { .. }
    ));
}

#[test]
fn a_body_within_the_margin_of_a_read_is_read_again() {
    let mut world = World::new(Reading::Possible);
    world.provider = vec![
        (10, subscription("sub_1", SubscriptionStatus::Active).into()),
        (103, subscription("sub_1", SubscriptionStatus::PastDue).into()),
    ];
    world.clock = 100;
    let read = world.read(&object(ObjectKind::Subscription, "sub_1"));
    world.settle(vec![read], &[]);
    world.take(&event("evt_2", 103, SubscriptionStatus::PastDue));
    assert_eq!(world.reads.len(), 1);
    assert_eq!(world.subscription("sub_1").status, SubscriptionStatus::PastDue);
    // Clearly later than both reads: applied without asking.
    world.reads.clear();
    world.take(&event("evt_3", 200, SubscriptionStatus::Active));
    assert!(world.reads.is_empty());
    assert_eq!(world.subscription("sub_1").status, SubscriptionStatus::Active);
}

#[test]
fn a_read_that_a_body_has_overtaken_is_made_again() {
    let mut world = World::new(Reading::Possible);
    world.provider = vec![(10, subscription("sub_1", SubscriptionStatus::Incomplete).into())];
    world.clock = 10;
    let slow = world.read(&object(ObjectKind::Subscription, "sub_1"));
    world.take(&event("evt_2", 100, SubscriptionStatus::Active));
    let stop = world.plan(std::slice::from_ref(&slow), &[], &BTreeSet::new());
    assert_eq!(
        stop,
        Err(Stop::Read(BTreeSet::from([object(
            ObjectKind::Subscription,
            "sub_1"
        )])))
    );
}

#[test]
fn a_read_that_began_earlier_does_not_land_on_a_later_one() {
    let mut world = World::new(Reading::Possible);
    world.provider = vec![
        (10, subscription("sub_1", SubscriptionStatus::Incomplete).into()),
        (20, subscription("sub_1", SubscriptionStatus::Active).into()),
    ];
    world.clock = 10;
    let slow = world.read(&object(ObjectKind::Subscription, "sub_1"));
    world.clock = 20;
    let quick = world.read(&object(ObjectKind::Subscription, "sub_1"));
    world.settle(vec![quick], &[]);
    world.settle(vec![slow], &[]);
    assert_eq!(world.subscription("sub_1").status, SubscriptionStatus::Active);
}

#[test]
fn a_read_answers_for_the_bodies_given_beside_it() {
    let mut world = World::new(Reading::Possible);
    world.provider = vec![(10, subscription("sub_1", SubscriptionStatus::Active).into())];
    world.clock = 50;
    let read = world.read(&object(ObjectKind::Subscription, "sub_1"));
    let body = event("evt_1", 10, SubscriptionStatus::Incomplete).testimony();
    let plan = world.plan(&[body, read], &[], &BTreeSet::new()).unwrap();
    let object = object(ObjectKind::Subscription, "sub_1");
    assert_eq!(plan.verdicts.get(&object), Some(&Verdict::Apply));
    let version = &plan.versions[&object];
    assert_eq!(version.body, Some((at(10), id("evt_1"))));
    assert_eq!((version.read_at, version.ticket), (Some(at(50)), Some(1)));
    world.commit(&plan);
    assert_eq!(world.subscription("sub_1").status, SubscriptionStatus::Active);
}

#[test]
fn without_a_read_a_tie_falls_to_the_later_stage_of_life() {
    let early = event("evt_9", 10, SubscriptionStatus::Active);
    let late = event("evt_1", 10, SubscriptionStatus::Canceled);
    for order in [[&early, &late], [&late, &early]] {
        let mut world = World::new(Reading::Impossible);
        for event in order {
            assert_eq!(world.take(event), End::Applied);
        }
        let row = world.subscription("sub_1");
        assert_eq!(row.status, SubscriptionStatus::Canceled);
        assert_eq!(row.verification, Verification::Pending);
        assert_eq!(world.notes.len(), 1);
    }
}

#[test]
fn without_a_read_a_tie_within_a_stage_falls_to_the_greater_event_id() {
    let seats = |name: &str, quantity| {
        let mut seen = subscription("sub_1", SubscriptionStatus::Active);
        seen.items = vec![super::seen::item("price_team", quantity)];
        told(name, 10, seen.into())
    };
    let (lesser, greater, again) = (seats("evt_1", 5), seats("evt_3", 2), seats("evt_2", 5));
    for order in [
        [&lesser, &greater, &again],
        [&greater, &lesser, &again],
        [&again, &lesser, &greater],
        [&lesser, &again, &greater],
    ] {
        let mut world = World::new(Reading::Impossible);
        for event in order {
            world.take(event);
        }
        assert_eq!(world.subscription("sub_1").seats, Some(2));
    }
}

#[test]
fn an_end_that_is_older_than_the_state_in_place_is_doubted() {
    let end = event("evt_1", 10, SubscriptionStatus::Canceled);
    let after = event("evt_2", 20, SubscriptionStatus::Active);
    for order in [[&end, &after], [&after, &end]] {
        let mut offline = World::new(Reading::Impossible);
        let mut online = World::new(Reading::Possible);
        online.provider = vec![(20, subscription("sub_1", SubscriptionStatus::Active).into())];
        for event in order {
            offline.take(event);
            online.take(event);
        }
        assert_eq!(offline.subscription("sub_1").status, SubscriptionStatus::Canceled);
        assert_eq!(online.subscription("sub_1").status, SubscriptionStatus::Active);
        assert_eq!(online.reads.len(), 1);
    }
}

#[test]
fn a_paid_invoice_is_not_opened_again() {
    let paid = |name, second| told(name, second, invoice("in_1", Collection::Paid).into());
    let open = |name, second| told(name, second, invoice("in_1", Collection::Pending).into());
    for (first, second) in [
        (paid("evt_1", 20), open("evt_2", 10)),
        (paid("evt_1", 20), open("evt_2", 20)),
        (open("evt_2", 20), paid("evt_1", 20)),
        (paid("evt_1", 20), open("evt_2", 30)),
    ] {
        let mut world = World::new(Reading::Impossible);
        world.take(&first);
        world.take(&second);
        assert_eq!(world.order("in_1").unwrap().status, OrderStatus::Paid);
    }
}

#[test]
fn bodies_of_several_events_are_taken_in_the_order_of_their_times() {
    let mut world = World::new(Reading::Impossible);
    let newer = event("evt_2", 20, SubscriptionStatus::Active).testimony();
    let older = event("evt_1", 10, SubscriptionStatus::Incomplete).testimony();
    world.settle(vec![newer, older], &[]);
    assert_eq!(world.subscription("sub_1").status, SubscriptionStatus::Active);
    let version = &world.rows.versions[&object(ObjectKind::Subscription, "sub_1")];
    assert_eq!(version.body, Some((at(20), id("evt_2"))));
}

#[test]
fn a_read_from_before_the_event_does_not_answer_for_it() {
    let mut world = World::new(Reading::Possible);
    world.provider = vec![
        (10, subscription("sub_1", SubscriptionStatus::Active).into()),
        (103, subscription("sub_1", SubscriptionStatus::PastDue).into()),
    ];
    world.clock = 100;
    let kept = world.read(&object(ObjectKind::Subscription, "sub_1"));
    world.settle(vec![kept.clone()], &[]);
    // The event is of three seconds after the read: given the same read once more, a new one is asked for.
    let body = event("evt_2", 103, SubscriptionStatus::PastDue).testimony();
    world.clock = 104;
    assert!(matches!(
        world.plan(&[body.clone(), kept.clone()], &[], &BTreeSet::new()),
        Err(Stop::Read(_))
    ));
    world.settle(vec![body, kept], &[]);
    assert_eq!(world.subscription("sub_1").status, SubscriptionStatus::PastDue);
}

#[test]
fn what_an_invoice_borrows_from_its_payment_makes_no_doubt() {
    let mut world = World::new(Reading::Possible);
    let untimed = OrderSeen {
        paid_at: None,
        ..invoice("in_1", Collection::Paid)
    };
    world.take(&told(
        "evt_1",
        10,
        payment("pi_1", PaymentStatus::Succeeded).into(),
    ));
    world.take(&told("evt_2", 20, link("in_1", "pi_1").into()));
    world.take(&told("evt_3", 30, untimed.clone().into()));
    let twin = told("evt_4", 30, untimed.into());
    let plan = world.plan(&[twin.testimony()], &[], &BTreeSet::new()).unwrap();
    assert_eq!(
        plan.verdicts.get(&object(ObjectKind::Order, "in_1")),
        Some(&Verdict::InEffect)
    );
}

#[test]
fn news_of_one_object_makes_no_doubt_about_another() {
    let mut world = World::new(Reading::Possible);
    world.take(&told("evt_1", 10, link("in_1", "pi_1").into()));
    let mut twin = told("evt_2", 10, link("in_1", "pi_1").into());
    twin.observations
        .push(payment("pi_2", PaymentStatus::Succeeded).into());
    let plan = world.plan(&[twin.testimony()], &[], &BTreeSet::new()).unwrap();
    assert_eq!(
        plan.verdicts
            .get(&object(ObjectKind::PaymentLink, "inpay_in_1_pi_1")),
        Some(&Verdict::InEffect)
    );
    assert_eq!(
        plan.verdicts.get(&object(ObjectKind::Payment, "pi_2")),
        Some(&Verdict::Apply)
    );
}

/// Answers are dated in whole seconds less the time that the call took: the later of two reads may bear the earlier date.
#[test]
fn of_two_reads_the_one_that_began_later_counts_whatever_their_dates_say() {
    let sub = object(ObjectKind::Subscription, "sub_1");
    let mut world = World::new(Reading::Possible);
    world.provider = vec![(100, subscription("sub_1", SubscriptionStatus::PastDue).into())];
    world.clock = 100;
    let first = world.read(&sub);
    world.settle(vec![first.clone()], &[]);
    world.provider = vec![(100, subscription("sub_1", SubscriptionStatus::Active).into())];
    world.skew = -1;
    let second = world.read(&sub);
    // The body is of the very second of the reads, and says something else than either.
    let body = event("evt_1", 100, SubscriptionStatus::Trialing).testimony();
    let plan = world.plan(&[body, first, second], &[], &BTreeSet::new()).unwrap();
    assert_eq!(plan.versions[&sub].ticket, Some(2));
    world.commit(&plan);
    assert_eq!(world.subscription("sub_1").status, SubscriptionStatus::Active);
}

#[test]
fn a_read_that_is_new_enough_makes_up_for_an_older_one_beside_it() {
    let sub = object(ObjectKind::Subscription, "sub_1");
    let mut world = World::new(Reading::Possible);
    world.provider = vec![
        (10, subscription("sub_1", SubscriptionStatus::Incomplete).into()),
        (100, subscription("sub_1", SubscriptionStatus::Active).into()),
    ];
    world.clock = 10;
    let slow = world.read(&sub);
    world.take(&event("evt_2", 100, SubscriptionStatus::Active));
    let fresh = world.read(&sub);
    let plan = world
        .plan(&[slow.clone(), fresh.clone()], &[], &BTreeSet::new())
        .unwrap();
    assert_eq!(plan.versions[&sub].ticket, Some(2));
    assert_eq!(plan.verdicts[&sub], Verdict::Apply);
    assert!(matches!(
        world.plan(&[slow], &[], &BTreeSet::new()),
        Err(Stop::Read(_))
    ));
}
