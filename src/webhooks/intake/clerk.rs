//! What intake does beside the road, never in a request: noting which secrets are in use, the figures of each minute,
//! partitions ahead of time, and looking whether a database that was away is back.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use sqlx::PgConnection;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{
    Shared,
    commit::{CONNECT_TIMEOUT, within},
};
use crate::store::{StoreError, intake};

const NOTES_EVERY: Duration = Duration::from_secs(2);
const PARTITIONS_EVERY: Duration = Duration::from_hours(1);
/// How often a database that is away is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(super) struct Clerk {
    shared: Arc<Shared>,
    process: String,
    conn: Option<PgConnection>,
    partitions_made: Option<Instant>,
    secrets_listed: bool,
}

impl Clerk {
    pub(super) const fn new(shared: Arc<Shared>, process: String) -> Self {
        Self {
            shared,
            process,
            conn: None,
            partitions_made: None,
            secrets_listed: false,
        }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut notes = tokio::time::interval(NOTES_EVERY);
        notes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                _ = notes.tick() => self.keep_notes().await,
            }
        }
        self.keep_notes().await;
    }

    /// Writes the notes on the clerk's own connection. What fails is lost: none of it is needed to be right.
    async fn keep_notes(&mut self) {
        let connected = match self.conn.take() {
            Some(conn) => Ok(conn),
            None if self.shared.is_away() => return,
            None => within(CONNECT_TIMEOUT, self.shared.store.connect_apart()).await,
        };
        let outcome = match connected {
            Ok(mut conn) => {
                let outcome = within(CONNECT_TIMEOUT, self.write_notes(&mut conn)).await;
                if outcome.is_ok() {
                    self.conn = Some(conn);
                }
                outcome
            }
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the listener's notes could not be written"
            );
        }
    }

    async fn write_notes(&mut self, conn: &mut PgConnection) -> Result<(), StoreError> {
        let now = Timestamp::now();
        if self
            .partitions_made
            .is_none_or(|made| made.elapsed() >= PARTITIONS_EVERY)
        {
            // Counted as done whatever comes of it: the default partition takes the rows meanwhile.
            self.partitions_made = Some(Instant::now());
            intake::partitions_ensure(conn).await?;
        }
        let list_all = !self.secrets_listed;
        for door in self.shared.doors.iter() {
            let used = door.take_used_secrets();
            if used == 0 && !list_all {
                continue;
            }
            for (index, fingerprint) in door.room.secret_fingerprints().iter().enumerate().take(64) {
                let used_at = (used & (1 << index) != 0).then_some(now);
                if !fingerprint.is_empty() && (list_all || used_at.is_some()) {
                    intake::secret_seen(conn, door.book, &door.endpoint, fingerprint, used_at).await?;
                }
            }
        }
        self.secrets_listed = true;
        for (book, events) in self.shared.take_received() {
            intake::received_add(conn, &self.process, now, book, events).await?;
        }
        Ok(())
    }
}

/// Looks for a database that is away until it is back, again and again.
pub(super) async fn look_for_database(shared: Arc<Shared>, stop: CancellationToken) {
    let mut away = shared.away.subscribe();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            waited = away.wait_for(|away| *away) => {
                if waited.is_err() {
                    return;
                }
            }
        }
        tracing::warn!("the database is away; deliveries are answered 503 until it is back");
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            if within(CONNECT_TIMEOUT, shared.store.connect_apart())
                .await
                .is_ok()
            {
                shared.set_away(false);
                tracing::info!("the database is back");
                break;
            }
        }
    }
}
