//! An answer that is no success, and which error it is.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::providers::{
    error::{Call, ProviderError},
    stripe::wire::error::{ErrorBody, ErrorDetail},
};

/// The longest sentence of Stripe's that is kept, in characters.
const MESSAGE_MAX: usize = 500;

pub(super) struct Refusal<'a> {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: &'a [u8],
    pub(super) write: bool,
    pub(super) secret: &'a SecretString,
}

/// Stripe is still busy with the first call of the same key: that one's outcome is not known yet.
#[derive(Debug, thiserror::Error)]
#[error("the first call with this idempotency key is still running")]
struct StillRunning;

impl Refusal<'_> {
    /// Whether Stripe says that the object asked for, or the customer whose objects were asked for, does not exist.
    ///
    /// An object of the other mode is "missing" too, and says so in the sentence. That is a wrong key, not a deletion.
    pub(super) fn is_missing_object(&self) -> bool {
        let Some(detail) = self.detail() else {
            return false;
        };
        let message = detail.message.unwrap_or_default();
        let is_missing = detail.code.as_deref() == Some("resource_missing")
            && (self.status == 404 || (self.status == 400 && detail.param.as_deref() == Some("customer")));
        is_missing && !message.contains("live mode") && !message.contains("test mode")
    }

    /// The status decides: `type` names too little, and codes are added at any time (Stripe docs: errors).
    pub(super) fn into_error(self, call: Call) -> ProviderError {
        let detail = self.detail();
        let message = self.message(detail.as_ref());
        let Self {
            status, retry_after, ..
        } = self;
        match status {
            401 | 403 => ProviderError::Credentials {
                call,
                status,
                message,
            },
            429 => ProviderError::RateLimited { call, retry_after },
            424 | 500.. => ProviderError::Down {
                call,
                status,
                retry_after,
            },
            // What follows is believed only in Stripe's own form: a proxy's 404 says nothing about an object.
            _ => match detail {
                Some(detail) => by_detail(status, retry_after, detail, message, call),
                None => ProviderError::Unreadable {
                    call,
                    why: format!("status {status}, and the body is no error of Stripe's"),
                    write: self.write,
                },
            },
        }
    }

    fn detail(&self) -> Option<ErrorDetail> {
        serde_json::from_slice::<ErrorBody>(self.body)
            .ok()
            .map(|body| body.error)
    }

    fn message(&self, detail: Option<&ErrorDetail>) -> String {
        let message = detail.and_then(|detail| detail.message.as_deref());
        without_secrets(message.unwrap_or("it gave no reason"), self.secret)
    }
}

fn by_detail(
    status: u16,
    retry_after: Option<Duration>,
    detail: ErrorDetail,
    message: String,
    call: Call,
) -> ProviderError {
    let code = detail.code.as_deref();
    match (status, code) {
        (404, _) => ProviderError::NotFound { call, message },
        (409, Some("idempotency_key_in_use")) => ProviderError::OutcomeUnknown {
            call,
            source: Box::new(StillRunning),
        },
        // Another call holds the object's lock: nothing was done.
        (409, _) => ProviderError::RateLimited { call, retry_after },
        (_, _) => ProviderError::Refused {
            call,
            status,
            // A declined card's own reason is the useful one.
            code: plain(
                &detail
                    .decline_code
                    .or(detail.code)
                    .or(detail.kind)
                    .unwrap_or_else(|| "unknown".to_owned()),
                100,
            ),
            message,
        },
    }
}

/// A sentence that can be shown: the key, and anything that looks like one, is blotted out.
fn without_secrets(message: &str, secret: &SecretString) -> String {
    let secret = secret.expose_secret();
    let message = if secret.is_empty() {
        message.to_owned()
    } else {
        message.replace(secret, "[key]")
    };
    plain(&message, MESSAGE_MAX)
        .split(' ')
        .map(|word| {
            let looks_like_a_key = ["sk_", "rk_", "whsec_"]
                .iter()
                .any(|prefix| word.contains(prefix));
            if looks_like_a_key { "[key]" } else { word }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Text from outside without control characters, cut to a length in characters.
pub(super) fn plain(text: &str, max: usize) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(max)
        .collect()
}
