//! What a person does, and how the audit tells it.
//!
//! A write at a provider leaves two rows: `requested`, committed before the call, and its outcome. A process that dies in
//! between leaves the first one, which is the truth: it was asked for, and nobody knows more.

use std::fmt::Display;

use sqlx::PgConnection;

use crate::{
    domain::{
        audit::{Actor, AuditEntry},
        ids::{AuditId, CustomerId},
        subscription::Difference,
    },
    providers::ProviderError,
    store::{StoreError, audit::audit_insert},
};

/// Carried out.
pub const DONE: &str = "done";
/// Asked for; the outcome is told by a row of its own.
pub const REQUESTED: &str = "requested";
/// The provider's answer was lost.
pub const UNKNOWN: &str = "unknown";

/// The audit's word for what came of a call to a provider.
pub(super) fn outcome<T>(answer: &Result<T, ProviderError>) -> &str {
    match answer {
        Ok(_) => DONE,
        Err(error) if error.outcome_unknown() => UNKNOWN,
        Err(error) => error.code(),
    }
}

/// Who acts, and why.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The person.
    pub actor: &'a Actor,
    /// In their own words.
    pub reason: Option<&'a str>,
}

/// One act of a person on one thing.
#[derive(Clone, Debug)]
pub(super) struct Act<'a> {
    by: By<'a>,
    action: &'static str,
    target: String,
    customer: Option<CustomerId>,
}

impl<'a> Act<'a> {
    pub(super) fn new(
        by: By<'a>,
        action: &'static str,
        target: impl Display,
        customer: Option<CustomerId>,
    ) -> Self {
        Self {
            by,
            action,
            target: target.to_string(),
            customer,
        }
    }

    /// Who acts.
    pub(super) fn person(&self) -> String {
        self.by.actor.name.clone()
    }

    /// Writes that the act was asked for; gives back the key that makes repeating the call safe.
    pub(super) async fn requested(&self, conn: &mut PgConnection) -> Result<String, StoreError> {
        let id = self.record(conn, REQUESTED, Vec::new()).await?;
        Ok(format!("billdeck-{id}"))
    }

    /// Writes how the act went.
    pub(super) async fn record(
        &self,
        conn: &mut PgConnection,
        outcome: &str,
        differences: Vec<Difference>,
    ) -> Result<AuditId, StoreError> {
        let entry = AuditEntry {
            actor: self.by.actor.clone(),
            action: self.action.to_owned(),
            target: self.target.clone(),
            differences,
            reason: self.by.reason.map(str::to_owned),
            outcome: outcome.to_owned(),
        };
        audit_insert(conn, &entry, self.customer).await
    }
}
