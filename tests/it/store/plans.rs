//! No filter reads or sorts a whole table, whichever way the database plans: looked at on tables large enough to show.

use billdeck::{
    domain::{
        event::EventState,
        ids::CustomerId,
        provider::ProviderName,
        views::{
            Direction, PageRequest,
            customer::{CustomerFilter, CustomerSort, CustomerSortKey},
            event::{EventFilter, EventSort},
            order::OrderFilter,
            subscription::{SubscriptionFilter, SubscriptionSort, SubscriptionSortKey},
        },
    },
    store::{
        customer_detail::customer_detail,
        customer_list::customer_list,
        event_detail::event_detail,
        event_list::event_list,
        event_stats::{event_stats, event_total},
        find::find,
        order_list::order_list,
        overview::overview,
        rollup::rollup_refresh,
        subscription_detail::subscription_detail,
        subscription_list::subscription_list,
        timeline::customer_timeline,
    },
};
use jiff::{SignedDuration, Timestamp};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{TEST, VIEW};
use crate::support::{
    db::filled,
    plans::{Planning, explained, tell_plans},
};

/// A page of 50, some words each with a page of its own, and what hangs on the rows.
const PAGE: f64 = 2_000.0;
/// Where the nearest rows are looked at first: a window of 4,000 with a probe each, twice, and what is gathered.
const LOOKED: f64 = 18_000.0;

const LIMIT: u16 = 50;

async fn customer_of(conn: &mut PgConnection, provider_customer_id: &str) -> CustomerId {
    let id: Uuid =
        sqlx::query_scalar("select customer_id from customer_link where provider_customer_id = $1")
            .bind(provider_customer_id)
            .fetch_one(conn)
            .await
            .unwrap();
    id.into()
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn days_ago(days: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(24 * days)
}

async fn in_both_plannings(conn: &mut PgConnection, mut look: impl AsyncFnMut(&mut PgConnection, Planning)) {
    for planning in [Planning::Custom, Planning::Generic] {
        tell_plans(conn, planning).await;
        look(conn, planning).await;
    }
}

#[tokio::test]
async fn events() {
    let db = filled().await;
    let mut conn = db.connect().await;
    let customer = customer_of(&mut conn, "cus_1234").await;
    let all = EventFilter::default;
    let states = |states: &[EventState]| EventFilter {
        states: states.to_vec(),
        ..all()
    };
    let cases = [
        ("all", all()),
        ("pending", states(&[EventState::Pending])),
        ("failed", states(&[EventState::Failed])),
        ("processed", states(&[EventState::Processed])),
        ("dead", states(&[EventState::Dead])),
        ("quarantined", states(&[EventState::Quarantined])),
        ("failed or dead", states(&[EventState::Failed, EventState::Dead])),
        (
            "stripe",
            EventFilter {
                provider: Some(ProviderName::Stripe),
                ..all()
            },
        ),
        (
            "polar",
            EventFilter {
                provider: Some(ProviderName::Polar),
                ..all()
            },
        ),
        (
            "a provider without events",
            EventFilter {
                provider: Some(ProviderName::Conekta),
                ..all()
            },
        ),
        (
            "a common type",
            EventFilter {
                event_type: Some(text("invoice.paid")),
                ..all()
            },
        ),
        (
            "a rare type",
            EventFilter {
                event_type: Some(text("radar.early_fraud_warning.created")),
                ..all()
            },
        ),
        (
            "no such type",
            EventFilter {
                event_type: Some(text("nothing")),
                ..all()
            },
        ),
        (
            "a prefix",
            EventFilter {
                event_type: Some(text("invoice.*")),
                ..all()
            },
        ),
        (
            "a prefix with an end",
            EventFilter {
                event_type: Some(text("customer.*")),
                ..states(&[EventState::Dead])
            },
        ),
        (
            "since",
            EventFilter {
                since: Some(days_ago(7)),
                ..all()
            },
        ),
        (
            "customer",
            EventFilter {
                customer: Some(customer),
                ..all()
            },
        ),
        (
            "customer and state",
            EventFilter {
                customer: Some(customer),
                ..states(&[EventState::Failed])
            },
        ),
        (
            "object",
            EventFilter {
                object: Some(text("sub_1234")),
                ..all()
            },
        ),
        (
            "provider event",
            EventFilter {
                object: Some(text("evt_1234")),
                ..all()
            },
        ),
        (
            "code of work",
            EventFilter {
                error_code: Some(text("provider_unavailable")),
                ..all()
            },
        ),
        (
            "code of a wait",
            EventFilter {
                error_code: Some(text("unknown_price")),
                ..all()
            },
        ),
        (
            "code of an end",
            EventFilter {
                error_code: Some(text("not_handled")),
                ..all()
            },
        ),
        (
            "rare code of an end",
            EventFilter {
                error_code: Some(text("refund_without_payment")),
                ..all()
            },
        ),
    ];
    in_both_plannings(&mut conn, async |conn, planning| {
        for (what, filter) in &cases {
            let mut page = PageRequest::first(LIMIT);
            for direction in [Direction::Descending, Direction::Ascending] {
                let sort = EventSort { direction };
                let (first, plans) = explained(event_list(conn, TEST, filter, sort, &page)).await;
                plans.assert_bounded(&format!("{what}, {direction:?}, {planning:?}"), PAGE);
                page.cursor = first.unwrap().next_cursor;
                if page.cursor.is_some() {
                    let (_, plans) = explained(event_list(conn, TEST, filter, sort, &page)).await;
                    plans.assert_bounded(&format!("{what}, further on, {direction:?}, {planning:?}"), PAGE);
                }
                page.cursor = None;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn customers() {
    let db = filled().await;
    let mut conn = db.connect().await;
    let all = CustomerFilter::default;
    let words = |words: &[&str]| CustomerFilter {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        ..all()
    };
    let cases = [
        ("all", all(), PAGE, PAGE),
        (
            "users",
            CustomerFilter {
                scope: "user".parse().ok(),
                ..all()
            },
            PAGE,
            LOOKED,
        ),
        (
            "unlinked",
            CustomerFilter {
                unlinked: true,
                ..all()
            },
            PAGE,
            LOOKED,
        ),
        (
            "external id",
            CustomerFilter {
                external_id: Some(text("org_1234")),
                ..all()
            },
            PAGE,
            PAGE,
        ),
        (
            "e-mail",
            CustomerFilter {
                email: Some(text("User1234@umbrella234.example")),
                ..all()
            },
            PAGE,
            PAGE,
        ),
        (
            "stripe",
            CustomerFilter {
                provider: Some(ProviderName::Stripe),
                ..all()
            },
            PAGE,
            PAGE,
        ),
        (
            "nowhere",
            CustomerFilter {
                provider: Some(ProviderName::Conekta),
                ..all()
            },
            LOOKED,
            LOOKED,
        ),
        (
            "a rare word at a provider",
            CustomerFilter {
                provider: Some(ProviderName::Stripe),
                ..words(&["user1234"])
            },
            LOOKED,
            LOOKED,
        ),
        (
            "unlinked at a provider",
            CustomerFilter {
                provider: Some(ProviderName::Polar),
                unlinked: true,
                ..all()
            },
            LOOKED,
            LOOKED,
        ),
        (
            "e-mail at a provider",
            CustomerFilter {
                provider: Some(ProviderName::Stripe),
                email: Some(text("user1234@umbrella234.example")),
                ..all()
            },
            PAGE,
            PAGE,
        ),
        (
            "since",
            CustomerFilter {
                since: Some(days_ago(20)),
                ..all()
            },
            PAGE,
            LOOKED,
        ),
        ("a common word", words(&["example"]), PAGE, PAGE),
        ("a rare word", words(&["user1234"]), LOOKED, LOOKED),
        ("no such word", words(&["zzz"]), LOOKED, LOOKED),
        ("two words", words(&["ana", "acme10"]), LOOKED, LOOKED),
        ("an id", words(&["cus_1234"]), PAGE, PAGE),
        ("an id and a word", words(&["cus_1234", "user1234"]), PAGE, PAGE),
    ];
    in_both_plannings(&mut conn, async |conn, planning| {
        for (what, filter, by_created, by_email) in &cases {
            for (by, most) in [
                (CustomerSortKey::Created, by_created),
                (CustomerSortKey::Email, by_email),
            ] {
                for direction in [Direction::Descending, Direction::Ascending] {
                    let sort = CustomerSort { by, direction };
                    let mut page = PageRequest::first(LIMIT);
                    let (first, plans) = explained(customer_list(conn, VIEW, filter, sort, &page)).await;
                    plans.assert_bounded(&format!("{what}, {sort:?}, {planning:?}"), *most);
                    page.cursor = first.unwrap().next_cursor;
                    if page.cursor.is_some() {
                        let (_, plans) = explained(customer_list(conn, VIEW, filter, sort, &page)).await;
                        plans.assert_bounded(&format!("{what}, further on, {sort:?}, {planning:?}"), *most);
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn subscriptions() {
    let db = filled().await;
    let mut conn = db.connect().await;
    let customer = customer_of(&mut conn, "cus_1234").await;
    let all = SubscriptionFilter::default;
    let status = |words: &[&str]| SubscriptionFilter {
        statuses: words.iter().map(|word| word.parse().unwrap()).collect(),
        ..all()
    };
    let cases = [
        ("all", all(), PAGE, PAGE),
        ("active", status(&["active"]), PAGE, PAGE),
        ("past due", status(&["past_due"]), PAGE, PAGE),
        ("troubled", status(&["past_due", "unpaid", "paused"]), PAGE, PAGE),
        (
            "stripe",
            SubscriptionFilter {
                provider: Some(ProviderName::Stripe),
                ..all()
            },
            PAGE,
            PAGE,
        ),
        (
            "nowhere",
            SubscriptionFilter {
                provider: Some(ProviderName::Conekta),
                ..all()
            },
            PAGE,
            LOOKED,
        ),
        (
            "a plan",
            SubscriptionFilter {
                plan: Some(text("pro")),
                ..all()
            },
            PAGE,
            PAGE,
        ),
        (
            "a rare plan",
            SubscriptionFilter {
                plan: Some(text("legacy")),
                ..all()
            },
            PAGE,
            LOOKED,
        ),
        (
            "customer",
            SubscriptionFilter {
                customer: Some(customer),
                ..all()
            },
            PAGE,
            PAGE,
        ),
        (
            "mismatch",
            SubscriptionFilter {
                verification: Some(text("mismatch")),
                ..all()
            },
            PAGE,
            LOOKED,
        ),
        (
            "verified",
            SubscriptionFilter {
                verification: Some(text("verified")),
                ..all()
            },
            PAGE,
            PAGE,
        ),
        (
            "the provider's id",
            SubscriptionFilter {
                provider_subscription_id: Some(text("sub_1234")),
                ..all()
            },
            PAGE,
            PAGE,
        ),
        (
            "since",
            SubscriptionFilter {
                since: Some(days_ago(7)),
                ..all()
            },
            PAGE,
            LOOKED,
        ),
    ];
    in_both_plannings(&mut conn, async |conn, planning| {
        for (what, filter, by_created, by_end) in &cases {
            let keys = [
                (SubscriptionSortKey::Created, by_created),
                (SubscriptionSortKey::PeriodEnd, by_end),
            ];
            for (by, most) in keys {
                for direction in [Direction::Descending, Direction::Ascending] {
                    let sort = SubscriptionSort { by, direction };
                    let mut page = PageRequest::first(LIMIT);
                    let (first, plans) = explained(subscription_list(conn, TEST, filter, sort, &page)).await;
                    plans.assert_bounded(&format!("{what}, {sort:?}, {planning:?}"), *most);
                    page.cursor = first.unwrap().next_cursor;
                    if page.cursor.is_some() {
                        let (_, plans) = explained(subscription_list(conn, TEST, filter, sort, &page)).await;
                        plans.assert_bounded(&format!("{what}, further on, {sort:?}, {planning:?}"), *most);
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn orders() {
    let db = filled().await;
    let mut conn = db.connect().await;
    let customer = customer_of(&mut conn, "cus_1234").await;
    let all = OrderFilter::default;
    let status = |words: &[&str]| OrderFilter {
        statuses: words.iter().map(|word| word.parse().unwrap()).collect(),
        ..all()
    };
    let cases = [
        ("all", all(), PAGE),
        ("paid", status(&["paid"]), PAGE),
        ("disputed", status(&["disputed"]), PAGE),
        ("failed or pending", status(&["failed", "pending"]), PAGE),
        (
            "polar",
            OrderFilter {
                provider: Some(ProviderName::Polar),
                ..all()
            },
            PAGE,
        ),
        (
            "nowhere",
            OrderFilter {
                provider: Some(ProviderName::Conekta),
                ..all()
            },
            PAGE,
        ),
        (
            "disputed nowhere",
            OrderFilter {
                provider: Some(ProviderName::Conekta),
                ..status(&["disputed", "failed"])
            },
            LOOKED,
        ),
        (
            "customer",
            OrderFilter {
                customer: Some(customer),
                ..all()
            },
            PAGE,
        ),
        (
            "since",
            OrderFilter {
                since: Some(days_ago(7)),
                ..all()
            },
            PAGE,
        ),
    ];
    in_both_plannings(&mut conn, async |conn, planning| {
        for (what, filter, most) in &cases {
            let mut page = PageRequest::first(LIMIT);
            let (first, plans) = explained(order_list(conn, TEST, filter, &page)).await;
            plans.assert_bounded(&format!("{what}, {planning:?}"), *most);
            page.cursor = first.unwrap().next_cursor;
            if page.cursor.is_some() {
                let (_, plans) = explained(order_list(conn, TEST, filter, &page)).await;
                plans.assert_bounded(&format!("{what}, further on, {planning:?}"), *most);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn details_and_ids() {
    let db = filled().await;
    let mut conn = db.connect().await;
    let customer = customer_of(&mut conn, "cus_1234").await;
    let event: Uuid = sqlx::query_scalar("select id from event where provider_event_id = 'evt_59000'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    let subscription: Uuid =
        sqlx::query_scalar("select id from subscription where provider_subscription_id = 'sub_1234'")
            .fetch_one(&mut conn)
            .await
            .unwrap();
    in_both_plannings(&mut conn, async |conn, planning| {
        let (found, plans) = explained(customer_detail(conn, VIEW, customer)).await;
        assert!(found.unwrap().is_some());
        plans.assert_bounded(&format!("customer, {planning:?}"), PAGE);
        let (found, plans) = explained(customer_timeline(conn, VIEW, customer, None, 50)).await;
        assert!(!found.unwrap().unwrap().is_empty());
        plans.assert_bounded(&format!("timeline, {planning:?}"), PAGE);
        let (found, plans) = explained(event_detail(conn, TEST, event.into())).await;
        assert!(found.unwrap().is_some());
        plans.assert_bounded(&format!("event, {planning:?}"), PAGE);
        let (found, plans) = explained(subscription_detail(conn, TEST, subscription.into())).await;
        assert!(found.unwrap().is_some());
        plans.assert_bounded(&format!("subscription, {planning:?}"), PAGE);
        for id in [
            "cus_1234", "sub_1234", "evt_1234", "in_1234", "pi_1234", "org_1234", "nobody",
        ] {
            let (_, plans) = explained(find(conn, TEST, id)).await;
            plans.assert_bounded(&format!("find {id}, {planning:?}"), PAGE);
        }
    })
    .await;
}

#[tokio::test]
async fn figures() {
    let db = filled().await;
    let mut conn = db.connect().await;
    let mut tx = conn.begin().await.unwrap();
    assert!(rollup_refresh(&mut tx).await.unwrap());
    tx.commit().await.unwrap();
    sqlx::query("vacuum analyze").execute(&mut conn).await.unwrap();
    in_both_plannings(&mut conn, async |conn, planning| {
        let (stats, plans) = explained(event_stats(conn, TEST)).await;
        assert!(stats.unwrap().by_state[&EventState::Processed] > 10_000);
        plans.assert_bounded(&format!("stats, {planning:?}"), PAGE);
        let (_, plans) = explained(overview(conn, VIEW, &[ProviderName::Stripe, ProviderName::Polar])).await;
        plans.assert_bounded(&format!("overview, {planning:?}"), PAGE);
        let (_, plans) = explained(event_total(conn, TEST, &EventFilter::default())).await;
        plans.assert_bounded(&format!("total, {planning:?}"), PAGE);
    })
    .await;
}
