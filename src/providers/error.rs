//! What can go wrong with a provider. Each error says which provider, which call, and what is certain about the outcome.

use std::time::Duration;

use crate::domain::provider::ProviderName;

/// Why a delivery's signature was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is not there.
    #[error("the {0} header is missing")]
    Missing(&'static str),
    /// The header cannot be read.
    #[error("the {header} header cannot be read: {why}")]
    Malformed {
        /// The header's name.
        header: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// None of the signatures matches the body under any of the secrets.
    #[error("no signature matches the body under any configured secret")]
    Mismatch,
    /// The signature is right but was made too long ago (or too far ahead), in seconds.
    #[error("the signature is {0} seconds away from now, which is more than is allowed")]
    OutsideTolerance(i64),
    /// No webhook secret is configured, so nothing can be checked.
    #[error("no webhook secret is configured for {0}")]
    NoSecret(ProviderName),
}

impl SignatureError {
    /// A stable word for the verdict that is kept with the delivery.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) | Self::Malformed { .. } | Self::Mismatch => "bad_signature",
            Self::OutsideTolerance(_) => "too_old",
            Self::NoSecret(_) => "no_secret",
        }
    }
}

/// Why an event's body cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The body is no JSON.
    #[error("the body is no JSON")]
    NotJson(#[source] serde_json::Error),
    /// It is JSON, but no event of this provider.
    #[error("the body is JSON but no {provider} event: {why}")]
    NotAnEvent {
        /// The provider.
        provider: ProviderName,
        /// What is missing or wrong.
        why: String,
    },
    /// An event whose object lacks what its type promises. No retry helps.
    #[error("the {event_type} event cannot be read: {why}")]
    Unreadable {
        /// The provider's event type.
        event_type: String,
        /// What is missing or wrong.
        why: String,
    },
    /// Shaped by an API version that this room does not know. No retry helps.
    #[error("the event was shaped by API version {found}; versions from {oldest} on are understood")]
    UnsupportedVersion {
        /// The event's version.
        found: String,
        /// The oldest version understood.
        oldest: &'static str,
    },
}

impl EventError {
    /// A stable code for the event's error field.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotJson(_) => "not_json",
            Self::NotAnEvent { .. } => "not_an_event",
            Self::Unreadable { .. } => "unreadable_body",
            Self::UnsupportedVersion { .. } => "unsupported_api_version",
        }
    }
}

/// Which call, and the provider's own id of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The provider.
    pub provider: ProviderName,
    /// Method and path, without the query: `GET /v1/subscriptions/sub_…`.
    pub what: String,
    /// The provider's request id, when it answered.
    pub request_id: Option<String>,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.provider, self.what)?;
        match &self.request_id {
            Some(id) => write!(f, " ({id})"),
            None => Ok(()),
        }
    }
}

/// Why a call to a provider did not bring what was wanted.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The call surely did not reach the provider.
    #[error("{call}: the provider cannot be reached")]
    Unreachable {
        /// The call.
        call: Call,
        /// The transport's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Sent, but no (whole) answer came: a write may or may not have happened.
    #[error("{call}: no answer came; whether it took effect is unknown")]
    OutcomeUnknown {
        /// The call.
        call: Call,
        /// The transport's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The provider limits our calls.
    #[error("{call}: the provider limits calls")]
    RateLimited {
        /// The call.
        call: Call,
        /// How long the provider wants us to wait.
        retry_after: Option<Duration>,
    },
    /// The provider has trouble of its own (5xx). A write may or may not have happened.
    #[error("{call}: the provider answered {status}")]
    Down {
        /// The call.
        call: Call,
        /// The HTTP status.
        status: u16,
        /// How long the provider wants us to wait.
        retry_after: Option<Duration>,
    },
    /// The credentials are wrong, expired or lack a permission.
    #[error("{call}: the credentials were refused ({status}): {message}")]
    Credentials {
        /// The call.
        call: Call,
        /// 401 or 403.
        status: u16,
        /// The provider's sentence.
        message: String,
    },
    /// The provider says that the object does not exist.
    #[error("{call}: there is no such object: {message}")]
    NotFound {
        /// The call.
        call: Call,
        /// The provider's sentence.
        message: String,
    },
    /// The provider understood and said no.
    #[error("{call}: refused ({code}): {message}")]
    Refused {
        /// The call.
        call: Call,
        /// The HTTP status.
        status: u16,
        /// The provider's code.
        code: String,
        /// The provider's sentence.
        message: String,
    },
    /// An answer that cannot be read as what was asked for.
    #[error("{call}: the answer cannot be read: {why}")]
    Unreadable {
        /// The call.
        call: Call,
        /// What is wrong with it.
        why: String,
        /// It was a write, so its outcome is not known.
        write: bool,
    },
}

impl ProviderError {
    /// A stable code in snake case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "provider_unreachable",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::RateLimited { .. } => "provider_rate_limited",
            Self::Down { .. } => "provider_down",
            Self::Credentials { .. } => "provider_credentials",
            Self::NotFound { .. } => "provider_not_found",
            Self::Refused { .. } => "provider_refused",
            Self::Unreadable { .. } => "provider_unreadable",
        }
    }

    /// Which call it was.
    pub const fn call(&self) -> &Call {
        match self {
            Self::Unreachable { call, .. }
            | Self::OutcomeUnknown { call, .. }
            | Self::RateLimited { call, .. }
            | Self::Down { call, .. }
            | Self::Credentials { call, .. }
            | Self::NotFound { call, .. }
            | Self::Refused { call, .. }
            | Self::Unreadable { call, .. } => call,
        }
    }

    /// Whether trying the same again later can help.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::OutcomeUnknown { .. }
            | Self::RateLimited { .. }
            | Self::Down { .. }
            | Self::Unreadable { .. } => true,
            Self::Credentials { .. } | Self::NotFound { .. } | Self::Refused { .. } => false,
        }
    }

    /// Whether a write may have taken effect although it brought an error: settled by a read, never by guessing.
    pub const fn outcome_unknown(&self) -> bool {
        match self {
            Self::OutcomeUnknown { .. } | Self::Down { .. } => true,
            Self::Unreadable { write, .. } => *write,
            Self::Unreachable { .. }
            | Self::RateLimited { .. }
            | Self::Credentials { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. } => false,
        }
    }

    /// Whether the provider took the call up, so that what it says is about the call's own outcome.
    pub const fn answers_the_call(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::RateLimited { .. } | Self::Credentials { .. } => false,
            Self::OutcomeUnknown { .. }
            | Self::Down { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::Unreadable { .. } => true,
        }
    }

    /// How long the provider wants us to wait.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Down { retry_after, .. } => *retry_after,
            Self::Unreachable { .. }
            | Self::OutcomeUnknown { .. }
            | Self::Credentials { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::Unreadable { .. } => None,
        }
    }

    /// What a person can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => {
                "check the network and the provider's API base; it is tried again by itself"
            }
            Self::OutcomeUnknown { .. } => "verify the object with the provider before trying again",
            Self::RateLimited { .. } | Self::Down { .. } => {
                "it is tried again by itself; see the provider's status page"
            }
            Self::Credentials { .. } => "check the key's mode and permissions with `billdeck doctor`",
            Self::NotFound { .. } => {
                "check the id, and that the key is of the same mode (test or live) as the object"
            }
            Self::Refused { .. } => "the provider's message says why; nothing was changed",
            Self::Unreadable { .. } => {
                "check that the API base points at the provider; proxies answer in HTML"
            }
        }
    }
}
