//! Subscriptions: plan by price, verification, ends, and what follows.

use std::collections::BTreeSet;

use super::{
    seen::{checkout, item, subscription},
    world::{End, Told, World, at, catalog, event_id, id, money, object, told},
};
use crate::domain::{
    catalog::Catalog,
    observation::{CheckoutProgress, Fact, FactKind, Observation, SubscriptionSeen},
    plan::{Reading, UnknownPrice},
    provider::ObjectKind,
    subscription::{SubscriptionStatus, Verification, VerifiedBy},
};

fn event(name: &str, second: i64, status: SubscriptionStatus) -> Told {
    told(name, second, subscription("sub_1", status).into())
}

fn priced(name: &str, second: i64, status: SubscriptionStatus, price: &str) -> Told {
    let seen = SubscriptionSeen {
        items: vec![item(price, 1)],
        ..subscription("sub_1", status)
    };
    told(name, second, seen.into())
}

fn keys(world: &World) -> Vec<&str> {
    world.effects.keys().map(String::as_str).collect()
}

#[test]
fn the_first_known_price_names_the_plan_and_only_a_price_per_seat_counts_seats() {
    let mut world = World::new(Reading::Impossible);
    let with_items = |items| SubscriptionSeen {
        items,
        ..subscription("sub_1", SubscriptionStatus::Active)
    };
    let addon_first = with_items(vec![item("price_addon", 9), item("price_team", 4)]);
    world.take(&told("evt_1", 10, addon_first.into()));
    let row = world.subscription("sub_1");
    assert_eq!((row.plan.as_deref(), row.seats), (Some("team"), Some(4)));
    assert_eq!(row.items.len(), 2);

    world.take(&told("evt_2", 20, with_items(vec![item("price_solo", 3)]).into()));
    let row = world.subscription("sub_1");
    assert_eq!((row.plan.as_deref(), row.seats), (Some("solo"), None));
}

#[test]
fn an_unknown_price_waits_and_says_what_to_do() {
    let mut world = World::new(Reading::Impossible);
    let event = priced("evt_1", 10, SubscriptionStatus::Active, "price_new");
    let End::Waiting(problem) = world.take(&event) else {
        panic!("it did not wait");
    };
    assert_eq!(problem.code, "unknown_price");
    assert_eq!(
        problem.message,
        "the price price_new is in no plan of catalog.toml: add it to its plan's prices for stripe \
         (`[[plans.<plan>.prices.stripe]]`, environment test); the event then goes on by itself"
    );
    assert_eq!(world.rows.subscriptions, []);

    let mut plans = catalog().plans().to_vec();
    plans[0].prices[0].id = id("price_new");
    world.catalog = Catalog::new(plans).unwrap();
    assert_eq!(world.take(&event), End::Applied);
    assert_eq!(world.subscription("sub_1").plan.as_deref(), Some("solo"));
}

#[test]
fn an_end_of_access_does_not_wait_for_its_price() {
    let mut world = World::new(Reading::Impossible);
    world.take(&event("evt_1", 10, SubscriptionStatus::Active));
    let mut end = priced("evt_3", 30, SubscriptionStatus::Canceled, "price_new");
    end.facts = vec![Fact {
        object: object(ObjectKind::Payment, "pi_1"),
        kind: FactKind::Paid,
        amount: money(5),
        at: at(30),
    }];
    assert!(matches!(world.take(&end), End::Waiting(_)));
    let row = world.subscription("sub_1");
    assert_eq!(row.status, SubscriptionStatus::Canceled);
    assert_eq!(row.plan.as_deref(), Some("solo"));
    assert_eq!(row.items, [item("price_solo", 1)]);
    assert_eq!(world.facts.len(), 1);
    assert!(keys(&world).contains(&"subscription.ended:sub_1"));

    // What happened before the end comes late, and does not undo it.
    world.take(&event("evt_2", 20, SubscriptionStatus::Active));
    assert_eq!(world.subscription("sub_1").status, SubscriptionStatus::Canceled);
}

#[test]
fn a_change_of_price_leaves_a_paying_customer_as_it_is_until_the_price_is_known() {
    let mut world = World::new(Reading::Impossible);
    world.take(&event("evt_1", 10, SubscriptionStatus::Active));
    let before = world.portrait();
    let moved = priced("evt_2", 20, SubscriptionStatus::PastDue, "price_new");
    assert!(matches!(world.take(&moved), End::Waiting(_)));
    assert_eq!(world.portrait(), before);
}

#[test]
fn an_unknown_price_can_be_applied_without_a_plan() {
    let mut world = World::new(Reading::Impossible);
    world.unknown_price = UnknownPrice::Apply;
    world.take(&event("evt_1", 10, SubscriptionStatus::Active));
    world.take(&priced("evt_2", 20, SubscriptionStatus::Active, "price_new"));
    assert_eq!(world.subscription("sub_1").plan, None);
}

#[test]
fn a_plan_that_left_the_catalogue_is_kept() {
    let mut world = World::new(Reading::Impossible);
    world.take(&priced("evt_1", 10, SubscriptionStatus::Active, "price_team"));
    world.catalog = Catalog::default();
    let mut seats = subscription("sub_1", SubscriptionStatus::Active);
    seats.items = vec![item("price_team", 7)];
    assert_eq!(world.take(&told("evt_2", 20, seats.into())), End::Applied);
    let row = world.subscription("sub_1");
    assert_eq!((row.plan.as_deref(), row.seats), (Some("team"), Some(7)));
}

#[test]
fn a_signed_event_and_a_read_verify_and_an_import_does_not() {
    let mut world = World::new(Reading::Impossible);
    world.take(&event("evt_1", 10, SubscriptionStatus::Active));
    assert_eq!(
        world.subscription("sub_1").verification,
        Verification::Verified {
            at: at(10),
            by: VerifiedBy::Event(event_id("evt_1")),
        }
    );

    let import = |name, second, status| Told {
        trusted: false,
        ..event(name, second, status)
    };
    world.take(&import("evt_2", 20, SubscriptionStatus::Active));
    assert!(
        matches!(
            world.subscription("sub_1").verification,
            Verification::Verified { .. }
        ),
        "it said nothing new"
    );
    world.take(&import("evt_3", 30, SubscriptionStatus::PastDue));
    assert_eq!(world.subscription("sub_1").verification, Verification::Pending);

    world.provider = vec![(40, subscription("sub_1", SubscriptionStatus::PastDue).into())];
    world.clock = 60;
    let read = world.read(&object(ObjectKind::Subscription, "sub_1"));
    assert_eq!(world.settle(vec![read], &[]), End::Applied);
    assert_eq!(
        world.subscription("sub_1").verification,
        Verification::Verified {
            at: at(60),
            by: VerifiedBy::Read,
        }
    );
}

#[test]
fn a_read_that_agrees_only_confirms() {
    let mut world = World::new(Reading::Possible);
    world.take(&event("evt_1", 10, SubscriptionStatus::Active));
    world.provider = vec![(10, subscription("sub_1", SubscriptionStatus::Active).into())];
    world.clock = 60;
    let read = world.read(&object(ObjectKind::Subscription, "sub_1"));
    let plan = world.plan(&[read], &[], &BTreeSet::new()).unwrap();
    assert!(plan.only_confirms());
    assert!(!plan.changes_nothing());

    world.provider = vec![(10, subscription("sub_1", SubscriptionStatus::Paused).into())];
    let read = world.read(&object(ObjectKind::Subscription, "sub_1"));
    let plan = world.plan(&[read], &[], &BTreeSet::new()).unwrap();
    assert!(!plan.only_confirms());
}

#[test]
fn one_that_the_provider_no_longer_has_is_canceled() {
    let mut world = World::new(Reading::Possible);
    world.take(&event("evt_1", 10, SubscriptionStatus::Active));
    world.clock = 60;
    let read = world.read(&object(ObjectKind::Subscription, "sub_1"));
    assert_eq!(
        read.observations,
        [Observation::Gone(object(ObjectKind::Subscription, "sub_1"))]
    );
    world.settle(vec![read], &[]);
    let row = world.subscription("sub_1");
    assert_eq!(row.status, SubscriptionStatus::Canceled);
    assert_eq!(row.ended_at, Some(at(60)));
    assert_eq!(row.plan.as_deref(), Some("solo"));
}

#[test]
fn a_mention_gives_way_to_the_subscription_itself_whatever_its_time() {
    let mut world = World::new(Reading::Impossible);
    let mut session = checkout("cs_1", CheckoutProgress::Paid);
    session.subscription = Some(id("sub_1"));
    world.take(&told("evt_9", 90, session.into()));
    let row = world.subscription("sub_1");
    assert_eq!(
        (row.status, row.provider_status.as_str(), &row.verification),
        (SubscriptionStatus::Incomplete, "", &Verification::Pending)
    );
    world.take(&event("evt_1", 10, SubscriptionStatus::Active));
    assert_eq!(world.subscription("sub_1").status, SubscriptionStatus::Active);
}

#[test]
fn only_a_read_brings_one_back_from_its_end() {
    let mut world = World::new(Reading::Impossible);
    world.take(&event("evt_1", 10, SubscriptionStatus::Canceled));
    world.take(&event("evt_2", 20, SubscriptionStatus::Active));
    let row = world.subscription("sub_1");
    assert_eq!(
        (row.status, &row.verification),
        (SubscriptionStatus::Canceled, &Verification::Pending)
    );
    assert_eq!(world.notes.len(), 1, "{:?}", world.notes);

    world.reading = Reading::Possible;
    world.provider = vec![(20, subscription("sub_1", SubscriptionStatus::Active).into())];
    world.take(&event("evt_3", 30, SubscriptionStatus::Active));
    assert_eq!(world.subscription("sub_1").status, SubscriptionStatus::Active);
    assert_eq!(world.reads.len(), 1);
}

#[test]
fn each_turn_of_a_subscription_is_told_once() {
    let mut world = World::new(Reading::Impossible);
    let start = at(0);
    let mut scheduled = subscription("sub_1", SubscriptionStatus::Active);
    scheduled.cancel_at = Some(at(2_592_000));
    for (name, second, seen) in [
        ("evt_1", 10, subscription("sub_1", SubscriptionStatus::Incomplete)),
        ("evt_2", 20, subscription("sub_1", SubscriptionStatus::Active)),
        ("evt_3", 30, subscription("sub_1", SubscriptionStatus::PastDue)),
        ("evt_4", 40, subscription("sub_1", SubscriptionStatus::Active)),
        ("evt_5", 50, scheduled.clone()),
        ("evt_6", 60, scheduled),
        ("evt_7", 70, subscription("sub_1", SubscriptionStatus::Canceled)),
    ] {
        world.take(&told(name, second, seen.into()));
    }
    assert_eq!(
        keys(&world),
        [
            format!("subscription.active:sub_1:{start}"),
            format!("subscription.cancel_scheduled:sub_1:{}", at(2_592_000)),
            "subscription.ended:sub_1".to_owned(),
            format!("subscription.past_due:sub_1:{start}"),
        ]
    );
}

#[test]
fn a_subscription_of_ours_is_found_by_its_metadata() {
    let mut world = World::new(Reading::Impossible);
    let mut seen = subscription("sub_1", SubscriptionStatus::Active);
    seen.checkout = Some(world.uuid().into());
    // A checkout that billdeck does not know: the id is somebody else's.
    world.take(&told("evt_1", 10, seen.into()));
    assert_eq!(world.subscription("sub_1").checkout_id, None);
}
