//! Reading a body within a limit of size and of time.
//!
//! By hand rather than by layers, since a refusal has to be a problem document, the verdict on it is kept, and a sender
//! that is cut off in the middle of its body would see a reset connection instead of the answer.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, StreamExt};

/// Of a body that is too long, this much is read and thrown away, so that its sender gets to the answer.
const DRAIN_MAX: u64 = 16 << 20;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Longer than the limit; carries what was announced, or what had come.
    TooLarge(u64),
    /// Not there in time.
    Slow,
    /// Broke off.
    Broken,
}

/// Reads a body of at most `limit` bytes within `deadline`.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    deadline: Duration,
) -> Result<Bytes, Unread> {
    let mut reading = std::pin::pin!(read_untimed(headers, body, limit));
    // A small body mostly comes with its head: no timer for that.
    if let Some(read) = reading.as_mut().now_or_never() {
        return read;
    }
    tokio::time::timeout(deadline, reading)
        .await
        .unwrap_or(Err(Unread::Slow))
}

async fn read_untimed(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Unread> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    let mut stream = body.into_data_stream();

    if let Some(announced) = announced.filter(|&announced| announced > limit as u64) {
        // Who asks before sending is told no before sending.
        if !headers.contains_key(header::EXPECT) && announced <= DRAIN_MAX {
            drain(&mut stream, announced).await;
        }
        return Err(Unread::TooLarge(announced));
    }
    let Some(first) = stream.next().await else {
        return Ok(Bytes::new());
    };
    let first = first.map_err(|_| Unread::Broken)?;
    if announced.is_some_and(|announced| announced == first.len() as u64) {
        return Ok(first);
    }
    let expected = announced
        .and_then(|announced| usize::try_from(announced).ok())
        .unwrap_or(first.len());
    let mut whole = BytesMut::with_capacity(expected);
    whole.extend_from_slice(&first);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Unread::Broken)?;
        let length = whole.len() + chunk.len();
        if length > limit {
            drain(&mut stream, DRAIN_MAX).await;
            return Err(Unread::TooLarge(length as u64));
        }
        whole.extend_from_slice(&chunk);
    }
    if whole.len() > limit {
        return Err(Unread::TooLarge(whole.len() as u64));
    }
    Ok(whole.freeze())
}

async fn drain(stream: &mut axum::body::BodyDataStream, most: u64) {
    let mut left = most;
    while left > 0 {
        let Some(Ok(chunk)) = stream.next().await else {
            return;
        };
        left = left.saturating_sub(chunk.len() as u64);
    }
}
