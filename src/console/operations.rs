//! What runs and what ran: every request that leaves the process has an entry here. The spinner, the toasts and the `@`
//! panel read it.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{desk::DeskError, effect::RunId};

/// Which part of the console waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Root,
    Screen(u64),
    Overlay(u64),
}

#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) run: RunId,
    pub(crate) owner: Owner,
    /// What is done, as a verb: `replay`, `read events`.
    pub(crate) what: String,
    /// To what.
    pub(crate) target: String,
    pub(crate) writes: bool,
    /// How much it makes itself heard.
    pub(crate) noise: Noise,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) state: State,
}

/// How much an operation makes itself heard while it goes well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noise {
    /// In the list, and at the foot of the screen while it takes long.
    Loud,
    /// In the list only: the pane it is for shows that it is loading.
    Quiet,
    /// Nowhere: the console asks again and again by itself.
    Routine,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    Done,
    Failed(DeskError),
    Unknown(DeskError),
    Cancelled,
}

/// Entries that are kept.
const KEPT: usize = 200;

#[derive(Clone, Debug, Default)]
pub(crate) struct Operations {
    /// Newest last.
    entries: VecDeque<Operation>,
}

impl Operations {
    pub(crate) fn begin(&mut self, operation: Operation) {
        self.entries.push_back(operation);
        while self.entries.len() > KEPT
            && let Some(oldest) = self
                .entries
                .iter()
                .position(|entry| entry.state != State::Running)
        {
            self.entries.remove(oldest);
        }
    }

    /// Ends an operation; gives it back as it was, if it was still running.
    pub(crate) fn end(&mut self, run: RunId, state: State, now: Timestamp) -> Option<Operation> {
        let index = self
            .entries
            .iter()
            .position(|entry| entry.run == run && entry.state == State::Running)?;
        let entry = self.entries.get_mut(index)?;
        let before = entry.clone();
        entry.ended = Some(now);
        entry.state = state;
        if entry.noise == Noise::Routine && matches!(entry.state, State::Done | State::Cancelled) {
            self.entries.remove(index);
        }
        Some(before)
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Operation> {
        self.entries.iter().rev()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What runs and is worth waiting for, newest first.
    pub(crate) fn running(&self) -> impl Iterator<Item = &Operation> {
        self.newest_first()
            .filter(|entry| entry.state == State::Running && entry.noise == Noise::Loud)
    }

    pub(crate) fn owned_by(&self, owner: Owner) -> Vec<RunId> {
        self.entries
            .iter()
            .filter(|entry| entry.state == State::Running && entry.owner == owner && !entry.writes)
            .map(|entry| entry.run)
            .collect()
    }
}

/// A short message at the foot of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toast {
    pub(crate) tone: super::theme::Tone,
    pub(crate) text: String,
    /// What the person can do.
    pub(crate) hint: Option<String>,
    /// None: stays until a key or a newer one.
    pub(crate) until: Option<Timestamp>,
}

/// How long good news stays.
const GOOD_NEWS: SignedDuration = SignedDuration::from_secs(3);

impl Toast {
    pub(crate) fn good(text: impl Into<String>, now: Timestamp) -> Self {
        Self {
            tone: super::theme::Tone::Ok,
            text: text.into(),
            hint: None,
            until: Some(now + GOOD_NEWS),
        }
    }

    pub(crate) fn note(text: impl Into<String>, now: Timestamp) -> Self {
        Self {
            tone: super::theme::Tone::Attention,
            text: text.into(),
            hint: None,
            until: Some(now + GOOD_NEWS + GOOD_NEWS),
        }
    }

    pub(crate) fn error(what: &str, error: &DeskError) -> Self {
        let tone = if error.outcome_unknown {
            super::theme::Tone::Unknown
        } else {
            super::theme::Tone::Danger
        };
        Self {
            tone,
            text: format!("{what}: {}", error.message),
            hint: error.hint.clone(),
            until: None,
        }
    }
}
