//! The one clock of all simulated providers: the host's clock plus an offset that only grows.
//!
//! Objects and events are dated by it and billing runs on it. Webhook signatures are not: a receiver checks their age
//! against its own clock, so they carry the host's time.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

/// Billing arithmetic stays well inside the calendar's range up to here (year 2500).
const FURTHEST: i64 = 16_725_225_600;

#[derive(Debug)]
pub(crate) struct Clock {
    offset: Mutex<SignedDuration>,
}

impl Clock {
    /// A clock that shows `starts_at` now, or the host's time without it.
    pub(crate) fn new(starts_at: Option<Timestamp>) -> Self {
        let offset = starts_at.map_or(SignedDuration::ZERO, |start| {
            Timestamp::now().duration_until(start)
        });
        Self {
            offset: Mutex::new(offset),
        }
    }

    /// Whole seconds, as providers date things.
    pub(crate) fn now(&self) -> Timestamp {
        let offset = *self
            .offset
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        whole_seconds(Timestamp::now().saturating_add(offset).unwrap_or(Timestamp::MAX))
    }

    /// Moves on by `step`; `None` when the step goes back or beyond what the calendar arithmetic allows.
    pub(crate) fn advance(&self, step: SignedDuration) -> Option<Timestamp> {
        let target = Timestamp::now()
            .as_second()
            .checked_add(self.offset().as_secs())?
            .checked_add(step.as_secs())?;
        if step.is_negative() || target > FURTHEST {
            return None;
        }
        {
            let mut offset = self
                .offset
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            *offset = offset.saturating_add(step);
        }
        Some(self.now())
    }

    pub(crate) fn offset(&self) -> SignedDuration {
        *self
            .offset
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

pub(crate) fn whole_seconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

pub(crate) fn plus(instant: Timestamp, step: SignedDuration) -> Timestamp {
    instant.checked_add(step).unwrap_or(Timestamp::MAX)
}

pub(crate) fn minus(instant: Timestamp, step: SignedDuration) -> Timestamp {
    instant.checked_sub(step).unwrap_or(Timestamp::MIN)
}

pub(crate) const fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

pub(crate) const fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

pub(crate) const fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count * 24)
}
