//! Settling: the event's end (or its next try), its attempt and its changes, in one transaction.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::process::Outcome;
use crate::{
    billing::{Billing, case::Case, reader::Reader},
    domain::{
        event::{AttemptKind, EndState, Problem, WaitReason, retry_delay},
        ids::{AttemptId, ObjectId},
        plan::Plan,
        provider::LaneKey,
    },
    store::{
        StoreError,
        apply::{Attribution, Source, plan_apply},
        attempt::{Attempt, attempt_insert},
        lane::{Lease, lane_fence},
        work::{Job, Unreadable, work_end, work_move, work_retry, work_wait},
    },
    webhooks::ending::Came,
};

/// How long a waiting event sleeps before somebody looks at it all the same.
pub(in crate::webhooks) const WAIT_LOOKS: Duration = Duration::from_mins(5);

/// One try of one event, under the lease of its lane.
#[derive(Clone, Copy)]
pub(super) struct Try<'a> {
    pub(super) billing: &'a Billing,
    pub(super) lease: &'a Lease,
    pub(super) job: &'a Job,
    pub(super) started_at: Timestamp,
}

/// Why a try did not succeed.
pub(super) struct Failure {
    pub(super) problem: Problem,
    /// The provider's own wish for when to come back.
    pub(super) after: Option<Duration>,
    /// No retry can help.
    pub(super) permanent: bool,
}

impl Failure {
    pub(super) const fn transient(problem: Problem) -> Self {
        Self {
            problem,
            after: None,
            permanent: false,
        }
    }

    pub(super) const fn permanent(problem: Problem) -> Self {
        Self {
            problem,
            after: None,
            permanent: true,
        }
    }
}

/// What an event waits for, and what is done meanwhile.
pub(super) struct Waiting<'a> {
    pub(super) meanwhile: &'a Plan,
    pub(super) reason: &'a WaitReason,
    pub(super) problem: Problem,
}

impl Try<'_> {
    /// Applies the plan and ends the event.
    pub(super) async fn apply(
        &self,
        mut tx: Transaction<'static, Postgres>,
        reader: &mut Reader,
        case: &Case,
        plan: &Plan,
    ) -> Result<Outcome, StoreError> {
        let attempt = self.attempt(reader);
        let by = self.attribution(case, attempt.id);
        let applied = plan_apply(&mut tx, case.book(), plan, case.raw(), &by).await?;
        let came = Came::of(plan, case.subject(), applied);
        let (outcome, word) = match came {
            Came::Changed => (Outcome::Processed { rows: applied.rows }, "processed"),
            Came::InEffect => (Outcome::InEffect, "in_effect"),
            Came::Stale => (Outcome::Ignored { code: "stale" }, "stale"),
        };
        let (end, why) = came.end(plan);
        work_end(&mut tx, self.job.event.id, end, why.as_ref()).await?;
        attempt_insert(
            &mut tx,
            &Attempt {
                outcome: word,
                problem: why,
                ..attempt
            },
        )
        .await?;
        tx.commit().await?;
        reader.committed();
        Ok(outcome)
    }

    /// Ends an event that means nothing to billdeck.
    pub(super) async fn ignore(
        &self,
        reader: &Reader,
        code: &'static str,
        reason: String,
    ) -> Result<Outcome, StoreError> {
        let Some(mut tx) = fenced(self.billing, self.lease).await? else {
            return Ok(Outcome::Lost);
        };
        let why = Problem {
            code: code.to_owned(),
            message: reason,
        };
        work_end(&mut tx, self.job.event.id, EndState::Ignored, Some(&why)).await?;
        let attempt = Attempt {
            outcome: "ignored",
            problem: Some(why),
            ..self.attempt(reader)
        };
        attempt_insert(&mut tx, &attempt).await?;
        tx.commit().await?;
        Ok(Outcome::Ignored { code })
    }

    /// Applies what cannot wait, and keeps the event until what it waits for is there.
    pub(super) async fn wait(
        &self,
        mut tx: Transaction<'static, Postgres>,
        reader: &Reader,
        case: &Case,
        wait: Waiting<'_>,
    ) -> Result<Outcome, StoreError> {
        let attempt = self.attempt(reader);
        let by = self.attribution(case, attempt.id);
        plan_apply(&mut tx, case.book(), wait.meanwhile, case.raw(), &by).await?;
        work_wait(&mut tx, self.job.event.id, wait.reason, &wait.problem, WAIT_LOOKS).await?;
        // A look that finds it still waiting is no news: one line says since when it waits.
        if !self.job.waiting {
            attempt_insert(
                &mut tx,
                &Attempt {
                    outcome: "waiting",
                    problem: Some(wait.problem.clone()),
                    ..attempt
                },
            )
            .await?;
        }
        tx.commit().await?;
        Ok(Outcome::Waiting {
            problem: wait.problem,
        })
    }

    /// Hands the event over to the lane of the customer that it turned out to be about.
    pub(super) async fn hand_over(
        &self,
        mut tx: Transaction<'static, Postgres>,
        customer: &ObjectId,
        lane: LaneKey,
    ) -> Result<Outcome, StoreError> {
        work_move(&mut tx, self.job.event.id, &lane, customer).await?;
        tx.commit().await?;
        Ok(Outcome::Moved { lane })
    }

    /// Puts the event back until its next try, or ends it when no try is left or none can help.
    pub(super) async fn fail(&self, reader: &Reader, failure: Failure) -> Result<Outcome, StoreError> {
        let Some(mut tx) = fenced(self.billing, self.lease).await? else {
            return Ok(Outcome::Lost);
        };
        let Failure {
            problem,
            after,
            permanent,
        } = failure;
        let attempt = Attempt {
            problem: Some(problem.clone()),
            ..self.attempt(reader)
        };
        let dead = permanent || self.job.attempt >= self.billing.rules().max_attempts;
        if dead {
            work_end(&mut tx, self.job.event.id, EndState::Dead, Some(&problem)).await?;
            attempt_insert(
                &mut tx,
                &Attempt {
                    outcome: "dead",
                    ..attempt
                },
            )
            .await?;
        } else {
            let delay = retry_delay(self.job.attempt, after, rand::random::<f64>());
            work_retry(&mut tx, self.job.event.id, &problem, delay).await?;
            attempt_insert(
                &mut tx,
                &Attempt {
                    outcome: "failed",
                    ..attempt
                },
            )
            .await?;
        }
        tx.commit().await?;
        Ok(if dead {
            Outcome::Dead { problem }
        } else {
            Outcome::Failed { problem }
        })
    }

    fn attempt(&self, reader: &Reader) -> Attempt {
        Attempt {
            id: AttemptId::from(Uuid::now_v7()),
            event: Some(self.job.event.id),
            subject: None,
            number: i32::from(self.job.attempt.max(1)),
            kind: AttemptKind::Auto,
            started_at: self.started_at,
            worker: self.billing.process().to_owned(),
            ticket: reader.last_ticket,
            outcome: "processed",
            problem: None,
        }
    }

    fn attribution(&self, case: &Case, attempt: AttemptId) -> Attribution {
        let source = if case.rests_on_read() {
            Source::Read
        } else {
            Source::Event(self.job.event.id)
        };
        Attribution {
            source,
            event: Some(self.job.event.id),
            attempt: Some(attempt),
            at: self.billing.now(),
        }
    }
}

/// Ends an event that cannot even be read; nothing is tried again that can never succeed, and its neighbours go on.
pub(super) async fn bury(
    billing: &Billing,
    lease: &Lease,
    unreadable: Unreadable,
) -> Result<Outcome, StoreError> {
    let Unreadable { id, attempt, problem } = unreadable;
    let Some(mut tx) = fenced(billing, lease).await? else {
        return Ok(Outcome::Lost);
    };
    work_end(&mut tx, id, EndState::Dead, Some(&problem)).await?;
    attempt_insert(
        &mut tx,
        &Attempt {
            id: AttemptId::from(Uuid::now_v7()),
            event: Some(id),
            subject: None,
            number: i32::from(attempt.max(1)),
            kind: AttemptKind::Auto,
            started_at: billing.now(),
            worker: billing.process().to_owned(),
            ticket: None,
            outcome: "dead",
            problem: Some(problem.clone()),
        },
    )
    .await?;
    tx.commit().await?;
    Ok(Outcome::Dead { problem })
}

/// A transaction under the lease; none when the lease was lost.
async fn fenced(
    billing: &Billing,
    lease: &Lease,
) -> Result<Option<Transaction<'static, Postgres>>, StoreError> {
    let mut tx = billing.store().begin().await?;
    match lane_fence(&mut tx, lease).await {
        Ok(()) => Ok(Some(tx)),
        Err(StoreError::Gone { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
