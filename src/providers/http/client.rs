//! The one send function: address, credentials, timeouts, idempotency key, repeats, and what an error means.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{
    Method,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue},
};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use super::{
    Dialect, SetupError, Timeouts,
    base::Base,
    head::Head,
    latency::Latency,
    refusal::Refusal,
    retry::{self, Outcome, Signs},
};
use crate::{
    domain::provider::Environment,
    providers::{
        Answer,
        error::{Call, ProviderError},
        fields::{Flaw, parse},
    },
};

/// A provider's API, over HTTP.
pub(in crate::providers) struct Client {
    dialect: &'static Dialect,
    http: reqwest::Client,
    /// Without a slash at its end.
    base: String,
    authorization: HeaderValue,
    /// To keep it out of what the provider says.
    secret: SecretString,
    timeouts: Timeouts,
    permits: Semaphore,
    latency: Latency,
}

/// One call, before it is sent. A body needs an idempotency key, so that repeating it is safe.
pub(in crate::providers) struct Request<'a> {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Content>,
    key: Option<&'a str>,
    missing_is_an_answer: bool,
}

/// What is sent.
#[derive(Debug)]
pub(in crate::providers) struct Content {
    pub(in crate::providers) kind: &'static str,
    pub(in crate::providers) text: String,
}

/// A whole answer.
#[derive(Debug)]
pub(in crate::providers) struct Reply {
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
    pub(in crate::providers) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path.into())
    }

    /// Ends something. Repeating it changes nothing more, so it needs no key.
    pub(in crate::providers) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path.into())
    }

    /// A write with a form, as HTML has them; nested values in brackets.
    pub(in crate::providers) fn post_form(
        dialect: &Dialect,
        path: impl Into<String>,
        form: &impl Serialize,
        key: &'a str,
    ) -> Result<Self, ProviderError> {
        let written = serde_qs::Config::new()
            .use_form_encoding(true)
            .serialize_string(form);
        Self::new(Method::POST, path.into()).with(dialect, "application/x-www-form-urlencoded", written, key)
    }

    /// A write with a JSON document.
    pub(in crate::providers) fn json(
        dialect: &Dialect,
        method: Method,
        path: impl Into<String>,
        document: &impl Serialize,
        key: &'a str,
    ) -> Result<Self, ProviderError> {
        let written = serde_json::to_string(document);
        Self::new(method, path.into()).with(dialect, "application/json", written, key)
    }

    /// A write that says all by its path. Its body is empty and not absent, so that its length goes out.
    pub(in crate::providers) fn post_empty(path: impl Into<String>) -> Self {
        let mut request = Self::new(Method::POST, path.into());
        request.body = Some(Content {
            kind: "application/json",
            text: String::new(),
        });
        request
    }

    /// A write with a JSON document that the provider takes without an idempotency key: it is never repeated.
    pub(in crate::providers) fn json_once(
        dialect: &Dialect,
        method: Method,
        path: impl Into<String>,
        document: &impl Serialize,
    ) -> Result<Self, ProviderError> {
        let mut request = Self::json(dialect, method, path, document, "")?;
        request.key = None;
        Ok(request)
    }

    fn with<E: Error>(
        mut self,
        dialect: &Dialect,
        kind: &'static str,
        written: Result<String, E>,
        key: &'a str,
    ) -> Result<Self, ProviderError> {
        let text = written.map_err(|error| ProviderError::Refused {
            call: self.call(dialect),
            status: 0,
            code: "not_sendable".to_owned(),
            message: format!("the values cannot be written: {error}"),
        })?;
        self.body = Some(Content { kind, text });
        self.key = Some(key);
        Ok(self)
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

    pub(in crate::providers) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// "There is no such object" comes back as a reply without a body, not as an error.
    pub(in crate::providers) const fn missing_is_an_answer(mut self) -> Self {
        self.missing_is_an_answer = true;
        self
    }

    /// Which call it is, for an error.
    pub(in crate::providers) fn call(&self, dialect: &Dialect) -> Call {
        Call {
            provider: dialect.provider,
            what: format!("{} {}", self.method, self.path),
            request_id: None,
        }
    }

    /// What is sent.
    #[cfg(test)]
    pub(in crate::providers) fn text(&self) -> Option<&str> {
        self.body.as_ref().map(|content| content.text.as_str())
    }

    fn is_write(&self) -> bool {
        self.method != Method::GET
    }

    /// Whether repeating it cannot do twice what was asked for once.
    fn is_repeatable(&self, dialect: &Dialect) -> bool {
        match self.method {
            Method::GET | Method::DELETE => true,
            _ => self.key.is_some() && dialect.idempotency.is_some(),
        }
    }
}

impl Client {
    pub(in crate::providers) fn new(
        dialect: &'static Dialect,
        environment: Environment,
        secret: &SecretString,
        authorization: &str,
        base: &str,
        timeouts: Timeouts,
    ) -> Result<Self, SetupError> {
        let provider = dialect.provider;
        let base = Base::parse(provider, base, environment)?;
        let mut authorization =
            HeaderValue::from_str(authorization).map_err(|_| SetupError::Key { provider })?;
        authorization.set_sensitive(true);

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
            dialect,
            http: http.build().map_err(SetupError::Http)?,
            base: base.text,
            authorization,
            secret: secret.clone(),
            timeouts,
            permits: Semaphore::new(dialect.concurrent_calls),
            latency: Latency::default(),
        })
    }

    /// See [`crate::providers::Provider::api_p95`].
    pub(in crate::providers) fn p95(&self) -> Option<Duration> {
        self.latency.p95()
    }

    /// Sends a call, and repeats it where that is safe and may help.
    pub(in crate::providers) async fn send(&self, request: Request<'_>) -> Result<Reply, ProviderError> {
        let mut delays = retry::delays(self.timeouts.backoff);
        let mut attempt = 1;
        // An earlier attempt of a write whose outcome is open: a later one that did not get through settles nothing.
        let mut open: Option<ProviderError> = None;
        loop {
            let failure = match self.attempt(&request).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            let wait = retry::wait(attempt, request.is_repeatable(self.dialect), &failure.signs);
            let (Some(wait), Some(delay)) = (wait, delays.next()) else {
                return Err(match open {
                    Some(open) if !failure.error.answers_the_call() => open,
                    Some(_) | None => failure.error,
                });
            };
            tracing::debug!(
                provider = %self.dialect.provider,
                call = %failure.error.call(),
                code = failure.error.code(),
                attempt,
                "a call is repeated"
            );
            if request.is_write() && failure.error.outcome_unknown() {
                open = Some(failure.error);
            }
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
            .header(AUTHORIZATION, self.authorization.clone())
            .timeout(if request.is_write() {
                self.timeouts.write
            } else {
                self.timeouts.read
            });
        for (name, value) in self.dialect.headers {
            builder = builder.header(*name, *value);
        }
        if let (Some(name), Some(key)) = (self.dialect.idempotency, request.key) {
            builder = builder.header(name, key);
        }
        if let Some(content) = &request.body {
            builder = builder
                .header(CONTENT_TYPE, content.kind)
                .body(content.text.clone());
            if content.text.is_empty() {
                // Left to itself the client sends none for an empty body, and some servers refuse that (411).
                builder = builder.header(CONTENT_LENGTH, "0");
            }
        }

        let began_at = Timestamp::now();
        let began = Instant::now();
        let response = builder
            .send()
            .await
            .map_err(|error| transport_failure(request.call(self.dialect), error))?;
        let head = Head::read(self.dialect, response.status(), response.headers());
        let call = Call {
            request_id: head.request_id.clone(),
            ..request.call(self.dialect)
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
        let refusal = Refusal {
            dialect: self.dialect,
            status: head.status.as_u16(),
            retry_after: head.retry_after,
            body: &body,
            write: request.is_write(),
            secret: &self.secret,
        };
        if request.missing_is_an_answer && (self.dialect.is_missing)(&refusal) {
            return Ok(Reply {
                call,
                body: Bytes::new(),
                write: request.is_write(),
                at: head.made_at(began_at, took),
                missing: true,
            });
        }
        Err(Failure {
            error: (self.dialect.explain)(&refusal, call),
            signs: Signs {
                outcome: Outcome::Status(head.status.as_u16()),
                should_retry: head.should_retry,
                retry_after: head.retry_after,
            },
        })
    }
}

impl Reply {
    /// The provider says that there is no such object.
    pub(in crate::providers) const fn is_missing(&self) -> bool {
        self.missing
    }

    /// When the answer was made, by the provider's clock.
    pub(in crate::providers) const fn at(&self) -> Timestamp {
        self.at
    }

    /// The body as text, if it looks like JSON at all.
    pub(in crate::providers) fn text(&self) -> Result<&str, ProviderError> {
        let text =
            std::str::from_utf8(&self.body).map_err(|_| self.unreadable("it is not UTF-8".to_owned()))?;
        match text.trim_start().as_bytes().first() {
            Some(b'{') => Ok(text),
            Some(b'<') => Err(self.unreadable("it is HTML, not JSON".to_owned())),
            Some(_) => Err(self.unreadable("it is no JSON object".to_owned())),
            None => Err(self.unreadable("it is empty".to_owned())),
        }
    }

    pub(in crate::providers) fn parse<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, ProviderError> {
        parse(self.text()?).map_err(|flaw| self.flawed(flaw))
    }

    pub(in crate::providers) fn flawed(&self, flaw: Flaw) -> ProviderError {
        self.unreadable(flaw.0)
    }

    fn unreadable(&self, why: String) -> ProviderError {
        ProviderError::Unreadable {
            call: self.call.clone(),
            why,
            write: self.write,
        }
    }

    pub(in crate::providers) fn answer<T>(&self, value: T) -> Answer<T> {
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
pub(in crate::providers) fn segment(id: &str) -> String {
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

/// One element of a list, as the provider wrote it.
pub(in crate::providers) type Raw<'a> = &'a RawValue;
