//! The Polar room: Polar's webhooks and its API in billing's words.
//!
//! Polar is the merchant of record: what it calls an order is the invoice and the receipt of one purchase or cycle, and it
//! tells of no payment by itself. So the payment of an order goes by the order's own id, and what Polar calls a payment (one
//! try at the card, read only) is the charge behind it. Refunds and disputes name the order, and so find the payment.
//!
//! A product has one billing cycle, so a product is what billdeck's catalogue calls a price.

mod api;
mod capabilities;
mod client;
mod envelope;
mod interpret;
mod signature;
mod wire;

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

pub use self::api::{
    PolarApi,
    subscriptions::Proration,
    usage::{Ingested, Meter, MeterBalance, UsageEvent},
    webhooks::Endpoint,
};
use super::{EventError, Provider, ProviderApi, RawDelivery, SetupError, SignatureError, Timeouts, Verified};
use crate::domain::{
    capability::{Capability, Means},
    event::Envelope,
    observation::Interpretation,
    provider::{Book, Environment, ObjectRef, ProviderName},
};

/// The version that every call is pinned to.
pub const API_VERSION: &str = "2026-10";

/// Where Polar's API is, for real money.
pub const API_BASE: &str = "https://api.polar.sh";

/// Where the sandbox is: a separate server with accounts, keys and ids of its own.
pub const SANDBOX_BASE: &str = "https://sandbox-api.polar.sh";

/// What the room is made of.
#[derive(Clone, Debug)]
pub struct PolarOptions {
    /// The sandbox or real money.
    pub environment: Environment,
    /// The organization's access token; none leaves the API off.
    pub access_token: Option<SecretString>,
    /// The endpoint's signing secrets; several while one is being changed. Blank ones are never used.
    pub webhook_secrets: Vec<SecretString>,
    /// How far a signature's time may lie from now, before as well as after.
    pub webhook_tolerance: Duration,
    /// Where the API is, normally [`API_BASE`] or [`SANDBOX_BASE`].
    pub api_base: String,
    /// How long calls may take.
    pub timeouts: Timeouts,
}

impl PolarOptions {
    /// Options without credentials, for the environment's own address.
    pub fn new(environment: Environment) -> Self {
        let api_base = match environment {
            Environment::Test => SANDBOX_BASE,
            Environment::Live => API_BASE,
        };
        Self {
            environment,
            access_token: None,
            webhook_secrets: Vec::new(),
            webhook_tolerance: Duration::from_mins(5),
            api_base: api_base.to_owned(),
            timeouts: Timeouts::default(),
        }
    }
}

/// Polar, in one environment.
pub struct Polar {
    environment: Environment,
    secrets: signature::Secrets,
    api: Option<PolarApi>,
}

impl Polar {
    /// Makes the room ready. No network is used.
    pub fn new(options: &PolarOptions) -> Result<Self, SetupError> {
        client::check_base(options.environment, &options.api_base)?;
        let api = options
            .access_token
            .as_ref()
            .map(|token| client::open(options.environment, token, &options.api_base, options.timeouts))
            .transpose()?
            .map(PolarApi::new);
        Ok(Self {
            environment: options.environment,
            secrets: signature::Secrets::new(&options.webhook_secrets, options.webhook_tolerance),
            api,
        })
    }

    /// Calls that Polar has and that not every provider has; none without credentials.
    pub const fn calls(&self) -> Option<&PolarApi> {
        self.api.as_ref()
    }
}

impl Provider for Polar {
    fn book(&self) -> Book {
        Book {
            provider: ProviderName::Polar,
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
        envelope::envelope(self.environment, delivery)
    }

    fn interpret(&self, body: &[u8]) -> Result<Interpretation, EventError> {
        interpret::interpret(body)
    }

    fn raw_object(&self, body: &[u8]) -> Option<String> {
        interpret::raw_object(body)
    }

    fn api(&self) -> Option<&dyn ProviderApi> {
        self.api.as_ref().map(|api| api as &dyn ProviderApi)
    }

    fn api_p95(&self) -> Option<Duration> {
        self.api.as_ref()?.p95()
    }

    fn capability(&self, what: Capability) -> Means {
        capabilities::means(what)
    }

    /// Polar documents no addresses of its dashboard's pages.
    fn dashboard_url(&self, _object: &ObjectRef) -> Option<String> {
        None
    }
}

impl std::fmt::Debug for Polar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Polar")
            .field("environment", &self.environment)
            .field("secrets", &self.secrets.count())
            .field("has_api", &self.api.is_some())
            .finish_non_exhaustive()
    }
}
