//! The demo, without its console.

use std::{sync::Arc, time::Duration};

use billdeck::{
    config::{Config, Flags, Purpose, Surroundings},
    demo::{Demo, DemoOptions},
    postgres::Quiet,
    store::event_stats,
};
use sqlx::Connection;

#[tokio::test(flavor = "multi_thread")]
async fn tells_its_histories_and_leaves_troubles_to_find() {
    let home = tempfile::tempdir().unwrap();
    let around = Surroundings {
        data_home: Some(home.path().to_owned()),
        ..Surroundings::default()
    };
    let config = Config::load(&Flags::default(), &around, Purpose::Demo).unwrap();
    let options = DemoOptions {
        config,
        fresh: false,
        customers: 30,
        events: 600,
        seed: 7,
    };
    let demo = Demo::start(options, Arc::new(Quiet)).await.unwrap();
    //println!("{:?}", demo.ready());
    let mut conn = demo.process().database().connect().await.unwrap();
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let rows: Vec<(String, i64)> =
            sqlx::query_as("select coalesce(end_state, 'open'), count(*) from event group by 1 order by 1")
                .fetch_all(&mut conn)
                .await
                .unwrap();
        let errors: Vec<(Option<String>, Option<String>, i64)> =
            sqlx::query_as("select error_code, min(error_message), count(*) from work group by 1")
                .fetch_all(&mut conn)
                .await
                .unwrap();
        //println!("{rows:?} {errors:?}");
    }
    let ends: Vec<(Option<String>, Option<String>, i64)> = sqlx::query_as(
        "select end_code, min(end_reason), count(*) from event where end_code is not null group by 1",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    //println!("{ends:#?}");
    for table in [
        "customer",
        "customer_link",
        "subscription",
        "orders",
        "payment",
        "refund",
        "dispute",
        "ledger",
        "effect",
        "attempt",
        "change",
    ] {
        let n: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&mut conn)
            .await
            .unwrap();
        //println!("{table} {n}");
    }
    let _ = event_stats::event_stats;
    conn.close().await.unwrap();
    demo.stop().await.unwrap();
}
