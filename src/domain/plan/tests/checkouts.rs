//! Checkout sessions: ours, other people's, and what they sell.

use super::{
    seen::{checkout, invoice, link, metadata, payment, subscription},
    world::{BOOK, End, World, at, id, object, told},
};
use crate::domain::{
    checkout::{Checkout, CheckoutState},
    customer::{Owner, Scope},
    ids::CheckoutId,
    observation::{CheckoutProgress, CheckoutSeen},
    order::{Collection, OrderKind, OrderStatus, PaymentStatus},
    plan::Reading,
    provider::ObjectKind,
    subscription::SubscriptionStatus,
};

fn owner(external_id: &str) -> Owner {
    Owner {
        scope: Scope::Organization,
        external_id: id(external_id),
    }
}

/// A checkout that billdeck has started for the owner.
fn ours(world: &mut World, external_id: &str, session: Option<&str>) -> CheckoutId {
    let customer_id = world.add_owner(owner(external_id), None);
    let checkout = Checkout {
        id: world.uuid().into(),
        customer_id,
        book: BOOK,
        plan: "solo".to_owned(),
        provider_checkout_id: session.map(id),
        url: None,
        state: CheckoutState::Creating,
        expires_at: None,
    };
    let checkout_id = checkout.id;
    world.rows.checkouts.push(checkout);
    checkout_id
}

fn sold(payment: &str) -> CheckoutSeen {
    CheckoutSeen {
        payment: Some(id(payment)),
        ..checkout("cs_1", CheckoutProgress::Paid)
    }
}

#[test]
fn our_checkout_gives_the_payer_to_its_buyer() {
    let mut world = World::new(Reading::Impossible);
    let checkout_id = ours(&mut world, "org_1", None);
    world.take(&told(
        "evt_1",
        10,
        payment("pi_1", PaymentStatus::Succeeded).into(),
    ));
    assert_eq!(world.customer("cus_1").owner, None);

    let session = CheckoutSeen {
        subscription: Some(id("sub_1")),
        checkout: Some(checkout_id),
        expires_at: Some(at(99)),
        ..checkout("cs_1", CheckoutProgress::Paid)
    };
    world.take(&told("evt_2", 20, session.into()));
    assert_eq!(world.customer("cus_1").owner, Some(owner("org_1")));
    let row = &world.rows.checkouts[0];
    assert_eq!(
        (&row.provider_checkout_id, row.state, row.expires_at),
        (&Some(id("cs_1")), CheckoutState::Complete, Some(at(99)))
    );
    assert_eq!(world.subscription("sub_1").checkout_id, Some(checkout_id));
}

#[test]
fn a_subscription_that_names_our_checkout_binds_its_customer_too() {
    let mut world = World::new(Reading::Impossible);
    let checkout_id = ours(&mut world, "org_1", Some("cs_1"));
    let mut seen = subscription("sub_1", SubscriptionStatus::Active);
    seen.checkout = Some(checkout_id);
    world.take(&told("evt_1", 10, seen.into()));
    assert_eq!(world.customer("cus_1").owner, Some(owner("org_1")));
    assert_eq!(world.subscription("sub_1").checkout_id, Some(checkout_id));
    assert_eq!(world.rows.customers.len(), 1, "nobody was made in between");
}

#[test]
fn our_checkout_takes_no_customer_from_another_owner() {
    let mut world = World::new(Reading::Impossible);
    let checkout_id = ours(&mut world, "org_1", Some("cs_1"));
    let mut seen = subscription("sub_1", SubscriptionStatus::Active);
    seen.metadata = metadata(&[("organizationId", "org_2")]);
    world.take(&told("evt_1", 10, seen.into()));
    let session = CheckoutSeen {
        checkout: Some(checkout_id),
        ..checkout("cs_1", CheckoutProgress::Paid)
    };
    world.take(&told("evt_2", 20, session.into()));
    assert_eq!(world.customer("cus_1").owner, Some(owner("org_2")));
    assert_eq!(world.notes.len(), 1, "{:?}", world.notes);
}

#[test]
fn a_session_with_a_copied_id_is_not_ours() {
    let mut world = World::new(Reading::Impossible);
    let checkout_id = ours(&mut world, "org_1", Some("cs_1"));
    let copy = CheckoutSeen {
        checkout: Some(checkout_id),
        ..checkout("cs_copy", CheckoutProgress::Paid)
    };
    world.take(&told("evt_1", 10, copy.into()));
    assert_eq!(world.rows.checkouts[0].state, CheckoutState::Creating);
    assert_eq!(world.customer("cus_1").owner, None);
}

#[test]
fn our_checkout_goes_with_its_session() {
    for (progress, state) in [
        (CheckoutProgress::Open, CheckoutState::Open),
        (CheckoutProgress::AwaitingPayment, CheckoutState::Open),
        (CheckoutProgress::Paid, CheckoutState::Complete),
        (CheckoutProgress::PaymentFailed, CheckoutState::Expired),
        (CheckoutProgress::Expired, CheckoutState::Expired),
    ] {
        let mut world = World::new(Reading::Impossible);
        ours(&mut world, "org_1", Some("cs_1"));
        world.take(&told("evt_1", 10, checkout("cs_1", progress).into()));
        assert_eq!(world.rows.checkouts[0].state, state, "{progress}");
    }
}

#[test]
fn a_session_that_is_paid_does_not_expire_afterwards() {
    let mut world = World::new(Reading::Impossible);
    ours(&mut world, "org_1", Some("cs_1"));
    let paid = told("evt_1", 10, checkout("cs_1", CheckoutProgress::Paid).into());
    let expired = told("evt_2", 10, checkout("cs_1", CheckoutProgress::Expired).into());
    world.take(&paid);
    world.take(&expired);
    assert_eq!(world.rows.checkouts[0].state, CheckoutState::Complete);
}

#[test]
fn a_session_whose_subscription_is_unknown_has_it_read() {
    let mut world = World::new(Reading::Possible);
    let session = CheckoutSeen {
        subscription: Some(id("sub_1")),
        ..checkout("cs_1", CheckoutProgress::Paid)
    };
    world.provider = vec![(5, subscription("sub_1", SubscriptionStatus::Active).into())];
    world.take(&told("evt_1", 10, session.into()));
    assert_eq!(
        world.reads.iter().collect::<Vec<_>>(),
        [&object(ObjectKind::Subscription, "sub_1")]
    );
    assert_eq!(world.subscription("sub_1").status, SubscriptionStatus::Active);
}

#[test]
fn a_session_whose_subscription_the_provider_does_not_have_makes_none() {
    let mut world = World::new(Reading::Possible);
    let session = CheckoutSeen {
        subscription: Some(id("sub_1")),
        ..checkout("cs_1", CheckoutProgress::Paid)
    };
    assert_eq!(world.take(&told("evt_1", 10, session.into())), End::Applied);
    assert_eq!(world.rows.subscriptions, []);
    assert_eq!(
        world.notes,
        ["stripe has no subscription sub_1, which the checkout names"]
    );
}

#[test]
fn a_session_that_sells_once_is_the_order_of_its_payment() {
    let paid = told("evt_1", 10, payment("pi_1", PaymentStatus::Succeeded).into());
    let session = told("evt_2", 20, sold("pi_1").into());
    for order in [[&paid, &session], [&session, &paid]] {
        let mut world = World::new(Reading::Impossible);
        for event in order {
            world.take(event);
        }
        assert_eq!(world.order("pi_1"), None);
        let row = world.order("cs_1").unwrap();
        assert_eq!(
            (row.kind, row.status, row.purchased_at),
            (OrderKind::Session, OrderStatus::Paid, Some(at(80)))
        );
        assert_eq!(world.order_of("pi_1"), "cs_1");
    }
}

#[test]
fn a_session_with_an_invoice_is_no_order_of_its_own() {
    let session = told("evt_1", 10, sold("pi_1").into());
    let linked = told("evt_2", 20, link("in_1", "pi_1").into());
    let billed = told("evt_3", 30, invoice("in_1", Collection::Paid).into());
    for order in [
        [&session, &linked, &billed],
        [&linked, &session, &billed],
        [&billed, &linked, &session],
    ] {
        let mut world = World::new(Reading::Impossible);
        for event in order {
            world.take(event);
        }
        assert_eq!(world.order("cs_1"), None);
        assert_eq!(world.order_of("pi_1"), "in_1");
        assert_eq!(world.order("in_1").unwrap().status, OrderStatus::Paid);
    }
}

#[test]
fn a_session_that_comes_to_name_its_invoice_gives_the_order_up() {
    let mut world = World::new(Reading::Impossible);
    world.take(&told(
        "evt_1",
        10,
        checkout("cs_1", CheckoutProgress::AwaitingPayment).into(),
    ));
    assert_eq!(world.order("cs_1").unwrap().status, OrderStatus::Pending);
    let named = CheckoutSeen {
        order: Some(id("in_1")),
        ..checkout("cs_1", CheckoutProgress::Paid)
    };
    world.take(&told("evt_2", 20, named.into()));
    assert_eq!(world.order("cs_1"), None);
    assert!(world.order("in_1").is_some());
}

#[test]
fn a_session_that_nobody_paid_is_no_order() {
    for state in [CheckoutProgress::Open, CheckoutProgress::Expired] {
        let mut world = World::new(Reading::Impossible);
        world.take(&told("evt_1", 10, checkout("cs_1", state).into()));
        assert_eq!(world.rows.orders, []);
    }
}
