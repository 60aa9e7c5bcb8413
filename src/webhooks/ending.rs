//! What an applied plan comes to for the event that led to it; the same for the worker and for a replay.

use crate::{
    domain::{
        event::{EndState, Problem},
        plan::Plan,
        provider::ObjectRef,
        version::Verdict,
    },
    store::apply::Applied,
};

/// What came of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// Rows were written, or a fact was booked that nobody had told before.
    Changed,
    /// What it says was in place already.
    InEffect,
    /// Newer state of the event's object was in place already, and nothing else was new.
    Stale,
}

impl Came {
    /// Of a plan that left this behind, for an event about `subject`.
    pub(super) fn of(plan: &Plan, subject: Option<&ObjectRef>, applied: Applied) -> Self {
        if applied != Applied::default() {
            return Self::Changed;
        }
        match verdict_of(plan, subject) {
            Verdict::Stale => Self::Stale,
            Verdict::InEffect | Verdict::Apply | Verdict::Read => Self::InEffect,
        }
    }

    /// Of a plan that is only looked at. Which of its facts are booked already is known once it is applied.
    pub(super) fn of_look(plan: &Plan, subject: Option<&ObjectRef>) -> Self {
        let rows = plan.writes.len();
        let applied = Applied {
            rows,
            ..Applied::default()
        };
        Self::of(plan, subject, applied)
    }

    /// The event's end, and what is said of it.
    pub(super) fn end(self, plan: &Plan) -> (EndState, Option<Problem>) {
        match self {
            Self::Changed | Self::InEffect => (EndState::Processed, notes(plan)),
            Self::Stale => {
                let why = Problem {
                    code: "stale".to_owned(),
                    message: "newer state of its object was in place already".to_owned(),
                };
                (EndState::Ignored, Some(why))
            }
        }
    }
}

/// What was decided about the event's object; where nothing was, about the others.
fn verdict_of(plan: &Plan, subject: Option<&ObjectRef>) -> Verdict {
    let told = subject.and_then(|subject| plan.verdicts.get(subject)).copied();
    match told {
        Some(verdict) => verdict,
        None if plan.verdicts.values().any(|&verdict| verdict == Verdict::Apply) => Verdict::Apply,
        None => Verdict::InEffect,
    }
}

/// What a person should know although all went well.
fn notes(plan: &Plan) -> Option<Problem> {
    (!plan.notes.is_empty()).then(|| Problem {
        code: "note".to_owned(),
        message: plan.notes.join("; "),
    })
}
