//! What a command gives back: one value, shown as JSON or for people.

use serde::Serialize;

use super::{exit::Exit, text::Look};

/// A value that a command answers with.
pub(super) trait Report: Serialize {
    /// For people; ends without a line break.
    fn human(&self, look: &Look) -> String;

    /// How the command ended, where it got as far as an answer.
    fn exit(&self) -> Exit {
        Exit::Done
    }
}

trait Shown {
    fn human(&self, look: &Look) -> String;
    fn json(&self, pretty: bool) -> serde_json::Result<String>;
    fn exit(&self) -> Exit;
}

impl<T: Report> Shown for T {
    fn human(&self, look: &Look) -> String {
        Report::human(self, look)
    }

    fn json(&self, pretty: bool) -> serde_json::Result<String> {
        if pretty {
            serde_json::to_string_pretty(self)
        } else {
            serde_json::to_string(self)
        }
    }

    fn exit(&self) -> Exit {
        Report::exit(self)
    }
}

/// What a command gives back.
pub(super) struct Answer(Option<Box<dyn Shown>>);

impl Answer {
    /// An answer that is this value.
    pub(super) fn new(report: impl Report + 'static) -> Self {
        Self(Some(Box::new(report)))
    }

    /// Everything has been said already, by a command that says things as they happen.
    pub(super) const fn said() -> Self {
        Self(None)
    }

    /// For people; none when everything has been said.
    pub(super) fn human(&self, look: &Look) -> Option<String> {
        self.0.as_ref().map(|shown| shown.human(look))
    }

    /// As one JSON document; none when everything has been said.
    pub(super) fn json(&self, pretty: bool) -> Option<serde_json::Result<String>> {
        self.0.as_ref().map(|shown| shown.json(pretty))
    }

    /// How the command ended.
    pub(super) fn exit(&self) -> Exit {
        self.0.as_ref().map_or(Exit::Done, |shown| shown.exit())
    }
}
