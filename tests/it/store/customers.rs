//! Customers: search, filters, rows, the detail.

use std::collections::BTreeMap;

use billdeck::{
    domain::{
        customer::Scope,
        ids::CustomerId,
        provider::{Environment, ProviderName},
        subscription::SubscriptionStatus,
        views::{
            Direction, PageRequest,
            customer::{CustomerFilter, CustomerRow, CustomerSort, CustomerSortKey},
        },
    },
    store::{
        Viewpoint, customer_detail::customer_detail, customer_list::customer_list,
        customer_row::customer_resolve,
    },
};
use jiff::SignedDuration;
use sqlx::PgConnection;
use uuid::Uuid;

use super::VIEW;
use crate::support::{
    db::fresh,
    seed::{Customer, Link, Order, Subscription, id_aged, made_at},
};

async fn list(conn: &mut PgConnection, filter: &CustomerFilter, by: CustomerSortKey) -> Vec<CustomerRow> {
    let sort = CustomerSort {
        by,
        direction: Direction::Ascending,
    };
    customer_list(conn, VIEW, filter, sort, &PageRequest::first(100))
        .await
        .unwrap()
        .items
}

fn aged(minutes: i64) -> Uuid {
    id_aged(SignedDuration::from_mins(minutes), 0)
}

fn owner(scope: &'static str, id: &str) -> (&'static str, String) {
    (scope, id.to_owned())
}

#[tokio::test]
async fn each_filter_finds_its_own() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let ana = Customer {
        id: aged(9),
        owner: Some(owner("organization", "org_8812")),
        email: Some("Ana@Acme.mx".to_owned()),
        name: Some("Acme México".to_owned()),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let juan = Customer {
        id: aged(8),
        owner: Some(owner("user", "u-77")),
        email: Some("juan@tindahan.ph".to_owned()),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let stray = Customer {
        id: aged(7),
        email: Some("ana@acme.mx".to_owned()),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let bare = Customer {
        id: aged(6),
        owner: Some(owner("user", "u-78")),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let gone = Customer {
        id: aged(5),
        merged_into: Some(ana),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let live = Customer {
        id: aged(4),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    Link::of(ana, "cus_Ana").insert(&mut conn).await;
    Link {
        provider: "polar",
        ..Link::of(ana, "pol_1")
    }
    .insert(&mut conn)
    .await;
    Link {
        livemode: true,
        ..Link::of(ana, "cus_live")
    }
    .insert(&mut conn)
    .await;
    Link::of(stray, "cus_Stray").insert(&mut conn).await;
    Link {
        livemode: true,
        ..Link::of(live, "cus_other")
    }
    .insert(&mut conn)
    .await;

    let all = CustomerFilter::default;
    let words = |words: &[&str]| CustomerFilter {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        ..all()
    };
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        ("all", all(), vec![ana, juan, stray, bare]),
        (
            "scope",
            CustomerFilter {
                scope: Some(Scope::User),
                ..all()
            },
            vec![juan, bare],
        ),
        (
            "unlinked",
            CustomerFilter {
                unlinked: true,
                ..all()
            },
            vec![stray],
        ),
        (
            "external id",
            CustomerFilter {
                external_id: text("org_8812"),
                ..all()
            },
            vec![ana],
        ),
        (
            "e-mail in any case",
            CustomerFilter {
                email: text("ANA@acme.mx"),
                ..all()
            },
            vec![ana, stray],
        ),
        (
            "stripe",
            CustomerFilter {
                provider: Some(ProviderName::Stripe),
                ..all()
            },
            vec![ana, stray],
        ),
        (
            "polar",
            CustomerFilter {
                provider: Some(ProviderName::Polar),
                ..all()
            },
            vec![ana],
        ),
        (
            "since",
            CustomerFilter {
                since: Some(made_at(stray)),
                ..all()
            },
            vec![stray, bare],
        ),
        ("beginning of a word", words(&["acm"]), vec![ana, stray]),
        ("address", words(&["ana@acme.mx"]), vec![ana, stray]),
        ("accents", words(&["méx"]), vec![ana]),
        ("all words", words(&["ana", "org"]), vec![ana]),
        ("external id in parts", words(&["u-77"]), vec![juan]),
        ("the middle of a word", words(&["cme"]), vec![]),
        ("a provider's id", words(&["cus_Ana"]), vec![ana]),
        ("a provider's id and a word", words(&["cus_Ana", "juan"]), vec![]),
        ("an id of the other environment", words(&["cus_live"]), vec![]),
        (
            "nothing but signs",
            words(&["@", "'"]),
            vec![ana, juan, stray, bare],
        ),
        ("an operator", words(&["ana' | 'juan"]), vec![]),
        ("NUL", words(&["a\0"]), vec![]),
        (
            "words and scope",
            CustomerFilter {
                scope: Some(Scope::User),
                ..words(&["juan"])
            },
            vec![juan],
        ),
        (
            "words and provider",
            CustomerFilter {
                provider: Some(ProviderName::Polar),
                ..words(&["ana"])
            },
            vec![ana],
        ),
    ];
    for (what, filter, expected) in cases {
        for by in [CustomerSortKey::Created, CustomerSortKey::Email] {
            let mut found: Vec<_> = list(&mut conn, &filter, by)
                .await
                .iter()
                .map(|row| row.id.as_uuid())
                .collect();
            // Oldest first is the order of the ids; by e-mail address is walked elsewhere.
            if by == CustomerSortKey::Email {
                found.sort();
            }
            assert_eq!(found, expected, "{what} {by:?}");
        }
    }
    let row = &list(&mut conn, &all(), CustomerSortKey::Created).await[0];
    let providers = BTreeMap::from([
        (ProviderName::Stripe, vec!["cus_Ana".to_owned()]),
        (ProviderName::Polar, vec!["pol_1".to_owned()]),
    ]);
    assert_eq!(row.providers, providers);
    assert_eq!(row.external_id.as_deref(), Some("org_8812"));

    assert!(
        customer_detail(&mut conn, VIEW, live.into())
            .await
            .unwrap()
            .is_none()
    );
    let from_live = Viewpoint {
        environment: Environment::Live,
        ..VIEW
    };
    assert!(
        customer_detail(&mut conn, from_live, live.into())
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        customer_resolve(&mut conn, gone.into()).await.unwrap(),
        Some(CustomerId::from(ana))
    );
    assert_eq!(
        customer_resolve(&mut conn, Uuid::now_v7().into()).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_search_finds_what_is_far_down_the_list() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    sqlx::query(
        "insert into customer (id, email, created_at)
         select ('0190' || lpad(to_hex(n), 8, '0') || '70008000000000000000')::uuid,
             case when n % 2500 = 1 then 'rare' else 'common' end || n || '@x.example', now()
         from generate_series(1, 9000) as n",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    for by in [CustomerSortKey::Created, CustomerSortKey::Email] {
        let filter = CustomerFilter {
            words: vec!["rare".to_owned()],
            ..CustomerFilter::default()
        };
        let sort = CustomerSort {
            by,
            direction: Direction::Descending,
        };
        let found = customer_list(&mut conn, VIEW, &filter, sort, &PageRequest::first(3))
            .await
            .unwrap();
        let emails: Vec<_> = found.items.iter().map(|row| row.email.clone().unwrap()).collect();
        assert_eq!(
            emails,
            ["rare7501@x.example", "rare5001@x.example", "rare2501@x.example"],
            "{by:?}"
        );
        let page = PageRequest {
            limit: 3,
            cursor: found.next_cursor,
            backward: false,
        };
        let rest = customer_list(&mut conn, VIEW, &filter, sort, &page)
            .await
            .unwrap();
        assert_eq!(rest.items.len(), 1);
        assert_eq!(rest.next_cursor, None);
    }
}

#[tokio::test]
async fn a_detail_shows_the_active_subscription_first() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let customer = Customer {
        owner: Some(owner("organization", "org_1")),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let old_id = Customer {
        merged_into: Some(customer),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let link = Link::of(customer, "cus_1").insert(&mut conn).await;
    let chosen = Link {
        is_default: true,
        ..Link::of(customer, "cus_2")
    }
    .insert(&mut conn)
    .await;
    let make = async |conn: &mut PgConnection, age: i64, status: &'static str, plan: &'static str| {
        Subscription {
            id: aged(age),
            status,
            plan: Some(plan),
            ..Subscription::of(link)
        }
        .insert(conn)
        .await
    };
    let past_due = make(&mut conn, 5, "past_due", "late").await;
    let canceled = make(&mut conn, 4, "canceled", "old").await;

    let detail = customer_detail(&mut conn, VIEW, customer.into())
        .await
        .unwrap()
        .unwrap();
    let order = |detail: &billdeck::domain::views::customer::CustomerDetail| -> Vec<Uuid> {
        detail.subscriptions.iter().map(|row| row.id.as_uuid()).collect()
    };
    assert_eq!(order(&detail), [canceled, past_due]);
    assert_eq!(detail.row.plan, None);
    assert_eq!(detail.row.subscription_status, Some(SubscriptionStatus::Canceled));
    assert_eq!(
        detail
            .links
            .iter()
            .map(|link| link.id.as_uuid())
            .collect::<Vec<_>>(),
        [chosen, link]
    );

    let lenient = Viewpoint {
        past_due_has_access: true,
        ..VIEW
    };
    let detail = customer_detail(&mut conn, lenient, customer.into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(order(&detail), [past_due, canceled]);
    assert_eq!(detail.row.plan.as_deref(), Some("late"));

    let older = make(&mut conn, 3, "active", "pro").await;
    let newer = make(&mut conn, 2, "active", "team").await;
    let trial = make(&mut conn, 6, "trialing", "trial").await;
    let detail = customer_detail(&mut conn, lenient, old_id.into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(detail.row.id.as_uuid(), customer);
    assert_eq!(order(&detail), [trial, newer, older, canceled, past_due]);
    assert_eq!(detail.row.subscription_status, Some(SubscriptionStatus::Trialing));
    assert_eq!(detail.owner_candidates, []);

    let order_id = Order::of(Some(link)).insert(&mut conn).await;
    let detail = customer_detail(&mut conn, VIEW, customer.into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(detail.orders[0].id.as_uuid(), order_id);
    assert!(
        customer_detail(&mut conn, VIEW, Uuid::now_v7().into())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn owners_with_the_same_address_are_offered_to_a_stray() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let email = |email: &str| Some(email.to_owned());
    let stray = Customer {
        email: email("Ana@acme.mx"),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    Customer {
        email: email("ana@acme.mx"),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let owner_id = Customer {
        owner: Some(owner("user", "u-1")),
        email: email("ana@ACME.mx"),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    Customer {
        owner: Some(owner("user", "u-2")),
        email: email("juan@acme.mx"),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let detail = customer_detail(&mut conn, VIEW, stray.into())
        .await
        .unwrap()
        .unwrap();
    let offered: Vec<_> = detail
        .owner_candidates
        .iter()
        .map(|row| row.id.as_uuid())
        .collect();
    assert_eq!(offered, [owner_id]);
}
