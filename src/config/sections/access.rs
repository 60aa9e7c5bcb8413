//! `[access]`: who has access.

use crate::config::schema::raw;

raw! {
    /// `[access]`
    struct RawAccess {
        /// Whether a subscription whose payment failed, and which the provider still tries to collect, gives access.
        /// Default: true.
        past_due_has_access: bool = true,
    }
}

/// Who has access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessSettings {
    /// `past_due` gives access.
    pub past_due_has_access: bool,
}

impl RawAccess {
    pub(super) fn check(&self) -> AccessSettings {
        AccessSettings {
            past_due_has_access: self.past_due_has_access,
        }
    }
}
