//! A database per test, copied from a template that is migrated once.

use std::{
    str::FromStr,
    sync::atomic::{AtomicU32, Ordering},
};

use billdeck::{
    domain::provider::Environment,
    store::{ConnectOptions, Store, migrate},
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::sync::OnceCell;

/// A database of a test's own.
pub(crate) struct TestDb {
    pub(crate) url: String,
    pub(crate) store: Store,
}

fn server() -> String {
    std::env::var("BILLDECK_TEST_SERVER")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5599/postgres".to_owned())
}

/// The same server, another database.
pub(crate) fn url_of(database: &str) -> String {
    let server = server();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{database}")
}

async fn connect(url: &str) -> PgConnection {
    PgConnectOptions::from_str(url).unwrap().connect().await.unwrap()
}

async fn run(conn: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await.unwrap();
}

/// Makes the template, unless another test process has.
async fn template() -> String {
    let name = format!("billdeck_template_{}", migrate::known_version());
    let mut conn = connect(&server()).await;
    run(&mut conn, "select pg_advisory_lock(848400)".to_owned()).await;
    let template = format!("{name}_{}", std::process::id());
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&template)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    if !exists {
        run(&mut conn, format!("create database {template} strategy wal_log")).await;
        let mut inside = connect(&url_of(&template)).await;
        migrate::migrate(&mut inside).await.unwrap();
        inside.close().await.unwrap();
    }
    run(&mut conn, "select pg_advisory_unlock(848400)".to_owned()).await;
    conn.close().await.unwrap();
    template
}

/// A new database at this program's version.
pub(crate) async fn fresh() -> TestDb {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(template).await;
    let name = copy_name();
    let mut conn = connect(&server()).await;
    run(
        &mut conn,
        format!("create database {name} template {template} strategy wal_log"),
    )
    .await;
    conn.close().await.unwrap();
    let url = url_of(&name);
    TestDb {
        store: open(&url).await,
        url,
    }
}

/// A new database without any table.
pub(crate) async fn empty() -> TestDb {
    let name = copy_name();
    let mut conn = connect(&server()).await;
    run(&mut conn, format!("create database {name} strategy wal_log")).await;
    conn.close().await.unwrap();
    let url = url_of(&name);
    TestDb {
        store: open(&url).await,
        url,
    }
}

fn copy_name() -> String {
    static COPIES: AtomicU32 = AtomicU32::new(0);
    let copy = COPIES.fetch_add(1, Ordering::Relaxed);
    format!("billdeck_test_{}_{copy}", std::process::id())
}

async fn open(url: &str) -> Store {
    Store::connect(ConnectOptions::new(url.into(), Environment::Test))
        .await
        .unwrap()
}

impl TestDb {
    /// One number from the database.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.store.pool())
            .await
            .unwrap()
    }

    /// One row as JSON, of a query that gives one row.
    pub(crate) async fn row(&self, sql: &'static str) -> serde_json::Value {
        let wrapped = format!("select to_jsonb(found) from ({sql}) found");
        let sqlx::types::Json(row) = sqlx::query_scalar(AssertSqlSafe(wrapped))
            .fetch_one(self.store.pool())
            .await
            .unwrap();
        row
    }
}
