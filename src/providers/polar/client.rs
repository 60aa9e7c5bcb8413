//! What is Polar's own about its calls: addresses, credentials, version, and what its errors mean.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{
    API_VERSION,
    wire::error::{Detail, ErrorBody, Fault},
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

/// Polar takes 500 calls a minute from an organization, 100 in the sandbox, and has no idempotency key: what may have
/// been written is looked for by a read, never written again.
///
/// Polar documents no id of a call; where a proxy on the way gives it one, it is in the customary header.
pub(super) const DIALECT: Dialect = Dialect {
    provider: ProviderName::Polar,
    headers: &[("polar-version", API_VERSION)],
    idempotency: None,
    request_id: "x-request-id",
    should_retry: None,
    concurrent_calls: 8,
    key_marks: &["polar_", "whsec_"],
    is_missing,
    explain,
};

const PRODUCTION_HOST: &str = "//api.polar.sh";
const SANDBOX_HOST: &str = "//sandbox-api.polar.sh";

/// Polar's API with this token.
pub(super) fn open(
    environment: Environment,
    token: &SecretString,
    base: &str,
    timeouts: Timeouts,
) -> Result<Client, SetupError> {
    let authorization = format!("Bearer {}", token.expose_secret());
    // Polar's own documentation writes its address with the version behind it.
    let base = base.trim().trim_end_matches('/');
    let base = base.strip_suffix("/v1").unwrap_or(base);
    Client::new(&DIALECT, environment, token, &authorization, base, timeouts)
}

/// Sandbox and production are two servers, and nothing in a body tells which one it came from: the address of the other
/// one is a mistake.
pub(super) fn check_base(environment: Environment, base: &str) -> Result<(), SetupError> {
    let why = match environment {
        Environment::Test if base.contains(PRODUCTION_HOST) => {
            "it is the address for real money, not the sandbox's"
        }
        Environment::Live if base.contains(SANDBOX_HOST) => {
            "it is the sandbox's address, not the one for real money"
        }
        Environment::Test | Environment::Live => return Ok(()),
    };
    Err(SetupError::Base {
        provider: ProviderName::Polar,
        base: base.to_owned(),
        why: why.to_owned(),
    })
}

/// A write that makes something.
pub(super) fn post(path: &str, document: &impl Serialize) -> Result<Request<'static>, ProviderError> {
    Request::json(&DIALECT, reqwest::Method::POST, path, document, "")
}

/// A write that changes something.
pub(super) fn patch(path: String, document: &impl Serialize) -> Result<Request<'static>, ProviderError> {
    Request::json(&DIALECT, reqwest::Method::PATCH, path, document, "")
}

/// A call that is not made, with the reason.
pub(super) fn refuse(what: &str, code: &str, message: String) -> ProviderError {
    ProviderError::Refused {
        call: Request::get(what).call(&DIALECT),
        status: 0,
        code: code.to_owned(),
        message,
    }
}

/// A word of Polar's for what went wrong comes with every 404 about an object; a wrong path or version has none.
fn is_missing(refusal: &Refusal<'_>) -> bool {
    refusal.status == 404 && body(refusal).is_some_and(|body| body.error.is_some())
}

fn explain(refusal: &Refusal<'_>, call: Call) -> ProviderError {
    let body = body(refusal);
    let message = refusal.sentence(body.as_ref().and_then(sentence).as_deref());
    let code = body.as_ref().and_then(|body| body.error.as_deref());
    match (refusal.status, code) {
        // What is forbidden is the act, not the caller.
        (403, Some(code)) if !is_about_the_token(code) => refusal.refused(call, code, message),
        (404, Some(_)) => ProviderError::NotFound { call, message },
        (404, None) if body.is_some() => refusal.refused(
            call,
            "wrong_address",
            "there is no such address, or Polar does not know the API version; check the API base".to_owned(),
        ),
        // A charge or a cycle is running for the subscription: nothing was done.
        (409, Some("SubscriptionLocked")) => ProviderError::RateLimited {
            call,
            retry_after: refusal.retry_after,
        },
        (_, code) => match refusal.by_status(&call, &message) {
            Some(error) => error,
            None if body.is_some() => refusal.refused(call, code.unwrap_or("unknown"), message),
            None => refusal.not_believed(call),
        },
    }
}

fn is_about_the_token(code: &str) -> bool {
    matches!(
        code,
        "NotPermitted" | "Unauthorized" | "insufficient_scope" | "invalid_token"
    )
}

/// Only a body that says anything counts as an error of Polar's.
fn body(refusal: &Refusal<'_>) -> Option<ErrorBody> {
    serde_json::from_slice::<ErrorBody>(refusal.body)
        .ok()
        .filter(|body| body.error.is_some() || body.detail.is_some())
}

/// Polar's sentence, or its list of faults; the values it quotes are left out, and so are e-mail addresses.
fn sentence(body: &ErrorBody) -> Option<String> {
    let told = match &body.detail {
        Some(Detail::Text(text)) => text.clone(),
        Some(Detail::Faults(faults)) => faults.iter().map(fault).collect::<Vec<_>>().join("; "),
        Some(Detail::Other(_)) | None => body.error_description.clone()?,
    };
    let without_addresses = told
        .split(' ')
        .map(|word| if word.contains('@') { "[e-mail]" } else { word });
    Some(without_addresses.collect::<Vec<_>>().join(" "))
}

fn fault(fault: &Fault) -> String {
    let place: Vec<String> = fault
        .loc
        .iter()
        .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned))
        .collect();
    format!(
        "{}: {}",
        place.join("."),
        fault.msg.as_deref().unwrap_or("is not accepted")
    )
}

#[cfg(test)]
mod tests;
