//! Who did what: one append-only row for every write that a person starts, from any face.

use serde::{Deserialize, Serialize};

use super::{provider::words, subscription::Difference};

/// The face through which a person acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// The terminal console.
    Console,
    /// The command line.
    Cli,
    /// The HTTP API.
    Api,
}

words!(Face, "face", { Console => "console", Cli => "cli", Api => "api" });

/// The person who acts, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// `BILLDECK_OPERATOR`, else the operating system user.
    pub name: String,
    /// Where they act.
    pub face: Face,
}

/// One act, to be written in the transaction that carries it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Who.
    pub actor: Actor,
    /// What, as a stable word such as `event.replay`.
    pub action: String,
    /// To what: the id of a row, or a provider's id.
    pub target: String,
    /// What changed.
    pub differences: Vec<Difference>,
    /// Why, in the person's own words.
    pub reason: Option<String>,
    /// How it went: `done`, `refused`, or `unknown` when a provider's answer was lost.
    pub outcome: String,
}
