//! The lists that are measured: each plain, and with the filters that it offers.

use billdeck::domain::{
    customer::Scope,
    event::EventState,
    order::OrderStatus,
    provider::ProviderName,
    subscription::SubscriptionStatus,
    views::{
        Direction,
        customer::{CustomerFilter, CustomerSort, CustomerSortKey},
        event::EventFilter,
        order::OrderFilter,
        subscription::{SubscriptionFilter, SubscriptionSort, SubscriptionSortKey},
    },
};
use jiff::{SignedDuration, Timestamp};

use super::bare::{Bare, Table};

/// A list under one filter.
pub(super) enum List {
    Customers(CustomerFilter, CustomerSort),
    Subscriptions(SubscriptionFilter, SubscriptionSort),
    Orders(OrderFilter),
    Events(EventFilter),
}

/// A list, and what a person would ask the database for the same rows.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) list: List,
    pub(super) bare: Bare,
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = customers();
    cases.extend(subscriptions());
    cases.extend(orders());
    cases.extend(events());
    cases
}

fn customers() -> Vec<Case> {
    let case = |name, filter, condition: &str| Case {
        name,
        list: List::Customers(filter, CustomerSort::default()),
        bare: Bare::new(Table::Customers, condition),
    };
    let all = CustomerFilter::default;
    let word = |word: &str| CustomerFilter {
        words: vec![word.to_owned()],
        ..all()
    };
    let by_email = CustomerSort {
        by: CustomerSortKey::Email,
        direction: Direction::Ascending,
    };
    let users = CustomerFilter {
        scope: Some(Scope::User),
        ..all()
    };
    let unlinked = CustomerFilter {
        unlinked: true,
        ..all()
    };
    let of_polar = CustomerFilter {
        provider: Some(ProviderName::Polar),
        ..all()
    };
    let email = "user70001@globex1.example";
    let addressed = CustomerFilter {
        email: Some(email.to_owned()),
        ..all()
    };
    vec![
        case("customers", all(), "true"),
        Case {
            name: "customers by email",
            list: List::Customers(all(), by_email),
            bare: Bare::new(Table::Customers, "c.email is not null").by("lower(c.email)"),
        },
        case("customers, users", users, "c.scope = 'user'"),
        case("customers, unlinked", unlinked, "c.scope is null"),
        case(
            "customers, of one provider",
            of_polar,
            "exists (select from customer_link k where k.customer_id = c.id and not k.livemode and k.provider = 'polar')",
        ),
        case(
            "customers, a common word",
            word("ana"),
            "c.search @@ to_tsquery('simple', '''ana'':*')",
        ),
        case(
            "customers, a rare word",
            word("user7777"),
            "c.search @@ to_tsquery('simple', '''user7777'':*')",
        ),
        case(
            "customers, an address",
            addressed,
            &format!("lower(c.email) = '{email}'"),
        ),
    ]
}

fn subscriptions() -> Vec<Case> {
    let case = |name, filter, condition: &str| Case {
        name,
        list: List::Subscriptions(filter, SubscriptionSort::default()),
        bare: Bare::new(Table::Subscriptions, condition),
    };
    let all = SubscriptionFilter::default;
    let by_period_end = SubscriptionSort {
        by: SubscriptionSortKey::PeriodEnd,
        direction: Direction::Ascending,
    };
    let in_status = |status| SubscriptionFilter {
        statuses: vec![status],
        ..all()
    };
    let of_team = SubscriptionFilter {
        plan: Some("team".to_owned()),
        ..all()
    };
    let doubtful = SubscriptionFilter {
        verification: Some("mismatch".to_owned()),
        ..all()
    };
    let active_at_polar = SubscriptionFilter {
        provider: Some(ProviderName::Polar),
        ..in_status(SubscriptionStatus::Active)
    };
    vec![
        case("subscriptions", all(), "true"),
        Case {
            name: "subscriptions by period end",
            list: List::Subscriptions(all(), by_period_end),
            bare: Bare::new(Table::Subscriptions, "s.period_end is not null").by("s.period_end"),
        },
        case(
            "subscriptions, active",
            in_status(SubscriptionStatus::Active),
            "s.status = 'active'",
        ),
        case(
            "subscriptions, past due",
            in_status(SubscriptionStatus::PastDue),
            "s.status = 'past_due'",
        ),
        case("subscriptions, of one plan", of_team, "s.plan = 'team'"),
        case(
            "subscriptions, mismatch",
            doubtful,
            "s.verification = 'mismatch' and s.verification <> 'verified'",
        ),
        case(
            "subscriptions, active of one provider",
            active_at_polar,
            "s.status = 'active' and s.provider = 'polar'",
        ),
    ]
}

fn orders() -> Vec<Case> {
    let case = |name, filter, condition: &str| Case {
        name,
        list: List::Orders(filter),
        bare: Bare::new(Table::Orders, condition),
    };
    let all = OrderFilter::default;
    let in_status = |status| OrderFilter {
        statuses: vec![status],
        ..all()
    };
    let of_polar = OrderFilter {
        provider: Some(ProviderName::Polar),
        ..all()
    };
    let failed_at_stripe = OrderFilter {
        provider: Some(ProviderName::Stripe),
        ..in_status(OrderStatus::Failed)
    };
    vec![
        case("orders", all(), "true"),
        case(
            "orders, failed",
            in_status(OrderStatus::Failed),
            "o.status = 'failed'",
        ),
        case(
            "orders, disputed",
            in_status(OrderStatus::Disputed),
            "o.status = 'disputed'",
        ),
        case("orders, of one provider", of_polar, "o.provider = 'polar'"),
        case(
            "orders, failed of one provider",
            failed_at_stripe,
            "o.status = 'failed' and o.provider = 'stripe'",
        ),
    ]
}

fn events() -> Vec<Case> {
    let case = |name, filter, condition: &str| Case {
        name,
        list: List::Events(filter),
        bare: Bare::new(Table::Events, condition),
    };
    let all = EventFilter::default;
    let in_states = |states: &[EventState]| EventFilter {
        states: states.to_vec(),
        ..all()
    };
    let of_type = |text: &str| EventFilter {
        event_type: Some(text.to_owned()),
        ..all()
    };
    let hour_ago = Timestamp::now() - SignedDuration::from_hours(1);
    let since = EventFilter {
        since: Some(hour_ago),
        ..all()
    };
    let of_polar = EventFilter {
        provider: Some(ProviderName::Polar),
        ..all()
    };
    let of_object = EventFilter {
        object: Some("sub_77001".to_owned()),
        ..all()
    };
    let of_error = EventFilter {
        error_code: Some("refund_without_payment".to_owned()),
        ..all()
    };
    let rare = "radar.early_fraud_warning.created";
    vec![
        case("events", all(), "true"),
        case(
            "events, failed",
            in_states(&[EventState::Failed]),
            "e.id in (select event_id from work where error_code is not null or wait_key is not null)",
        ),
        case(
            "events, dead",
            in_states(&[EventState::Dead]),
            "e.end_state = 'dead'",
        ),
        case(
            "events, processed",
            in_states(&[EventState::Processed]),
            "e.end_state = 'processed'",
        ),
        case(
            "events that want a person",
            in_states(&[
                EventState::Pending,
                EventState::Processing,
                EventState::Failed,
                EventState::Dead,
                EventState::Quarantined,
            ]),
            "(e.end_state is null or e.end_state in ('dead', 'quarantined'))",
        ),
        case("events, of one provider", of_polar, "e.provider = 'polar'"),
        case(
            "events, of a common type",
            of_type("invoice.paid"),
            "e.type = 'invoice.paid'",
        ),
        case(
            "events, of a rare type",
            of_type(rare),
            &format!("e.type = '{rare}'"),
        ),
        case(
            "events, of types under a prefix",
            of_type("invoice.*"),
            "e.type like 'invoice.%'",
        ),
        case(
            "events, of the last hour",
            since,
            &format!("e.received_at >= '{hour_ago}'"),
        ),
        case("events, of one object", of_object, "e.object_id = 'sub_77001'"),
        case(
            "events, of one error",
            of_error,
            "e.end_code = 'refund_without_payment'",
        ),
    ]
}
