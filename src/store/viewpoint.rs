//! From where the books are looked at.

use crate::domain::provider::Environment;

/// What decides which rows of a provider are seen, and which subscription counts as the active one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewpoint {
    /// Test or live; the other one is invisible.
    pub environment: Environment,
    /// Whether `past_due` gives access, as configured.
    pub past_due_has_access: bool,
}
