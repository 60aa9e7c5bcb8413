//! Why a body that came in was not taken up.

use std::time::Duration;

use crate::{
    domain::provider::{Book, Environment, ProviderName},
    providers::{EventError, SignatureError},
};

/// Why a body that came in was not taken up. Nothing of it is acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The path names no provider that billdeck knows, or the wrong path secret.
    #[error("no webhook endpoint is here")]
    UnknownEndpoint,
    /// The provider is known but has no credentials here.
    #[error("{0} is off: it has no credentials here")]
    ProviderOff(ProviderName),
    /// Longer than is taken.
    #[error("the body is larger than the {limit} bytes that are taken")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The signature was not accepted.
    #[error("the signature was not accepted")]
    BadSignature(#[source] SignatureError),
    /// The body cannot be taken up as an event.
    #[error("the body cannot be taken up as an event")]
    BadBody(#[source] EventError),
    /// Given by a person, but for the other environment.
    #[error("the event is of {found}; this process serves {served}")]
    OtherEnvironment {
        /// The event's books.
        found: Book,
        /// What this process serves.
        served: Environment,
    },
    /// More is waiting than can be held.
    #[error("too many deliveries are waiting")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The database is away, or in no state to write; whether the event is stored may be open.
    #[error("the database is not available")]
    Unavailable {
        /// When to try again.
        retry_after: Duration,
    },
    /// The process is shutting down.
    #[error("billdeck is shutting down")]
    Closing {
        /// When to try again.
        retry_after: Duration,
    },
    /// The database refused this one body; the log says why.
    #[error("the event could not be stored")]
    Refused,
}

impl IntakeError {
    /// A stable code in snake case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownEndpoint => "unknown_endpoint",
            Self::ProviderOff(_) => "provider_off",
            Self::TooLarge { .. } => "body_too_large",
            Self::BadSignature(error) => error.code(),
            Self::BadBody(error) => error.code(),
            Self::OtherEnvironment { .. } => "other_environment",
            Self::Busy { .. } => "queue_full",
            Self::Unavailable { .. } => "database_unavailable",
            Self::Closing { .. } => "shutting_down",
            Self::Refused => "not_stored",
        }
    }

    /// When the sender may try again; none where trying again cannot help or is the sender's own business.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after }
            | Self::Unavailable { retry_after }
            | Self::Closing { retry_after } => Some(*retry_after),
            Self::UnknownEndpoint
            | Self::ProviderOff(_)
            | Self::TooLarge { .. }
            | Self::BadSignature(_)
            | Self::BadBody(_)
            | Self::OtherEnvironment { .. }
            | Self::Refused => None,
        }
    }

    /// What a person can do about it.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnknownEndpoint => Some("check the endpoint's URL in the provider's dashboard"),
            Self::ProviderOff(_) => {
                Some("set the provider's key and webhook secret; `billdeck doctor` names them")
            }
            Self::TooLarge { .. } => Some("the limit is a setting of the server"),
            Self::BadSignature(_) => Some(
                "compare the endpoint's signing secret in the provider's dashboard with the one configured here",
            ),
            Self::BadBody(_) => Some("give the event as the provider wrote it"),
            Self::OtherEnvironment { .. } => Some("use the profile of the event's environment"),
            Self::Busy { .. } | Self::Closing { .. } => Some("try again"),
            Self::Unavailable { .. } => {
                Some("check that PostgreSQL runs and that DATABASE_URL is right: `billdeck doctor`")
            }
            Self::Refused => Some("the log names the database's reason"),
        }
    }
}
