//! Errors as the console shows them: one sentence with its causes, and what a person can do.

use tokio::task::JoinError;

use crate::{
    billing::{BillingError, reader::in_words},
    console::desk::DeskError,
    store::StoreError,
};

impl From<BillingError> for DeskError {
    fn from(error: BillingError) -> Self {
        Self {
            code: error.code().to_owned(),
            message: in_words(&error),
            hint: error.hint(),
            outcome_unknown: error.outcome_unknown(),
            link_lost: error.is_database_away(),
        }
    }
}

impl From<StoreError> for DeskError {
    fn from(error: StoreError) -> Self {
        BillingError::from(error).into()
    }
}

/// The console was opened to look only.
pub(super) fn read_only() -> DeskError {
    DeskError {
        code: "read_only".to_owned(),
        message: "this console was opened to look only".to_owned(),
        hint: Some("open it without --read-only, or as a role that may write".to_owned()),
        outcome_unknown: false,
        link_lost: false,
    }
}

/// The task of a write was stopped: by a bug, or since the program ends.
pub(super) fn interrupted(stopped: &JoinError) -> DeskError {
    let message = if stopped.is_panic() {
        "a bug in billdeck stopped it; the log tells where"
    } else {
        "it was cut off, as billdeck is ending"
    };
    DeskError {
        code: "internal".to_owned(),
        message: message.to_owned(),
        hint: Some("look at it again, or verify it with the provider".to_owned()),
        outcome_unknown: true,
        link_lost: false,
    }
}
