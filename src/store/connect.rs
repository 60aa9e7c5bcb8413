//! Connecting: a pool with session defaults set once, and one honest connection for saying why there is none.

use std::{str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions as _, Connection, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::StoreError;
use crate::domain::provider::Environment;

/// How to connect.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// The database's URL, with its password.
    pub url: SecretString,
    /// Connections at most.
    pub max_connections: u32,
    /// How long to wait for a free one.
    pub acquire_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// The session refuses writes, whatever is asked of it.
    pub read_only: bool,
    /// Shown in `pg_stat_activity`.
    pub application: String,
    /// Which books this process serves.
    pub environment: Environment,
}

impl ConnectOptions {
    /// Sensible defaults for a URL.
    pub fn new(url: SecretString, environment: Environment) -> Self {
        Self {
            url,
            max_connections: 16,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(30),
            read_only: false,
            application: "billdeck".to_owned(),
            environment,
        }
    }

    fn pg(&self) -> Result<PgConnectOptions, StoreError> {
        let statement_timeout = self.statement_timeout.as_millis().to_string();
        let mut settings = vec![
            ("statement_timeout", statement_timeout),
            ("idle_in_transaction_session_timeout", "60000".to_owned()),
            ("lock_timeout", "10000".to_owned()),
            ("timezone", "UTC".to_owned()),
        ];
        if self.read_only {
            settings.push(("default_transaction_read_only", "on".to_owned()));
        }
        let options = PgConnectOptions::from_str(self.url.expose_secret()).map_err(StoreError::from)?;
        Ok(options.application_name(&self.application).options(settings))
    }
}

/// The database, as one process uses it.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    options: ConnectOptions,
}

impl Store {
    /// Connects. The first connection is made outside the pool, since a pool says only that it timed out where the
    /// server is away, the password wrong or the database unknown.
    pub async fn connect(options: ConnectOptions) -> Result<Self, StoreError> {
        let pg = options.pg()?;
        let probe = tokio::time::timeout(Duration::from_secs(10), pg.connect())
            .await
            .map_err(|_| StoreError::Unavailable(sqlx::Error::PoolTimedOut))?
            .map_err(|error| match error {
                // Whatever keeps the first connection from being made, the database cannot be used.
                error @ sqlx::Error::Database(_) => StoreError::Unavailable(error),
                error => StoreError::from(error),
            })?;
        probe.close().await?;
        Ok(Self::lazily(options, pg))
    }

    /// A store that connects when it is first used: for a listener, which has to come up while the database is away.
    pub fn connect_lazily(options: ConnectOptions) -> Result<Self, StoreError> {
        let pg = options.pg()?;
        Ok(Self::lazily(options, pg))
    }

    fn lazily(options: ConnectOptions, pg: PgConnectOptions) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .connect_lazy_with(pg);
        Self { pool, options }
    }

    /// The pool, for a connection that is held for one piece of work.
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How the store connects.
    pub const fn options(&self) -> &ConnectOptions {
        &self.options
    }

    /// Which books this process serves.
    pub const fn environment(&self) -> Environment {
        self.options.environment
    }

    /// Begins a transaction; dropping it takes everything back. It can write unless the store is read-only, which is said
    /// with the transaction too: a transaction pooler hands out sessions that know nothing of it.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.begin_whole(if self.options.read_only {
            "begin read only"
        } else {
            "begin"
        })
        .await
    }

    /// Begins a transaction that cannot write: every read of a face goes through one, so that read-only is a fact of the
    /// database and holds behind a transaction pooler too.
    pub async fn begin_read_only(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.begin_whole("begin isolation level repeatable read read only")
            .await
    }

    /// Begins in a task of its own, so that a caller who is cut off in the middle leaves no open transaction behind: sqlx
    /// counts a transaction only once `begin` has been answered, and would give the connection back to the pool with it.
    async fn begin_whole(
        &self,
        statement: &'static str,
    ) -> Result<Transaction<'static, Postgres>, StoreError> {
        let pool = self.pool.clone();
        match tokio::spawn(async move { pool.begin_with(statement).await }).await {
            Ok(begun) => Ok(begun?),
            // The runtime is going down.
            Err(_) => Err(StoreError::Unavailable(sqlx::Error::PoolClosed)),
        }
    }

    /// One connection outside the pool, for listening to news.
    pub async fn connect_apart(&self) -> Result<PgConnection, StoreError> {
        Ok(self.options.pg()?.connect().await?)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
