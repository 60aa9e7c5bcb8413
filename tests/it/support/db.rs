//! A database per test, copied from a template that is made once, on a private cluster that all tests share and that the
//! last one stops.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use billdeck::{
    domain::provider::Environment,
    postgres::{Cluster, ClusterOptions, Durability},
    store::{ConnectOptions, Store, migrate},
};
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use uuid::Uuid;

use super::bulk;

/// A database of a test's own; removed after it is dropped.
pub(crate) struct TestDb {
    pub(crate) url: String,
    pub(crate) store: Store,
    pub(crate) pool: PgPool,
    name: String,
    _cluster: Arc<Cluster>,
}

/// The cluster that the tests of this checkout share.
async fn cluster() -> Arc<Cluster> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cluster");
    let mut options = ClusterOptions::new(folder, None);
    options.durability = Durability::Test;
    Cluster::join_shared(&options).await.unwrap()
}

fn url_of(cluster: &Cluster, database: &str) -> String {
    cluster.database_url(database).expose_secret().to_owned()
}

async fn admin(cluster: &Cluster) -> PgConnection {
    PgConnection::connect(&url_of(cluster, "postgres")).await.unwrap()
}

async fn run(conn: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await.unwrap();
}

/// An empty database of the current version.
pub(crate) async fn fresh() -> TestDb {
    let cluster = cluster().await;
    let template = template(&cluster, "empty", None).await;
    copy_of(cluster, Some(&template)).await
}

/// A database of the current version with enough rows in it for the planner to show what it would do with more.
pub(crate) async fn filled() -> TestDb {
    let cluster = cluster().await;
    let template = template(&cluster, "filled", Some(bulk::Size::FOR_PLANS)).await;
    copy_of(cluster, Some(&template)).await
}

/// A new database without any table.
pub(crate) async fn empty() -> TestDb {
    copy_of(cluster().await, None).await
}

impl TestDb {
    /// One connection, for a test that needs no more.
    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// Takes all rows out, which is much faster than a new database.
    pub(crate) async fn clear(&self) {
        let all: String = sqlx::query_scalar(
            "select string_agg(format('%I', relname), ', ') from pg_class
             where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
               and relname not in ('_sqlx_migrations', 'audit')",
        )
        .fetch_one(&self.pool)
        .await
        .unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("truncate {all}")))
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// One number from the database.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// One row as JSON, of a query that gives one row.
    pub(crate) async fn row(&self, sql: &'static str) -> serde_json::Value {
        let wrapped = format!("select to_jsonb(found) from ({sql}) found");
        let sqlx::types::Json(row) = sqlx::query_scalar(AssertSqlSafe(wrapped))
            .fetch_one(&self.pool)
            .await
            .unwrap();
        row
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        // Not here: the server removes no database while a client is half connected, and that client may be a task of this
        // very thread, which a wait would keep from going on.
        garbage().push(std::mem::take(&mut self.name));
    }
}

/// Databases that tests are done with, and that the next one removes.
fn garbage() -> MutexGuard<'static, Vec<String>> {
    static GARBAGE: Mutex<Vec<String>> = Mutex::new(Vec::new());
    GARBAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes what tests are done with, and once per run what an earlier run has left.
async fn clean_up(admin: &mut PgConnection) {
    static ONCE: AtomicBool = AtomicBool::new(false);
    let mut gone = std::mem::take(&mut *garbage());
    if !ONCE.swap(true, Ordering::Relaxed) {
        let all: Vec<String> = sqlx::query_scalar(
            r"select datname::text from pg_database where datname like 'billdeck\_test\_%'",
        )
        .fetch_all(&mut *admin)
        .await
        .unwrap();
        gone.extend(all.into_iter().filter(|name| {
            let maker = name
                .trim_start_matches("billdeck_test_")
                .split('_')
                .next()
                .unwrap_or_default();
            !Path::new("/proc").join(maker).exists()
        }));
    }
    for name in gone {
        run(admin, format!("drop database if exists {name} with (force)")).await;
    }
}

async fn copy_of(cluster: Arc<Cluster>, template: Option<&str>) -> TestDb {
    let name = format!("billdeck_test_{}_{}", std::process::id(), Uuid::now_v7().simple());
    let from = template.unwrap_or("template0");
    let mut admin = admin(&cluster).await;
    clean_up(&mut admin).await;
    run(
        &mut admin,
        format!("create database {name} template {from} strategy wal_log"),
    )
    .await;
    let url = url_of(&cluster, &name);
    let options = ConnectOptions::new(url.as_str().into(), Environment::Test);
    let store = Store::connect(options).await.unwrap();
    TestDb {
        pool: store.pool().clone(),
        url,
        store,
        name,
        _cluster: cluster,
    }
}

/// The template for these migrations and this filling; made by whoever comes first.
async fn template(cluster: &Cluster, kind: &str, size: Option<bulk::Size>) -> String {
    let mut hasher = DefaultHasher::new();
    for migration in sqlx::migrate!().iter() {
        migration.checksum.hash(&mut hasher);
    }
    if size.is_some() {
        bulk::SQL.hash(&mut hasher);
        format!("{size:?}").hash(&mut hasher);
    }
    let name = format!("billdeck_{kind}_{:016x}", hasher.finish());
    let mut admin = admin(cluster).await;
    let lock = i64::from_ne_bytes(hasher.finish().to_ne_bytes());
    run(&mut admin, format!("select pg_advisory_lock({lock})")).await;
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    if !exists {
        // Renamed when it is ready, so that a run that dies half way leaves no half template.
        let making = format!("{name}_making");
        run(
            &mut admin,
            format!("drop database if exists {making} with (force)"),
        )
        .await;
        run(&mut admin, format!("create database {making}")).await;
        let mut conn = PgConnection::connect(&url_of(cluster, &making)).await.unwrap();
        migrate::migrate(&mut conn).await.unwrap();
        if let Some(size) = size {
            bulk::fill(&mut conn, size).await.unwrap();
        }
        conn.close().await.unwrap();
        run(&mut admin, format!("alter database {making} rename to {name}")).await;
    }
    admin.close().await.unwrap();
    name
}
