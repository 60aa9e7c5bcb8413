//! The body of an error.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody {
    pub(crate) errors: Vec<ErrorDetail>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct ErrorDetail {
    pub(crate) code: Option<String>,
    pub(crate) sub_code: Option<String>,
    pub(crate) detail: Option<String>,
}

/// Reasons of a decline that are shown as a plain one: a payer who learns them learns how to get round them.
pub(crate) fn is_unspeakable(code: &str) -> bool {
    matches!(
        code,
        "fraudulent"
            | "highest_risk_level"
            | "lost_card"
            | "stolen_card"
            | "pickup_card"
            | "restricted_card"
            | "processor_blocked"
            | "blocked"
    )
}
