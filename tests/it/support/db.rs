//! A database per test, copied from a template that is migrated once.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    str::FromStr,
};

use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

use super::bulk;

/// A database of its own; dropped with the value.
pub(crate) struct TestDb {
    pub(crate) url: String,
    pub(crate) pool: PgPool,
    name: String,
}

/// An empty database of the current version.
pub(crate) async fn fresh() -> TestDb {
    copy_of(&template("empty", None).await).await
}

/// A database of the current version with enough rows in it for the planner to show what it would do with more.
pub(crate) async fn filled() -> TestDb {
    copy_of(&template("filled", Some(bulk::Size::FOR_PLANS)).await).await
}

impl TestDb {
    /// One connection, for a test that needs no more.
    pub(crate) async fn connect(&self) -> PgConnection {
        self.pool.acquire().await.unwrap().detach()
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let drop = format!("drop database if exists {} with (force)", self.name);
        let server = server();
        // The test's own runtime may be gone, or be this thread's.
        let done = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut admin = PgConnection::connect(&server).await?;
                sqlx::query(AssertSqlSafe(drop)).execute(&mut admin).await?;
                Ok::<_, sqlx::Error>(())
            })
        });
        // A database that stays behind harms no other test.
        let _ = done.join();
    }
}

/// The server that the databases are made on.
fn server() -> String {
    std::env::var("BILLDECK_TEST_SERVER")
        .expect("BILLDECK_TEST_SERVER names a PostgreSQL server whose role may create databases")
}

fn url_of(name: &str) -> String {
    let (front, query) = server().split_once('?').map_or_else(
        || (server(), String::new()),
        |(front, query)| (front.to_owned(), format!("?{query}")),
    );
    let base = front.rsplit_once('/').map_or(front.as_str(), |(base, _)| base);
    format!("{base}/{name}{query}")
}

async fn copy_of(template: &str) -> TestDb {
    let name = format!("billdeck_test_{}", Uuid::now_v7().simple());
    let mut admin = PgConnection::connect(&server()).await.unwrap();
    let create = format!("create database {name} template {template} strategy wal_log");
    sqlx::query(AssertSqlSafe(create))
        .execute(&mut admin)
        .await
        .unwrap();
    let url = url_of(&name);
    let pool = PgPoolOptions::new()
        .max_connections(8)
        .connect_with(PgConnectOptions::from_str(&url).unwrap())
        .await
        .unwrap();
    TestDb { url, pool, name }
}

/// The template for these migrations and this filling; made by whoever comes first.
async fn template(kind: &str, size: Option<bulk::Size>) -> String {
    let mut hasher = DefaultHasher::new();
    for migration in sqlx::migrate!().iter() {
        migration.checksum.hash(&mut hasher);
    }
    if size.is_some() {
        bulk::SQL.hash(&mut hasher);
        format!("{size:?}").hash(&mut hasher);
    }
    let name = format!("billdeck_{kind}_{:016x}", hasher.finish());
    let mut admin = PgConnection::connect(&server()).await.unwrap();
    let lock = i64::from_ne_bytes(hasher.finish().to_ne_bytes());
    sqlx::query("select pg_advisory_lock($1)")
        .bind(lock)
        .execute(&mut admin)
        .await
        .unwrap();
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    if !exists {
        // Renamed when it is ready, so that a run that dies half way leaves no half template.
        let making = format!("{name}_making");
        for statement in [
            format!("drop database if exists {making} with (force)"),
            format!("create database {making}"),
        ] {
            sqlx::query(AssertSqlSafe(statement))
                .execute(&mut admin)
                .await
                .unwrap();
        }
        let mut conn = PgConnection::connect(&url_of(&making)).await.unwrap();
        billdeck::store::migrate::migrate(&mut conn).await.unwrap();
        if let Some(size) = size {
            bulk::fill(&mut conn, size).await.unwrap();
        }
        conn.close().await.unwrap();
        let rename = format!("alter database {making} rename to {name}");
        sqlx::query(AssertSqlSafe(rename))
            .execute(&mut admin)
            .await
            .unwrap();
    }
    admin.close().await.unwrap();
    name
}
