//! What is Stripe's own about its calls: credentials, version, and what its errors mean.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{
    API_VERSION,
    wire::error::{ErrorBody, ErrorDetail},
};
pub(super) use crate::providers::http::{Client, Raw, Reply, Request, segment};
use crate::{
    domain::provider::{Environment, ProviderName},
    providers::{
        ProviderError, SetupError, Timeouts,
        error::Call,
        http::{Dialect, Refusal},
    },
};

/// Stripe allows 25 calls a second to one endpoint in a sandbox (Stripe docs: rate limits); with calls of a second or
/// less, 20 at a time stay near that.
pub(super) const DIALECT: Dialect = Dialect {
    provider: ProviderName::Stripe,
    headers: &[("stripe-version", API_VERSION)],
    idempotency: Some("idempotency-key"),
    request_id: "request-id",
    should_retry: Some("stripe-should-retry"),
    concurrent_calls: 20,
    key_marks: &["sk_", "rk_", "whsec_"],
    is_missing,
    explain,
};

/// Stripe's API with this key.
pub(super) fn open(
    environment: Environment,
    secret: &SecretString,
    base: &str,
    timeouts: Timeouts,
) -> Result<Client, SetupError> {
    let authorization = format!("Bearer {}", secret.expose_secret());
    Client::new(&DIALECT, environment, secret, &authorization, base, timeouts)
}

/// A write, with the idempotency key that makes repeating it safe.
pub(super) fn post_form<'a>(
    path: impl Into<String>,
    form: &impl Serialize,
    key: &'a str,
) -> Result<Request<'a>, ProviderError> {
    Request::post_form(&DIALECT, path, form, key)
}

/// Stripe is still busy with the first call of the same key: that one's outcome is not known yet.
#[derive(Debug, thiserror::Error)]
#[error("the first call with this idempotency key is still running")]
struct StillRunning;

/// Whether Stripe says that the object asked for, or the customer whose objects were asked for, does not exist.
///
/// An object of the other mode is "missing" too, and says so in the sentence. That is a wrong key, not a deletion.
fn is_missing(refusal: &Refusal<'_>) -> bool {
    let Some(detail) = detail(refusal) else {
        return false;
    };
    let message = detail.message.unwrap_or_default();
    let is_missing = detail.code.as_deref() == Some("resource_missing")
        && (refusal.status == 404 || (refusal.status == 400 && detail.param.as_deref() == Some("customer")));
    is_missing && !message.contains("live mode") && !message.contains("test mode")
}

/// The status decides: `type` names too little, and codes are added at any time (Stripe docs: errors).
fn explain(refusal: &Refusal<'_>, call: Call) -> ProviderError {
    let detail = detail(refusal);
    let message = refusal.sentence(detail.as_ref().and_then(|detail| detail.message.as_deref()));
    if let Some(error) = refusal.by_status(&call, &message) {
        return error;
    }
    match detail {
        Some(detail) => by_detail(refusal, detail, message, call),
        None => refusal.not_believed(call),
    }
}

fn detail(refusal: &Refusal<'_>) -> Option<ErrorDetail> {
    serde_json::from_slice::<ErrorBody>(refusal.body)
        .ok()
        .map(|body| body.error)
}

fn by_detail(refusal: &Refusal<'_>, detail: ErrorDetail, message: String, call: Call) -> ProviderError {
    match (refusal.status, detail.code.as_deref()) {
        (404, _) => ProviderError::NotFound { call, message },
        (409, Some("idempotency_key_in_use")) => ProviderError::OutcomeUnknown {
            call,
            source: Box::new(StillRunning),
        },
        // Another call holds the object's lock: nothing was done.
        (409, _) => ProviderError::RateLimited {
            call,
            retry_after: refusal.retry_after,
        },
        (_, _) => {
            // A declined card's own reason is the useful one.
            let code = detail.decline_code.or(detail.code).or(detail.kind);
            refusal.refused(call, code.as_deref().unwrap_or("unknown"), message)
        }
    }
}

#[cfg(test)]
mod tests;
