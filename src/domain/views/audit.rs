//! The audit as lists show it.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{
    audit::Face,
    ids::{AuditId, CustomerId},
    subscription::Difference,
};

/// Which acts are wanted. Empty means all, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// By this person.
    pub actor: Option<String>,
    /// To exactly this target.
    pub target: Option<String>,
    /// Concerning this customer.
    pub customer: Option<CustomerId>,
    /// At or after.
    pub since: Option<Timestamp>,
}

/// One act of a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditRow {
    /// billdeck's id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Through which face.
    pub face: Face,
    /// What, as a stable word such as `event.replay`.
    pub action: String,
    /// To what.
    pub target: String,
    /// The customer concerned.
    pub customer_id: Option<CustomerId>,
    /// What changed.
    pub differences: Vec<Difference>,
    /// Why, in the person's own words.
    pub reason: Option<String>,
    /// How it went: `done`, `refused`, `unknown`.
    pub outcome: String,
}
