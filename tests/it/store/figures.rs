//! Heartbeats and the figures of each minute.

use billdeck::{
    domain::{
        provider::{Book, Environment, ProviderName},
        views::overview::MinuteFigures,
    },
    store::figures::{
        Heartbeat, MinuteFigure, heartbeat_delete, heartbeat_list, heartbeat_upsert, minute_figures,
        minute_figures_add,
    },
};
use jiff::{SignedDuration, Timestamp};

use super::TEST;
use crate::support::db::fresh;

fn told(provider: ProviderName, environment: Environment, minutes_ago: i64, received: u64) -> MinuteFigure {
    MinuteFigure {
        book: Book {
            provider,
            environment,
        },
        minute: Timestamp::now() - SignedDuration::from_mins(minutes_ago),
        figures: MinuteFigures {
            received,
            processed: 2 * received,
            failed: 1,
        },
    }
}

#[tokio::test]
async fn figures_of_all_processes_add_up_minute_by_minute() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let stripe = |minutes, received| told(ProviderName::Stripe, TEST, minutes, received);
    minute_figures_add(&mut conn, "a", &[stripe(5, 3), stripe(5, 4), stripe(70, 9)])
        .await
        .unwrap();
    minute_figures_add(&mut conn, "a", &[stripe(5, 1)]).await.unwrap();
    let polar = told(ProviderName::Polar, TEST, 5, 10);
    let live = told(ProviderName::Stripe, Environment::Live, 5, 100);
    minute_figures_add(&mut conn, "b", &[polar, live]).await.unwrap();
    minute_figures_add(&mut conn, "b", &[]).await.unwrap();

    let minutes = minute_figures(&mut conn, TEST).await.unwrap();
    assert_eq!(minutes.len(), 60);
    let busy: Vec<_> = minutes.iter().filter(|minute| minute.received > 0).collect();
    assert_eq!(
        busy,
        [&MinuteFigures {
            received: 18,
            processed: 36,
            failed: 4
        }]
    );
    let place = minutes.iter().position(|minute| minute.received > 0).unwrap();
    // The clock may have gone on to the next minute since.
    assert!((53..=54).contains(&place), "{place}");
}

#[tokio::test]
async fn only_the_living_of_this_environment_are_listed() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let beat = |process: &str, environment| Heartbeat {
        process: process.to_owned(),
        kind: "worker".to_owned(),
        version: "0.1.0".to_owned(),
        workers: 4,
        environment,
        started_at: Timestamp::now(),
    };
    for process in ["b", "a", "dead", "gone"] {
        heartbeat_upsert(&mut conn, &beat(process, TEST)).await.unwrap();
    }
    heartbeat_upsert(&mut conn, &beat("live", Environment::Live))
        .await
        .unwrap();
    heartbeat_upsert(
        &mut conn,
        &Heartbeat {
            workers: 8,
            ..beat("a", TEST)
        },
    )
    .await
    .unwrap();
    heartbeat_delete(&mut conn, "gone").await.unwrap();
    sqlx::query("update heartbeat set last_seen = now() - interval '3 minutes' where process = 'dead'")
        .execute(&mut conn)
        .await
        .unwrap();
    let seen: Vec<_> = heartbeat_list(&mut conn, TEST)
        .await
        .unwrap()
        .into_iter()
        .map(|process| (process.name, process.workers))
        .collect();
    assert_eq!(seen, [("a".to_owned(), 8), ("b".to_owned(), 4)]);
}
