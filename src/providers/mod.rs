//! The provider trait and its rooms. Wire types never leave their room; what leaves it is domain types.
//!
//! A room is four files with four jobs: `client` (one send function), `wire` (serde types, nothing else), `interpret`
//! (wire to domain, pure) and `signature` (bytes in, verified bytes out).

mod body;
pub mod error;
mod fields;
mod http;
pub mod paymongo;
pub mod polar;
pub mod registry;
pub mod stripe;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::{
    capability::{Capability, Means},
    event::Envelope,
    ids::{CheckoutId, ObjectId},
    money::Money,
    observation::{Fact, Interpretation, Observation},
    order::RefundStatus,
    provider::{Book, ObjectKind, ObjectRef},
};

pub use error::{EventError, ProviderError, SignatureError};
pub use http::{SetupError, Timeouts};
pub use registry::Registry;

/// A delivery as it came in: nothing has parsed it.
#[derive(Clone, Copy, Debug)]
pub struct RawDelivery<'a> {
    /// Header names in lower case; values that are no visible ASCII are left out.
    pub headers: &'a BTreeMap<String, String>,
    /// Exactly the bytes that were received.
    pub body: &'a [u8],
}

/// The proof that a delivery's signature was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Which of the configured secrets matched, counted from 0 in the order given.
    pub secret_index: usize,
    /// The provider's time of sending, where the signature covers one.
    pub signed_at: Option<Timestamp>,
}

/// What a provider's answer holds.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// The answer in domain terms.
    pub value: T,
    /// When it was made, by the provider's clock: its `Date` less the time the call took.
    pub at: Timestamp,
    /// The provider's id of the request, for its support and our log.
    pub request_id: Option<String>,
}

/// What a read of one object found.
#[derive(Clone, Debug)]
pub struct ReadObject {
    /// The object, and others that came with it.
    pub observations: Vec<Observation>,
    /// Money facts that the object proves.
    pub facts: Vec<Fact>,
    /// The object as the provider wrote it, for people to look at; none when it does not exist.
    pub raw: Option<String>,
    /// The provider has more of a list than was read.
    pub is_cut: bool,
}

/// One page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Give this back for the next page; none at the end.
    pub next: Option<String>,
}

/// An event as the provider's own list has it.
#[derive(Clone, Debug)]
pub struct ListedEvent {
    /// The body, as the provider wrote it.
    pub body: Vec<u8>,
    /// What headers of its delivery [`Provider::envelope`] needs beside the body, names in lower case: some providers
    /// name an event only there.
    pub headers: BTreeMap<String, String>,
}

/// A customer to make.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    /// E-mail address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Names the owner.
    pub metadata: BTreeMap<String, String>,
}

/// What is to be changed at a provider's customer; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct CustomerPatch {
    /// E-mail address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Keys to set.
    pub metadata: BTreeMap<String, String>,
}

/// A checkout to start for a subscription.
#[derive(Clone, Debug)]
pub struct NewCheckout {
    /// billdeck's id; travels in the metadata of session and subscription.
    pub checkout: CheckoutId,
    /// The provider's customer.
    pub customer: ObjectId,
    /// The price.
    pub price: ObjectId,
    /// How many (seats).
    pub quantity: u32,
    /// Where the payer goes after paying.
    pub success_url: String,
    /// Where the payer goes on giving up.
    pub cancel_url: String,
    /// Names the owner.
    pub metadata: BTreeMap<String, String>,
}

/// A checkout that exists at the provider.
#[derive(Clone, Debug)]
pub struct StartedCheckout {
    /// The provider's id.
    pub id: ObjectId,
    /// The page.
    pub url: String,
    /// When the page stops working.
    pub expires_at: Option<Timestamp>,
}

/// Where a provider keeps a subscription.
#[derive(Clone, Copy, Debug)]
pub struct SubscriptionAt<'a> {
    /// The provider's id.
    pub id: &'a ObjectId,
    /// The provider's customer that has it.
    pub customer: &'a ObjectId,
}

/// When a cancellation takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelWhen {
    /// At once.
    Now,
    /// With the period that is running.
    PeriodEnd,
}

/// A refund to make.
#[derive(Clone, Debug)]
pub struct NewRefund {
    /// The payment.
    pub payment: ObjectId,
    /// How much; none means the rest.
    pub amount: Option<Money>,
    /// The provider's word for the reason, where it has one for it.
    pub reason: Option<String>,
}

/// A refund that exists at the provider.
#[derive(Clone, Debug)]
pub struct StartedRefund {
    /// The provider's id.
    pub id: ObjectId,
    /// How far it has come.
    pub status: RefundStatus,
    /// How much.
    pub amount: Money,
}

/// A price as the provider has it.
#[derive(Clone, Debug)]
pub struct ListedPrice {
    /// The provider's id.
    pub id: ObjectId,
    /// The name of what it sells.
    pub name: Option<String>,
    /// What one costs; none for tiered and fractional prices.
    pub amount: Option<Money>,
    /// Whether it can still be bought.
    pub active: bool,
}

/// A provider's room, as the rest of billdeck sees it. Everything here is pure and works without credentials; what
/// needs them is behind [`Provider::api`].
pub trait Provider: Send + Sync {
    /// Provider and environment.
    fn book(&self) -> Book;

    /// The API version that calls are pinned to.
    fn api_version(&self) -> &'static str;

    /// How many webhook secrets are configured.
    fn secret_count(&self) -> usize;

    /// A one-way fingerprint of each webhook secret, in the order given; blank for a blank one. Never the
    /// value, so that it may be stored.
    fn secret_fingerprints(&self) -> Vec<String> {
        Vec::new()
    }

    /// Checks a delivery's signature over its raw bytes with every secret, in constant time, and its age against `now`.
    fn verify(&self, delivery: RawDelivery<'_>, now: Timestamp) -> Result<Verified, SignatureError>;

    /// Reads what an event says of itself. Some providers name it in a header only; without that header (a body that
    /// a person gave) the room derives a name from the body, the same each time.
    fn envelope(&self, delivery: RawDelivery<'_>) -> Result<Envelope, EventError>;

    /// Says what an event means. `body` is one that [`Provider::envelope`] accepted.
    fn interpret(&self, body: &[u8]) -> Result<Interpretation, EventError>;

    /// The object that a body holds, as the provider wrote it.
    fn raw_object(&self, body: &[u8]) -> Option<String>;

    /// The provider's API; none without credentials.
    fn api(&self) -> Option<&dyn ProviderApi>;

    /// What 95 of 100 calls of the last minutes did not exceed; none when there were none.
    fn api_p95(&self) -> Option<Duration>;

    /// By what means customers of this provider get something.
    fn capability(&self, what: Capability) -> Means;

    /// The page of an object in the provider's own dashboard.
    fn dashboard_url(&self, object: &ObjectRef) -> Option<String>;
}

/// A provider's API. Every write takes the idempotency key that makes repeating it safe.
#[async_trait]
pub trait ProviderApi: Send + Sync {
    /// A call that changes nothing and shows that the credentials work.
    async fn check_credentials(&self) -> Result<Answer<()>, ProviderError>;

    /// Reads one object. "Not found" is an answer: [`Observation::Gone`]. `of` is the provider's customer that it
    /// belongs to, where that is known: some providers keep objects below their customer.
    async fn read(
        &self,
        object: &ObjectRef,
        of: Option<&ObjectId>,
    ) -> Result<Answer<ReadObject>, ProviderError>;

    /// All subscriptions of a customer, ended ones too.
    async fn subscriptions_of(&self, customer: &ObjectId) -> Result<Answer<ReadObject>, ProviderError>;

    /// The customer's objects of the given kind (payments, orders, refunds), newest first, up to a few hundred.
    async fn objects_of(
        &self,
        customer: &ObjectId,
        kind: ObjectKind,
    ) -> Result<Answer<ReadObject>, ProviderError>;

    /// Customers whose e-mail address is exactly this.
    async fn customers_by_email(&self, email: &str) -> Result<Answer<ReadObject>, ProviderError>;

    /// Makes a customer.
    async fn customer_create(
        &self,
        new: &NewCustomer,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError>;

    /// Changes a customer.
    async fn customer_update(
        &self,
        id: &ObjectId,
        patch: &CustomerPatch,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError>;

    /// Starts a checkout for a subscription.
    async fn checkout_create(
        &self,
        new: &NewCheckout,
        key: &str,
    ) -> Result<Answer<StartedCheckout>, ProviderError>;

    /// Makes a link to the provider's own page for the customer. Short-lived: made on demand, never stored.
    async fn portal_create(
        &self,
        customer: &ObjectId,
        return_url: &str,
        key: &str,
    ) -> Result<Answer<String>, ProviderError>;

    /// Cancels a subscription.
    async fn subscription_cancel(
        &self,
        at: SubscriptionAt<'_>,
        when: CancelWhen,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError>;

    /// Takes a scheduled cancellation back, or resumes a paused subscription.
    async fn subscription_resume(
        &self,
        at: SubscriptionAt<'_>,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError>;

    /// Prices, newest first.
    async fn prices(&self, page: Option<&str>) -> Result<Answer<Page<ListedPrice>>, ProviderError>;

    /// One event, as the provider's own list has it; none when there is no such event, or no such list.
    async fn event(&self, id: &ObjectId) -> Result<Answer<Option<ListedEvent>>, ProviderError>;

    /// The provider's own list of events since `since`, newest first.
    async fn events(
        &self,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<Answer<Page<ListedEvent>>, ProviderError>;

    /// Gives money back.
    async fn refund_create(&self, new: &NewRefund, key: &str)
    -> Result<Answer<StartedRefund>, ProviderError>;
}
