//! The PayMongo room: PayMongo's webhooks and its API in billing's words.
//!
//! What PayMongo calls a payment (`pay_…`) is one try to move money, so it is billing's charge; the payment intent
//! (`pi_…`) that holds the tries, and that invoices and sessions name, is billing's payment. A payment without an intent
//! stands for both.
//!
//! Reading a delivery needs no credentials and no network ([`Paymongo`] as a [`Provider`]); calls are behind
//! [`Provider::api`] and, where that trait has no place for them, behind [`Paymongo::calls`].

mod api;
mod capabilities;
mod client;
mod dashboard;
mod envelope;
mod interpret;
mod signature;
mod wire;

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use self::client::Client;
use super::{
    EventError, Provider, ProviderApi, RawDelivery, SetupError, SignatureError, Timeouts, Verified,
    http::Base,
};
use crate::domain::{
    capability::{Capability, Means},
    event::Envelope,
    observation::Interpretation,
    provider::{Book, Environment, ObjectRef, ProviderName},
};

pub use api::calls::{
    Calls, Disputes, EVENTS, Endpoint, Intent, Line, LinkMade, ListedDispute, MadeSubscription, MethodShown,
    NewIntent, NewLink, NewMethod, NewPaymentCheckout, NewPlan, NextAction, PlanChange, SavedMethod,
};

/// The version that every call is pinned to: it stands in the path.
pub const API_VERSION: &str = "v1";

/// Where PayMongo's API is.
pub const API_BASE: &str = "https://api.paymongo.com";

/// The metadata key under which billdeck names PayMongo's customer: sessions and payments have no field for one.
pub const CUSTOMER_METADATA_KEY: &str = "billdeck_customer";

/// What the room is made of.
#[derive(Clone, Debug)]
pub struct PaymongoOptions {
    /// Test or live.
    pub environment: Environment,
    /// The secret key; none leaves the API off.
    pub secret_key: Option<SecretString>,
    /// The endpoints' signing secrets (`whsk_…`). Blank ones are never used.
    pub webhook_secrets: Vec<SecretString>,
    /// How far a signature's time may lie from now, before as well as after. PayMongo sets no limit of its own.
    pub webhook_tolerance: Duration,
    /// Where the API is, normally [`API_BASE`].
    pub api_base: String,
    /// How long calls may take.
    pub timeouts: Timeouts,
}

impl PaymongoOptions {
    /// Options without credentials, for PayMongo's own address.
    pub fn new(environment: Environment) -> Self {
        Self {
            environment,
            secret_key: None,
            webhook_secrets: Vec::new(),
            webhook_tolerance: Duration::from_mins(5),
            api_base: API_BASE.to_owned(),
            timeouts: Timeouts::default(),
        }
    }
}

/// PayMongo, in one environment.
pub struct Paymongo {
    environment: Environment,
    secrets: signature::Secrets,
    client: Option<Client>,
    has_dashboard: bool,
}

impl Paymongo {
    /// Makes the room ready. No network is used.
    pub fn new(options: &PaymongoOptions) -> Result<Self, SetupError> {
        let client = options
            .secret_key
            .as_ref()
            .map(|key| client::open(options.environment, key, &options.api_base, options.timeouts))
            .transpose()?;
        let base = Base::parse(ProviderName::Paymongo, &options.api_base, options.environment)?;
        Ok(Self {
            environment: options.environment,
            secrets: signature::Secrets::new(
                &options.webhook_secrets,
                options.environment,
                options.webhook_tolerance,
            ),
            client,
            // Objects of a server on this machine have no page at PayMongo's.
            has_dashboard: !base.is_loopback,
        })
    }

    /// The calls that are PayMongo's own; none without credentials.
    pub fn calls(&self) -> Option<Calls<'_>> {
        self.client.as_ref().map(Calls::new)
    }
}

impl Provider for Paymongo {
    fn book(&self) -> Book {
        Book {
            provider: ProviderName::Paymongo,
            environment: self.environment,
        }
    }

    fn api_version(&self) -> &'static str {
        API_VERSION
    }

    fn secret_count(&self) -> usize {
        self.secrets.count()
    }

    fn secret_fingerprints(&self) -> Vec<String> {
        self.secrets.fingerprints()
    }

    fn verify(&self, delivery: RawDelivery<'_>, now: Timestamp) -> Result<Verified, SignatureError> {
        self.secrets.verify(delivery, now)
    }

    fn envelope(&self, delivery: RawDelivery<'_>) -> Result<Envelope, EventError> {
        envelope::envelope(delivery.body)
    }

    fn interpret(&self, body: &[u8]) -> Result<Interpretation, EventError> {
        interpret::interpret(body)
    }

    fn raw_object(&self, body: &[u8]) -> Option<String> {
        interpret::raw_object(body)
    }

    fn api(&self) -> Option<&dyn ProviderApi> {
        self.client.as_ref().map(|client| client as &dyn ProviderApi)
    }

    fn api_p95(&self) -> Option<Duration> {
        self.client.as_ref()?.inner().p95()
    }

    fn capability(&self, what: Capability) -> Means {
        capabilities::means(what)
    }

    fn dashboard_url(&self, object: &ObjectRef) -> Option<String> {
        self.has_dashboard.then(|| dashboard::url(object)).flatten()
    }
}

impl std::fmt::Debug for Paymongo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Paymongo")
            .field("environment", &self.environment)
            .field("secrets", &self.secrets.count())
            .field("has_api", &self.client.is_some())
            .finish_non_exhaustive()
    }
}
