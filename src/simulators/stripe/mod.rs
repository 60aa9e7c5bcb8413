//! Stripe's room: its API as of 2026-10-28.endive for customers, catalogue, checkout, subscriptions, invoices and
//! payments, with the events that each change makes and the life that subscriptions lead by themselves.
//!
//! The folder goes from the outside in: `api` (transport: keys, versions, idempotency, faults) calls `routes` (one file
//! per resource), which call what happens (`subscribing`, `checking_out`, `billing`, `paying`, `refunding`,
//! `lifecycle`), which works on `state` through `cx`; `objects` writes the JSON. `story` and `pages` are two more doors
//! to the same house.

mod agenda;
mod api;
mod billing;
mod calendar;
mod checking_out;
mod cx;
mod ending;
mod error;
mod expand;
mod handle;
mod idempotency;
mod lifecycle;
mod listing;
mod objects;
mod pages;
mod params;
mod paying;
mod refunding;
mod routes;
mod search;
mod signing;
mod state;
mod story;
mod subscribing;
mod tables;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use jiff::SignedDuration;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::clock::{Clock, days, minus};
use super::delivery::Outbox;
use super::faults::Faults;
use super::ids::Ids;
use cx::{Cx, RequestInfo};
use objects::{Metadata, Price, Product, WebhookEndpoint};
use state::State;

pub use checking_out::Payment;
pub use handle::{Counts, Stripe};
pub use objects::{Address, Card, CardBehaviour, Decline, Recurring, Unit};
pub use story::{CancelWhen, Moment, NewAccount, Step, Story, StoryOutcome};

/// Name of this room in paths, faults and the delivery log.
pub(crate) const PROVIDER: &str = "stripe";

/// What becomes of a subscription whose renewal could not be collected in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DunningEnd {
    /// It is canceled, for the reason `payment_failed`.
    #[default]
    Cancel,
    /// It is kept as `unpaid`; later invoices stay drafts.
    MarkUnpaid,
    /// It stays `past_due`.
    StayPastDue,
}

/// A price that the simulated account sells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimPrice {
    /// The price's id.
    pub id: String,
    /// Name of its product; prices with the same name share one product.
    pub product: String,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Minor units.
    pub unit_amount: i64,
    /// How often it is billed; once without it.
    #[serde(default)]
    pub recurring: Option<Recurring>,
    /// Name for the seller's own eyes; also its lookup key.
    #[serde(default)]
    pub nickname: Option<String>,
}

/// The simulated Stripe account.
#[derive(Clone, Debug)]
pub struct StripeAccount {
    /// Key that calls must carry. `sk_live_…` makes the whole account a live one.
    pub secret_key: SecretString,
    /// Secrets of the webhook endpoint; each signs every delivery, as while one is being rolled.
    pub webhook_secrets: Vec<SecretString>,
    /// Prices that exist from the beginning.
    pub prices: Vec<SimPrice>,
    /// Gaps between the tries to collect a renewal.
    pub retry_gaps: Vec<SignedDuration>,
    /// What comes after the last try.
    pub dunning_end: DunningEnd,
}

impl StripeAccount {
    /// An account with these credentials, no prices, and Stripe's usual retries: after 3, 5 and 7 days, then canceled.
    pub fn new(secret_key: SecretString, webhook_secret: SecretString) -> Self {
        Self {
            secret_key,
            webhook_secrets: vec![webhook_secret],
            prices: Vec::new(),
            retry_gaps: vec![days(3), days(5), days(7)],
            dunning_end: DunningEnd::default(),
        }
    }

    /// The same account that also sells these.
    #[must_use]
    pub fn selling(mut self, prices: Vec<SimPrice>) -> Self {
        self.prices = prices;
        self
    }
}

/// How the account treats payments that fail.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) retry_gaps: Vec<SignedDuration>,
    pub(crate) dunning_end: DunningEnd,
}

/// What the rooms have in common.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) clock: Arc<Clock>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) outbox: Arc<Outbox>,
    /// `http://127.0.0.1:PORT`.
    pub(crate) origin: String,
}

pub(crate) struct Room {
    shared: Shared,
    secret_key: SecretString,
    settings: Mutex<Settings>,
    keys: Arc<idempotency::Keys>,
    request_ids: Mutex<Ids>,
    state: Mutex<State>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Room {
    pub(crate) fn new(
        account: StripeAccount,
        shared: Shared,
        deliver_to: Option<&Url>,
        seed: u64,
    ) -> Arc<Self> {
        let livemode = account.secret_key.expose_secret().contains("_live_");
        let mut state = State::new(livemode, seed);
        let now = shared.clock.now();
        if let Some(url) = deliver_to {
            let id = state.ids.make("we");
            let endpoint = WebhookEndpoint::new(
                id,
                now,
                url.clone(),
                account.webhook_secrets,
                vec!["*".to_owned()],
            );
            state.endpoints.insert(endpoint);
        }
        let room = Arc::new(Self {
            shared,
            secret_key: account.secret_key,
            settings: Mutex::new(Settings {
                retry_gaps: account.retry_gaps,
                dunning_end: account.dunning_end,
            }),
            keys: Arc::default(),
            request_ids: Mutex::new(Ids::new(seed.wrapping_add(1))),
            state: Mutex::new(state),
        });
        // Older than any story that is told of them.
        room.work(RequestInfo::default(), |cx| {
            let created = minus(cx.now(), days(5 * 365));
            for price in account.prices {
                sell(cx.state, price, created);
            }
        });
        room
    }

    /// Does a piece of work in the present, after all that is due by now.
    pub(crate) fn work<T>(&self, request: RequestInfo, work: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        let mut state = lock(&self.state);
        let mut cx = Cx::new(&mut state, self, request, self.shared.clock.now());
        cx.run_due(cx.present(), None);
        work(&mut cx)
    }

    pub(crate) fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.shared.outbox
    }

    /// Address of a page for people.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}/{path}", self.shared.origin)
    }

    fn request_id(&self) -> String {
        format!("req_{}", lock(&self.request_ids).token(14))
    }
}

/// Puts a price on sale. An id that exists is replaced, which the real API does not allow. Answers the product's id if
/// that is new as well.
fn sell(state: &mut State, price: SimPrice, created: jiff::Timestamp) -> Option<String> {
    let mut made = None;
    let known = state
        .products
        .newest_first()
        .find(|product| product.name == price.product);
    let product = if let Some(known) = known {
        known.id.clone()
    } else {
        let id = state.ids.make("prod");
        state.products.insert(Product {
            id: id.clone(),
            created,
            updated: created,
            name: price.product,
            description: None,
            active: true,
            metadata: Metadata::new(),
        });
        made = Some(id.clone());
        id
    };
    state.prices.insert(Price {
        id: price.id,
        created,
        product,
        currency: price.currency.to_lowercase(),
        unit_amount: price.unit_amount,
        recurring: price.recurring,
        lookup_key: price.nickname.clone(),
        nickname: price.nickname,
        active: true,
        metadata: Metadata::new(),
    });
    made
}

/// The API under `/stripe`, and the pages for people.
pub(crate) fn router(room: &Arc<Room>) -> Router {
    Router::new()
        .nest("/stripe", api::router(Arc::clone(room)))
        .merge(pages::router(Arc::clone(room)))
}
