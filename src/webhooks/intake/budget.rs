//! How much of what nobody signed is kept: little enough that a stranger cannot fill the disk.
//!
//! Counted per process, by remote address and minute, by minute, and by day. Windows are fixed, not sliding: at most
//! twice a limit fits into any stretch of that length, which is all the precision this needs.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// How much unverified matter is kept in a stretch of time. What lies there in all has no bound of its own: it is what
/// these let in, until a person discards it or it is removed with the events of its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuarantineLimits {
    /// Bodies per remote address and minute.
    pub bodies_per_source: u32,
    /// Bodies per minute, from all addresses.
    pub bodies_per_minute: u32,
    /// Bytes of bodies per day.
    pub bytes_per_day: usize,
    /// Verdicts without a body, per minute.
    pub verdicts_per_minute: u32,
}

impl Default for QuarantineLimits {
    fn default() -> Self {
        Self {
            bodies_per_source: 30,
            bodies_per_minute: 300,
            bytes_per_day: 64 << 20,
            verdicts_per_minute: 1_000,
        }
    }
}

/// What may be kept of a delivery that was not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowance {
    /// The verdict and the body, as a quarantined event.
    Body,
    /// The verdict alone.
    Verdict,
    /// Nothing but a count.
    Nothing,
}

/// The counts of the windows that are running.
pub(super) struct Budget {
    limits: QuarantineLimits,
    minute_began: Instant,
    day_began: Instant,
    by_remote: HashMap<Option<IpAddr>, u32>,
    bodies: u32,
    verdicts: u32,
    bytes_today: usize,
}

impl Budget {
    pub(super) fn new(limits: QuarantineLimits, now: Instant) -> Self {
        Self {
            limits,
            minute_began: now,
            day_began: now,
            by_remote: HashMap::new(),
            bodies: 0,
            verdicts: 0,
            bytes_today: 0,
        }
    }

    /// Takes from the budget what this delivery may have.
    pub(super) fn take(&mut self, remote: Option<IpAddr>, bytes: usize, now: Instant) -> Allowance {
        self.turn(now);
        let limits = self.limits;
        let within_day = self.bytes_today.saturating_add(bytes) <= limits.bytes_per_day;
        if within_day && self.bodies < limits.bodies_per_minute {
            // The map grows by at most one address per body kept, so it is as bounded as they are.
            let remote = remote.map(network);
            let of_remote = self.by_remote.get(&remote).copied().unwrap_or(0);
            if of_remote < limits.bodies_per_source {
                self.by_remote.insert(remote, of_remote + 1);
                self.bodies += 1;
                self.bytes_today += bytes;
                return Allowance::Body;
            }
        }
        self.take_verdict(now)
    }

    /// Takes a verdict without a body.
    pub(super) fn take_verdict(&mut self, now: Instant) -> Allowance {
        self.turn(now);
        if self.verdicts < self.limits.verdicts_per_minute {
            self.verdicts += 1;
            return Allowance::Verdict;
        }
        Allowance::Nothing
    }

    fn turn(&mut self, now: Instant) {
        if now.duration_since(self.minute_began) >= MINUTE {
            self.minute_began = now;
            self.by_remote.clear();
            self.bodies = 0;
            self.verdicts = 0;
        }
        if now.duration_since(self.day_began) >= DAY {
            self.day_began = now;
            self.bytes_today = 0;
        }
    }
}

/// One host's share: an IPv6 host commands a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: QuarantineLimits = QuarantineLimits {
        bodies_per_source: 2,
        bodies_per_minute: 3,
        bytes_per_day: 100,
        verdicts_per_minute: 2,
    };

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn strangers_of_whom_nothing_is_kept_are_not_counted_one_by_one() {
        let now = Instant::now();
        let limits = QuarantineLimits {
            bodies_per_source: 0,
            ..LIMITS
        };
        let mut budget = Budget::new(limits, now);
        for last in 0..=255 {
            let stranger = Some(IpAddr::from([192, 0, 2, last]));
            assert_ne!(budget.take(stranger, 1, now), Allowance::Body);
        }
        assert!(budget.by_remote.is_empty());
    }

    #[test]
    fn one_remote_cannot_take_the_share_of_others() {
        let now = Instant::now();
        let mut budget = Budget::new(LIMITS, now);
        let (first, second) = (Some(address("192.0.2.1")), Some(address("192.0.2.2")));
        assert_eq!(budget.take(first, 1, now), Allowance::Body);
        assert_eq!(budget.take(first, 1, now), Allowance::Body);
        assert_eq!(budget.take(first, 1, now), Allowance::Verdict);
        assert_eq!(budget.take(second, 1, now), Allowance::Body);
        // The minute is full for everybody.
        assert_eq!(budget.take(second, 1, now), Allowance::Verdict);
        assert_eq!(budget.take(second, 1, now), Allowance::Nothing);
        assert_eq!(budget.take(second, 1, now + MINUTE), Allowance::Body);
    }

    #[test]
    fn the_day_has_a_limit_in_bytes() {
        let now = Instant::now();
        let mut budget = Budget::new(LIMITS, now);
        assert_eq!(budget.take(None, 90, now), Allowance::Body);
        assert_eq!(budget.take(None, 11, now), Allowance::Verdict);
        assert_eq!(budget.take(None, 11, now + MINUTE), Allowance::Verdict);
        assert_eq!(budget.take(None, 10, now + MINUTE), Allowance::Body);
        assert_eq!(budget.take(None, 11, now + DAY), Allowance::Body);
    }

    #[test]
    fn a_network_of_one_ipv6_host_is_one_remote() {
        let now = Instant::now();
        let mut budget = Budget::new(LIMITS, now);
        assert_eq!(budget.take(Some(address("2001:db8::1")), 1, now), Allowance::Body);
        assert_eq!(budget.take(Some(address("2001:db8::2")), 1, now), Allowance::Body);
        assert_eq!(
            budget.take(Some(address("2001:db8::3")), 1, now),
            Allowance::Verdict
        );
        assert_eq!(
            budget.take(Some(address("2001:db8:0:1::3")), 1, now),
            Allowance::Body
        );
    }
}
