//! The Stripe room: Stripe's webhooks and its API in billing's words.
//!
//! Reading a delivery needs no credentials and no network ([`Stripe`] as a [`Provider`]); calls are behind
//! [`Provider::api`] and go through one send function. API version, field names and status words stay in here.

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
    Answer, EventError, Provider, ProviderApi, ProviderError, RawDelivery, ReadObject, SetupError,
    SignatureError, Timeouts, Verified, http::Base,
};
use crate::domain::{
    capability::{Capability, Means},
    event::Envelope,
    observation::Interpretation,
    provider::{Book, Environment, ObjectRef, ProviderName},
};

/// The version that every call is pinned to, and that the endpoint should be made with.
pub const API_VERSION: &str = "2026-10-28.endive";

/// Where Stripe's API is.
pub const API_BASE: &str = "https://api.stripe.com";

/// What the room is made of.
#[derive(Clone, Debug)]
pub struct StripeOptions {
    /// Test or live.
    pub environment: Environment,
    /// The secret or restricted key; none leaves the API off.
    pub secret_key: Option<SecretString>,
    /// The endpoint's signing secrets; several while one is being rolled. Blank ones are never used.
    pub webhook_secrets: Vec<SecretString>,
    /// How far a signature's time may lie from now, before as well as after.
    pub webhook_tolerance: Duration,
    /// Where the API is, normally [`API_BASE`].
    pub api_base: String,
    /// How long calls may take.
    pub timeouts: Timeouts,
}

impl StripeOptions {
    /// Options without credentials, for Stripe's own address.
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

/// Stripe, in one environment.
pub struct Stripe {
    environment: Environment,
    secrets: signature::Secrets,
    client: Option<Client>,
    has_dashboard: bool,
}

impl Stripe {
    /// Makes the room ready. No network is used.
    pub fn new(options: &StripeOptions) -> Result<Self, SetupError> {
        let client = options
            .secret_key
            .as_ref()
            .map(|key| client::open(options.environment, key, &options.api_base, options.timeouts))
            .transpose()?;
        let base = Base::parse(ProviderName::Stripe, &options.api_base, options.environment)?;
        Ok(Self {
            environment: options.environment,
            secrets: signature::Secrets::new(&options.webhook_secrets, options.webhook_tolerance),
            client,
            // Objects of a server on this machine have no page at Stripe's.
            has_dashboard: !base.is_loopback,
        })
    }

    /// Customers with this e-mail address by Stripe's search, which finds other spellings in upper and lower case too.
    /// It runs about a minute behind; none without credentials.
    pub async fn customers_search(&self, email: &str) -> Option<Result<Answer<ReadObject>, ProviderError>> {
        let client = self.client.as_ref()?;
        Some(api::customers::search(client, email).await)
    }
}

impl Provider for Stripe {
    fn book(&self) -> Book {
        Book {
            provider: ProviderName::Stripe,
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
        self.client.as_ref()?.p95()
    }

    fn capability(&self, what: Capability) -> Means {
        capabilities::means(what)
    }

    fn dashboard_url(&self, object: &ObjectRef) -> Option<String> {
        self.has_dashboard
            .then(|| dashboard::url(self.environment, object))
            .flatten()
    }
}

impl std::fmt::Debug for Stripe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stripe")
            .field("environment", &self.environment)
            .field("secrets", &self.secrets.count())
            .field("has_api", &self.client.is_some())
            .finish_non_exhaustive()
    }
}
