//! The Stripe room: Stripe's webhooks and its API in billing's words.
//!
//! Reading a delivery needs no credentials and no network ([`Stripe`] as a [`Provider`]); calls are behind
//! [`Provider::api`] and go through one send function. API version, field names and status words stay in here.

mod api;
mod client;
mod dashboard;
mod envelope;
mod interpret;
mod signature;
mod wire;

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use self::client::{Base, Client};
use super::{
    Answer, EventError, Provider, ProviderApi, ProviderError, RawDelivery, ReadObject, SignatureError,
    Verified,
};
use crate::domain::{
    event::Envelope,
    observation::Interpretation,
    provider::{Book, Environment, ObjectRef, ProviderName},
};

/// The version that every call is pinned to, and that the endpoint should be made with.
pub const API_VERSION: &str = "2026-10-28.endive";

/// Where Stripe's API is.
pub const API_BASE: &str = "https://api.stripe.com";

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// A whole call that changes nothing.
    pub read: Duration,
    /// A whole call that may charge a card.
    pub write: Duration,
    /// The first pause before a call is repeated; later ones are longer.
    pub backoff: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(20),
            write: Duration::from_secs(40),
            backoff: Duration::from_millis(500),
        }
    }
}

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

/// Why the room cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The API base is no address.
    #[error("`{base}` is no address that Stripe's API could be at: {why}")]
    Base {
        /// The configured text.
        base: String,
        /// What is wrong with it.
        why: String,
    },
    /// The key cannot be put into a header.
    #[error("the secret key holds characters that cannot be sent; copy it again, without line breaks")]
    Key,
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made; check that the system's root certificates are installed")]
    Http(#[source] reqwest::Error),
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
            .map(|key| Client::new(options.environment, key, &options.api_base, options.timeouts))
            .transpose()?;
        let base = Base::parse(&options.api_base, options.environment)?;
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

    fn envelope(&self, body: &[u8]) -> Result<Envelope, EventError> {
        envelope::envelope(body)
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
