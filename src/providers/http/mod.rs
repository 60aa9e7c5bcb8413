//! What the rooms' calls have in common: one send function, and the table of what sets one provider's HTTP apart.

mod base;
mod client;
mod head;
mod latency;
mod refusal;
mod retry;

use std::time::Duration;

use crate::domain::provider::ProviderName;
use crate::providers::error::{Call, ProviderError};

pub(super) use self::{
    base::Base,
    client::{Client, Raw, Reply, Request, segment},
    refusal::Refusal,
};

/// What sets one provider's HTTP apart.
pub(super) struct Dialect {
    pub(super) provider: ProviderName,
    /// Sent with every call, such as the version of the API.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The header that an idempotency key goes into. Without one no write is ever repeated.
    pub(super) idempotency: Option<&'static str>,
    /// The header with the provider's own id of the call, in lower case.
    pub(super) request_id: &'static str,
    /// The header with the provider's own word on whether to repeat, which outweighs the status.
    pub(super) should_retry: Option<&'static str>,
    /// How many calls run at once.
    pub(super) concurrent_calls: usize,
    /// What begins something secret: words that hold it are blotted out of what the provider says.
    pub(super) key_marks: &'static [&'static str],
    /// Whether the provider says that the object asked for, or whose objects were asked for, does not exist.
    pub(super) is_missing: fn(&Refusal<'_>) -> bool,
    /// Which error it is.
    pub(super) explain: fn(&Refusal<'_>, Call) -> ProviderError,
}

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

/// Why a room cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The API base is no address.
    #[error("`{base}` is no address that {provider}'s API could be at: {why}")]
    Base {
        /// The provider.
        provider: ProviderName,
        /// The configured text.
        base: String,
        /// What is wrong with it.
        why: String,
    },
    /// The key cannot be put into a header.
    #[error("{provider}'s key holds characters that cannot be sent; copy it again, without line breaks")]
    Key {
        /// The provider.
        provider: ProviderName,
    },
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made; check that the system's root certificates are installed")]
    Http(#[source] reqwest::Error),
}

#[cfg(test)]
mod tests;
