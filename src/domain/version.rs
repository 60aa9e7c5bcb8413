//! The version rule: which of two descriptions of one object is the newer one.
//!
//! Deliveries come late, twice and out of order, and providers stamp events with one-second clocks. So a body is never
//! believed for having come last: its own time decides, a doubt is settled by a read, and a guess is never made while
//! the provider can be asked.

use jiff::{SignedDuration, Timestamp};

use super::ids::ObjectId;

/// How far the provider's event clock and the date of its answers may lie apart.
pub const MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// What is stored about how new an object's state is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// Time and id of the newest body that was applied.
    pub body: Option<(Timestamp, ObjectId)>,
    /// When the newest read was made, by the provider's clock.
    pub read_at: Option<Timestamp>,
    /// The ticket of the newest read or local change.
    pub ticket: Option<i64>,
    /// The stored state is one that nothing can follow.
    pub terminal: bool,
}

/// What is to be done with a description that has come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the newest: apply it.
    Apply,
    /// Newer state is in place: leave it.
    Stale,
    /// It is the very body or read that is in place.
    InEffect,
    /// Cannot be told apart by the clocks: read the object.
    Read,
}

impl Version {
    /// Judges a body that was made at `at` by the event `event`.
    ///
    /// `leaves_terminal`: the body would bring the object back from a terminal state, which only a read may do.
    pub fn judge_body(&self, at: Timestamp, event: &ObjectId, leaves_terminal: bool) -> Verdict {
        if let Some((body_at, body_event)) = &self.body {
            if body_event == event {
                return Verdict::InEffect;
            }
            if at < *body_at {
                return Verdict::Stale;
            }
            if at == *body_at {
                return Verdict::Read;
            }
        }
        if let Some(read_at) = self.read_at {
            if at < before(read_at) {
                return Verdict::Stale;
            }
            if at <= after(read_at) {
                return Verdict::Read;
            }
        }
        if self.terminal && leaves_terminal {
            Verdict::Read
        } else {
            Verdict::Apply
        }
    }

    /// When the newest body that was applied was made.
    pub fn body_at(&self) -> Option<Timestamp> {
        self.body.as_ref().map(|(at, _)| *at)
    }

    /// Judges a read that began under `ticket` and is dated `at` by the provider.
    pub fn judge_read(&self, at: Timestamp, ticket: i64) -> Verdict {
        match self.ticket {
            Some(stored) if stored > ticket => return Verdict::Stale,
            Some(stored) if stored == ticket => return Verdict::InEffect,
            Some(_) | None => {}
        }
        match &self.body {
            // A body from after this read began: what was read may be older than what is stored.
            Some((body_at, _)) if *body_at > after(at) => Verdict::Read,
            _ => Verdict::Apply,
        }
    }
}

fn before(at: Timestamp) -> Timestamp {
    at.checked_sub(MARGIN).unwrap_or(Timestamp::MIN)
}

fn after(at: Timestamp) -> Timestamp {
    at.checked_add(MARGIN).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn event(name: &str) -> ObjectId {
        ObjectId::new(name).unwrap()
    }

    #[test]
    fn a_body_is_judged_by_its_own_time_against_other_bodies() {
        let version = Version {
            body: Some((at(100), event("evt_b"))),
            ..Version::default()
        };
        assert_eq!(
            version.judge_body(at(101), &event("evt_c"), false),
            Verdict::Apply
        );
        assert_eq!(version.judge_body(at(99), &event("evt_a"), false), Verdict::Stale);
        assert_eq!(version.judge_body(at(100), &event("evt_a"), false), Verdict::Read);
        assert_eq!(
            version.judge_body(at(100), &event("evt_b"), false),
            Verdict::InEffect
        );
    }

    #[test]
    fn a_body_near_a_read_is_not_guessed() {
        let version = Version {
            read_at: Some(at(100)),
            ..Version::default()
        };
        assert_eq!(version.judge_body(at(94), &event("e"), false), Verdict::Stale);
        assert_eq!(version.judge_body(at(95), &event("e"), false), Verdict::Read);
        assert_eq!(version.judge_body(at(105), &event("e"), false), Verdict::Read);
        assert_eq!(version.judge_body(at(106), &event("e"), false), Verdict::Apply);
    }

    #[test]
    fn only_a_read_brings_an_object_back_from_its_end() {
        let version = Version {
            body: Some((at(100), event("end"))),
            terminal: true,
            ..Version::default()
        };
        assert_eq!(version.judge_body(at(200), &event("later"), true), Verdict::Read);
        assert_eq!(
            version.judge_body(at(200), &event("later"), false),
            Verdict::Apply
        );
        assert_eq!(version.judge_read(at(200), 7), Verdict::Apply);
    }

    #[test]
    fn a_slow_older_read_does_not_land_on_a_newer_one() {
        let version = Version {
            read_at: Some(at(100)),
            ticket: Some(9),
            ..Version::default()
        };
        assert_eq!(version.judge_read(at(120), 8), Verdict::Stale);
        assert_eq!(version.judge_read(at(90), 10), Verdict::Apply);
        let version = Version {
            body: Some((at(130), event("e"))),
            ..Version::default()
        };
        assert_eq!(version.judge_read(at(100), 1), Verdict::Read);
    }
}
