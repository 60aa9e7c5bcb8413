//! Verification: what we have beside what the provider says now, and, where a person wants it, the provider's word
//! written over ours.
//!
//! A verification is a read without an event. It walks the same road as an event does (judge, plan, apply) under the
//! same lease, and it runs in the process that asks.

mod customer;
mod report;
mod subscription;

pub use customer::{CustomerVerification, verify_customer};
pub use subscription::verify;

use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Billing, acts::Act, reader::Reader};
use crate::{
    domain::{
        event::{AttemptKind, Problem},
        ids::AttemptId,
        subscription::Difference,
    },
    store::{
        StoreError,
        apply::{Attribution, Source},
        attempt::{Attempt, attempt_insert},
    },
};

/// How often a verification follows a subscription to the lane of another customer.
const MOVES: usize = 3;

/// What a verification does with the provider's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provided {
    /// Shows it, and writes nothing. All that a read-only session can do.
    Shown,
    /// Keeps ours, and stores whether they agree.
    Noted,
    /// Writes it over ours.
    Applied,
}

impl Provided {
    /// What is possible in this session.
    fn within(self, billing: &Billing) -> Self {
        if billing.store().options().read_only {
            Self::Shown
        } else {
            self
        }
    }

    /// The audit's word for it.
    const fn action(self, noted: &'static str, applied: &'static str) -> &'static str {
        match self {
            Self::Shown | Self::Noted => noted,
            Self::Applied => applied,
        }
    }
}

/// One verification of one thing, for its attempt and its audit row.
struct Check<'a> {
    billing: &'a Billing,
    id: AttemptId,
    started_at: Timestamp,
    /// The id of what is verified.
    subject: String,
    /// None where no person asked.
    act: Option<Act<'a>>,
}

impl<'a> Check<'a> {
    fn begin(billing: &'a Billing, subject: String, act: Option<Act<'a>>) -> Self {
        Self {
            billing,
            id: AttemptId::from(Uuid::now_v7()),
            started_at: billing.now(),
            subject,
            act,
        }
    }

    fn attribution(&self) -> Attribution {
        Attribution {
            source: Source::Read,
            event: None,
            attempt: Some(self.id),
            at: self.billing.now(),
        }
    }

    /// Writes the attempt and, where a person asked, the audit row.
    async fn record(
        &self,
        conn: &mut PgConnection,
        reader: &Reader,
        end: End,
        differences: Vec<Difference>,
    ) -> Result<(), StoreError> {
        let outcome = end
            .problem
            .as_ref()
            .map_or(super::acts::DONE, |problem| problem.code.as_str());
        if let Some(act) = &self.act {
            act.record(conn, outcome, differences).await?;
        }
        let attempt = Attempt {
            id: self.id,
            event: None,
            subject: Some(self.subject.clone()),
            number: 1,
            kind: AttemptKind::Verify,
            started_at: self.started_at,
            worker: self.billing.process().to_owned(),
            ticket: reader.last_ticket,
            outcome: end.word,
            problem: end.problem,
        };
        attempt_insert(conn, &attempt).await
    }

    /// Records that nothing came of it. The reason that is passed on is the one that stopped it, so a database that
    /// cannot even record it is only logged.
    async fn failed(&self, reader: &Reader, problem: Problem) {
        let recorded = async {
            let mut tx = self.billing.store().begin().await?;
            let end = End {
                word: "failed",
                problem: Some(problem),
            };
            self.record(&mut tx, reader, end, Vec::new()).await?;
            tx.commit().await.map_err(StoreError::from)
        };
        if let Err(error) = recorded.await {
            tracing::warn!(
                subject = %self.subject,
                error = %super::reader::in_words(&error),
                "could not record a verification that failed"
            );
        }
    }
}

/// How a verification ended.
struct End {
    word: &'static str,
    problem: Option<Problem>,
}

impl End {
    const fn well(word: &'static str) -> Self {
        Self { word, problem: None }
    }
}
