//! An answer that is no success, as a room gets to see it.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::Dialect;
use crate::providers::error::{Call, ProviderError};

/// The longest sentence of a provider's that is kept, in characters.
const MESSAGE_MAX: usize = 500;

/// The longest code of a provider's that is kept, in characters.
const CODE_MAX: usize = 100;

/// An answer whose status is no success.
pub(in crate::providers) struct Refusal<'a> {
    pub(in crate::providers) dialect: &'static Dialect,
    pub(in crate::providers) status: u16,
    pub(in crate::providers) retry_after: Option<Duration>,
    pub(in crate::providers) body: &'a [u8],
    pub(in crate::providers) write: bool,
    pub(in crate::providers) secret: &'a SecretString,
}

impl Refusal<'_> {
    /// What the status alone says, for the statuses that mean the same at every provider; none for the others.
    pub(in crate::providers) fn by_status(&self, call: &Call, message: &str) -> Option<ProviderError> {
        let call = call.clone();
        let (status, retry_after) = (self.status, self.retry_after);
        match status {
            401 | 403 => Some(ProviderError::Credentials {
                call,
                status,
                message: message.to_owned(),
            }),
            429 => Some(ProviderError::RateLimited { call, retry_after }),
            424 | 500.. => Some(ProviderError::Down {
                call,
                status,
                retry_after,
            }),
            _ => None,
        }
    }

    /// The provider understood and said no, with its own code.
    pub(in crate::providers) fn refused(&self, call: Call, code: &str, message: String) -> ProviderError {
        ProviderError::Refused {
            call,
            status: self.status,
            code: plain(code, CODE_MAX),
            message,
        }
    }

    /// A body that is no error of the provider's own form: a proxy's 404 says nothing about an object.
    pub(in crate::providers) fn not_believed(&self, call: Call) -> ProviderError {
        ProviderError::Unreadable {
            call,
            why: format!(
                "status {}, and the body is no error of {}'s",
                self.status, self.dialect.provider
            ),
            write: self.write,
        }
    }

    /// A sentence of the provider's that can be shown: the key, and anything that looks like one, is blotted out.
    pub(in crate::providers) fn sentence(&self, message: Option<&str>) -> String {
        without_secrets(
            message.unwrap_or("it gave no reason"),
            self.secret,
            self.dialect.key_marks,
        )
    }
}

fn without_secrets(message: &str, secret: &SecretString, marks: &[&str]) -> String {
    let secret = secret.expose_secret();
    let message = if secret.is_empty() {
        message.to_owned()
    } else {
        message.replace(secret, "[key]")
    };
    plain(&message, MESSAGE_MAX)
        .split(' ')
        .map(|word| {
            let looks_like_a_key = marks.iter().any(|mark| word.contains(mark));
            if looks_like_a_key { "[key]" } else { word }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Text from outside without control characters, cut to a length in characters.
pub(in crate::providers) fn plain(text: &str, max: usize) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(max)
        .collect()
}
