//! How long calls took of late.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How many calls are remembered.
const KEPT: usize = 256;

/// For how long.
const WINDOW: Duration = Duration::from_mins(5);

/// The last calls: when each ended, and how long it took.
#[derive(Debug, Default)]
pub(super) struct Latency(Mutex<VecDeque<(Instant, Duration)>>);

impl Latency {
    pub(super) fn record(&self, took: Duration) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() == KEPT {
            calls.pop_front();
        }
        calls.push_back((Instant::now(), took));
    }

    /// What 95 of 100 calls of the last minutes did not exceed; none when there were none.
    pub(super) fn p95(&self) -> Option<Duration> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = calls
            .iter()
            .filter(|(ended, _)| ended.elapsed() <= WINDOW)
            .map(|(_, took)| *took)
            .collect();
        drop(calls);
        p95(recent)
    }
}

fn p95(mut took: Vec<Duration>) -> Option<Duration> {
    took.sort_unstable();
    // The nearest rank: the smallest value that 95 of 100 do not exceed.
    let rank = (took.len() * 95).div_ceil(100);
    took.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        values.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn the_nearest_rank_of_ninety_five() {
        assert_eq!(p95(Vec::new()), None);
        assert_eq!(p95(millis([7])), Some(Duration::from_millis(7)));
        assert_eq!(p95(millis((1..=100).rev())), Some(Duration::from_millis(95)));
        assert_eq!(p95(millis(1..=20)), Some(Duration::from_millis(19)));
    }

    #[test]
    fn old_calls_make_room_for_new_ones() {
        let latency = Latency::default();
        for _ in 0..KEPT {
            latency.record(Duration::from_secs(9));
        }
        for _ in 0..KEPT {
            latency.record(Duration::from_millis(1));
        }
        assert_eq!(latency.p95(), Some(Duration::from_millis(1)));
    }
}
