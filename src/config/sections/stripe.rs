//! `[providers.stripe]`, and what every provider's credentials look like.

use std::time::Duration;

use secrecy::SecretString;

use crate::{
    config::{
        check::{Check, words_of},
        schema::raw,
    },
    domain::provider::words,
};

raw! {
    /// `[providers]`
    struct RawProviders {
        /// Stripe.
        stripe: RawStripe = RawStripe::default(),
    }
}

raw! {
    /// `[providers.stripe]`
    struct RawStripe {
        /// Where its API is: Stripe's own, a simulator, a proxy. Default: `https://api.stripe.com`. Variable:
        /// `STRIPE_API_BASE`.
        api_base: String = "https://api.stripe.com".to_owned(),
        /// Milliseconds to connect. Default: 5000.
        connect_timeout_ms: u64 = 5_000,
        /// Milliseconds for a call that reads. Default: 20000.
        read_timeout_ms: u64 = 20_000,
        /// Milliseconds for a call that writes; charging a card may take 30 seconds. Default: 45000.
        write_timeout_ms: u64 = 45_000,
        /// Seconds that a signature's time may be away from ours. Default: 300.
        webhook_tolerance_seconds: u64 = 300,
        /// `body`: events are applied from their bodies, and the object is read when in doubt. `read`: it is always
        /// read. Default: `body`.
        apply: String = "body".to_owned(),
    }
}

/// What an event is applied from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyFrom {
    /// Its body; the object is read when in doubt.
    Body,
    /// A read of the object, always.
    Read,
}

words!(ApplyFrom, "way to apply", { Body => "body", Read => "read" });

/// What a provider needs to be asked and believed. Made from the environment, or by a demo for its simulators.
#[derive(Clone, Debug)]
pub struct ProviderCredentials {
    /// The API key; without one the provider's API is off.
    pub secret_key: Option<SecretString>,
    /// The webhook secrets that are valid now; several while one is being rotated.
    pub webhook_secrets: Vec<SecretString>,
    /// Where the API is, without a slash at the end.
    pub api_base: String,
}

impl ProviderCredentials {
    /// Whether there is anything to work with: a key or a webhook secret.
    pub fn is_on(&self) -> bool {
        self.secret_key.is_some() || !self.webhook_secrets.is_empty()
    }
}

/// Stripe.
#[derive(Clone, Debug)]
pub struct StripeSettings {
    /// Key, webhook secrets and address.
    pub credentials: ProviderCredentials,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time for a call that reads.
    pub read_timeout: Duration,
    /// Time for a call that writes.
    pub write_timeout: Duration,
    /// How far a signature's time may be away from ours.
    pub webhook_tolerance: Duration,
    /// What an event is applied from.
    pub apply: ApplyFrom,
}

impl RawStripe {
    /// `credentials` come without their address, which is a setting.
    pub(super) fn check(
        &self,
        check: &mut Check<'_>,
        credentials: ProviderCredentials,
    ) -> Option<StripeSettings> {
        let api_base = check.url("providers.stripe.api_base", &self.api_base, &["https", "http"]);
        let connect_timeout = check.millis("providers.stripe.connect_timeout_ms", self.connect_timeout_ms);
        let read_timeout = check.millis("providers.stripe.read_timeout_ms", self.read_timeout_ms);
        let write_timeout = check.millis("providers.stripe.write_timeout_ms", self.write_timeout_ms);
        let webhook_tolerance = check.seconds(
            "providers.stripe.webhook_tolerance_seconds",
            self.webhook_tolerance_seconds,
            1..=86_400,
        );
        let apply = check.word("providers.stripe.apply", &self.apply, words_of!(ApplyFrom));
        Some(StripeSettings {
            credentials: ProviderCredentials {
                api_base: api_base?.as_str().trim_end_matches('/').to_owned(),
                ..credentials
            },
            connect_timeout: connect_timeout?,
            read_timeout: read_timeout?,
            write_timeout: write_timeout?,
            webhook_tolerance: webhook_tolerance?,
            apply: apply?,
        })
    }
}
