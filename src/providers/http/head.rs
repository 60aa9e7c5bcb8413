//! What an answer's headers say.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::{
    StatusCode,
    header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER},
};

use super::{Dialect, refusal::plain};

/// The part of an answer that comes before its body.
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) request_id: Option<String>,
    date: Option<Timestamp>,
    pub(super) should_retry: Option<bool>,
    pub(super) retry_after: Option<Duration>,
}

impl Head {
    pub(super) fn read(dialect: &Dialect, status: StatusCode, headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            headers
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
        };
        Self {
            status,
            request_id: text(dialect.request_id).map(|id| plain(id, 64)),
            date: headers
                .get(DATE)
                .and_then(|date| DateTimeParser::new().parse_timestamp(date.as_bytes()).ok()),
            should_retry: dialect
                .should_retry
                .and_then(text)
                .and_then(|word| word.parse().ok()),
            retry_after: headers
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok())
                .and_then(|seconds| seconds.trim().parse().ok())
                .map(|seconds: u32| Duration::from_secs(seconds.into())),
        }
    }

    /// No later than the moment at which the provider looked: its clock when it answered, less all of the call. Without its
    /// clock, ours when the call began.
    pub(super) fn made_at(&self, began_at: Timestamp, took: Duration) -> Timestamp {
        let took = SignedDuration::try_from(took).unwrap_or_default();
        self.date
            .and_then(|date| date.checked_sub(took).ok())
            .unwrap_or(began_at)
    }
}
