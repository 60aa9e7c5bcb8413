//! News between processes: a hint to look, never the news itself. Whoever misses one finds out by looking now and then.

use std::{sync::Arc, time::Duration};

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::Notify;

use super::{Store, StoreError};

/// How often one bell rings at most: notifying takes a lock that commits share.
const PAUSE: Duration = Duration::from_millis(25);

/// Rings a channel, however often it is asked, at most every 25 ms.
#[derive(Clone, Debug)]
pub struct Bell {
    pulled: Arc<Notify>,
}

impl Bell {
    /// There is work.
    pub const WORK: &'static str = "billdeck_work";
    /// There is something new to see.
    pub const NEWS: &'static str = "billdeck_news";

    /// A bell on a channel. Its task ends with its last clone; must be called within a tokio runtime.
    pub fn new(store: &Store, channel: &'static str) -> Self {
        let pulled = Arc::new(Notify::new());
        let waiting = Arc::downgrade(&pulled);
        let pool = store.pool().clone();
        tokio::spawn(async move {
            loop {
                let Some(pulled) = waiting.upgrade() else { return };
                // The bell's last clone may go while nobody pulls it; so look again now and then.
                let rung = tokio::time::timeout(Duration::from_secs(5), pulled.notified())
                    .await
                    .is_ok();
                drop(pulled);
                if !rung {
                    continue;
                }
                // A notification needs a commit but no flush: it is worth nothing after a crash.
                if let Err(error) =
                    sqlx::query("select set_config('synchronous_commit', 'off', true), pg_notify($1, '')")
                        .bind(channel)
                        .execute(&pool)
                        .await
                {
                    tracing::debug!(channel, error = %error, "could not tell other processes; they will look by themselves");
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { pulled }
    }

    /// Rings, soon.
    pub fn ring(&self) {
        self.pulled.notify_one();
    }
}

/// Hears channels on a connection of its own.
#[derive(Debug)]
pub struct Ear {
    listener: PgListener,
}

impl Ear {
    /// Listens from now on: look once after this, then wait.
    pub async fn listen(store: &Store, channels: &[&'static str]) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(store.options().acquire_timeout)
            .connect_with(store.pool().connect_options().as_ref().clone())
            .await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen_all(channels.iter().copied()).await?;
        Ok(Self { listener })
    }

    /// Waits for the next ring, and tells its channel. None after a lost connection that is back: rings may have been
    /// missed, so look.
    pub async fn hear(&mut self) -> Result<Option<String>, StoreError> {
        Ok(self
            .listener
            .try_recv()
            .await?
            .map(|news| news.channel().to_owned()))
    }
}
