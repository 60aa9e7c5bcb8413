//! Whether a call that failed is made again, and no sooner than when. A value, decided by one pure function.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// How often a call is repeated within one use. What still fails then is the worker's to try later.
const MAX_REPEATS: u32 = 2;

/// The longest wait that is spent inside a call: whoever waits holds a lane.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What came of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It surely did not arrive.
    NotSent,
    /// It may have arrived; no whole answer came back.
    NoAnswer,
    /// An answer that is no success.
    Status(u16),
}

/// All that the decision rests on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs {
    pub(super) outcome: Outcome,
    /// The provider's own word, which outweighs the status.
    pub(super) should_retry: Option<bool>,
    pub(super) retry_after: Option<Duration>,
}

/// How long to wait at least before the call is made again; none when it is not. `attempt` counts from 1.
///
/// 429 is repeated although some providers' libraries leave that to a header: the limiter acts before any work is done.
pub(super) fn wait(attempt: u32, repeatable: bool, signs: &Signs) -> Option<Duration> {
    let wait = signs.retry_after.unwrap_or(Duration::ZERO);
    if !repeatable || attempt > MAX_REPEATS || wait > LONGEST_WAIT {
        return None;
    }
    let may_help = match (signs.should_retry, signs.outcome) {
        (Some(word), _) => word,
        (None, Outcome::NotSent | Outcome::NoAnswer) => true,
        (None, Outcome::Status(status)) => matches!(status, 409 | 424 | 429 | 500..),
    };
    may_help.then_some(wait)
}

/// Growing pauses, each with up to as much again at random, so that a crowd does not come back as one.
pub(super) fn delays(first: Duration) -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(first)
        .with_max_delay(LONGEST_WAIT)
        .without_max_times()
        .with_jitter()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: Duration = Duration::from_secs(5);

    #[test]
    fn the_table() {
        use Outcome::{NoAnswer, NotSent, Status};
        let now = Some(Duration::ZERO);
        let rows = [
            // outcome, should retry, Retry-After, repeatable, attempt, decision
            (NotSent, None, None, true, 1, now),
            (NotSent, None, None, true, 2, now),
            (NotSent, None, None, true, 3, None),
            (NotSent, None, None, false, 1, None),
            (NoAnswer, None, None, true, 1, now),
            (NoAnswer, None, None, false, 1, None),
            (Status(409), None, None, true, 1, now),
            (Status(424), None, None, true, 1, now),
            (Status(429), None, None, true, 1, now),
            (Status(429), None, Some(FIVE), true, 1, Some(FIVE)),
            (Status(429), None, Some(Duration::from_secs(6)), true, 1, None),
            (Status(429), Some(false), None, true, 1, None),
            (Status(500), None, None, true, 2, now),
            (Status(500), None, None, true, 3, None),
            (Status(500), None, None, false, 1, None),
            (Status(500), Some(false), None, true, 1, None),
            (Status(503), None, Some(FIVE), true, 1, Some(FIVE)),
            (Status(400), None, None, true, 1, None),
            (Status(400), Some(true), None, true, 1, now),
            (Status(401), None, None, true, 1, None),
            (Status(402), None, None, true, 1, None),
            (Status(403), None, None, true, 1, None),
            (Status(404), None, None, true, 1, None),
            (Status(302), None, None, true, 1, None),
        ];
        for (outcome, should_retry, retry_after, repeatable, attempt, decision) in rows {
            let signs = Signs {
                outcome,
                should_retry,
                retry_after,
            };
            assert_eq!(
                wait(attempt, repeatable, &signs),
                decision,
                "{signs:?}, repeatable {repeatable}, attempt {attempt}"
            );
        }
    }

    #[test]
    fn pauses_grow_and_never_fall_below_their_base() {
        let first = Duration::from_millis(500);
        for _ in 0..50 {
            let pauses: Vec<_> = delays(first).take(3).collect();
            for (pause, base) in pauses.iter().zip([first, first * 2, first * 4]) {
                assert!((base..=base * 2).contains(pause), "{pauses:?}");
            }
        }
    }
}
