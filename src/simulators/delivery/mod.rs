//! The outbox: delivers events to webhook endpoints as the providers do, over HTTP, signed afresh for every attempt, and
//! again with growing gaps until a 2xx comes back.
//!
//! Deliveries are concurrent up to a limit and in no promised order. Delivery faults are applied here.

mod log;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::Url;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::faults::{DeliveryFault, Faults};
pub use log::{Attempt, Delivery, DeliveryState};
pub(crate) use log::{Log, Standing};

/// How long a held window of deliveries waits for the next one before it is sent.
const HOLD: Duration = Duration::from_millis(300);

/// Gaps between the attempts of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryGaps(Vec<Duration>);

impl RetryGaps {
    /// Growing gaps over three days, as Stripe has them in live mode, each divided by `compression`.
    /// Stripe does not publish the single gaps; these are of the usual kind.
    pub fn three_days(compression: u32) -> Self {
        const MINUTES: [u64; 12] = [5, 30, 120, 300, 480, 600, 600, 600, 600, 600, 600, 600];
        let gap = |minutes: &u64| Duration::from_secs(minutes * 60) / compression.max(1);
        Self(MINUTES.iter().map(gap).collect())
    }

    /// Exactly these gaps; one attempt more than there are gaps.
    pub fn exactly(gaps: Vec<Duration>) -> Self {
        Self(gaps)
    }
}

impl Default for RetryGaps {
    /// Three days in three and a half minutes.
    fn default() -> Self {
        Self::three_days(1200)
    }
}

/// How deliveries are made.
#[derive(Clone, Debug)]
pub struct DeliveryOptions {
    /// Requests in flight at a time.
    pub concurrency: usize,
    /// A receiver that takes longer has failed.
    pub timeout: Duration,
    /// Gaps between attempts.
    pub retry: RetryGaps,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self {
            concurrency: 32,
            timeout: Duration::from_secs(10),
            retry: RetryGaps::default(),
        }
    }
}

/// A webhook endpoint as its provider knows it: where it is, and how what goes there is signed.
pub(crate) trait Endpoint: Send + Sync {
    fn id(&self) -> &str;
    fn url(&self) -> &Url;
    /// False once the endpoint is disabled or deleted, which ends the retries of what is pending.
    fn open(&self) -> bool;
    /// Headers of one attempt, the signature among them, made at `now` of the host's clock.
    fn headers(&self, body: &[u8], now: Timestamp) -> Vec<(&'static str, String)>;
    /// The same event with other content, for the fault that sends it.
    fn changed(&self, body: &[u8]) -> Bytes;
}

/// One event on its way to one endpoint.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) provider: &'static str,
    pub(crate) event_id: String,
    pub(crate) event_type: String,
    pub(crate) body: Bytes,
    pub(crate) endpoint: Arc<dyn Endpoint>,
}

struct Queued {
    row: usize,
    outgoing: Outgoing,
}

pub(crate) struct Outbox {
    queue: mpsc::UnboundedSender<Queued>,
    log: Arc<Log>,
    pending: watch::Sender<usize>,
}

struct Courier {
    log: Arc<Log>,
    pending: watch::Sender<usize>,
    faults: Arc<Faults>,
    client: reqwest::Client,
    seats: Semaphore,
    options: DeliveryOptions,
    stop: CancellationToken,
}

impl Outbox {
    /// Starts delivering; stops when `stop` is cancelled, whatever is still pending.
    pub(crate) fn start(
        options: DeliveryOptions,
        faults: Arc<Faults>,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Result<Self, reqwest::Error> {
        install_tls_provider();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(options.timeout)
            .pool_max_idle_per_host(options.concurrency)
            .build()?;
        let (queue, incoming) = mpsc::unbounded_channel();
        let (pending, _) = watch::channel(0);
        let log = Arc::new(Log::default());
        let courier = Arc::new(Courier {
            log: Arc::clone(&log),
            pending: pending.clone(),
            faults,
            client,
            seats: Semaphore::new(options.concurrency.max(1)),
            options,
            stop: stop.clone(),
        });
        let spawner = tasks.clone();
        tasks.spawn(async move {
            stop.run_until_cancelled(courier.dispatch(incoming, spawner))
                .await
        });
        Ok(Self { queue, log, pending })
    }

    /// Takes over the delivery; never waits.
    pub(crate) fn send(&self, outgoing: Outgoing) {
        let row = self.log.open(&outgoing);
        self.pending.send_modify(|pending| *pending += 1);
        if self.queue.send(Queued { row, outgoing }).is_err() {
            self.log.end(row, DeliveryState::Failed);
            self.pending
                .send_modify(|pending| *pending = pending.saturating_sub(1));
        }
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Deliveries that are queued, held back, in flight or waiting for their next attempt.
    pub(crate) fn pending(&self) -> usize {
        *self.pending.borrow()
    }

    /// Waits until nothing is pending.
    pub(crate) async fn settled(&self) {
        // The sender lives as long as this outbox, so the wait can only end by its condition.
        drop(self.pending.subscribe().wait_for(|pending| *pending == 0).await);
    }
}

impl Courier {
    async fn dispatch(self: Arc<Self>, mut incoming: mpsc::UnboundedReceiver<Queued>, tasks: TaskTracker) {
        let mut held: Vec<Queued> = Vec::new();
        let mut release_at = Instant::now();
        loop {
            tokio::select! {
                queued = incoming.recv() => {
                    let Some(queued) = queued else { return };
                    if let Some(window) = self.receive(queued, &mut held, &tasks) {
                        release_at = Instant::now() + HOLD;
                        if held.len() >= window {
                            self.release(&mut held, &tasks);
                        }
                    }
                }
                () = tokio::time::sleep_until(release_at), if !held.is_empty() => self.release(&mut held, &tasks),
            }
        }
    }

    /// Applies the faults to one delivery. Answers the size of the window when it was held back.
    fn receive(
        self: &Arc<Self>,
        queued: Queued,
        held: &mut Vec<Queued>,
        tasks: &TaskTracker,
    ) -> Option<usize> {
        let Queued { row, outgoing } = queued;
        let mut copies = Vec::new();
        let mut window = None;
        let mut dropped = false;
        for fault in self.faults.on_delivery(outgoing.provider, &outgoing.event_type) {
            match fault {
                DeliveryFault::Drop => dropped = true,
                DeliveryFault::Duplicate { copies: count } => {
                    copies.extend(std::iter::repeat_n(outgoing.body.clone(), count as usize));
                }
                DeliveryFault::ChangedBody => copies.push(outgoing.endpoint.changed(&outgoing.body)),
                DeliveryFault::Reorder { window: size } => window = Some(size),
                DeliveryFault::SameSecond => {}
            }
        }
        if dropped {
            self.finish(row, DeliveryState::Dropped);
            return None;
        }
        let mut batch = vec![Queued {
            row,
            outgoing: outgoing.clone(),
        }];
        for body in copies {
            let copy = Outgoing {
                body,
                ..outgoing.clone()
            };
            let row = self.log.open(&copy);
            self.pending.send_modify(|pending| *pending += 1);
            batch.push(Queued { row, outgoing: copy });
        }
        if window.is_some() {
            held.extend(batch);
        } else {
            for queued in batch {
                self.launch(queued, tasks);
            }
        }
        window
    }

    fn release(self: &Arc<Self>, held: &mut Vec<Queued>, tasks: &TaskTracker) {
        self.faults.shuffle(held);
        for queued in held.drain(..) {
            self.launch(queued, tasks);
        }
    }

    fn launch(self: &Arc<Self>, queued: Queued, tasks: &TaskTracker) {
        let courier = Arc::clone(self);
        tasks.spawn(async move {
            let stop = courier.stop.clone();
            stop.run_until_cancelled(courier.deliver(queued)).await;
        });
    }

    async fn deliver(self: Arc<Self>, Queued { row, outgoing }: Queued) {
        let mut gaps = self.options.retry.0.iter();
        loop {
            if !outgoing.endpoint.open() {
                return self.finish(row, DeliveryState::Failed);
            }
            let attempt = self.attempt(&outgoing).await;
            let delivered = attempt.delivered();
            let gap = if delivered { None } else { gaps.next() };
            self.log.attempted(row, attempt, gap.copied());
            match gap {
                Some(gap) => tokio::time::sleep(*gap).await,
                None if delivered => return self.finish(row, DeliveryState::Delivered),
                None => return self.finish(row, DeliveryState::Failed),
            }
        }
    }

    async fn attempt(&self, outgoing: &Outgoing) -> Attempt {
        let _seat = self.seats.acquire().await;
        let now = Timestamp::now();
        let started = Instant::now();
        let mut request = self.client.post(outgoing.endpoint.url().clone());
        for (name, value) in outgoing.endpoint.headers(&outgoing.body, now) {
            request = request.header(name, value);
        }
        let answer = request.body(outgoing.body.clone()).send().await;
        let (status, error) = match answer {
            Ok(response) => {
                let status = response.status().as_u16();
                // The body is read to its end so that the connection can be used again.
                match response.bytes().await {
                    Ok(_) => (Some(status), None),
                    Err(cause) => (Some(status), Some(in_words(&cause))),
                }
            }
            Err(cause) => (None, Some(in_words(&cause))),
        };
        Attempt {
            at: now,
            status,
            error,
            duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn finish(&self, row: usize, state: DeliveryState) {
        self.log.end(row, state);
        self.pending
            .send_modify(|pending| *pending = pending.saturating_sub(1));
    }
}

fn in_words(error: &reqwest::Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    words
}

/// The HTTP client needs a process-wide TLS provider even for plain HTTP; another part of the process may have set it.
fn install_tls_provider() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| drop(rustls::crypto::ring::default_provider().install_default()));
}
