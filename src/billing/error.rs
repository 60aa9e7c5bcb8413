//! What can go wrong in a use case. Faces turn the code into an exit code or a status, and show message, causes and hint.

use crate::{
    domain::{
        event::Problem,
        provider::{ProviderName, UnknownWord},
    },
    providers::{EventError, ProviderError},
    store::StoreError,
};

use super::{case::JudgeError, reader::ReadError};

/// A failure of a use case.
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The provider.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// An event's body.
    #[error(transparent)]
    Event(#[from] EventError),
    /// There is no such thing in the environment served.
    #[error("there is no {what} {id} in the {environment} environment")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// By which id.
        id: String,
        /// Where.
        environment: crate::domain::provider::Environment,
    },
    /// A provider that is needed has no credentials.
    #[error("{0} is off: it has no credentials")]
    ProviderOff(ProviderName),
    /// Somebody else works on this customer just now.
    #[error("{lane} is being worked on by another process")]
    LaneBusy {
        /// The lane.
        lane: String,
    },
    /// A person's wish that cannot be granted as things stand.
    #[error("{message}")]
    Refused {
        /// A stable code in snake case.
        code: &'static str,
        /// What stands in the way, of which object.
        message: String,
        /// What the person can do.
        hint: Option<String>,
    },
    /// A provider's word cannot be applied as things stand.
    #[error("{}", .0.message)]
    Problem(Problem),
    /// The provider did what it was asked for, and that could not be stored here.
    #[error("{provider} did it, but what it answered could not be stored")]
    Unrecorded {
        /// The provider.
        provider: ProviderName,
        /// Why.
        #[source]
        source: Box<BillingError>,
    },
    /// A word that is none of the known ones.
    #[error(transparent)]
    Word(#[from] UnknownWord),
}

impl BillingError {
    /// A stable code in snake case.
    pub fn code(&self) -> &str {
        match self {
            Self::Store(error) => error.code(),
            Self::Provider(error) => error.code(),
            Self::Event(error) => error.code(),
            Self::NotFound { .. } => "not_found",
            Self::ProviderOff(_) => "provider_off",
            Self::LaneBusy { .. } => "busy",
            Self::Refused { code, .. } => code,
            Self::Problem(problem) => &problem.code,
            Self::Unrecorded { .. } => "unrecorded",
            Self::Word(_) => "unknown_word",
        }
    }

    /// What the person can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint().map(str::to_owned),
            Self::Provider(error) => Some(error.hint().to_owned()),
            Self::NotFound { .. } => {
                Some("check the id; `billdeck config show` tells which environment is served".to_owned())
            }
            Self::ProviderOff(provider) => provider
                .key_variable()
                .map(|variable| format!("set {variable} and run it again")),
            Self::LaneBusy { .. } => Some("try again in a moment".to_owned()),
            Self::Refused { hint, .. } => hint.clone(),
            Self::Unrecorded { .. } => {
                Some("its webhook brings it by itself; a verification brings it at once".to_owned())
            }
            Self::Event(_) | Self::Problem(_) | Self::Word(_) => None,
        }
    }

    /// A write may or may not have taken effect at the provider, or has and is not stored: what is stored may be behind.
    pub const fn outcome_unknown(&self) -> bool {
        match self {
            Self::Provider(error) => error.outcome_unknown(),
            Self::Unrecorded { .. } => true,
            Self::Store(_)
            | Self::Event(_)
            | Self::NotFound { .. }
            | Self::ProviderOff(_)
            | Self::LaneBusy { .. }
            | Self::Refused { .. }
            | Self::Problem(_)
            | Self::Word(_) => false,
        }
    }

    /// The database is away.
    pub fn is_database_away(&self) -> bool {
        match self {
            Self::Store(StoreError::Unavailable(_)) => true,
            Self::Unrecorded { source, .. } => source.is_database_away(),
            Self::Store(_)
            | Self::Provider(_)
            | Self::Event(_)
            | Self::NotFound { .. }
            | Self::ProviderOff(_)
            | Self::LaneBusy { .. }
            | Self::Refused { .. }
            | Self::Problem(_)
            | Self::Word(_) => false,
        }
    }
}

impl From<ReadError> for BillingError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Provider(error) => Self::Provider(error),
            ReadError::Store(error) => Self::Store(error),
        }
    }
}

impl From<JudgeError> for BillingError {
    fn from(error: JudgeError) -> Self {
        match error {
            JudgeError::Store(error) => Self::Store(error),
            JudgeError::Read(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_is_off_is_turned_on_by_its_own_variable() {
        let hint = |provider| BillingError::ProviderOff(provider).hint();
        let variables = ProviderName::ALL.iter().map(|provider| hint(*provider));
        assert_eq!(
            variables.collect::<Vec<_>>(),
            [
                Some("set STRIPE_SECRET_KEY and run it again".to_owned()),
                Some("set POLAR_ACCESS_TOKEN and run it again".to_owned()),
                Some("set CONEKTA_API_KEY and run it again".to_owned()),
                Some("set PAYMONGO_SECRET_KEY and run it again".to_owned()),
                None,
            ]
        );
    }
}
