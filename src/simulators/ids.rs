//! Seeded randomness: the ids a provider would make up, and the choices that faults and made-up people need.
//!
//! The same seed and the same calls in the same order give the same ids, so a demo or a failing test can be run again.

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A seeded source of ids and choices.
#[derive(Debug)]
pub(crate) struct Ids {
    random: StdRng,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
        }
    }

    /// Letters and digits only, as providers use them.
    pub(crate) fn token(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(ALPHABET[self.random.random_range(0..ALPHABET.len())]))
            .collect()
    }

    /// `prefix_` and enough characters that two never meet.
    pub(crate) fn make(&mut self, prefix: &str) -> String {
        let token = self.token(22);
        format!("{prefix}_1S{token}")
    }

    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(ALPHABET[self.random.random_range(0..10_usize)]))
            .collect()
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 {
            0
        } else {
            self.random.random_range(0..bound)
        }
    }

    /// True with the given probability; values outside 0 to 1 are taken as the nearer end.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability.clamp(0.0, 1.0))
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        items.shuffle(&mut self.random);
    }
}
