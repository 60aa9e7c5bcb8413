//! What waits for its commit: bounded in number and in bytes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};

use super::IntakeError;
use crate::store::intake::{Entry, Written};

/// Why an entry was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The database is away, or in no state to write.
    Unavailable,
    /// The database refused this entry.
    Refused,
}

/// An entry and whoever waits for it.
pub(super) struct Ticket {
    pub(super) entry: Entry,
    pub(super) done: oneshot::Sender<Result<Written, Failure>>,
}

/// The side that hands entries in.
pub(super) struct Queue {
    sender: mpsc::Sender<Ticket>,
    bytes: Arc<AtomicUsize>,
    bytes_max: usize,
    retry_after: Duration,
}

/// The side that takes them out; the committers share it.
pub(super) struct Waiting {
    receiver: mpsc::Receiver<Ticket>,
    bytes: Arc<AtomicUsize>,
}

pub(super) fn queue(entries_max: usize, bytes_max: usize, retry_after: Duration) -> (Queue, Waiting) {
    let (sender, receiver) = mpsc::channel(entries_max.max(1));
    let bytes = Arc::new(AtomicUsize::new(0));
    let queue = Queue {
        sender,
        bytes: Arc::clone(&bytes),
        bytes_max,
        retry_after,
    };
    (queue, Waiting { receiver, bytes })
}

impl Queue {
    /// Hands an entry in and waits until it is committed.
    pub(super) async fn commit(&self, entry: Entry) -> Result<Written, IntakeError> {
        let (length, retry_after) = (entry.body.len(), self.retry_after);
        if self.bytes.fetch_add(length, Ordering::Relaxed) + length > self.bytes_max {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
            return Err(IntakeError::Busy { retry_after });
        }
        let (done, committed) = oneshot::channel();
        if let Err(error) = self.sender.try_send(Ticket { entry, done }) {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
            return Err(match error {
                mpsc::error::TrySendError::Full(_) => IntakeError::Busy { retry_after },
                mpsc::error::TrySendError::Closed(_) => IntakeError::Closing { retry_after },
            });
        }
        match committed.await {
            Ok(Ok(written)) => Ok(written),
            // A committer that died leaves the outcome open, just as a connection that broke does.
            Ok(Err(Failure::Unavailable)) | Err(_) => Err(IntakeError::Unavailable { retry_after }),
            Ok(Err(Failure::Refused)) => Err(IntakeError::Refused),
        }
    }

    /// How many entries wait, and how many may.
    pub(super) fn depth(&self) -> (usize, usize) {
        let max = self.sender.max_capacity();
        (max - self.sender.capacity(), max)
    }
}

impl Waiting {
    /// Takes what is waiting, up to a number; waits for the first. Nothing left and closed: zero.
    pub(super) async fn take(&mut self, batch: &mut Vec<Ticket>, most: usize) -> usize {
        let taken = self.receiver.recv_many(batch, most).await;
        let bytes: usize = batch
            .iter()
            .rev()
            .take(taken)
            .map(|ticket| ticket.entry.body.len())
            .sum();
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        taken
    }

    /// Takes nothing more in; what is in stays.
    pub(super) fn close(&mut self) {
        self.receiver.close();
    }
}
