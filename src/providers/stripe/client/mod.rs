//! The one send function: address, key, version, timeouts, idempotency key, repeats, and what an error means.

mod base;
mod head;
mod latency;
mod refusal;
mod retry;

use std::{
    error::Error,
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{
    Method,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

pub(super) use self::base::Base;
use self::{
    head::Head,
    latency::Latency,
    retry::{Outcome, Signs},
};
use super::{
    API_VERSION, SetupError, Timeouts,
    interpret::{Flaw, Occasion, parse},
};
use crate::{
    domain::provider::{Environment, ProviderName},
    providers::{
        Answer,
        error::{Call, ProviderError},
    },
};

/// How many calls run at once. Stripe allows 25 a second to one endpoint in a sandbox (Stripe docs: rate limits); with
/// calls of a second or less this many at a time stay near that.
const CONCURRENT_CALLS: usize = 20;

pub(super) struct Client {
    http: reqwest::Client,
    /// Without a slash at its end.
    base: String,
    bearer: HeaderValue,
    /// To keep it out of what Stripe says.
    secret: SecretString,
    timeouts: Timeouts,
    permits: Semaphore,
    latency: Latency,
}

/// One call, before it is sent. A body needs an idempotency key, so that repeating it is safe.
pub(super) struct Request<'a> {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<String>,
    key: Option<&'a str>,
    missing_is_an_answer: bool,
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Reply {
    call: Call,
    body: Bytes,
    write: bool,
    at: Timestamp,
    missing: bool,
}

struct Failure {
    error: ProviderError,
    signs: Signs,
}

impl<'a> Request<'a> {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path.into())
    }

    /// Ends something. Repeating it changes nothing more, so it needs no key.
    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path.into())
    }

    pub(super) fn post(
        path: impl Into<String>,
        form: &impl Serialize,
        key: &'a str,
    ) -> Result<Self, ProviderError> {
        let mut request = Self::new(Method::POST, path.into());
        let body = serde_qs::Config::new()
            .use_form_encoding(true)
            .serialize_string(form)
            .map_err(|error| ProviderError::Refused {
                call: request.call(),
                status: 0,
                code: "not_sendable".to_owned(),
                message: format!("the values cannot be written as a form: {error}"),
            })?;
        request.body = Some(body);
        request.key = Some(key);
        Ok(request)
    }

    fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            body: None,
            key: None,
            missing_is_an_answer: false,
        }
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// "There is no such object" comes back as a reply without a body, not as an error.
    pub(super) const fn missing_is_an_answer(mut self) -> Self {
        self.missing_is_an_answer = true;
        self
    }

    pub(super) fn call(&self) -> Call {
        Call {
            provider: ProviderName::Stripe,
            what: format!("{} {}", self.method, self.path),
            request_id: None,
        }
    }

    fn is_write(&self) -> bool {
        self.method != Method::GET
    }

    fn is_repeatable(&self) -> bool {
        self.method != Method::POST || self.key.is_some()
    }
}

impl Client {
    pub(super) fn new(
        environment: Environment,
        secret: &SecretString,
        base: &str,
        timeouts: Timeouts,
    ) -> Result<Self, SetupError> {
        let base = Base::parse(base, environment)?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", secret.expose_secret()))
            .map_err(|_| SetupError::Key)?;
        bearer.set_sensitive(true);

        // Whoever comes first wins; an error says that somebody has.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("billdeck/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeouts.connect)
            // The key goes to the configured address and nowhere else.
            .redirect(reqwest::redirect::Policy::none());
        if base.is_loopback {
            http = http.no_proxy();
        }
        Ok(Self {
            http: http.build().map_err(SetupError::Http)?,
            base: base.text,
            bearer,
            secret: secret.clone(),
            timeouts,
            permits: Semaphore::new(CONCURRENT_CALLS),
            latency: Latency::default(),
        })
    }

    pub(super) fn p95(&self) -> Option<Duration> {
        self.latency.p95()
    }

    /// Sends a call, and repeats it where that is safe and may help.
    pub(super) async fn send(&self, request: Request<'_>) -> Result<Reply, ProviderError> {
        let mut delays = retry::delays(self.timeouts.backoff);
        let mut attempt = 1;
        loop {
            let failure = match self.attempt(&request).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            let wait = retry::wait(attempt, request.is_repeatable(), &failure.signs);
            let (Some(wait), Some(delay)) = (wait, delays.next()) else {
                return Err(failure.error);
            };
            tracing::debug!(
                provider = "stripe",
                call = %failure.error.call(),
                code = failure.error.code(),
                attempt,
                "a call is repeated"
            );
            tokio::time::sleep(delay.max(wait)).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, request: &Request<'_>) -> Result<Reply, Failure> {
        // Refused only once the semaphore is closed, which nobody does.
        let _permit = self.permits.acquire().await.ok();
        let mut builder = self
            .http
            .request(request.method.clone(), format!("{}{}", self.base, request.path))
            .query(&request.query)
            .header(AUTHORIZATION, self.bearer.clone())
            .header("stripe-version", API_VERSION)
            .timeout(if request.is_write() {
                self.timeouts.write
            } else {
                self.timeouts.read
            });
        if let Some(key) = request.key {
            builder = builder.header("idempotency-key", key);
        }
        if let Some(body) = &request.body {
            builder = builder
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body.clone());
        }

        let began_at = Timestamp::now();
        let began = Instant::now();
        let response = builder
            .send()
            .await
            .map_err(|error| transport_failure(request.call(), error))?;
        let head = Head::read(response.status(), response.headers());
        let call = Call {
            request_id: head.request_id.clone(),
            ..request.call()
        };
        let body = response.bytes().await;
        let took = began.elapsed();
        self.latency.record(took);

        if head.status.is_success() {
            let body = body.map_err(|error| transport_failure(call.clone(), error))?;
            return Ok(Reply {
                call,
                body,
                write: request.is_write(),
                at: head.made_at(began_at, took),
                missing: false,
            });
        }
        // The status says enough; a body that was cut off only costs the sentence.
        let body = body.unwrap_or_default();
        let refusal = refusal::Refusal {
            status: head.status.as_u16(),
            retry_after: head.retry_after,
            body: &body,
            write: request.is_write(),
            secret: &self.secret,
        };
        if request.missing_is_an_answer && refusal.is_missing_object() {
            return Ok(Reply {
                call,
                body: Bytes::new(),
                write: request.is_write(),
                at: head.made_at(began_at, took),
                missing: true,
            });
        }
        Err(Failure {
            error: refusal.into_error(call),
            signs: Signs {
                outcome: Outcome::Status(head.status.as_u16()),
                should_retry: head.should_retry,
                retry_after: head.retry_after,
            },
        })
    }
}

impl Reply {
    /// Stripe says that there is no such object.
    pub(super) const fn is_missing(&self) -> bool {
        self.missing
    }

    pub(super) fn occasion(&self) -> Occasion<'static> {
        Occasion {
            event: None,
            at: self.at,
        }
    }

    /// The body as text, if it looks like JSON at all.
    pub(super) fn text(&self) -> Result<&str, ProviderError> {
        let text =
            std::str::from_utf8(&self.body).map_err(|_| self.unreadable("it is not UTF-8".to_owned()))?;
        match text.trim_start().as_bytes().first() {
            Some(b'{') => Ok(text),
            Some(b'<') => Err(self.unreadable("it is HTML, not JSON".to_owned())),
            Some(_) => Err(self.unreadable("it is no JSON object".to_owned())),
            None => Err(self.unreadable("it is empty".to_owned())),
        }
    }

    pub(super) fn parse<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, ProviderError> {
        parse(self.text()?).map_err(|flaw| self.flawed(flaw))
    }

    pub(super) fn flawed(&self, flaw: Flaw) -> ProviderError {
        self.unreadable(flaw.0)
    }

    fn unreadable(&self, why: String) -> ProviderError {
        ProviderError::Unreadable {
            call: self.call.clone(),
            why,
            write: self.write,
        }
    }

    pub(super) fn answer<T>(&self, value: T) -> Answer<T> {
        Answer {
            value,
            at: self.at,
            request_id: self.call.request_id.clone(),
        }
    }
}

fn transport_failure(call: Call, error: reqwest::Error) -> Failure {
    let not_sent = error.is_connect() || error.is_builder();
    // The address holds what was asked for, such as an e-mail address.
    let source: Box<dyn Error + Send + Sync> = Box::new(error.without_url());
    let (error, outcome) = if not_sent {
        (ProviderError::Unreachable { call, source }, Outcome::NotSent)
    } else {
        (ProviderError::OutcomeUnknown { call, source }, Outcome::NoAnswer)
    };
    Failure {
        error,
        signs: Signs {
            outcome,
            should_retry: None,
            retry_after: None,
        },
    }
}

/// An id as one piece of a path, whatever it holds.
pub(super) fn segment(id: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut piece = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            piece.push(char::from(byte));
        } else {
            let digits = [byte >> 4, byte & 0xf].map(|digit| char::from(HEX[usize::from(digit)]));
            piece.push('%');
            piece.extend(digits);
        }
    }
    piece
}

/// One element of a list, as Stripe wrote it.
pub(super) type Raw<'a> = &'a RawValue;

#[cfg(test)]
mod tests;
