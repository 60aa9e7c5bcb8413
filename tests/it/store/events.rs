//! The list of events: states, filters, fields.

use billdeck::{
    domain::{
        event::{EventState, Problem},
        ids::{CustomerId, EventId},
        provider::{Environment, ProviderName},
        views::{
            PageRequest,
            event::{EventFilter, EventRow, EventSort},
        },
    },
    store::event_list::{event_cursor, event_list},
};
use jiff::SignedDuration;
use sqlx::PgConnection;
use uuid::Uuid;

use super::TEST;
use crate::support::{
    db::fresh,
    seed::{Customer, Event, Link, Stage, id_aged, made_at},
};

async fn list(conn: &mut PgConnection, filter: &EventFilter) -> Vec<EventRow> {
    let page = PageRequest::first(100);
    event_list(conn, TEST, filter, EventSort::default(), &page)
        .await
        .unwrap()
        .items
}

async fn ids(conn: &mut PgConnection, filter: &EventFilter) -> Vec<Uuid> {
    list(conn, filter)
        .await
        .iter()
        .map(|row| row.id.as_uuid())
        .collect()
}

fn aged(minutes: i64) -> Uuid {
    id_aged(SignedDuration::from_mins(minutes), 0)
}

#[tokio::test]
async fn states_are_read_from_the_work_that_is_left() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let stages = [
        Stage::Pending,
        Stage::Processing,
        Stage::Failed {
            code: "provider_unavailable",
        },
        Stage::Waiting { price: "price_new" },
        Stage::ended("processed"),
        Stage::Ended {
            state: "ignored",
            code: Some("stale"),
        },
        Stage::ended("dead"),
        Stage::ended("discarded"),
        Stage::ended("quarantined"),
    ];
    for (age, stage) in (1..).zip(stages) {
        let event = Event {
            id: aged(age),
            stage,
            ..Event::default()
        };
        event.insert(&mut conn).await;
    }
    let rows = list(&mut conn, &EventFilter::default()).await;
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.state, row.attempts, row.waiting_for.as_deref()))
        .collect();
    assert_eq!(
        seen,
        [
            (EventState::Pending, 0, None),
            (EventState::Processing, 1, None),
            (EventState::Failed, 2, None),
            (EventState::Failed, 0, Some("price_new")),
            (EventState::Processed, 0, None),
            (EventState::Ignored, 0, None),
            (EventState::Dead, 0, None),
            (EventState::Discarded, 0, None),
            (EventState::Quarantined, 0, None),
        ]
    );
    let problem = |code: &str, message: &str| {
        Some(Problem {
            code: code.to_owned(),
            message: message.to_owned(),
        })
    };
    assert_eq!(rows[2].error, problem("provider_unavailable", "a message"));
    assert_eq!(rows[3].error, problem("unknown_price", "a message"));
    assert_eq!(rows[4].error, None);
    assert_eq!(rows[5].error, problem("stale", "a reason"));
    let next: Vec<bool> = rows.iter().map(|row| row.next_attempt_at.is_some()).collect();
    assert_eq!(next, [true, false, true, true, false, false, false, false, false]);

    for state in EventState::ALL {
        let filter = EventFilter {
            states: vec![*state],
            ..EventFilter::default()
        };
        let expected: Vec<_> = rows
            .iter()
            .filter(|row| row.state == *state)
            .map(|row| row.id)
            .collect();
        let found: Vec<_> = list(&mut conn, &filter).await.iter().map(|row| row.id).collect();
        assert_eq!(found, expected, "{state}");
    }
    let filter = EventFilter {
        states: vec![EventState::Dead, EventState::Failed, EventState::Processed],
        ..EventFilter::default()
    };
    let found: Vec<_> = list(&mut conn, &filter)
        .await
        .iter()
        .map(|row| row.state)
        .collect();
    assert_eq!(
        found,
        [
            EventState::Failed,
            EventState::Failed,
            EventState::Processed,
            EventState::Dead
        ]
    );
}

#[tokio::test]
async fn a_lease_that_ran_out_holds_nothing() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    Event {
        stage: Stage::Processing,
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    assert_eq!(
        list(&mut conn, &EventFilter::default()).await[0].state,
        EventState::Processing
    );
    sqlx::query("update lane set lease_until = now() - interval '1 second'")
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(
        list(&mut conn, &EventFilter::default()).await[0].state,
        EventState::Pending
    );
    sqlx::query("update lane set lease_until = now() + interval '1 minute', token = gen_random_uuid()")
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(
        list(&mut conn, &EventFilter::default()).await[0].state,
        EventState::Pending
    );
}

#[tokio::test]
async fn each_filter_finds_its_own() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let customer = Customer {
        email: Some("ana@acme.mx".to_owned()),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let merged = Customer {
        merged_into: Some(customer),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    Link::of(customer, "cus_1").insert(&mut conn).await;
    Link {
        provider: "polar",
        ..Link::of(customer, "cus_2")
    }
    .insert(&mut conn)
    .await;

    let paid = Event {
        id: aged(1),
        object: Some(("order", "in_1".to_owned())),
        customer_ref: Some("cus_1".to_owned()),
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    let polar = Event {
        id: aged(2),
        provider: "polar",
        kind: "order.paid".to_owned(),
        customer_ref: Some("cus_2".to_owned()),
        stage: Stage::Ended {
            state: "dead",
            code: Some("refund_without_payment"),
        },
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    let waiting = Event {
        id: aged(3),
        kind: "invoice.payment_failed".to_owned(),
        object: Some(("order", "in_1".to_owned())),
        // The same id at another provider is somebody else.
        customer_ref: Some("cus_2".to_owned()),
        stage: Stage::Waiting { price: "price_new" },
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    let failed = Event {
        id: aged(4),
        kind: "invoices".to_owned(),
        stage: Stage::Failed {
            code: "refund_without_payment",
        },
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    let live = Event {
        id: aged(5),
        livemode: true,
        object: Some(("order", "in_1".to_owned())),
        customer_ref: Some("cus_1".to_owned()),
        ..Event::default()
    }
    .insert(&mut conn)
    .await;

    let all = EventFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        ("all", all(), vec![paid, polar, waiting, failed]),
        (
            "provider",
            EventFilter {
                provider: Some(ProviderName::Polar),
                ..all()
            },
            vec![polar],
        ),
        (
            "type",
            EventFilter {
                event_type: text("invoice.paid"),
                ..all()
            },
            vec![paid],
        ),
        (
            "prefix",
            EventFilter {
                event_type: text("invoice.*"),
                ..all()
            },
            vec![paid, waiting],
        ),
        (
            "no prefix",
            EventFilter {
                event_type: text("invoice*"),
                ..all()
            },
            vec![],
        ),
        (
            "object",
            EventFilter {
                object: text("in_1"),
                ..all()
            },
            vec![paid, waiting],
        ),
        (
            "provider event",
            EventFilter {
                object: Some(Event::provider_id(polar)),
                ..all()
            },
            vec![polar],
        ),
        (
            "customer",
            EventFilter {
                customer: Some(CustomerId::from(customer)),
                ..all()
            },
            vec![paid, polar],
        ),
        (
            "merged",
            EventFilter {
                customer: Some(CustomerId::from(merged)),
                ..all()
            },
            vec![paid, polar],
        ),
        (
            "nobody",
            EventFilter {
                customer: Some(CustomerId::from(Uuid::now_v7())),
                ..all()
            },
            vec![],
        ),
        (
            "code",
            EventFilter {
                error_code: text("refund_without_payment"),
                ..all()
            },
            vec![polar, failed],
        ),
        (
            "wait",
            EventFilter {
                error_code: text("unknown_price"),
                ..all()
            },
            vec![waiting],
        ),
        (
            "since",
            EventFilter {
                since: Some(made_at(polar)),
                ..all()
            },
            vec![paid, polar],
        ),
        (
            "NUL",
            EventFilter {
                object: text("in\0_1"),
                ..all()
            },
            vec![],
        ),
        (
            "together",
            EventFilter {
                states: vec![EventState::Failed, EventState::Processed],
                provider: Some(ProviderName::Stripe),
                event_type: text("invoice.*"),
                since: Some(made_at(failed)),
                ..all()
            },
            vec![paid, waiting],
        ),
        (
            "code and end",
            EventFilter {
                states: vec![EventState::Dead],
                error_code: text("refund_without_payment"),
                ..all()
            },
            vec![polar],
        ),
        (
            "object and state",
            EventFilter {
                states: vec![EventState::Failed],
                object: text("in_1"),
                ..all()
            },
            vec![waiting],
        ),
    ];
    for (what, filter, expected) in cases {
        assert_eq!(ids(&mut conn, &filter).await, expected, "{what}");
    }
    let page = PageRequest::first(10);
    let found = event_list(&mut conn, Environment::Live, &all(), EventSort::default(), &page)
        .await
        .unwrap();
    assert_eq!(
        found.items.iter().map(|row| row.id.as_uuid()).collect::<Vec<_>>(),
        [live]
    );

    let rows = list(&mut conn, &all()).await;
    assert_eq!(rows[0].customer_id, Some(CustomerId::from(customer)));
    assert_eq!(rows[0].customer_label.as_deref(), Some("ana@acme.mx"));
    // Nobody is linked to this one: its own id is all there is to call it by.
    assert_eq!(
        (rows[2].customer_id, rows[2].customer_label.as_deref()),
        (None, Some("cus_2"))
    );
}

#[tokio::test]
async fn a_cursor_is_refused_under_another_filter() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    for hours in 1..4 {
        let event = Event {
            id: aged(hours),
            ..Event::default()
        };
        event.insert(&mut conn).await;
    }
    let all = EventFilter::default();
    let sort = EventSort::default();
    let first = event_list(&mut conn, TEST, &all, sort, &PageRequest::first(1))
        .await
        .unwrap();
    let next = PageRequest {
        cursor: first.next_cursor,
        ..PageRequest::first(1)
    };
    let other = EventFilter {
        states: vec![EventState::Dead],
        ..all.clone()
    };
    let error = event_list(&mut conn, TEST, &other, sort, &next)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the cursor does not belong to this list: it was given under another filter; begin again without it"
    );
    // The start of a range moves on from page to page where it was given as a span.
    let since = EventFilter {
        since: Some(jiff::Timestamp::UNIX_EPOCH),
        ..all
    };
    let second = event_list(&mut conn, TEST, &since, sort, &next).await.unwrap();
    assert_eq!(second.items.len(), 1);
}

#[tokio::test]
async fn a_cursor_made_of_an_id_follows_the_list() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let old = Event {
        id: aged(2),
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    let sort = EventSort {
        direction: billdeck::domain::views::Direction::Ascending,
    };
    let page = PageRequest {
        limit: 10,
        cursor: Some(event_cursor(EventId::from(old), &EventFilter::default(), sort)),
        backward: false,
    };
    let none = event_list(&mut conn, TEST, &EventFilter::default(), sort, &page)
        .await
        .unwrap();
    assert_eq!(none.items.len(), 0);
    let new = Event {
        id: aged(1),
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    let more = event_list(&mut conn, TEST, &EventFilter::default(), sort, &page)
        .await
        .unwrap();
    assert_eq!(
        more.items.iter().map(|row| row.id.as_uuid()).collect::<Vec<_>>(),
        [new]
    );
}
