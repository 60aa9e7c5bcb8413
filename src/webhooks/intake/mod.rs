//! Intake: a body comes in, is verified, is committed with all its rows, and only then acknowledged.
//!
//! Many requests share one commit: each hands its entry to a bounded queue and waits; committers write whatever is
//! waiting in one statement. No provider is called here and no event is interpreted.
//!
//! What billdeck promises: an answer of 200 means that the event is durable; every other answer means that the sender
//! should deliver again or that nothing can help. What was not signed is kept within a budget and never becomes work.

mod budget;
mod clerk;
mod commit;
mod door;
mod error;
mod judge;
mod options;
mod queue;

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

pub use budget::QuarantineLimits;
pub use door::Door;
pub use error::IntakeError;
pub use judge::is_kept_header;
pub use options::IntakeOptions;

use self::{
    budget::{Allowance, Budget},
    clerk::Clerk,
    commit::{Committer, Pace, Road},
    door::Doors,
    queue::{Failure, Queue},
};
use crate::{
    domain::{
        event::EndState,
        ids::EventId,
        provider::{Book, ProviderName},
    },
    providers::{RawDelivery, Registry, SignatureError},
    store::{
        Store,
        intake::{Entry, Verdict, Written},
        notify::Bell,
    },
};

/// A delivery, as the HTTP face received it.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Header names in lower case; values that are no visible ASCII are left out. Only those that
    /// [`is_kept_header`] names are looked at.
    pub headers: BTreeMap<String, String>,
    /// Exactly the bytes that were received.
    pub body: Bytes,
    /// The address of the peer.
    pub remote: Option<IpAddr>,
}

impl Delivery {
    fn raw(&self) -> RawDelivery<'_> {
        RawDelivery {
            headers: &self.headers,
            body: &self.body,
        }
    }
}

/// Where an event that was not delivered comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The provider's own list of events.
    Backfill,
    /// A person.
    Import,
}

/// Whether an event was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// New, and durable.
    Accepted,
    /// Known, and counted.
    Duplicate,
}

/// What the sender is told, after the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Whether it was new.
    pub status: ReceiptStatus,
    /// The event.
    pub id: EventId,
    /// The event was known with another body; the first one stays in force.
    #[serde(skip)]
    pub other_body: bool,
}

/// Whether deliveries can be taken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// The database answered when it was last written to.
    pub database: bool,
    /// Deliveries that wait for their commit.
    pub waiting: usize,
    /// How many may wait.
    pub waiting_max: usize,
    /// Nothing more is taken in.
    pub closing: bool,
}

/// What the handle and its tasks share.
struct Shared {
    store: Store,
    doors: Doors,
    away: watch::Sender<bool>,
    bells: [Bell; 2],
    received: Mutex<BTreeMap<Book, i32>>,
}

impl Shared {
    fn is_away(&self) -> bool {
        *self.away.borrow()
    }

    fn set_away(&self, away: bool) {
        self.away
            .send_if_modified(|was| std::mem::replace(was, away) != away);
    }

    /// Counts what was committed and wakes whoever waits for work.
    fn count(&self, entries: &[Entry], outcomes: &[Result<Written, Failure>]) {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let mut any_new = false;
        for (entry, outcome) in entries.iter().zip(outcomes) {
            let (Some(event), Ok(Written::New(_))) = (&entry.event, outcome) else {
                continue;
            };
            any_new = true;
            if event
                .end
                .as_ref()
                .is_some_and(|end| end.state == EndState::Quarantined)
            {
                continue;
            }
            *received.entry(entry.book).or_default() += 1;
        }
        drop(received);
        if any_new {
            for bell in &self.bells {
                bell.ring();
            }
        }
    }

    fn take_received(&self) -> BTreeMap<Book, i32> {
        std::mem::take(&mut self.received.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Inner {
    shared: Arc<Shared>,
    queue: Queue,
    budget: Mutex<Budget>,
    options: IntakeOptions,
    committers: TaskTracker,
    helpers: TaskTracker,
    stop_committers: CancellationToken,
    stop_helpers: CancellationToken,
    /// Without a handle nothing can come in any more, so the helpers end too.
    _stop_with_last_handle: DropGuard,
}

/// The handle to intake; clones share one queue.
#[derive(Clone)]
pub struct Intake {
    inner: Arc<Inner>,
}

impl Intake {
    /// Starts the committers. The database may be away: deliveries are refused until it is there.
    ///
    /// Must be called within a Tokio runtime.
    pub fn start(store: Store, registry: &Registry, options: IntakeOptions) -> Self {
        let (queue, waiting) = queue::queue(options.queue, options.queue_bytes, options.retry_after);
        let bells = [Bell::WORK, Bell::NEWS].map(|channel| Bell::new(&store, channel));
        let shared = Arc::new(Shared {
            bells,
            store,
            doors: Doors::new(registry, options.path_secret.as_ref()),
            away: watch::Sender::new(false),
            received: Mutex::default(),
        });
        let (committers, helpers) = (TaskTracker::new(), TaskTracker::new());
        let (stop_committers, stop_helpers) = (CancellationToken::new(), CancellationToken::new());
        let road = Road {
            shared: Arc::clone(&shared),
            waiting: Arc::new(tokio::sync::Mutex::new(waiting)),
            flights: Arc::default(),
        };
        let pace = Pace {
            batch_max: options.batch.max(1),
            batch_worth: options.batch_worth,
            commit_timeout: options.commit_timeout,
        };
        for _ in 0..options.committers.max(1) {
            committers.spawn(Committer::new(road.clone(), pace).run(stop_committers.clone()));
        }
        let clerk = Clerk::new(Arc::clone(&shared), options.process.clone());
        helpers.spawn(clerk.run(stop_helpers.clone()));
        helpers.spawn(clerk::look_for_database(
            Arc::clone(&shared),
            stop_helpers.clone(),
        ));
        committers.close();
        helpers.close();
        let budget = Mutex::new(Budget::new(options.quarantine, Instant::now()));
        let inner = Inner {
            shared,
            queue,
            budget,
            options,
            committers,
            helpers,
            stop_committers,
            _stop_with_last_handle: stop_helpers.clone().drop_guard(),
            stop_helpers,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The endpoint that a path names: the provider's word, and the path secret if one was given.
    pub fn door(&self, provider: &str, path_secret: Option<&str>) -> Result<&Arc<Door>, IntakeError> {
        self.inner.shared.doors.find(provider, path_secret)
    }

    /// The longest body that is taken, in bytes.
    pub fn body_limit(&self) -> usize {
        self.inner.options.body_limit
    }

    /// Takes a delivery: verifies it, stores it, and gives its receipt after the commit.
    ///
    /// A signed body of the other environment is kept in quarantine and accepted: delivering it again cannot help and
    /// would get the endpoint disabled. A signed body that is no event is kept as a dead event and refused.
    pub async fn receive(&self, door: &Door, delivery: Delivery) -> Result<Receipt, IntakeError> {
        let limit = self.body_limit();
        if delivery.body.len() > limit {
            let length = u64::try_from(delivery.body.len()).unwrap_or(u64::MAX);
            self.note_too_large(door, delivery.headers, delivery.remote, length)
                .await;
            return Err(IntakeError::TooLarge { limit });
        }
        let now = Timestamp::now();
        match door.room.verify(delivery.raw(), now) {
            Ok(verified) => door.note_secret(verified.secret_index),
            Err(error) => return self.refuse(door, delivery, error, now).await,
        }
        match judge::envelope(door, delivery.raw()) {
            Ok(envelope) => self.commit(judge::verified(door, delivery, envelope, now)).await,
            Err(error) => {
                self.commit(judge::unreadable(door, delivery, &error, now))
                    .await?;
                Err(IntakeError::BadBody(error))
            }
        }
    }

    /// Takes an event that was not delivered: from the provider's list, or given by a person. It is not signed, so an
    /// import makes nothing verified.
    ///
    /// Callers with many events keep several of these calls going at once; they share commits like deliveries do.
    pub async fn import(
        &self,
        provider: ProviderName,
        body: Bytes,
        origin: Origin,
    ) -> Result<Receipt, IntakeError> {
        let limit = self.body_limit();
        if body.len() > limit {
            return Err(IntakeError::TooLarge { limit });
        }
        let door = self.inner.shared.doors.get(provider)?;
        let undelivered = RawDelivery {
            headers: &BTreeMap::new(),
            body: &body,
        };
        let envelope = judge::envelope(door, undelivered).map_err(IntakeError::BadBody)?;
        if envelope.book != door.book {
            return Err(IntakeError::OtherEnvironment {
                found: envelope.book,
                served: door.book.environment,
            });
        }
        self.commit(judge::given(door, body, envelope, origin, Timestamp::now()))
            .await
    }

    /// Keeps the verdict on a delivery whose body was too long to be read; `length` is what the sender announced, or
    /// what had come when it was cut off.
    pub async fn note_too_large(
        &self,
        door: &Door,
        headers: BTreeMap<String, String>,
        remote: Option<IpAddr>,
        length: u64,
    ) {
        if self.budget(Budget::take_verdict) == Allowance::Nothing {
            return;
        }
        let entry = judge::too_large(door, headers, remote, length, Timestamp::now());
        if let Err(error) = self.write(entry).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "a verdict could not be kept"
            );
        }
    }

    /// Whether deliveries can be taken now.
    pub fn readiness(&self) -> Readiness {
        let (waiting, waiting_max) = self.inner.queue.depth();
        Readiness {
            database: !self.inner.shared.is_away(),
            waiting,
            waiting_max,
            closing: self.inner.stop_committers.is_cancelled(),
        }
    }

    /// Takes nothing more in, commits everything that was handed in, and ends all tasks. Stop the HTTP face first, so
    /// that requests in flight get their answers.
    pub async fn shutdown(&self) {
        let inner = &self.inner;
        inner.stop_committers.cancel();
        inner.committers.wait().await;
        inner.stop_helpers.cancel();
        inner.helpers.wait().await;
    }

    /// Refuses a delivery whose signature was not accepted, and keeps of it what the budget allows.
    async fn refuse(
        &self,
        door: &Door,
        delivery: Delivery,
        error: SignatureError,
        now: Timestamp,
    ) -> Result<Receipt, IntakeError> {
        let verdict = match &error {
            SignatureError::Missing(_) | SignatureError::Malformed { .. } | SignatureError::Mismatch => {
                Verdict::BadSignature
            }
            SignatureError::OutsideTolerance(_) => Verdict::TooOld,
            SignatureError::NoSecret(_) => Verdict::NoSecret,
        };
        let length = delivery.body.len();
        let remote = delivery.remote;
        let entry = match self.budget(|budget, now| budget.take(remote, length, now)) {
            Allowance::Body => Some(judge::quarantined(
                door,
                delivery,
                verdict,
                judge::with_causes(&error),
                now,
            )),
            Allowance::Verdict => Some(judge::verdict_only(door, delivery, verdict, now)),
            Allowance::Nothing => None,
        };
        if let Some(entry) = entry {
            self.write(entry).await?;
        }
        Err(IntakeError::BadSignature(error))
    }

    fn budget(&self, take: impl FnOnce(&mut Budget, Instant) -> Allowance) -> Allowance {
        let mut budget = self.inner.budget.lock().unwrap_or_else(PoisonError::into_inner);
        take(&mut budget, Instant::now())
    }

    /// Commits an entry that holds an event.
    async fn commit(&self, entry: Entry) -> Result<Receipt, IntakeError> {
        match self.write(entry).await? {
            Written::New(id) => Ok(Receipt {
                status: ReceiptStatus::Accepted,
                id,
                other_body: false,
            }),
            Written::Duplicate { id, other_body } => Ok(Receipt {
                status: ReceiptStatus::Duplicate,
                id,
                other_body,
            }),
            // The statement answers every entry that holds an event.
            Written::VerdictOnly => Err(IntakeError::Refused),
        }
    }

    async fn write(&self, entry: Entry) -> Result<Written, IntakeError> {
        if self.inner.shared.is_away() {
            return Err(IntakeError::Unavailable {
                retry_after: self.inner.options.retry_after,
            });
        }
        self.inner.queue.commit(entry).await
    }
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake")
            .field("readiness", &self.readiness())
            .finish_non_exhaustive()
    }
}
