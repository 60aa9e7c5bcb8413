//! Walks along the lists, with ties and with rows that go away on the way: each row once, in order, to and fro.

use std::collections::BTreeSet;

use billdeck::{
    domain::{
        event::EventState,
        views::{
            Direction, Page, PageRequest,
            audit::AuditFilter,
            customer::{CustomerFilter, CustomerSort, CustomerSortKey},
            event::{EventFilter, EventSort},
            order::OrderFilter,
            subscription::{SubscriptionFilter, SubscriptionSort, SubscriptionSortKey},
        },
    },
    store::{
        StoreError, audit::audit_list, customer_list::customer_list, event_list::event_list,
        order_list::order_list, subscription_list::subscription_list,
    },
};
use jiff::{SignedDuration, Timestamp};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use super::{TEST, VIEW};
use crate::support::{
    db::{TestDb, fresh},
    seed::{Customer, Event, Link, Order, Stage, Subscription, id_aged},
};

/// One list under one order, asked for a page of ids.
#[derive(Clone, Copy, Debug)]
enum List {
    Events(Direction),
    EventsOfSomeStates,
    CustomersByCreated(Direction),
    CustomersByEmail(Direction),
    CustomersSearchedByEmail,
    SubscriptionsByCreated(Direction),
    SubscriptionsByPeriodEnd(Direction),
    SubscriptionsOfSomeStatuses,
    Orders,
    Audit,
}

impl List {
    const fn table(self) -> &'static str {
        match self {
            Self::Events(_) | Self::EventsOfSomeStates => "event",
            Self::CustomersByCreated(_) | Self::CustomersByEmail(_) | Self::CustomersSearchedByEmail => {
                "customer"
            }
            Self::SubscriptionsByCreated(_)
            | Self::SubscriptionsByPeriodEnd(_)
            | Self::SubscriptionsOfSomeStatuses => "subscription",
            Self::Orders => "orders",
            Self::Audit => "audit",
        }
    }

    /// The rows that the list has, in its order, asked for in the plainest way.
    const fn oracle(self) -> &'static str {
        match self {
            Self::Events(Direction::Descending) => "select id from event order by id desc",
            Self::Events(Direction::Ascending) => "select id from event order by id",
            Self::EventsOfSomeStates => {
                "select e.id from event e left join work w on w.event_id = e.id
                 where e.end_state in ('dead', 'processed') or w.error_code is not null or w.wait_key is not null
                 order by e.id desc"
            }
            Self::CustomersByCreated(Direction::Descending) => "select id from customer order by id desc",
            Self::CustomersByCreated(Direction::Ascending) => "select id from customer order by id",
            Self::CustomersByEmail(Direction::Ascending) => {
                "select id from customer order by lower(email) nulls last, id"
            }
            Self::CustomersByEmail(Direction::Descending) => {
                "select id from customer order by lower(email) desc nulls last, id desc"
            }
            Self::CustomersSearchedByEmail => {
                "select id from customer where email is not null or name is not null
                 order by lower(email) nulls last, id"
            }
            Self::SubscriptionsByCreated(Direction::Descending) => "select id from subscription order by id desc",
            Self::SubscriptionsByCreated(Direction::Ascending) => "select id from subscription order by id",
            Self::SubscriptionsByPeriodEnd(Direction::Ascending) => {
                "select id from subscription order by period_end nulls last, id"
            }
            Self::SubscriptionsByPeriodEnd(Direction::Descending) => {
                "select id from subscription order by period_end desc nulls last, id desc"
            }
            Self::SubscriptionsOfSomeStatuses => {
                "select id from subscription where status in ('active', 'paused')
                 order by period_end nulls last, id"
            }
            Self::Orders => "select id from orders order by id desc",
            Self::Audit => "select id from audit order by id desc",
        }
    }

    async fn page(self, conn: &mut PgConnection, page: &PageRequest) -> Result<Page<Uuid>, StoreError> {
        match self {
            Self::Events(direction) => {
                let sort = EventSort { direction };
                let page = event_list(conn, TEST, &EventFilter::default(), sort, page).await?;
                Ok(ids(page, |row| row.id.as_uuid()))
            }
            Self::EventsOfSomeStates => {
                let filter = EventFilter {
                    states: vec![EventState::Failed, EventState::Dead, EventState::Processed],
                    ..EventFilter::default()
                };
                let page = event_list(conn, TEST, &filter, EventSort::default(), page).await?;
                Ok(ids(page, |row| row.id.as_uuid()))
            }
            Self::CustomersByCreated(direction) => {
                let sort = CustomerSort {
                    by: CustomerSortKey::Created,
                    direction,
                };
                customers(conn, &CustomerFilter::default(), sort, page).await
            }
            Self::CustomersByEmail(direction) => {
                let sort = CustomerSort {
                    by: CustomerSortKey::Email,
                    direction,
                };
                customers(conn, &CustomerFilter::default(), sort, page).await
            }
            Self::CustomersSearchedByEmail => {
                let filter = CustomerFilter {
                    words: vec!["a".to_owned()],
                    ..CustomerFilter::default()
                };
                let sort = CustomerSort {
                    by: CustomerSortKey::Email,
                    direction: Direction::Ascending,
                };
                customers(conn, &filter, sort, page).await
            }
            Self::SubscriptionsByCreated(direction) => {
                let sort = SubscriptionSort {
                    by: SubscriptionSortKey::Created,
                    direction,
                };
                subscriptions(conn, &SubscriptionFilter::default(), sort, page).await
            }
            Self::SubscriptionsByPeriodEnd(direction) => {
                let sort = SubscriptionSort {
                    by: SubscriptionSortKey::PeriodEnd,
                    direction,
                };
                subscriptions(conn, &SubscriptionFilter::default(), sort, page).await
            }
            Self::SubscriptionsOfSomeStatuses => {
                let filter = SubscriptionFilter {
                    statuses: vec!["active".parse().unwrap(), "paused".parse().unwrap()],
                    ..SubscriptionFilter::default()
                };
                let sort = SubscriptionSort {
                    by: SubscriptionSortKey::PeriodEnd,
                    direction: Direction::Ascending,
                };
                subscriptions(conn, &filter, sort, page).await
            }
            Self::Orders => {
                let page = order_list(conn, TEST, &OrderFilter::default(), page).await?;
                Ok(ids(page, |row| row.id.as_uuid()))
            }
            Self::Audit => {
                let page = audit_list(conn, &AuditFilter::default(), page).await?;
                Ok(ids(page, |row| row.id.as_uuid()))
            }
        }
    }
}

async fn customers(
    conn: &mut PgConnection,
    filter: &CustomerFilter,
    sort: CustomerSort,
    page: &PageRequest,
) -> Result<Page<Uuid>, StoreError> {
    let page = customer_list(conn, VIEW, filter, sort, page).await?;
    Ok(ids(page, |row| row.id.as_uuid()))
}

async fn subscriptions(
    conn: &mut PgConnection,
    filter: &SubscriptionFilter,
    sort: SubscriptionSort,
    page: &PageRequest,
) -> Result<Page<Uuid>, StoreError> {
    let page = subscription_list(conn, TEST, filter, sort, page).await?;
    Ok(ids(page, |row| row.id.as_uuid()))
}

fn ids<T>(page: Page<T>, id: impl Fn(&T) -> Uuid) -> Page<Uuid> {
    Page {
        items: page.items.iter().map(id).collect(),
        next_cursor: page.next_cursor,
        previous_cursor: page.previous_cursor,
    }
}

/// What a row is made of, as far as order and filters go; few values, so that there are ties.
#[derive(Clone, Debug)]
struct Made {
    kind: usize,
    key: Option<u8>,
}

#[derive(Clone, Debug)]
struct Case {
    rows: Vec<Made>,
    limit: u16,
    /// Which of the rows that are still there goes away after each page.
    deletions: Vec<Option<prop::sample::Index>>,
}

fn cases() -> impl Strategy<Value = Case> {
    let row = (0..9_usize, prop::option::of(0..4_u8)).prop_map(|(kind, key)| Made { kind, key });
    let deletion = prop::option::of(any::<prop::sample::Index>());
    (
        prop::collection::vec(row, 0..24),
        1..7_u16,
        prop::collection::vec(deletion, 40),
    )
        .prop_map(|(rows, limit, deletions)| Case {
            rows,
            limit,
            deletions,
        })
}

async fn make(conn: &mut PgConnection, list: List, rows: &[Made]) {
    let link = match list.table() {
        "subscription" => {
            let customer = Customer::default().insert(conn).await;
            Some(Link::of(customer, "cus_1").insert(conn).await)
        }
        _ => None,
    };
    for (place, made) in (0_u64..).zip(rows) {
        let age = SignedDuration::from_millis(i64::try_from(place / 3).unwrap());
        let id = id_aged(age, place);
        let stages = [
            Stage::Pending,
            Stage::Processing,
            Stage::Failed {
                code: "provider_unavailable",
            },
            Stage::Waiting { price: "price_new" },
            Stage::ended("processed"),
            Stage::ended("processed"),
            Stage::ended("dead"),
            Stage::ended("ignored"),
            Stage::ended("quarantined"),
        ];
        match list.table() {
            "event" => {
                let provider = if made.key == Some(0) { "polar" } else { "stripe" };
                let stage = stages[made.kind].clone();
                Event {
                    id,
                    provider,
                    stage,
                    ..Event::default()
                }
                .insert(conn)
                .await;
            }
            "customer" => {
                let email = made.key.map(|key| format!("A{key}@x.example"));
                let name = (made.kind < 4).then(|| "Ana".to_owned());
                Customer {
                    id,
                    email,
                    name,
                    ..Customer::default()
                }
                .insert(conn)
                .await;
            }
            "subscription" => {
                let noon: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
                let period_end = made
                    .key
                    .map(|key| noon + SignedDuration::from_mins(i64::from(key)));
                let status = ["active", "paused", "canceled"][made.kind % 3];
                Subscription {
                    id,
                    status,
                    period_end,
                    ..Subscription::of(link.unwrap())
                }
                .insert(conn)
                .await;
            }
            "orders" => {
                Order {
                    id,
                    ..Order::of(None)
                }
                .insert(conn)
                .await;
            }
            "audit" => {
                sqlx::query(
                    "insert into audit (id, actor, face, action, target, outcome) values ($1, 'a', 'cli', 'b', 'c', 'done')",
                )
                .bind(id)
                .execute(&mut *conn)
                .await
                .unwrap();
            }
            table => panic!("no rows for {table}"),
        }
    }
}

async fn rows_of(conn: &mut PgConnection, list: List) -> Vec<Uuid> {
    sqlx::query_scalar(list.oracle()).fetch_all(conn).await.unwrap()
}

/// Walks from one end to the other; gives back what was seen, and the cursor back from where it ended.
async fn walk(
    conn: &mut PgConnection,
    list: List,
    case: &Case,
    backward: bool,
    deletions: &mut impl Iterator<Item = Option<prop::sample::Index>>,
    from: Option<String>,
) -> Result<(Vec<Uuid>, Option<String>), TestCaseError> {
    let mut seen = Vec::new();
    let mut cursor = from;
    loop {
        let request = PageRequest {
            limit: case.limit,
            cursor,
            backward,
        };
        let page = list.page(conn, &request).await.unwrap();
        prop_assert!(page.items.len() <= usize::from(case.limit));
        let (onward, back) = if backward {
            (page.previous_cursor, page.next_cursor)
        } else {
            (page.next_cursor, page.previous_cursor)
        };
        let mut items = page.items;
        if backward {
            items.reverse();
        }
        seen.extend(items);
        match onward {
            Some(next) => cursor = Some(next),
            None => return Ok((seen, back)),
        }
        if let Some(Some(index)) = deletions.next() {
            let there = rows_of(conn, list).await;
            if !there.is_empty() {
                let gone = there[index.index(there.len())];
                let delete = format!("delete from {} where id = $1", list.table());
                sqlx::query(AssertSqlSafe(delete))
                    .bind(gone)
                    .execute(&mut *conn)
                    .await
                    .unwrap();
            }
        }
    }
}

async fn check(conn: &mut PgConnection, list: List, case: &Case) -> Result<(), TestCaseError> {
    let mut tx = conn.begin().await.unwrap();
    let conn: &mut PgConnection = &mut tx;
    if list.table() == "audit" {
        // Nothing in the product deletes these; the walk has to bear it all the same.
        sqlx::query("drop trigger audit_is_append_only on audit")
            .execute(&mut *conn)
            .await
            .unwrap();
    }
    make(conn, list, &case.rows).await;
    let mut deletions = case.deletions.iter().copied();

    let before = rows_of(conn, list).await;
    let (seen, back) = walk(conn, list, case, false, &mut deletions, None).await?;
    let after = rows_of(conn, list).await;
    assert_walk(&before, &after, &seen)?;

    // Back from where the walk ended: everything before the last page, and that page again from its own end.
    let (mut back_seen, _) = walk(conn, list, case, true, &mut deletions, None).await?;
    back_seen.reverse();
    let left = rows_of(conn, list).await;
    assert_walk(&after, &left, &back_seen)?;

    if let Some(back) = back {
        let (mut seen, _) = walk(conn, list, case, true, &mut std::iter::empty(), Some(back)).await?;
        seen.reverse();
        let shown: BTreeSet<_> = seen.iter().collect();
        prop_assert_eq!(shown.len(), seen.len());
        prop_assert_eq!(
            &left[..seen.len()],
            &seen[..],
            "the way back is not the start of the list"
        );
    }
    Ok(())
}

/// What was seen has the order of the list, nothing twice, and all that was there the whole time.
fn assert_walk(before: &[Uuid], after: &[Uuid], seen: &[Uuid]) -> Result<(), TestCaseError> {
    let places: Vec<_> = seen
        .iter()
        .map(|id| before.iter().position(|other| other == id))
        .collect();
    prop_assert!(places.iter().all(Option::is_some), "a row that was never there");
    prop_assert!(
        places.is_sorted_by(|a, b| a < b),
        "out of order or twice: {:?}",
        places
    );
    for id in after {
        prop_assert!(seen.contains(id), "{} was passed over", id);
    }
    Ok(())
}

fn walks_hold(list: List) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (_db, mut conn): (TestDb, _) = runtime.block_on(async {
        let db = fresh().await;
        let conn = db.connect().await;
        (db, conn)
    });
    let config = Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let conn = std::cell::RefCell::new(&mut conn);
    TestRunner::new(config)
        .run(&cases(), |case| {
            let mut conn = conn.borrow_mut();
            runtime.block_on(check(&mut conn, list, &case))
        })
        .unwrap();
}

#[test]
fn events() {
    walks_hold(List::Events(Direction::Descending));
}

#[test]
fn events_oldest_first() {
    walks_hold(List::Events(Direction::Ascending));
}

#[test]
fn events_of_some_states() {
    walks_hold(List::EventsOfSomeStates);
}

#[test]
fn customers_by_creation() {
    walks_hold(List::CustomersByCreated(Direction::Descending));
    walks_hold(List::CustomersByCreated(Direction::Ascending));
}

#[test]
fn customers_by_email() {
    walks_hold(List::CustomersByEmail(Direction::Ascending));
    walks_hold(List::CustomersByEmail(Direction::Descending));
}

#[test]
fn customers_found_by_words() {
    walks_hold(List::CustomersSearchedByEmail);
}

#[test]
fn subscriptions_by_creation() {
    walks_hold(List::SubscriptionsByCreated(Direction::Descending));
    walks_hold(List::SubscriptionsByCreated(Direction::Ascending));
}

#[test]
fn subscriptions_by_period_end() {
    walks_hold(List::SubscriptionsByPeriodEnd(Direction::Ascending));
    walks_hold(List::SubscriptionsByPeriodEnd(Direction::Descending));
}

#[test]
fn subscriptions_of_some_statuses() {
    walks_hold(List::SubscriptionsOfSomeStatuses);
}

#[test]
fn orders() {
    walks_hold(List::Orders);
}

#[test]
fn audit() {
    walks_hold(List::Audit);
}
