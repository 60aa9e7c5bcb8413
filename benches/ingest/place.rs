//! The cluster that is measured, with databases at this program's version.

use std::{os::unix::fs::PermissionsExt, str::FromStr};

use billdeck::{
    postgres::{Cluster, ClusterOptions, ClusterStatus},
    store::migrate,
};
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, postgres::PgConnectOptions};
use tempfile::TempDir;

use super::Outcome;

pub(super) struct Place {
    cluster: Cluster,
    postmaster: u32,
    _directory: TempDir,
}

impl Place {
    pub(super) async fn make() -> Outcome<Self> {
        let directory = tempfile::tempdir()?;
        // The server does not run as root and has to get in.
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755))?;
        let programs = std::env::var_os("BILLDECK_PG_BIN").map(Into::into);
        let cluster = Cluster::join(&ClusterOptions::new(directory.path(), programs)).await?;
        let ClusterStatus::Running { pid, .. } = Cluster::status(directory.path()).await? else {
            return Err("the cluster does not run".into());
        };
        Ok(Self {
            cluster,
            postmaster: pid.try_into()?,
            _directory: directory,
        })
    }

    pub(super) fn version(&self) -> &str {
        self.cluster.version()
    }

    pub(super) const fn postmaster(&self) -> u32 {
        self.postmaster
    }

    /// Makes a database; gives back its URL.
    pub(super) async fn database(&self, name: &str) -> Outcome<String> {
        let mut server = self.cluster.connect_options("billdeck").connect().await?;
        sqlx::raw_sql(AssertSqlSafe(format!(
            "drop database if exists {name} with (force)"
        )))
        .execute(&mut server)
        .await?;
        sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut server)
            .await?;
        server.close().await?;
        let mut inside = self.cluster.connect_options(name).connect().await?;
        migrate::migrate(&mut inside).await?;
        // The limit: a row of an event's size, with the least that any table has.
        sqlx::raw_sql("create table one_row (id uuid primary key, received_at timestamptz not null, body bytea not null)")
            .execute(&mut inside)
            .await?;
        inside.close().await?;
        Ok(self.cluster.database_url(name).expose_secret().to_owned())
    }

    /// How many commits the events of one run took.
    pub(super) async fn commits(&self, url: &str, run: usize) -> Outcome<f64> {
        let mut conn = PgConnectOptions::from_str(url)?.connect().await?;
        let commits: f64 = sqlx::query_scalar(
            "select count(distinct xmin::text)::float8 from event where provider_event_id like $1",
        )
        .bind(format!("evt_1Q{run:03}x%"))
        .fetch_one(&mut conn)
        .await?;
        conn.close().await?;
        Ok(commits)
    }

    pub(super) async fn leave(self) -> Outcome<()> {
        self.cluster.leave().await?;
        Ok(())
    }
}
