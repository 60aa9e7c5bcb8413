//! Local stand-ins for the payment providers, reached only over HTTP as the real ones are.
//!
//! Each provider has a room with its own state, API and events; they share a clock that can be moved, an outbox that
//! delivers signed webhooks with retries, and faults on demand. Nothing else of billdeck is used here, and nothing else
//! of billdeck knows that what it talks to is simulated: a simulator is pointed at by its base address alone.
//!
//! ```text
//! /stripe/v1/...          the API; STRIPE_API_BASE is http://127.0.0.1:PORT/stripe
//! /checkout/{id}          hosted checkout page          /portal/{id}   billing portal
//! /_clock  /_faults  /_deliveries  /_prices  /_stories  /_events       control
//! ```
//!
//! All state is in memory. With the same seed the same calls give the same ids.

mod clock;
mod control;
mod delivery;
mod faults;
mod html;
mod ids;
mod people;
mod server;
pub mod stripe;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use delivery::{Attempt, Delivery, DeliveryOptions, DeliveryState, RetryGaps};
pub use faults::{ActiveFault, ApiFault, DeliveryFault, Fault, FaultKind};
pub use people::Person;
/// Where a simulator sends its webhooks.
pub use reqwest::Url;
use stripe::{Room, Shared, Stripe, StripeAccount};

use clock::Clock;
use delivery::Outbox;
use faults::Faults;
use ids::Ids;

/// How often the simulators look for what is due when nobody calls.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// What the simulators are started with.
#[derive(Clone, Debug)]
pub struct SimulatorOptions {
    /// Loopback address; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Address of the receiver, such as `http://127.0.0.1:8484`; events go to `/webhooks/{provider}` below it. Without
    /// it events are made and can be read, but nothing is delivered.
    pub deliver_to: Option<Url>,
    /// Where ids, names and chances come from.
    pub seed: u64,
    /// What the clock shows at the start; the host's time without it.
    pub starts_at: Option<Timestamp>,
    /// How deliveries are made.
    pub delivery: DeliveryOptions,
    /// The Stripe account.
    pub stripe: StripeAccount,
}

impl SimulatorOptions {
    /// On a free port, delivering nowhere, with seed 1 and today's date.
    pub fn new(stripe: StripeAccount) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            deliver_to: None,
            seed: 1,
            starts_at: None,
            delivery: DeliveryOptions::default(),
            stripe,
        }
    }
}

/// What can go wrong with the simulators.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// They hold made-up secrets behind no lock, so they serve this machine only.
    #[error("the simulators listen on loopback only, not on {address}; use 127.0.0.1 or [::1]")]
    NotLoopback {
        /// What was asked for.
        address: SocketAddr,
    },
    /// The address is taken, or may not be used.
    #[error("the simulators cannot listen on {address}; choose another port, or port 0 for a free one")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// Nothing can be delivered there.
    #[error("events cannot be delivered to {address}; give an address like http://127.0.0.1:8484")]
    DeliverTo {
        /// What was asked for.
        address: Url,
    },
    /// The HTTP client for deliveries could not be made.
    #[error("the simulators cannot make an HTTP client for deliveries")]
    Client(#[source] reqwest::Error),
    /// The clock cannot be moved like this.
    #[error("the clock moves forward only, and not beyond the year 2500")]
    ClockStep,
    /// An instant of a story lies before the one above it, or in the future.
    #[error("a story cannot go on at {at}: that is before what has happened already, or in the future")]
    OutOfTime {
        /// The instant.
        at: Timestamp,
    },
    /// A moment of a story cannot happen.
    #[error("moment {moment} of the story cannot happen: {message}")]
    Story {
        /// Counted from 0.
        moment: usize,
        /// The provider's words.
        message: String,
    },
    /// What was asked for cannot happen.
    #[error("{message}")]
    Refused {
        /// The provider's words.
        message: String,
    },
    /// Not an event.
    #[error("an event is a JSON object with `type` and `data`")]
    NoEvent,
}

struct Inner {
    clock: Arc<Clock>,
    faults: Arc<Faults>,
    outbox: Arc<Outbox>,
    people: Mutex<Ids>,
    stripe: Stripe,
}

/// In-process control of running simulators; what `/_…` offers over HTTP, typed. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    inner: Arc<Inner>,
}

/// Running simulators. Dropped, they stop without finishing anything.
pub struct Simulator {
    address: SocketAddr,
    handle: Handle,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Simulator {
    /// Starts them and answers when they take calls. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// When the address is no loopback address or taken, or nothing can be delivered to `deliver_to`.
    pub async fn start(options: SimulatorOptions) -> Result<Self, SimulatorError> {
        let wanted = options.listen;
        if !wanted.ip().is_loopback() {
            return Err(SimulatorError::NotLoopback { address: wanted });
        }
        let listen = |source| SimulatorError::Listen {
            address: wanted,
            source,
        };
        let listener = TcpListener::bind(wanted).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let faults = Arc::new(Faults::new(options.seed));
        let outbox = Outbox::start(options.delivery, Arc::clone(&faults), &tasks, stop.clone())
            .map_err(SimulatorError::Client)?;
        let shared = Shared {
            clock: Arc::new(Clock::new(options.starts_at)),
            faults,
            outbox: Arc::new(outbox),
            origin: format!("http://{address}"),
        };
        let endpoint = options
            .deliver_to
            .as_ref()
            .map(|base| endpoint_below(base, stripe::PROVIDER))
            .transpose()?;
        let room = Room::new(options.stripe, shared.clone(), endpoint.as_ref(), options.seed);
        let router = stripe::router(&room);
        let handle = Handle {
            inner: Arc::new(Inner {
                clock: shared.clock,
                faults: shared.faults,
                outbox: shared.outbox,
                people: Mutex::new(Ids::new(options.seed.wrapping_add(2))),
                stripe: Stripe::new(room),
            }),
        };
        let router = router.merge(control::router(handle.clone()));
        tasks.spawn(server::serve(listener, router, stop.clone()));
        tasks.spawn(heartbeat(handle.clone(), stop.clone()));
        Ok(Self {
            address,
            handle,
            stop,
            tasks,
        })
    }

    /// Where they listen.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What `STRIPE_API_BASE` is set to: paths such as `/v1/customers` are appended to it.
    pub fn stripe_base(&self) -> String {
        format!("http://{}/stripe", self.address)
    }

    /// Control from inside the process.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stops: calls in flight are finished, deliveries are not.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// `BASE/webhooks/PROVIDER`.
fn endpoint_below(base: &Url, provider: &str) -> Result<Url, SimulatorError> {
    let mut address = base.clone();
    let path = format!("{}/webhooks/{provider}", base.path().trim_end_matches('/'));
    if !matches!(base.scheme(), "http" | "https") {
        return Err(SimulatorError::DeliverTo { address });
    }
    address.set_path(&path);
    address.set_query(None);
    Ok(address)
}

async fn heartbeat(handle: Handle, stop: CancellationToken) {
    let mut beat = tokio::time::interval(HEARTBEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(beat.tick()).await.is_some() {
        handle.inner.stripe.catch_up();
    }
}

impl Handle {
    /// What the simulators' clock shows.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// How far the simulators' clock is ahead of the host's (negative: behind).
    pub fn clock_offset(&self) -> SignedDuration {
        self.inner.clock.offset()
    }

    /// Moves the clock on; all that is due on the way happens in order before this returns. Answers the new time.
    ///
    /// # Errors
    /// When the step is negative or reaches beyond the year 2500.
    pub fn advance(&self, step: SignedDuration) -> Result<Timestamp, SimulatorError> {
        let now = self.inner.clock.advance(step).ok_or(SimulatorError::ClockStep)?;
        self.inner.stripe.catch_up();
        Ok(now)
    }

    /// The simulated Stripe account.
    pub fn stripe(&self) -> &Stripe {
        &self.inner.stripe
    }

    /// Puts a fault in force and answers its id.
    pub fn add_fault(&self, fault: impl Into<Fault>) -> u64 {
        self.inner.faults.add(fault.into())
    }

    /// The faults in force.
    pub fn faults(&self) -> Vec<ActiveFault> {
        self.inner.faults.list()
    }

    /// Ends one fault. False when it has ended already.
    pub fn remove_fault(&self, id: u64) -> bool {
        self.inner.faults.remove(id)
    }

    /// Ends all faults. Deliveries that were dropped stay dropped.
    pub fn clear_faults(&self) {
        self.inner.faults.clear();
    }

    /// All deliveries, in the order in which they were begun.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.inner.outbox.log().all()
    }

    /// The deliveries of one event.
    pub fn deliveries_of(&self, event_id: &str) -> Vec<Delivery> {
        self.inner.outbox.log().of_event(event_id)
    }

    /// Deliveries that are queued, held back, in flight or waiting for their next attempt.
    pub fn pending_deliveries(&self) -> usize {
        self.inner.outbox.pending()
    }

    /// Waits until every delivery has arrived, failed for good or been dropped.
    pub async fn settled(&self) {
        self.inner.outbox.settled().await;
    }

    /// Makes up the next person.
    pub fn person(&self) -> Person {
        people::person(&mut self.inner.people.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
