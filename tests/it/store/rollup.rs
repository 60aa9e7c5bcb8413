//! The job that counts.

use billdeck::store::rollup::rollup_refresh;
use jiff::SignedDuration;
use sqlx::{Connection, PgConnection};

use crate::support::{
    db::fresh,
    seed::{Event, Stage, id_aged},
};

async fn rows(conn: &mut PgConnection) -> Vec<(String, bool, String, i64)> {
    sqlx::query_as(
        "select provider, livemode, end_state, sum(events)::bigint
         from event_rollup group by 1, 2, 3 order by 1, 2, 3",
    )
    .fetch_all(conn)
    .await
    .unwrap()
}

fn row(provider: &str, livemode: bool, end: &str, events: i64) -> (String, bool, String, i64) {
    (provider.to_owned(), livemode, end.to_owned(), events)
}

#[tokio::test]
async fn counts_are_per_day_and_leave_the_last_minutes_out() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let aged = |hours: i64| id_aged(SignedDuration::from_hours(hours), 0);
    Event {
        id: aged(30),
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    Event {
        id: aged(60),
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    Event {
        id: aged(61),
        stage: Stage::Pending,
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    Event {
        id: aged(62),
        livemode: true,
        stage: Stage::ended("dead"),
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    let fresh_one = Event::default().insert(&mut conn).await;

    let mut tx = conn.begin().await.unwrap();
    assert!(rollup_refresh(&mut tx).await.unwrap());
    tx.commit().await.unwrap();
    let expected = vec![
        row("stripe", false, "", 3),
        row("stripe", false, "processed", 2),
        row("stripe", true, "", 1),
        row("stripe", true, "dead", 1),
    ];
    assert_eq!(rows(&mut conn).await, expected);
    let days: i64 = sqlx::query_scalar("select count(distinct day) from event_rollup")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!((2..=3).contains(&days), "{days}");

    // Counting again changes nothing, and the one of just now is still left out.
    let mut tx = conn.begin().await.unwrap();
    assert!(rollup_refresh(&mut tx).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(rows(&mut conn).await, expected);
    let seen: bool = sqlx::query_scalar("select exists (select from event where id = $1)")
        .bind(fresh_one)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!(seen);
}

#[tokio::test]
async fn one_process_counts_at_a_time() {
    let db = fresh().await;
    let mut one = db.connect().await;
    let mut two = db.connect().await;
    let mut first = one.begin().await.unwrap();
    assert!(rollup_refresh(&mut first).await.unwrap());
    let mut second = two.begin().await.unwrap();
    assert!(!rollup_refresh(&mut second).await.unwrap());
    first.commit().await.unwrap();
    assert!(rollup_refresh(&mut second).await.unwrap());
}
