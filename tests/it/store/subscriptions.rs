//! Subscriptions: filters, rows, the detail.

use billdeck::{
    domain::{
        ids::CustomerId,
        money::Money,
        provider::ProviderName,
        views::{
            Direction, PageRequest,
            subscription::{SubscriptionFilter, SubscriptionSort, SubscriptionSortKey},
        },
    },
    store::{subscription_detail::subscription_detail, subscription_list::subscription_list},
};
use jiff::SignedDuration;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::TEST;
use crate::support::{
    db::fresh,
    seed::{Customer, Link, Subscription, id_aged, made_at},
};

async fn ids(conn: &mut PgConnection, filter: &SubscriptionFilter, by: SubscriptionSortKey) -> Vec<Uuid> {
    let sort = SubscriptionSort {
        by,
        direction: Direction::Descending,
    };
    let page = subscription_list(conn, TEST, filter, sort, &PageRequest::first(100))
        .await
        .unwrap();
    page.items.iter().map(|row| row.id.as_uuid()).collect()
}

#[tokio::test]
async fn each_filter_finds_its_own() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let customer = Customer::default().insert(&mut conn).await;
    let other = Customer::default().insert(&mut conn).await;
    let link = Link::of(customer, "cus_1").insert(&mut conn).await;
    let elsewhere = Link {
        provider: "polar",
        ..Link::of(other, "pol_1")
    }
    .insert(&mut conn)
    .await;
    let live_link = Link {
        livemode: true,
        ..Link::of(customer, "cus_live")
    }
    .insert(&mut conn)
    .await;
    let aged = |minutes| id_aged(SignedDuration::from_mins(minutes), 0);
    let active = Subscription {
        id: aged(1),
        plan: Some("pro"),
        provider_subscription_id: Some("sub_1".to_owned()),
        ..Subscription::of(link)
    }
    .insert(&mut conn)
    .await;
    let differing = Subscription {
        id: aged(2),
        status: "past_due",
        verification: "mismatch",
        ..Subscription::of(link)
    }
    .insert(&mut conn)
    .await;
    let polar = Subscription {
        id: aged(3),
        provider: "polar",
        plan: Some("pro"),
        status: "canceled",
        verification: "pending",
        ..Subscription::of(elsewhere)
    }
    .insert(&mut conn)
    .await;
    Subscription {
        id: aged(4),
        livemode: true,
        plan: Some("pro"),
        ..Subscription::of(live_link)
    }
    .insert(&mut conn)
    .await;

    let all = SubscriptionFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let status = |words: &[&str]| SubscriptionFilter {
        statuses: words.iter().map(|word| word.parse().unwrap()).collect(),
        ..all()
    };
    let cases = [
        ("all", all(), vec![active, differing, polar]),
        ("status", status(&["active"]), vec![active]),
        (
            "statuses",
            status(&["canceled", "past_due", "canceled"]),
            vec![differing, polar],
        ),
        (
            "provider",
            SubscriptionFilter {
                provider: Some(ProviderName::Polar),
                ..all()
            },
            vec![polar],
        ),
        (
            "plan",
            SubscriptionFilter {
                plan: text("pro"),
                ..all()
            },
            vec![active, polar],
        ),
        (
            "customer",
            SubscriptionFilter {
                customer: Some(CustomerId::from(customer)),
                ..all()
            },
            vec![active, differing],
        ),
        (
            "mismatch",
            SubscriptionFilter {
                verification: text("mismatch"),
                ..all()
            },
            vec![differing],
        ),
        (
            "verified",
            SubscriptionFilter {
                verification: text("verified"),
                ..all()
            },
            vec![active],
        ),
        (
            "no such word",
            SubscriptionFilter {
                verification: text("sure"),
                ..all()
            },
            vec![],
        ),
        (
            "provider's id",
            SubscriptionFilter {
                provider_subscription_id: text("sub_1"),
                ..all()
            },
            vec![active],
        ),
        (
            "since",
            SubscriptionFilter {
                since: Some(made_at(differing)),
                ..all()
            },
            vec![active, differing],
        ),
        (
            "together",
            SubscriptionFilter {
                plan: text("pro"),
                provider: Some(ProviderName::Polar),
                verification: text("pending"),
                since: Some(made_at(polar)),
                ..status(&["canceled", "active"])
            },
            vec![polar],
        ),
        (
            "NUL",
            SubscriptionFilter {
                plan: text("p\0"),
                ..all()
            },
            vec![],
        ),
    ];
    for (what, filter, expected) in cases {
        for by in [SubscriptionSortKey::Created, SubscriptionSortKey::PeriodEnd] {
            assert_eq!(ids(&mut conn, &filter, by).await, expected, "{what} {by:?}");
        }
    }
}

#[tokio::test]
async fn a_detail_says_what_set_each_field_and_what_it_costs() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let customer = Customer {
        name: Some("Acme".to_owned()),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let link = Link::of(customer, "cus_1").insert(&mut conn).await;
    let event = Uuid::now_v7();
    let id = Subscription {
        provider_subscription_id: Some("sub_1".to_owned()),
        verified_by_event: Some(event),
        ..Subscription::of(link)
    }
    .insert(&mut conn)
    .await;
    for (position, item, quantity) in [(1, "si_b", 1), (0, "si_a", 8)] {
        sqlx::query(
            "insert into subscription_item
                 (subscription_id, position, provider_item_id, price_id, quantity, unit_amount, currency,
                  interval_unit, interval_count)
             values ($1, $2, $3, 'price_1', $4, 1500, 'MXN', 'month', 1)",
        )
        .bind(id)
        .bind(position)
        .bind(item)
        .bind(i64::from(quantity))
        .execute(&mut conn)
        .await
        .unwrap();
    }
    let changes = [
        (
            10,
            "status",
            json!(null),
            json!("trialing"),
            "event",
            event.to_string(),
        ),
        (9, "seats", json!(1), json!(5), "person", "ops-1".to_owned()),
        (
            8,
            "status",
            json!("trialing"),
            json!("active"),
            "read",
            String::new(),
        ),
    ];
    for (minutes, field, before, after, kind, source) in changes {
        sqlx::query(
            "insert into change (at, table_name, row_id, row_key, field, before, after, source_kind, source_ref)
             values (now() - make_interval(mins => $1), 'subscription', $2, 'sub_1', $3, $4, $5, $6, $7)",
        )
        .bind(minutes)
        .bind(id)
        .bind(field)
        .bind(before)
        .bind(after)
        .bind(kind)
        .bind(source)
        .execute(&mut conn)
        .await
        .unwrap();
    }
    sqlx::query(
        "insert into provider_object (provider, livemode, object_kind, object_id, raw)
         values ('stripe', false, 'subscription', 'sub_1', '{\"id\": \"sub_1\"}')",
    )
    .execute(&mut conn)
    .await
    .unwrap();

    let detail = subscription_detail(&mut conn, TEST, id.into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(detail.row.customer_label.as_deref(), Some("Acme"));
    assert_eq!(detail.row.verified_by, Some(format!("event {event}")));
    let items: Vec<_> = detail
        .row
        .items
        .iter()
        .map(|item| item.provider_item_id.as_str())
        .collect();
    assert_eq!(items, ["si_a", "si_b"]);
    assert_eq!(
        detail.row.amount,
        Some(Money::new(13_500, "MXN".parse().unwrap()))
    );
    let set_by: Vec<_> = detail
        .set_by
        .iter()
        .map(|change| (change.difference.field.as_str(), change.source.as_str()))
        .collect();
    assert_eq!(set_by, [("status", "read"), ("seats", "person ops-1")]);
    assert_eq!(detail.provider_object, Some(json!({ "id": "sub_1" })));
    assert_eq!(detail.mismatch, []);

    let found = json!([{ "field": "status", "before": "active", "after": "canceled" }]);
    sqlx::query("update subscription set verification = 'mismatch', mismatch = $2 where id = $1")
        .bind(id)
        .bind(&found)
        .execute(&mut conn)
        .await
        .unwrap();
    let detail = subscription_detail(&mut conn, TEST, id.into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(json!(detail.mismatch), found);
    assert_eq!(detail.row.verified_by, None);

    let live = billdeck::domain::provider::Environment::Live;
    assert!(
        subscription_detail(&mut conn, live, id.into())
            .await
            .unwrap()
            .is_none()
    );
}
