//! The worker: claims lanes, works them off one event at a time, settles each in the transaction that applies it.
//!
//! [`Worker::step`] does at most one lane and says what it did; [`Worker::run`] is the dull loop around it. Any number of
//! workers on any number of hosts share one database: leases keep them apart, tokens fence the late ones.

mod lane;
mod process;
mod settle;
mod wake;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use lane::LaneReport;
pub use process::Outcome;
pub(in crate::webhooks) use settle::WAIT_LOOKS;

use crate::{
    billing::{Billing, reader::in_words},
    domain::provider::Book,
    store::{
        StoreError,
        lane::{Claimed, lanes_claim},
    },
};

use wake::Wake;

/// How long an idle worker sleeps at most before it looks by itself, unless it is told otherwise: notifications are a
/// hint, looking is the truth.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long a worker waits after others took at once all lanes that it had picked.
const OUTRUN: Duration = Duration::from_millis(10);
/// How long a worker waits after the database failed it.
const DATABASE_PAUSE: Duration = Duration::from_millis(500);

/// Works events off.
#[derive(Clone, Debug)]
pub struct Worker {
    billing: Billing,
    slots: usize,
    look_again: Duration,
    figures: Figures,
}

/// Counts what the worker does, for the heartbeat.
#[derive(Clone, Debug, Default)]
pub struct Figures(Arc<Mutex<BTreeMap<Book, Counts>>>);

/// What was done since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tries that ended an event.
    pub processed: u32,
    /// Tries that failed.
    pub failed: u32,
}

impl Figures {
    fn count(&self, book: Book, outcome: &Outcome) {
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = books.entry(book).or_default();
        match outcome {
            Outcome::Processed { .. } | Outcome::InEffect | Outcome::Ignored { .. } => counts.processed += 1,
            Outcome::Failed { .. } | Outcome::Dead { .. } => counts.failed += 1,
            Outcome::Waiting { .. } | Outcome::Moved { .. } | Outcome::Lost => {}
        }
    }

    /// Takes what has been counted since the last call.
    pub fn take(&self) -> Vec<(Book, Counts)> {
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *books).into_iter().collect()
    }
}

/// What one step did.
#[derive(Debug)]
pub enum Step {
    /// Nothing is due.
    Idle,
    /// A lane was worked on.
    Worked(LaneReport),
}

impl Worker {
    /// A worker that works on up to `slots` lanes at once.
    pub fn new(billing: Billing, slots: usize) -> Self {
        Self {
            billing,
            slots: slots.max(1),
            look_again: LOOK_AGAIN,
            figures: Figures::default(),
        }
    }

    /// Looks for work that nobody announced as often as this.
    #[must_use]
    pub const fn looking_every(mut self, pause: Duration) -> Self {
        self.look_again = pause;
        self
    }

    /// What the worker does, counted.
    pub const fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Works on one lane that has due work, if there is one.
    pub async fn step(&self) -> Result<Step, StoreError> {
        let mut claimed = self.claim(1).await?;
        match claimed.leases.pop() {
            Some(lease) => {
                let report =
                    lane::work_off(&self.billing, &self.figures, lease, &CancellationToken::new()).await?;
                Ok(Step::Worked(report))
            }
            None => Ok(Step::Idle),
        }
    }

    /// Works until `stop` is cancelled; then finishes the events in hand, gives the lanes back, and returns.
    pub async fn run(&self, stop: CancellationToken) {
        let slots = Arc::new(Semaphore::new(self.slots));
        let lanes = TaskTracker::new();
        let wake = Wake::new(&self.billing);
        while !stop.is_cancelled() {
            let Some(Ok(free)) = stop.run_until_cancelled(Arc::clone(&slots).acquire_owned()).await else {
                break;
            };
            let want = slots.available_permits() + 1;
            drop(free);
            match self.claim(want).await {
                Ok(Claimed { leases, outrun }) if leases.is_empty() => {
                    let nap = if outrun { OUTRUN } else { self.look_again };
                    stop.run_until_cancelled(wake.sleep(jittered(nap))).await;
                }
                Ok(claimed) => {
                    for lease in claimed.leases {
                        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                            break;
                        };
                        let (billing, figures, stop) =
                            (self.billing.clone(), self.figures.clone(), stop.clone());
                        let ring = wake.ring();
                        lanes.spawn(async move {
                            let key = lease.lane.clone();
                            if let Err(error) = lane::work_off(&billing, &figures, lease, &stop).await {
                                // Whoever takes over begins where this ended; not at once, since it may end there again.
                                tracing::warn!(lane = %key, error = %in_words(&error), "left a lane");
                                stop.run_until_cancelled(tokio::time::sleep(DATABASE_PAUSE)).await;
                            }
                            drop(slot);
                            // What came in between the last look and the release was held back by the lease, and what
                            // was moved to another lane nobody has announced.
                            ring.notify_one();
                        });
                    }
                }
                Err(error) => {
                    tracing::warn!(error = %in_words(&error), "cannot claim work");
                    stop.run_until_cancelled(tokio::time::sleep(DATABASE_PAUSE)).await;
                }
            }
        }
        lanes.close();
        lanes.wait().await;
    }

    async fn claim(&self, limit: usize) -> Result<Claimed, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut conn = self.billing.store().pool().acquire().await?;
        match lanes_claim(
            &mut conn,
            self.billing.environment(),
            self.billing.process(),
            limit,
            self.billing.rules().lease,
        )
        .await
        {
            // Two processes looked at once and met on two lanes in different order: one of them simply looks again.
            Err(error) if error.is_collision() => Ok(Claimed {
                leases: Vec::new(),
                outrun: true,
            }),
            claimed => claimed,
        }
    }
}

/// Down to half of the pause, so that workers that looked together do not keep looking together.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(1.0 - rand::random::<f64>() / 2.0)
}
