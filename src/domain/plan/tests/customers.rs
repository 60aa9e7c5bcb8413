//! Whose a provider's customer is.

use super::{
    seen::{customer, metadata, payment, subscription},
    world::{World, id, object, told},
};
use crate::domain::{
    customer::{Owner, Scope},
    observation::{CustomerSeen, SubscriptionSeen},
    order::PaymentStatus,
    plan::Reading,
    provider::ObjectKind,
    subscription::SubscriptionStatus,
};

fn owner(scope: Scope, external_id: &str) -> Owner {
    Owner {
        scope,
        external_id: id(external_id),
    }
}

fn with_metadata(pairs: &[(&str, &str)]) -> CustomerSeen {
    CustomerSeen {
        metadata: metadata(pairs),
        ..customer("cus_1")
    }
}

fn with_email(email: &str) -> CustomerSeen {
    CustomerSeen {
        email: Some(email.to_owned()),
        ..customer("cus_1")
    }
}

#[test]
fn a_first_mention_makes_a_customer_that_nobody_owns() {
    let mut world = World::new(Reading::Impossible);
    world.take(&told(
        "evt_1",
        10,
        payment("pi_1", PaymentStatus::Succeeded).into(),
    ));
    assert!(world.link("cus_1").is_default);
    assert_eq!(world.customer("cus_1").owner, None);
    assert_eq!(world.customer("cus_1").email, None);

    world.take(&told("evt_2", 20, customer("cus_1").into()));
    let row = world.customer("cus_1");
    assert_eq!(row.email.as_deref(), Some("ana@example.com"));
    assert_eq!(
        (row.name.as_deref(), row.country.as_deref()),
        (Some("Ana Reyes"), Some("MX"))
    );
    assert_eq!(world.link("cus_1").email.as_deref(), Some("ana@example.com"));
    assert_eq!(world.rows.customers.len(), 1);
}

#[test]
fn metadata_names_the_owner() {
    for (pairs, known, expected) in [
        (
            &[("organizationId", "a"), ("userId", "u")][..],
            None,
            owner(Scope::Organization, "a"),
        ),
        (&[("userId", "u")], None, owner(Scope::User, "u")),
        (
            &[("client_reference_id", "a")],
            None,
            owner(Scope::Organization, "a"),
        ),
        (
            &[("client_reference_id", "a")],
            Some(owner(Scope::User, "a")),
            owner(Scope::User, "a"),
        ),
    ] {
        let mut world = World::new(Reading::Impossible);
        if let Some(known) = known {
            world.add_owner(known, None);
        }
        world.take(&told("evt_1", 10, with_metadata(pairs).into()));
        assert_eq!(world.customer("cus_1").owner, Some(expected));
        assert_eq!(world.rows.customers.len(), 1, "{:?}", world.rows.customers);
        assert_eq!(world.customer("cus_1").email.as_deref(), Some("ana@example.com"));
    }
}

#[test]
fn a_link_that_nobody_owned_moves_and_its_old_customer_points_the_way() {
    let mut world = World::new(Reading::Impossible);
    let known = world.add_owner(owner(Scope::Organization, "org_1"), None);
    world.take(&told("evt_1", 10, customer("cus_1").into()));
    let emptied = world.link("cus_1").customer_id;
    assert_ne!(emptied, known);

    let seen = SubscriptionSeen {
        metadata: metadata(&[("organizationId", "org_1")]),
        ..subscription("sub_1", SubscriptionStatus::Active)
    };
    world.take(&told("evt_2", 20, seen.into()));
    assert_eq!(world.link("cus_1").customer_id, known);
    assert!(world.link("cus_1").is_default);
    assert_eq!(world.customer("cus_1").email.as_deref(), Some("ana@example.com"));
    let emptied = world.rows.customers.iter().find(|row| row.id == emptied).unwrap();
    assert_eq!(emptied.merged_into, Some(known));
}

#[test]
fn an_event_never_moves_a_link_from_one_owner_to_another() {
    let mut world = World::new(Reading::Impossible);
    world.take(&told(
        "evt_1",
        10,
        with_metadata(&[("organizationId", "org_1")]).into(),
    ));
    world.add_owner(owner(Scope::Organization, "org_2"), None);
    world.take(&told(
        "evt_2",
        20,
        with_metadata(&[("organizationId", "org_2")]).into(),
    ));
    assert_eq!(
        world.customer("cus_1").owner,
        Some(owner(Scope::Organization, "org_1"))
    );
    assert_eq!(world.notes.len(), 1, "{:?}", world.notes);
}

#[test]
fn a_second_link_of_an_owner_is_not_its_default() {
    let mut world = World::new(Reading::Impossible);
    for name in ["cus_1", "cus_2"] {
        let seen = CustomerSeen {
            email: Some(format!("{name}@example.com")),
            metadata: metadata(&[("organizationId", "org_1")]),
            ..customer(name)
        };
        world.take(&told(&format!("evt_{name}"), 10, seen.into()));
    }
    assert_eq!(world.link("cus_1").customer_id, world.link("cus_2").customer_id);
    assert!(world.link("cus_1").is_default);
    assert!(!world.link("cus_2").is_default);
    assert_eq!(
        world.customer("cus_2").email.as_deref(),
        Some("cus_1@example.com"),
        "the default link is the one that is followed"
    );
}

#[test]
fn the_applications_word_about_an_owner_wins() {
    let mut world = World::new(Reading::Impossible);
    world.add_owner(owner(Scope::Organization, "org_1"), Some("billing@acme.mx"));
    let hint = &[("organizationId", "org_1")];
    world.take(&told("evt_1", 10, with_metadata(hint).into()));
    world.take(&told("evt_2", 20, with_email("new@example.com").into()));
    assert_eq!(world.customer("cus_1").email.as_deref(), Some("billing@acme.mx"));
    assert_eq!(
        world.customer("cus_1").name.as_deref(),
        Some("Ana Reyes"),
        "where the application said nothing, the provider's word is taken"
    );
    assert_eq!(world.link("cus_1").email.as_deref(), Some("new@example.com"));
}

#[test]
fn an_address_that_came_from_the_provider_follows_it() {
    let mut world = World::new(Reading::Impossible);
    world.take(&told(
        "evt_1",
        10,
        with_metadata(&[("organizationId", "org_1")]).into(),
    ));
    world.take(&told("evt_2", 20, with_email("new@example.com").into()));
    assert_eq!(world.customer("cus_1").email.as_deref(), Some("new@example.com"));
}

#[test]
fn a_deleted_customer_keeps_its_history_and_does_not_come_back() {
    let mut world = World::new(Reading::Impossible);
    world.take(&told("evt_1", 10, customer("cus_1").into()));
    let deleted = CustomerSeen {
        email: None,
        name: None,
        country: None,
        deleted: true,
        ..customer("cus_1")
    };
    world.take(&told("evt_2", 20, deleted.into()));
    world.take(&told("evt_3", 30, with_email("late@example.com").into()));
    let link = world.link("cus_1");
    assert!(link.deleted);
    assert_eq!(link.email.as_deref(), Some("ana@example.com"));
}

#[test]
fn a_customer_that_a_read_does_not_find_is_deleted() {
    let mut world = World::new(Reading::Possible);
    world.take(&told("evt_1", 10, customer("cus_1").into()));
    world.clock = 60;
    let read = world.read(&object(ObjectKind::Customer, "cus_1"));
    world.settle(vec![read], &[]);
    assert!(world.link("cus_1").deleted);
}
