//! The committers: each takes what is waiting, writes it in one statement, and only then lets the waiting know.
//!
//! While one batch is in flight, the next one gathers, so that batches are as large as the database is slow. It departs
//! when it is worth a commit of its own, when the one before it has landed, or when that one seems stuck. What comes
//! alone never waits.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use sqlx::PgConnection;
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use super::{
    Shared,
    queue::{Failure, Ticket, Waiting},
};
use crate::store::{
    StoreError,
    intake::{self, Entry, Written},
};

/// How long a committer waits for a connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a small batch waits for the one before it. Many commits fit into it; one that takes longer is stuck, and what
/// comes after must not be stuck with it.
const PATIENCE: Duration = Duration::from_millis(20);

/// The same trouble is logged at most this often.
const LOG_EVERY: Duration = Duration::from_secs(5);

/// The batches that are being committed.
#[derive(Default)]
pub(super) struct Flights {
    count: AtomicUsize,
    landed: Notify,
}

impl Flights {
    fn depart(&self) {
        self.count.fetch_add(1, Ordering::AcqRel);
    }

    fn land(&self) {
        self.count.fetch_sub(1, Ordering::AcqRel);
        self.landed.notify_one();
    }

    fn any(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }
}

/// What the committers share.
#[derive(Clone)]
pub(super) struct Road {
    pub(super) shared: Arc<Shared>,
    pub(super) waiting: Arc<Mutex<Waiting>>,
    pub(super) flights: Arc<Flights>,
}

/// How large batches are, and how long one may take.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// The largest batch.
    pub(super) batch_max: usize,
    /// The smallest batch that departs while another one is in flight.
    pub(super) batch_worth: usize,
    pub(super) commit_timeout: Duration,
}

pub(super) struct Committer {
    road: Road,
    pace: Pace,
    conn: Option<PgConnection>,
    logged: Option<Instant>,
}

impl Committer {
    pub(super) const fn new(road: Road, pace: Pace) -> Self {
        Self {
            road,
            pace,
            conn: None,
            logged: None,
        }
    }

    /// Commits until the queue is closed (by `stop`, or because nobody can hand anything in any more) and empty.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut batch = Vec::new();
        while self.gather(&mut batch, &stop).await {
            let (mut entries, done): (Vec<_>, Vec<_>) = batch
                .drain(..)
                .map(|Ticket { entry, done }| (entry, done))
                .unzip();
            let committing = AssertUnwindSafe(self.commit(&mut entries)).catch_unwind();
            let outcomes = committing.await.unwrap_or_else(|_| {
                self.conn = None;
                vec![Err(Failure::Unavailable); done.len()]
            });
            self.road.flights.land();
            self.road.shared.count(&entries, &outcomes);
            for (done, outcome) in done.into_iter().zip(outcomes) {
                // Whoever has hung up meanwhile will deliver again and be told that it is a duplicate.
                let _ = done.send(outcome);
            }
        }
    }

    /// Waits for the next batch and lets it depart. False when nothing will come any more.
    async fn gather(&self, batch: &mut Vec<Ticket>, stop: &CancellationToken) -> bool {
        let Pace {
            batch_max,
            batch_worth,
            ..
        } = self.pace;
        let flights = &self.road.flights;
        // One committer gathers at a time.
        let mut waiting = self.road.waiting.lock().await;
        let taken = tokio::select! {
            biased;
            taken = waiting.take(batch, batch_max) => taken,
            () = stop.cancelled() => {
                waiting.close();
                waiting.take(batch, batch_max).await
            }
        };
        if taken == 0 {
            return false;
        }
        let patience = tokio::time::sleep(PATIENCE);
        tokio::pin!(patience);
        while batch.len() < batch_worth.min(batch_max) && flights.any() {
            tokio::select! {
                biased;
                () = &mut patience => break,
                taken = waiting.take(batch, batch_max - batch.len()) => {
                    if taken == 0 {
                        break;
                    }
                }
                // It may be the landing of an earlier batch, so look again.
                () = flights.landed.notified() => {}
            }
        }
        flights.depart();
        true
    }

    async fn commit(&mut self, entries: &mut [Entry]) -> Vec<Result<Written, Failure>> {
        match self.attempt(entries).await {
            Ok(outcomes) => return outcomes,
            // A connection that broke while nobody used it says so only now, and a statement prepared before a
            // migration no longer fits: worth one more try with a new connection.
            Err(error) => self.log(&error, "a commit failed; it is tried once more"),
        }
        for entry in &mut *entries {
            entry.renew_ids();
        }
        match self.attempt(entries).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                self.log(
                    &error,
                    "deliveries are refused until the database can be written to again",
                );
                vec![Err(Failure::Unavailable); entries.len()]
            }
        }
    }

    /// Writes the batch. After an error the connection is gone and the outcome is open.
    async fn attempt(&mut self, entries: &[Entry]) -> Result<Vec<Result<Written, Failure>>, StoreError> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => match within(CONNECT_TIMEOUT, self.connect()).await {
                Ok(conn) => conn,
                Err(error) => {
                    self.road.shared.set_away(true);
                    return Err(error);
                }
            },
        };
        let outcomes = within(self.pace.commit_timeout, intake::write_each(&mut conn, entries)).await?;
        self.conn = Some(conn);
        let outcomes = outcomes.into_iter().zip(entries).map(|(outcome, entry)| {
            outcome.map_err(|error| {
                let event = entry
                    .event
                    .as_ref()
                    .map(|event| event.envelope.provider_event_id.as_str());
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    provider = %entry.book.provider,
                    event.key = event,
                    "the database refused a delivery"
                );
                Failure::Refused
            })
        });
        Ok(outcomes.collect())
    }

    async fn connect(&self) -> Result<PgConnection, StoreError> {
        let mut conn = self.road.shared.store.connect_apart().await?;
        intake::make_ready(&mut conn).await?;
        Ok(conn)
    }

    fn log(&mut self, error: &StoreError, what: &'static str) {
        if self.logged.is_some_and(|last| last.elapsed() < LOG_EVERY) {
            return;
        }
        self.logged = Some(Instant::now());
        tracing::error!(
            error = error as &dyn std::error::Error,
            code = error.code(),
            "{what}"
        );
    }
}

/// Runs a piece of work against the database under a limit of time.
pub(super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or(Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut)))
}
