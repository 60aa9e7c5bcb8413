//! One replay of one event, under the lease of its lane: judged, applied, ended and recorded in one transaction.

use jiff::Timestamp;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{basis, item, load, refused, told};
use crate::{
    billing::{
        Billing, BillingError,
        case::{Case, JudgeError, Judgement, Opened},
        reader::{ReadError, Reader, in_words},
    },
    domain::{
        audit::{Actor, AuditEntry},
        event::{AttemptKind, EndState, Problem, ReplayMode, WaitReason},
        ids::{AttemptId, EventId},
        plan::{Plan, row_diffs},
        provider::LaneKey,
        views::action::{ReplayItem, ReplayOutcome},
    },
    store::{
        StoreError,
        apply::{Applied, Attribution, Source, plan_apply},
        attempt::{Attempt, attempt_insert, attempt_next_number},
        audit::audit_insert,
        lane::{Lease, lane_fence},
        work::{event_end_replayed, event_wait_replayed},
    },
    webhooks::{
        ending::Came,
        refusals::{Refusal, Refusals},
        worker::WAIT_LOOKS,
    },
};

/// How a person wants events to be replayed.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) mode: ReplayMode,
    pub(super) actor: &'a Actor,
    pub(super) reason: Option<&'a str>,
}

/// What became of it.
pub(super) enum Replayed {
    Done(ReplayItem),
    /// It belongs to this lane.
    Elsewhere(LaneKey),
}

/// Replays an event under the lease of its lane.
pub(super) async fn replay_leased(
    billing: &Billing,
    lease: &Lease,
    id: EventId,
    wish: Wish<'_>,
) -> Result<Replayed, BillingError> {
    let started_at = billing.now();
    // Read again under the lease: a worker may have finished it meanwhile.
    let subject = match load(billing, id).await? {
        Ok(subject) => subject,
        Err(why) => return Ok(Replayed::Done(refused(id, why))),
    };
    let one = Replay {
        billing,
        lease,
        id,
        attempt: AttemptId::from(Uuid::now_v7()),
        started_at,
        found: subject.end,
        wish,
    };
    let mut reader = Reader::default();
    let mut opened = match Case::of_event(billing, &subject.event, &subject.body, basis(wish.mode)) {
        Ok(opened) => opened,
        Err(error) => {
            let problem = Problem {
                code: error.code().to_owned(),
                message: in_words(&error),
            };
            return Ok(Replayed::Done(one.failed(&reader, problem).await?));
        }
    };
    let mut refusals = Refusals::default();
    loop {
        let done = match &mut opened {
            Opened::Case(case) => one.judge_and_settle(&mut reader, case).await,
            Opened::Ignored(why) => one.ignore(&reader, why).await,
        };
        let error = match done {
            Ok(replayed) => return Ok(replayed),
            Err(error) => error,
        };
        match refusals.weigh(id, error) {
            Refusal::Again => {}
            Refusal::Fails(problem) => return Ok(Replayed::Done(one.failed(&reader, problem).await?)),
            // The fence, or the guard of the end: nothing of the replay was kept.
            Refusal::Stands(StoreError::Gone { .. }) => {
                let why = "somebody else worked on it or put it aside meanwhile; look at it again";
                return Ok(Replayed::Done(refused(id, why)));
            }
            Refusal::Stands(error) => return Err(error.into()),
        }
    }
}

struct Replay<'a> {
    billing: &'a Billing,
    lease: &'a Lease,
    id: EventId,
    attempt: AttemptId,
    started_at: Timestamp,
    /// How the event had ended when it was loaded.
    found: Option<EndState>,
    wish: Wish<'a>,
}

impl Replay<'_> {
    async fn judge_and_settle(&self, reader: &mut Reader, case: &mut Case) -> Result<Replayed, StoreError> {
        let done = match case.judge(self.billing, reader, Some(self.lease)).await {
            Ok((tx, Judgement::Plan(plan))) => self.apply(tx, reader, case, &plan).await?,
            Ok((
                tx,
                Judgement::Wait {
                    reason,
                    problem,
                    meanwhile,
                },
            )) => {
                self.wait(tx, reader, case, (&reason, problem), &meanwhile)
                    .await?
            }
            Ok((_, Judgement::Elsewhere { lane, .. })) => return Ok(Replayed::Elsewhere(lane)),
            Ok((tx, Judgement::Fail { problem, .. })) => {
                drop(tx);
                self.failed(reader, problem).await?
            }
            Err(JudgeError::Read(error @ ReadError::Provider(_))) => {
                self.failed(reader, error.problem()).await?
            }
            Err(JudgeError::Read(ReadError::Store(error)) | JudgeError::Store(error)) => return Err(error),
        };
        Ok(Replayed::Done(done))
    }

    async fn apply(
        &self,
        mut tx: Transaction<'static, Postgres>,
        reader: &Reader,
        case: &Case,
        plan: &Plan,
    ) -> Result<ReplayItem, StoreError> {
        let applied = self.write(&mut tx, case, plan).await?;
        let came = Came::of(plan, case.subject(), applied);
        let (end, why) = came.end(plan);
        self.end(tx, reader, end, why).await?;
        Ok(told(self.id, came, plan))
    }

    /// Applies what cannot wait, and puts the event back to work, which goes on when what it waits for is there.
    async fn wait(
        &self,
        mut tx: Transaction<'static, Postgres>,
        reader: &Reader,
        case: &Case,
        (reason, problem): (&WaitReason, Problem),
        meanwhile: &Plan,
    ) -> Result<ReplayItem, StoreError> {
        self.write(&mut tx, case, meanwhile).await?;
        event_wait_replayed(&mut tx, self.id, self.found, reason, &problem, WAIT_LOOKS).await?;
        self.record(&mut tx, reader, "waiting", Some(problem.clone()))
            .await?;
        tx.commit().await?;
        Ok(ReplayItem {
            changes: row_diffs(meanwhile),
            ..item(self.id, ReplayOutcome::Waiting { problem })
        })
    }

    /// Ends an event that means nothing to billdeck.
    async fn ignore(&self, reader: &Reader, why: &str) -> Result<Replayed, StoreError> {
        let mut tx = self.billing.store().begin().await?;
        lane_fence(&mut tx, self.lease).await?;
        let problem = Problem {
            code: "not_handled".to_owned(),
            message: why.to_owned(),
        };
        self.end(tx, reader, EndState::Ignored, Some(problem)).await?;
        let outcome = ReplayOutcome::Ignored { why: why.to_owned() };
        Ok(Replayed::Done(item(self.id, outcome)))
    }

    /// The event stays as it was; its tries and the audit tell of the replay.
    async fn failed(&self, reader: &Reader, problem: Problem) -> Result<ReplayItem, StoreError> {
        let mut tx = self.billing.store().begin().await?;
        self.record(&mut tx, reader, "failed", Some(problem.clone()))
            .await?;
        tx.commit().await?;
        Ok(item(self.id, ReplayOutcome::Failed { problem }))
    }

    async fn write(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        case: &Case,
        plan: &Plan,
    ) -> Result<Applied, StoreError> {
        let source = if case.rests_on_read() {
            Source::Read
        } else {
            Source::Event(self.id)
        };
        let by = Attribution {
            source,
            event: Some(self.id),
            attempt: Some(self.attempt),
            at: self.billing.now(),
        };
        plan_apply(tx, case.book(), plan, case.raw(), &by).await
    }

    async fn end(
        &self,
        mut tx: Transaction<'static, Postgres>,
        reader: &Reader,
        end: EndState,
        why: Option<Problem>,
    ) -> Result<(), StoreError> {
        event_end_replayed(&mut tx, self.id, self.found, end, why.as_ref()).await?;
        self.record(&mut tx, reader, end.as_str(), why).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn record(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        reader: &Reader,
        outcome: &'static str,
        problem: Option<Problem>,
    ) -> Result<(), StoreError> {
        let number = attempt_next_number(tx, self.id).await?;
        attempt_insert(
            tx,
            &Attempt {
                id: self.attempt,
                event: Some(self.id),
                subject: None,
                number,
                kind: AttemptKind::Replay,
                started_at: self.started_at,
                worker: self.billing.process().to_owned(),
                ticket: reader.last_ticket,
                outcome,
                problem: problem.clone(),
            },
        )
        .await?;
        let Wish { mode, actor, reason } = self.wish;
        let entry = AuditEntry {
            actor: actor.clone(),
            action: format!("event.replay.{mode}"),
            target: self.id.to_string(),
            differences: Vec::new(),
            reason: reason.map(str::to_owned),
            // What is said of an event that was applied is a note, and no trouble.
            outcome: problem
                .filter(|_| outcome != EndState::Processed.as_str())
                .map_or_else(|| "done".to_owned(), |problem| problem.code),
        };
        audit_insert(tx, &entry, None).await?;
        Ok(())
    }
}
