//! `[server]`: the webhook listener and its limits.

use std::{net::SocketAddr, time::Duration};

use secrecy::SecretString;

use crate::config::{check::Check, schema::raw};

raw! {
    /// `[server]`
    struct RawServer {
        /// Address and port; port 0 picks a free one. Default: `127.0.0.1:8484`.
        listen: String = "127.0.0.1:8484".to_owned(),
        /// A last piece of the webhooks' paths that strangers do not know: 8 to 128 of `A-Za-z0-9_-`. Default: unset.
        webhook_path_secret: Option<String> = None,
        /// Bytes that a webhook's body may have; more is answered 413. Default: 1048576.
        body_limit_bytes: u64 = 1_048_576,
        /// Milliseconds that a client may take for the head of a request. Default: 5000.
        header_timeout_ms: u64 = 5_000,
        /// Milliseconds that a client may take for the body of a request. Default: 10000.
        body_timeout_ms: u64 = 10_000,
        /// Connections at a time; more wait to be accepted. Default: 1024.
        max_connections: u64 = 1_024,
        /// Deliveries that may wait for a shared commit; more are answered 503. Default: 1024.
        queue_length: u64 = 1_024,
        /// Bodies with a wrong signature that are kept per sender's address and minute. Default: 30.
        quarantine_per_source: u64 = 30,
        /// Bodies with a wrong signature that are kept in all and from all senders per minute. Default: 300.
        quarantine_total: u64 = 300,
        /// Seconds that `Retry-After` names when the database is away or the queue is full. Default: 5.
        retry_after_seconds: u64 = 5,
        /// Seconds that requests under way have to end when the listener stops. Default: 20.
        shutdown_grace_seconds: u64 = 20,
    }
}

/// The webhook listener and its limits.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Address and port; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The last piece of the webhooks' paths, if there is to be one.
    pub webhook_path_secret: Option<SecretString>,
    /// Bytes of a body, at most.
    pub body_limit: usize,
    /// Time for the head of a request.
    pub header_timeout: Duration,
    /// Time for the body of a request.
    pub body_timeout: Duration,
    /// Connections at a time.
    pub max_connections: usize,
    /// Deliveries that may wait for a shared commit.
    pub queue_length: usize,
    /// Quarantined bodies kept per sender and minute.
    pub quarantine_per_source: u32,
    /// Quarantined bodies kept per minute, from all senders.
    pub quarantine_total: u32,
    /// What `Retry-After` names.
    pub retry_after: Duration,
    /// Time for requests under way when the listener stops.
    pub shutdown_grace: Duration,
}

impl RawServer {
    pub(super) fn check(&self, check: &mut Check<'_>) -> Option<ServerSettings> {
        let listen = listen(check, &self.listen);
        let webhook_path_secret = match &self.webhook_path_secret {
            None => Some(None),
            Some(text) if is_path_secret(text) => Some(Some(SecretString::from(text.as_str()))),
            Some(_) => {
                check.fail(
                    "server.webhook_path_secret",
                    "expected 8 to 128 characters of `A-Za-z0-9_-`",
                );
                None
            }
        };
        let body_limit = check.number(
            "server.body_limit_bytes",
            self.body_limit_bytes,
            1_024..=67_108_864,
        );
        let header_timeout = check.millis("server.header_timeout_ms", self.header_timeout_ms);
        let body_timeout = check.millis("server.body_timeout_ms", self.body_timeout_ms);
        let max_connections = check.number("server.max_connections", self.max_connections, 1..=1_000_000);
        let queue_length = check.number("server.queue_length", self.queue_length, 1..=1_000_000);
        let per_source = check.number(
            "server.quarantine_per_source",
            self.quarantine_per_source,
            0..=1_000_000,
        );
        let total = check.number("server.quarantine_total", self.quarantine_total, 0..=1_000_000);
        let retry_after = check.seconds("server.retry_after_seconds", self.retry_after_seconds, 1..=3_600);
        let grace = check.seconds(
            "server.shutdown_grace_seconds",
            self.shutdown_grace_seconds,
            1..=3_600,
        );
        Some(ServerSettings {
            listen: listen?,
            webhook_path_secret: webhook_path_secret?,
            body_limit: body_limit?,
            header_timeout: header_timeout?,
            body_timeout: body_timeout?,
            max_connections: max_connections?,
            queue_length: queue_length?,
            quarantine_per_source: per_source?,
            quarantine_total: total?,
            retry_after: retry_after?,
            shutdown_grace: grace?,
        })
    }
}

fn listen(check: &mut Check<'_>, text: &str) -> Option<SocketAddr> {
    // `localhost` is what people type, and is no address; which of its two would be a guess elsewhere, but not here.
    let address = text
        .strip_prefix("localhost:")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"))
        .parse()
        .ok();
    if address.is_none() {
        check.fail(
            "server.listen",
            format!("expected an address and a port such as `127.0.0.1:8484`, found `{text}`"),
        );
    }
    address
}

fn is_path_secret(text: &str) -> bool {
    (8..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
