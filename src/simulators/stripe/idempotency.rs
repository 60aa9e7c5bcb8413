//! `Idempotency-Key`: the first answer of a key is kept once work has begun, and given again to the same request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use bytes::Bytes;
use jiff::Timestamp;

use super::super::clock::{hours, minus};
use super::error::ApiError;

/// A finished answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

enum Memory {
    InFlight,
    Answered(Answer, Timestamp),
}

struct Entry {
    fingerprint: Vec<u8>,
    memory: Memory,
}

#[derive(Default)]
pub(crate) struct Keys {
    entries: Mutex<HashMap<String, Entry>>,
}

/// What to do with a request that carries a key.
pub(crate) enum Verdict {
    Run(Claim),
    Replay(Answer),
}

/// The right to do the work of a key. Dropped without [`Claim::keep`], the key is free again.
pub(crate) struct Claim {
    keys: Arc<Keys>,
    key: Option<String>,
}

impl Keys {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `fingerprint` is method, path and parameters. Keys are forgotten after 24 hours.
    pub(crate) fn claim(
        self: &Arc<Self>,
        key: &str,
        fingerprint: Vec<u8>,
        now: Timestamp,
    ) -> Result<Verdict, ApiError> {
        if key.len() > 255 {
            return Err(ApiError::key_too_long());
        }
        let mut entries = self.lock();
        if let Some(entry) = entries.get(key) {
            match &entry.memory {
                Memory::Answered(_, since) if *since < minus(now, hours(24)) => {}
                Memory::InFlight => return Err(ApiError::key_in_use(key)),
                Memory::Answered(..) if entry.fingerprint != fingerprint => {
                    return Err(ApiError::other_parameters(key));
                }
                Memory::Answered(answer, _) => return Ok(Verdict::Replay(answer.clone())),
            }
        }
        entries.insert(
            key.to_owned(),
            Entry {
                fingerprint,
                memory: Memory::InFlight,
            },
        );
        Ok(Verdict::Run(Claim {
            keys: Arc::clone(self),
            key: Some(key.to_owned()),
        }))
    }
}

impl Claim {
    pub(crate) fn keep(mut self, answer: &Answer, now: Timestamp) {
        if let Some(key) = self.key.take()
            && let Some(entry) = self.keys.lock().get_mut(&key)
        {
            entry.memory = Memory::Answered(answer.clone(), now);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.keys.lock().remove(&key);
        }
    }
}
