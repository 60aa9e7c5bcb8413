//! A subscription that nothing has confirmed is settled by a read, without any event.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::*;
use crate::domain::{
    catalog::Catalog,
    customer::LinkingRules,
    plan::{Context, Evidence, Known, Plan, Reading, Testimony, UnknownPrice, Write, plan},
    provider::{Book, Environment, ProviderName},
    subscription::{Subscription, SubscriptionStatus, Verification, VerifiedBy},
};

fn subscription(status: &str) -> Value {
    json!({"data": {"id": "subs_1", "type": "subscription", "attributes": {"status": status, "customer_id": "cus_1",
        "plan": {"id": "plan_1", "amount": 99_900, "currency": "PHP", "interval": "monthly"}}}})
}

/// What a read of the subscription comes to.
fn read(known: &Known, status: &str, ticket: i64) -> Plan {
    let at = Timestamp::from_second(1_000 + ticket).unwrap();
    let occasion = Occasion { event: None, at };
    let Told::Whole { observations, .. } =
        read_object(Resource::Subscription, subscription(status), occasion).unwrap()
    else {
        panic!("a subscription is told whole");
    };
    let testimony = Testimony {
        observations,
        evidence: Evidence::Read {
            at,
            ticket,
            event: None,
        },
    };
    let ctx = Context {
        book: Book {
            provider: ProviderName::Paymongo,
            environment: Environment::Test,
        },
        catalog: &Catalog::new(Vec::new()).unwrap(),
        linking: &LinkingRules::default(),
        unknown_price: UnknownPrice::Apply,
        reading: Reading::Possible,
        missing: &BTreeSet::new(),
        now: at,
    };
    let mut next = 0;
    plan(known, &[testimony], &[], &ctx, &mut || {
        next += 1;
        Uuid::from_u128(next)
    })
    .unwrap()
}

fn stored(made: &Plan) -> Known {
    let mut known = Known {
        versions: made.versions.clone(),
        ..Known::default()
    };
    for write in &made.writes {
        match write {
            Write::Customer(change) => known.customers.push(change.after.clone()),
            Write::Link(change) => known.links.push(change.after.clone()),
            Write::Subscription(change) => known.subscriptions.push(change.after.clone()),
            other => panic!("{other:?}"),
        }
    }
    known
}

fn row(made: &Plan) -> &Subscription {
    made.writes
        .iter()
        .find_map(|write| match write {
            Write::Subscription(change) => Some(&change.after),
            _ => None,
        })
        .unwrap()
}

#[test]
fn a_pending_subscription_becomes_verified_and_active_by_a_read_alone() {
    let mut known = stored(&read(&Known::default(), "incomplete", 1));
    // As it is stored when only our own request is known.
    known.subscriptions[0].verification = Verification::Pending;
    let same = read(&known, "incomplete", 2);
    assert_eq!(row(&same).status, SubscriptionStatus::Incomplete);
    let settled = Verification::Verified {
        at: Timestamp::from_second(1_002).unwrap(),
        by: VerifiedBy::Read,
    };
    assert_eq!(row(&same).verification, settled);
    let active = read(&known, "active", 2);
    assert_eq!(
        (row(&active).status, &row(&active).verification),
        (SubscriptionStatus::Active, &settled)
    );
}
