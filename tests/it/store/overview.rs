//! The first screen: causes, figures, and nothing where nothing is wrong.

use billdeck::{
    domain::{
        money::Money,
        provider::{Environment, ProviderName},
        views::overview::{MinuteFigures, Overview, Severity},
    },
    store::{
        figures::{Heartbeat, MinuteFigure, heartbeat_upsert, minute_figures_add},
        overview::overview,
    },
};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;

use super::{TEST, VIEW};
use crate::support::{
    db::fresh,
    seed::{Customer, Event, Link, Stage, Subscription, id_aged},
};

async fn seen(conn: &mut PgConnection) -> Overview {
    overview(conn, VIEW, &[ProviderName::Stripe, ProviderName::Polar])
        .await
        .unwrap()
}

fn causes(overview: &Overview) -> Vec<(Severity, &str, u64, &str)> {
    overview
        .attention
        .iter()
        .map(|cause| {
            (
                cause.severity,
                cause.what.as_str(),
                cause.count,
                cause.command.as_str(),
            )
        })
        .collect()
}

async fn worker(conn: &mut PgConnection) {
    let beat = Heartbeat {
        process: "worker@here/1".to_owned(),
        kind: "worker".to_owned(),
        version: "0.1.0".to_owned(),
        workers: 4,
        environment: TEST,
        started_at: Timestamp::now(),
    };
    heartbeat_upsert(conn, &beat).await.unwrap();
}

async fn run(conn: &mut PgConnection, sql: &'static str) {
    sqlx::query(sql).execute(conn).await.unwrap();
}

#[tokio::test]
async fn an_empty_database_is_calm() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let calm = seen(&mut conn).await;
    assert!(calm.attention.is_empty());
    assert_eq!(calm.minutes.len(), 60);
    assert_eq!(calm.providers.len(), 2);
    assert_eq!(calm.providers[0].last_event_at, None);
    assert_eq!(
        (calm.money.len(), calm.failed_payments, calm.unlinked_payers),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn events_are_grouped_by_cause() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    worker(&mut conn).await;
    let minutes = |minutes| id_aged(SignedDuration::from_mins(minutes), 0);
    let events = [
        (40, "stripe", Stage::Waiting { price: "price_a" }),
        (39, "stripe", Stage::Waiting { price: "price_a" }),
        (38, "stripe", Stage::Waiting { price: "price_b" }),
        (
            37,
            "polar",
            Stage::Failed {
                code: "provider_unavailable",
            },
        ),
        (
            36,
            "stripe",
            Stage::Ended {
                state: "dead",
                code: Some("refund_without_payment"),
            },
        ),
        (
            35,
            "stripe",
            Stage::Ended {
                state: "quarantined",
                code: Some("bad_signature"),
            },
        ),
        (34, "stripe", Stage::ended("processed")),
        (33, "stripe", Stage::Pending),
    ];
    for (age, provider, stage) in events {
        Event {
            id: minutes(age),
            provider,
            stage,
            ..Event::default()
        }
        .insert(&mut conn)
        .await;
    }
    Event {
        livemode: true,
        stage: Stage::ended("dead"),
        ..Event::default()
    }
    .insert(&mut conn)
    .await;

    let overview = seen(&mut conn).await;
    assert_eq!(
        causes(&overview),
        [
            (
                Severity::Danger,
                "1 event is dead: a reason",
                1,
                "events dead provider=stripe error=refund_without_payment"
            ),
            (
                Severity::Attention,
                "2 events wait: price `price_a` is in no plan",
                2,
                "events failed provider=stripe error=unknown_price"
            ),
            (
                Severity::Attention,
                "1 event fails: a message",
                1,
                "events failed provider=polar error=provider_unavailable"
            ),
            (
                Severity::Attention,
                "1 event waits: price `price_b` is in no plan",
                1,
                "events failed provider=stripe error=unknown_price"
            ),
            (
                Severity::Attention,
                "1 event is quarantined: a reason",
                1,
                "events quarantined provider=stripe error=bad_signature"
            ),
        ]
    );
    let since = overview.attention[1].since.unwrap();
    let age = Timestamp::now().duration_since(since);
    assert!(
        age >= SignedDuration::from_mins(40) && age < SignedDuration::from_mins(41),
        "{age}"
    );
    let retry = overview.next_retry_at.unwrap().duration_since(Timestamp::now());
    assert!(
        retry > SignedDuration::ZERO && retry <= SignedDuration::from_mins(5),
        "{retry}"
    );
    let polar = overview.providers[1].last_event_at.unwrap();
    assert!(Timestamp::now().duration_since(polar) < SignedDuration::from_mins(38));
}

#[tokio::test]
async fn a_missing_worker_is_missed_only_while_work_is_due() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    Event {
        stage: Stage::Pending,
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    assert!(
        seen(&mut conn).await.attention.is_empty(),
        "it was due only just now"
    );
    run(&mut conn, "update work set run_at = now() - interval '2 minutes'").await;
    assert_eq!(
        causes(&seen(&mut conn).await),
        [(
            Severity::Danger,
            "no worker is running although events are due: start `billdeck worker`",
            1,
            "events pending"
        )]
    );
    run(
        &mut conn,
        "insert into gate (provider, livemode, state, reason) values ('stripe', false, 'paused', 'the key is refused')",
    )
    .await;
    let overview = seen(&mut conn).await;
    assert_eq!(
        causes(&overview),
        [(
            Severity::Attention,
            "events of stripe are not processed: paused, the key is refused",
            1,
            "events pending provider=stripe"
        )]
    );
    assert_eq!(
        overview.providers[0].paused.as_deref(),
        Some("the key is refused")
    );
    run(&mut conn, "update gate set until = now() - interval '1 second'").await;
    assert_eq!(
        seen(&mut conn).await.attention.len(),
        1,
        "the pause is over, the worker is missed again"
    );
    worker(&mut conn).await;
    let overview = seen(&mut conn).await;
    assert!(overview.attention.is_empty());
    assert_eq!(overview.processes.len(), 1);
}

#[tokio::test]
async fn people_who_pay_and_belong_to_nobody_are_counted_once() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    for (name, owner, status, livemode) in [
        ("cus_a", None, "active", false),
        ("cus_b", None, "canceled", false),
        ("cus_c", Some(("user", "u-1".to_owned())), "active", false),
        ("cus_d", None, "active", true),
        ("cus_e", None, "past_due", false),
    ] {
        let customer = Customer {
            owner,
            ..Customer::default()
        }
        .insert(&mut conn)
        .await;
        let link = Link {
            livemode,
            ..Link::of(customer, name)
        }
        .insert(&mut conn)
        .await;
        Subscription {
            livemode,
            status,
            ..Subscription::of(link)
        }
        .insert(&mut conn)
        .await;
        Subscription {
            livemode,
            status,
            ..Subscription::of(link)
        }
        .insert(&mut conn)
        .await;
    }
    let overview = seen(&mut conn).await;
    assert_eq!(overview.unlinked_payers, 1);
    assert_eq!(
        causes(&overview),
        [(
            Severity::Danger,
            "1 paying customer is linked to no account",
            1,
            "customers owner:none"
        )]
    );
}

#[tokio::test]
async fn doubts_and_alarms_are_shown_until_they_are_settled() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let customer = Customer {
        owner: Some(("user", "u-1".to_owned())),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let link = Link::of(customer, "cus_1").insert(&mut conn).await;
    Subscription {
        verification: "mismatch",
        ..Subscription::of(link)
    }
    .insert(&mut conn)
    .await;
    let event = Event::default().insert(&mut conn).await;
    sqlx::query(
        "insert into alarm (id, kind, event_id, provider, livemode, detail)
         values (gen_random_uuid(), 'other_body', $1, 'stripe', false, 'another body under a known id')",
    )
    .bind(event)
    .execute(&mut conn)
    .await
    .unwrap();
    let open = format!("open {event}");
    assert_eq!(
        causes(&seen(&mut conn).await),
        [
            (
                Severity::Danger,
                "1 subscription differs from what stripe says",
                1,
                "subs verification=mismatch provider=stripe"
            ),
            (
                Severity::Danger,
                "another body under a known id",
                1,
                open.as_str()
            ),
        ]
    );
    run(&mut conn, "update alarm set cleared_at = now()").await;
    run(&mut conn, "update subscription set verification = 'verified'").await;
    assert!(seen(&mut conn).await.attention.is_empty());
}

#[tokio::test]
async fn figures_are_of_the_last_hour_and_day() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    run(
        &mut conn,
        "insert into ledger (provider, livemode, object_kind, object_id, kind, amount, currency, at) values
             ('stripe', false, 'payment', 'pi_1', 'paid', 5000, 'MXN', now()),
             ('stripe', false, 'refund', 're_1', 'refunded', -2000, 'MXN', now()),
             ('stripe', false, 'dispute', 'dp_1', 'disputed', -5000, 'MXN', now()),
             ('stripe', false, 'payment', 'pi_2', 'paid', 700, 'USD', now()),
             ('stripe', true, 'payment', 'pi_3', 'paid', 9000, 'USD', now()),
             ('stripe', false, 'payment', 'pi_4', 'paid', 9000, 'USD', now() - interval '25 hours')",
    )
    .await;
    run(
        &mut conn,
        "insert into payment (id, provider, livemode, provider_payment_id, status, updated_at) values
             (gen_random_uuid(), 'stripe', false, 'pi_5', 'failed', now()),
             (gen_random_uuid(), 'stripe', true, 'pi_6', 'failed', now()),
             (gen_random_uuid(), 'stripe', false, 'pi_7', 'failed', now() - interval '25 hours')",
    )
    .await;
    let figure = |environment| MinuteFigure {
        book: billdeck::domain::provider::Book {
            provider: ProviderName::Stripe,
            environment,
        },
        minute: Timestamp::now() - SignedDuration::from_mins(3),
        figures: MinuteFigures {
            received: 5,
            processed: 39,
            failed: 1,
        },
    };
    minute_figures_add(&mut conn, "a", &[figure(TEST), figure(Environment::Live)])
        .await
        .unwrap();
    Event::default().insert(&mut conn).await;
    let overview = seen(&mut conn).await;
    let money = |minor, code: &str| Money::new(minor, code.parse().unwrap());
    assert_eq!(overview.money, [money(3_000, "MXN"), money(700, "USD")]);
    assert_eq!(overview.failed_payments, 1);
    assert_eq!(overview.providers[0].apply_ok_percent, Some(97.5));
    assert_eq!(overview.providers[1].apply_ok_percent, None);
    assert_eq!(overview.providers[0].received_last_minute, 1);
    assert_eq!(overview.stats.processed_last_minute, 1);
}
