//! The database of a process: the one that was given, or the private cluster.

use std::sync::Arc;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection};

use super::RuntimeError;
use crate::{
    config::DatabaseSettings,
    domain::provider::Environment,
    postgres::{Cluster, ClusterOptions, ClusterStatus, Progress},
    store::{
        ConnectOptions, Store, StoreError,
        migrate::{self, SchemaVersion},
    },
};

/// A database that answers, and a place among the users of its cluster where it is a private one.
#[derive(Debug)]
pub struct Database {
    url: SecretString,
    cluster: Option<Cluster>,
    /// Its version before it was brought to this one on the way.
    before: Option<SchemaVersion>,
}

impl Database {
    /// Opens the database that is configured. A private cluster is made or started if need be, and whoever starts it
    /// brings it to this version; a database that was given is left as it is.
    pub async fn open(
        settings: &DatabaseSettings,
        progress: Arc<dyn Progress>,
    ) -> Result<Self, RuntimeError> {
        match &settings.url {
            Some(url) => Ok(Self {
                url: url.clone(),
                cluster: None,
                before: None,
            }),
            None => Self::open_private(settings, progress).await,
        }
    }

    async fn open_private(
        settings: &DatabaseSettings,
        progress: Arc<dyn Progress>,
    ) -> Result<Self, RuntimeError> {
        let mut options = ClusterOptions::new(&settings.data_dir, settings.pg_bin.clone());
        options.progress = progress;
        let before = Cluster::status(&settings.data_dir)
            .await
            .map_err(RuntimeError::Cluster)?;
        let cluster = Cluster::join(&options).await.map_err(RuntimeError::Cluster)?;
        let mut database = Self {
            url: cluster.url(),
            cluster: Some(cluster),
            before: None,
        };
        let mut conn = database.connect().await?;
        let outcome = match before {
            ClusterStatus::NotMade | ClusterStatus::Stopped { .. } => {
                migrate::migrate(&mut conn).await.map(Some)
            }
            ClusterStatus::Running { .. } => migrate_if_empty(&mut conn).await,
        };
        database.before = outcome.map_err(|source| database.failed(source))?;
        close(conn).await;
        Ok(database)
    }

    /// The URL, with its password.
    pub const fn url(&self) -> &SecretString {
        &self.url
    }

    /// It is a private cluster.
    pub const fn is_private(&self) -> bool {
        self.cluster.is_some()
    }

    /// The URL as it may be printed: complete for a private cluster, without its password where it was given.
    pub fn shown(&self) -> String {
        if self.is_private() {
            self.url.expose_secret().to_owned()
        } else {
            shown_url(&self.url)
        }
    }

    /// One connection, made with care for why there is none.
    pub async fn connect(&self) -> Result<PgConnection, RuntimeError> {
        let options = ConnectOptions::new(self.url.clone(), Environment::Test);
        let connected = async { Store::connect(options).await?.connect_apart().await };
        connected.await.map_err(|source| self.failed(source))
    }

    /// Brings the database to this version. Gives back the version before.
    pub async fn migrate(&self) -> Result<SchemaVersion, RuntimeError> {
        if let Some(before) = self.before {
            return Ok(before);
        }
        let mut conn = self.connect().await?;
        let before = migrate::migrate(&mut conn)
            .await
            .map_err(|source| self.failed(source))?;
        close(conn).await;
        Ok(before)
    }

    /// Gives up the place in the cluster; the last one to leave stops the server.
    pub async fn leave(self) -> Result<(), RuntimeError> {
        if let Some(cluster) = self.cluster {
            cluster.leave().await.map_err(RuntimeError::Cluster)?;
        }
        Ok(())
    }

    pub(super) fn failed(&self, source: StoreError) -> RuntimeError {
        RuntimeError::Database {
            url: shown_url(&self.url),
            source,
        }
    }
}

/// A server that is being used is of the version of those who use it, unless it was made this moment.
async fn migrate_if_empty(conn: &mut PgConnection) -> Result<Option<SchemaVersion>, StoreError> {
    if migrate::version(conn).await?.found > 0 {
        return Ok(None);
    }
    migrate::migrate(conn).await.map(Some)
}

/// Says goodbye; whether it was heard does not matter.
pub(super) async fn close(conn: PgConnection) {
    let _ = conn.close().await;
}

/// A database URL without its password, wherever it stands in it.
pub fn shown_url(url: &SecretString) -> String {
    let hidden = "the configured URL".to_owned();
    let Ok(mut url) = Url::parse(url.expose_secret()) else {
        return hidden;
    };
    if url.set_password(None).is_err() {
        return hidden;
    }
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !matches!(name.as_ref(), "password" | "sslpassword"))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_holds_no_password() {
        let shown = |url: &str| shown_url(&url.into());
        assert_eq!(
            shown("postgres://ana:geheim@db:5432/x"),
            "postgres://ana@db:5432/x"
        );
        assert_eq!(
            shown("postgres://db/x?user=ana&password=geheim&sslmode=require"),
            "postgres://db/x?user=ana&sslmode=require"
        );
        assert_eq!(shown("postgres://db/x"), "postgres://db/x");
        assert_eq!(shown("geheim"), "the configured URL");
    }
}
