//! Connections that come back to the pool.

use billdeck::{
    domain::provider::Environment,
    store::{ConnectOptions, Store},
};
use futures_util::FutureExt;

use crate::support::db;

#[tokio::test]
async fn a_begin_that_is_cut_off_leaves_no_transaction_behind() {
    let db = db::fresh().await;
    let one = ConnectOptions {
        max_connections: 1,
        ..ConnectOptions::new(db.url.as_str().into(), Environment::Test)
    };
    let store = Store::connect(one).await.unwrap();
    for _ in 0..50 {
        // Polled once, so that the question is on its way, and dropped before the answer.
        assert!(store.begin_read_only().now_or_never().is_none());
        sqlx::query("insert into setting (key, value) values (gen_random_uuid()::text, '1')")
            .execute(store.pool())
            .await
            .unwrap();
    }
    // Seen from another connection: nothing was written into a transaction that never ends.
    assert_eq!(db.number("select count(*) from setting").await, 50);
}

#[tokio::test]
async fn a_read_only_store_writes_nothing_even_where_its_session_could() {
    let db = db::fresh().await;
    let one = ConnectOptions {
        max_connections: 1,
        read_only: true,
        ..ConnectOptions::new(db.url.as_str().into(), Environment::Test)
    };
    let store = Store::connect(one).await.unwrap();
    // Behind a transaction pooler the session is whichever is free.
    sqlx::query("set default_transaction_read_only = off")
        .execute(store.pool())
        .await
        .unwrap();
    let mut tx = store.begin().await.unwrap();
    let refused = sqlx::query("insert into setting (key, value) values ('a', '1')")
        .execute(&mut *tx)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("read-only transaction"), "{refused}");
}
