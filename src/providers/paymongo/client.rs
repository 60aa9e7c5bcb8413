//! What is PayMongo's own about its calls: credentials, envelopes, idempotency keys, and what its errors mean.

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::Method;
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::wire::error::{ErrorBody, ErrorDetail, is_unspeakable};
pub(super) use crate::providers::http::{Reply, Request, segment};
use crate::{
    domain::provider::{Environment, ProviderName},
    providers::{
        ProviderError, SetupError, Timeouts,
        error::Call,
        http::{self, Dialect, Refusal},
    },
};

/// PayMongo allows 100 calls a second to one account and blocks for up to a minute above that; with calls of a fifth of a
/// second or more, 20 at a time stay below it. It documents no header with an id of the call.
pub(super) const DIALECT: Dialect = Dialect {
    provider: ProviderName::Paymongo,
    headers: &[],
    idempotency: Some("idempotency-key"),
    request_id: "x-request-id",
    should_retry: None,
    concurrent_calls: 20,
    key_marks: &["sk_", "pk_", "whsk_"],
    is_missing,
    explain,
};

/// PayMongo's API with one key.
pub(super) struct Client(http::Client);

impl Client {
    pub(super) const fn inner(&self) -> &http::Client {
        &self.0
    }

    /// Sends a call, and repeats it where that is safe and may help.
    pub(super) async fn send(&self, request: Request<'_>) -> Result<Reply, ProviderError> {
        self.0.send(request).await
    }
}

/// PayMongo's API with this key: the user's name of HTTP Basic, with an empty password.
pub(super) fn open(
    environment: Environment,
    secret: &SecretString,
    base: &str,
    timeouts: Timeouts,
) -> Result<Client, SetupError> {
    let key = secret.expose_secret();
    // Base64 would hide a line break from the check of the header.
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
        return Err(SetupError::Key {
            provider: ProviderName::Paymongo,
        });
    }
    let authorization = format!("Basic {}", BASE64_STANDARD.encode(format!("{key}:")));
    http::Client::new(&DIALECT, environment, secret, &authorization, base, timeouts).map(Client)
}

/// What every request's document looks like.
#[derive(Serialize)]
struct Document<T> {
    data: Attributes<T>,
}

#[derive(Serialize)]
struct Attributes<T> {
    attributes: T,
}

fn document<T>(attributes: T) -> Document<T> {
    Document {
        data: Attributes { attributes },
    }
}

/// Makes an object. The key keeps a repeat from making a second one; it is one of [`idempotency_key`].
pub(super) fn create<'a>(
    path: impl Into<String>,
    attributes: &impl Serialize,
    key: &'a str,
) -> Result<Request<'a>, ProviderError> {
    Request::json(&DIALECT, Method::POST, path, &document(attributes), key)
}

/// Does something to an object. PayMongo documents keys for what makes objects alone, so it is never repeated.
pub(super) fn act(
    method: Method,
    path: impl Into<String>,
    attributes: &impl Serialize,
) -> Result<Request<'static>, ProviderError> {
    Request::json_once(&DIALECT, method, path, &document(attributes))
}

/// PayMongo wants keys that are UUIDs: the same one for the same text, each time.
pub(super) fn idempotency_key(key: &str) -> String {
    let hash = digest(&SHA256, key.as_bytes());
    let mut bytes = [0; 16];
    for (byte, of_hash) in bytes.iter_mut().zip(hash.as_ref()) {
        *byte = *of_hash;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// A call that PayMongo has no such thing for. Nothing is sent.
pub(super) fn not_supported(what: &str, message: &str) -> ProviderError {
    refused_here(what, "not_supported", message)
}

/// A call that billdeck does not make, since it could not be right. Nothing is sent.
pub(super) fn refused_here(what: &str, code: &str, message: &str) -> ProviderError {
    ProviderError::Refused {
        call: Call {
            provider: ProviderName::Paymongo,
            what: what.to_owned(),
            request_id: None,
        },
        status: 0,
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

/// PayMongo is still busy with the first call of the same key: that one's outcome is not known yet.
#[derive(Debug, thiserror::Error)]
#[error("another call with this idempotency key is still running")]
struct StillRunning;

/// Whether PayMongo says that the object does not exist. A route that does not exist answers 404 with an empty body,
/// which says nothing of an object.
fn is_missing(refusal: &Refusal<'_>) -> bool {
    refusal.status == 404 && !details(refusal).is_empty()
}

/// The status decides, and for what it leaves open PayMongo's code: business failures come with 400, 402 or 422 alike.
fn explain(refusal: &Refusal<'_>, call: Call) -> ProviderError {
    let details = details(refusal);
    let message = sentence(refusal, &details);
    let Some(first) = details.first() else {
        return refusal
            .by_status(&call, &message)
            .unwrap_or_else(|| refusal.not_believed(call));
    };
    let code = first.sub_code.as_deref().or(first.code.as_deref());
    let code = code.map_or("unknown", |code| {
        if is_unspeakable(code) {
            "generic_decline"
        } else {
            code
        }
    });
    match refusal.status {
        // The key is good, but this account may not do that.
        403 => refusal.refused(call, code, message),
        404 => ProviderError::NotFound { call, message },
        409 if refusal.write && code.contains("idempoten") => ProviderError::OutcomeUnknown {
            call,
            source: Box::new(StillRunning),
        },
        _ => refusal
            .by_status(&call, &message)
            .unwrap_or_else(|| refusal.refused(call, code, message)),
    }
}

fn details(refusal: &Refusal<'_>) -> Vec<ErrorDetail> {
    serde_json::from_slice::<ErrorBody>(refusal.body).map_or_else(|_| Vec::new(), |body| body.errors)
}

/// All that PayMongo complains of, without what may name a person, and without the reasons that no payer should learn.
fn sentence(refusal: &Refusal<'_>, details: &[ErrorDetail]) -> String {
    let unspeakable = details
        .iter()
        .any(|detail| detail.sub_code.as_deref().is_some_and(is_unspeakable));
    if unspeakable {
        return "The payment was declined.".to_owned();
    }
    let told: Vec<&str> = details
        .iter()
        .filter_map(|detail| detail.detail.as_deref())
        .collect();
    let told = (!told.is_empty()).then(|| told.join(" "));
    refusal
        .sentence(told.as_deref())
        .split(' ')
        .map(without_person)
        .collect::<Vec<_>>()
        .join(" ")
}

fn without_person(word: &str) -> &str {
    if word.contains('@') {
        return "[e-mail]";
    }
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if word.contains('+') && digits >= 7 {
        return "[phone]";
    }
    word
}

#[cfg(test)]
mod tests;
