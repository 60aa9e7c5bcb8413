//! What tests of several areas share.

pub(crate) mod answering;
pub(crate) mod bulk;
pub(crate) mod db;
pub(crate) mod listener;
pub(crate) mod place;
pub(crate) mod plans;
pub(crate) mod portrait;
pub(crate) mod proxy;
pub(crate) mod scripted;
pub(crate) mod seed;
pub(crate) mod stripe;
pub(crate) mod told;
pub(crate) mod works;

use std::{future::Future, time::Duration};

/// How long anything may take before a test gives up on it.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Waits for a condition, and says what was seen last if it never comes.
pub(crate) async fn wait_until<T, F>(what: &str, mut look: impl FnMut() -> F) -> T
where
    T: std::fmt::Debug,
    F: Future<Output = Result<T, T>>,
{
    let end = tokio::time::Instant::now() + LIMIT;
    loop {
        let seen = match look().await {
            Ok(found) => return found,
            Err(seen) => seen,
        };
        assert!(
            tokio::time::Instant::now() < end,
            "waited for {what}; last seen: {seen:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A body that came without headers.
pub(crate) fn undelivered(body: &[u8]) -> billdeck::providers::RawDelivery<'_> {
    static NONE: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    billdeck::providers::RawDelivery { headers: &NONE, body }
}

/// Where a subscription is kept.
pub(crate) const fn at<'a>(
    id: &'a billdeck::domain::ids::ObjectId,
    customer: &'a billdeck::domain::ids::ObjectId,
) -> billdeck::providers::SubscriptionAt<'a> {
    billdeck::providers::SubscriptionAt { id, customer }
}
