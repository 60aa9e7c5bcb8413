//! Replay: a person has an event judged again. The plan is shown first; the same road then carries it out.
//!
//! A replay runs in the process that asks, under the lane's lease, so that it needs no worker. It adds tries to the same
//! event; when it fails, the event keeps the end (or the next try) that it had.

use jiff::Timestamp;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::worker::verdict_of;
use crate::{
    billing::{
        Billing, BillingError,
        case::{Basis, Case, JudgeError, Judgement, Opened},
        lanes,
        reader::{ReadError, Reader, in_words},
    },
    domain::{
        audit::{Actor, AuditEntry},
        event::{AttemptKind, EndState, Event, EventState, Problem, ReplayMode},
        ids::{AttemptId, EventId},
        plan::{Plan, row_diffs},
        provider::LaneKey,
        version::Verdict,
        views::action::{ReplayItem, ReplayOutcome},
    },
    store::{
        StoreError,
        apply::{Attribution, Source, plan_apply},
        attempt::{Attempt, attempt_insert},
        audit::audit_insert,
        lane::Lease,
        work::{event_end_replayed, event_load},
    },
};

/// Says what a replay of each event would do. Writes nothing.
pub async fn preview(
    billing: &Billing,
    ids: &[EventId],
    mode: ReplayMode,
) -> Result<Vec<ReplayItem>, BillingError> {
    let mut items = Vec::with_capacity(ids.len());
    for &id in ids {
        items.push(preview_one(billing, id, mode).await?);
    }
    Ok(items)
}

/// Replays the events one after the other, and says how each ended.
pub async fn replay(
    billing: &Billing,
    ids: &[EventId],
    mode: ReplayMode,
    actor: &Actor,
    reason: Option<&str>,
) -> Result<Vec<ReplayItem>, BillingError> {
    let mut items = Vec::with_capacity(ids.len());
    for &id in ids {
        items.push(replay_one(billing, id, mode, actor, reason).await?);
    }
    billing.tell();
    Ok(items)
}

/// An event that may be replayed.
struct Subject {
    event: Event,
    body: Vec<u8>,
}

async fn load(billing: &Billing, id: EventId) -> Result<Result<Subject, String>, BillingError> {
    let mut tx = billing.store().begin_read_only().await?;
    let found = event_load(&mut tx, billing.environment(), id).await?;
    let Some((event, body, end)) = found else {
        return Err(BillingError::NotFound {
            what: "event",
            id: id.to_string(),
            environment: billing.environment(),
        });
    };
    if end.map(EventState::from).is_some_and(|state| !state.can_replay()) {
        return Ok(Err(
            "its signature was never verified; re-check it with today's secrets first".to_owned(),
        ));
    }
    Ok(match body {
        Some(body) => Ok(Subject { event, body }),
        None => Err("its body has been blanked or has expired".to_owned()),
    })
}

const fn basis(mode: ReplayMode) -> Basis {
    match mode {
        ReplayMode::Converge => Basis::Read,
        ReplayMode::AsRecorded => Basis::Body,
    }
}

fn item(id: EventId, outcome: ReplayOutcome) -> ReplayItem {
    ReplayItem {
        event_id: id,
        outcome,
        changes: Vec::new(),
        notes: Vec::new(),
    }
}

fn refused(id: EventId, why: impl Into<String>) -> ReplayItem {
    item(id, ReplayOutcome::Refused { why: why.into() })
}

fn planned(id: EventId, case: &Case, plan: &Plan) -> ReplayItem {
    let outcome = match verdict_of(plan, case.subject()) {
        Verdict::Stale if plan.changes_nothing() => ReplayOutcome::Stale,
        Verdict::Stale | Verdict::InEffect | Verdict::Read | Verdict::Apply if plan.changes_nothing() => {
            ReplayOutcome::AlreadyInEffect
        }
        Verdict::Stale | Verdict::InEffect | Verdict::Read | Verdict::Apply => ReplayOutcome::Applied,
    };
    ReplayItem {
        event_id: id,
        outcome,
        changes: row_diffs(plan),
        notes: plan.notes.clone(),
    }
}

async fn preview_one(billing: &Billing, id: EventId, mode: ReplayMode) -> Result<ReplayItem, BillingError> {
    let subject = match load(billing, id).await? {
        Ok(subject) => subject,
        Err(why) => return Ok(refused(id, why)),
    };
    let mut case = match Case::of_event(billing, &subject.event, &subject.body, basis(mode)) {
        Ok(Opened::Case(case)) => case,
        Ok(Opened::Ignored(why)) => return Ok(item(id, ReplayOutcome::Ignored { why })),
        Err(error) => {
            let problem = Problem {
                code: error.code().to_owned(),
                message: in_words(&error),
            };
            return Ok(item(id, ReplayOutcome::Failed { problem }));
        }
    };
    let mut reader = Reader::default();
    match case.judge(billing, &mut reader, None).await {
        Ok((_, Judgement::Plan(plan))) => Ok(planned(id, &case, &plan)),
        Ok((
            _,
            Judgement::Wait {
                problem, meanwhile, ..
            },
        )) => Ok(ReplayItem {
            changes: row_diffs(&meanwhile),
            ..item(id, ReplayOutcome::Waiting { problem })
        }),
        Ok((_, Judgement::Fail { problem, .. })) => Ok(item(id, ReplayOutcome::Failed { problem })),
        // Without a lease there is no other lane to be in.
        Ok((_, Judgement::Elsewhere { lane, .. })) => Ok(refused(id, format!("it belongs to lane {lane}"))),
        Err(JudgeError::Read(error @ ReadError::Provider(_))) => Ok(item(
            id,
            ReplayOutcome::Failed {
                problem: error.problem(),
            },
        )),
        Err(JudgeError::Read(ReadError::Store(error)) | JudgeError::Store(error)) => Err(error.into()),
    }
}

async fn replay_one(
    billing: &Billing,
    id: EventId,
    mode: ReplayMode,
    actor: &Actor,
    reason: Option<&str>,
) -> Result<ReplayItem, BillingError> {
    let mut lane = match load(billing, id).await? {
        Ok(subject) => subject.event.envelope.lane(),
        Err(why) => return Ok(refused(id, why)),
    };
    // An event may turn out to belong to its customer's lane; it cannot be sent on from there.
    for _ in 0..3 {
        let Some(held) = lanes::take(billing, &lane).await? else {
            return Ok(refused(
                id,
                "a worker is busy with its customer; try again in a moment",
            ));
        };
        let done = replay_leased(billing, held.lease(), id, mode, actor, reason).await;
        held.release().await;
        match done? {
            Replayed::Done(item) => return Ok(item),
            Replayed::Elsewhere(other) => lane = other,
        }
    }
    Ok(refused(
        id,
        "its customer kept changing while it was looked at; try again in a moment",
    ))
}

enum Replayed {
    Done(ReplayItem),
    Elsewhere(LaneKey),
}

async fn replay_leased(
    billing: &Billing,
    lease: &Lease,
    id: EventId,
    mode: ReplayMode,
    actor: &Actor,
    reason: Option<&str>,
) -> Result<Replayed, BillingError> {
    let one = Replay {
        billing,
        id,
        started_at: billing.now(),
        actor,
        reason,
        mode,
    };
    // Read again under the lease: a worker may have finished it meanwhile.
    let subject = match load(billing, id).await? {
        Ok(subject) => subject,
        Err(why) => return Ok(Replayed::Done(refused(id, why))),
    };
    let mut reader = Reader::default();
    let mut case = match Case::of_event(billing, &subject.event, &subject.body, basis(mode)) {
        Ok(Opened::Case(case)) => case,
        Ok(Opened::Ignored(why)) => {
            let tx = billing.store().begin().await?;
            let problem = Problem {
                code: "not_handled".to_owned(),
                message: why.clone(),
            };
            one.end(tx, &reader, EndState::Ignored, Some(problem)).await?;
            return Ok(Replayed::Done(item(id, ReplayOutcome::Ignored { why })));
        }
        Err(error) => {
            let problem = Problem {
                code: error.code().to_owned(),
                message: in_words(&error),
            };
            return Ok(Replayed::Done(one.failed(&reader, problem).await?));
        }
    };
    match case.judge(billing, &mut reader, Some(lease)).await {
        Ok((mut tx, Judgement::Plan(plan))) => {
            let replayed = planned(id, &case, &plan);
            one.write(&mut tx, &case, &plan).await?;
            let stale = replayed.outcome == ReplayOutcome::Stale;
            let (end, why) = if stale {
                let message = "newer state of its object was in place already".to_owned();
                (
                    EndState::Ignored,
                    Some(Problem {
                        code: "stale".to_owned(),
                        message,
                    }),
                )
            } else {
                (EndState::Processed, None)
            };
            one.end(tx, &reader, end, why).await?;
            Ok(Replayed::Done(replayed))
        }
        Ok((
            mut tx,
            Judgement::Wait {
                problem, meanwhile, ..
            },
        )) => {
            one.write(&mut tx, &case, &meanwhile).await?;
            tx.commit().await.map_err(StoreError::from)?;
            one.failed(&reader, problem.clone()).await?;
            let waiting = item(id, ReplayOutcome::Waiting { problem });
            Ok(Replayed::Done(ReplayItem {
                changes: row_diffs(&meanwhile),
                ..waiting
            }))
        }
        Ok((_, Judgement::Elsewhere { lane, .. })) => Ok(Replayed::Elsewhere(lane)),
        Ok((tx, Judgement::Fail { problem, .. })) => {
            drop(tx);
            Ok(Replayed::Done(one.failed(&reader, problem).await?))
        }
        Err(JudgeError::Read(error @ ReadError::Provider(_))) => {
            Ok(Replayed::Done(one.failed(&reader, error.problem()).await?))
        }
        Err(JudgeError::Read(ReadError::Store(error)) | JudgeError::Store(error)) => Err(error.into()),
    }
}

/// One replay of one event.
struct Replay<'a> {
    billing: &'a Billing,
    id: EventId,
    started_at: Timestamp,
    actor: &'a Actor,
    reason: Option<&'a str>,
    mode: ReplayMode,
}

impl Replay<'_> {
    async fn write(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        case: &Case,
        plan: &Plan,
    ) -> Result<(), StoreError> {
        let source = if case.rests_on_read() {
            Source::Read
        } else {
            Source::Event(self.id)
        };
        let by = Attribution {
            source,
            event: Some(self.id),
            attempt: None,
            at: self.billing.now(),
        };
        plan_apply(tx, case.book(), plan, case.raw(), &by).await?;
        Ok(())
    }

    async fn end(
        &self,
        mut tx: Transaction<'static, Postgres>,
        reader: &Reader,
        end: EndState,
        why: Option<Problem>,
    ) -> Result<(), StoreError> {
        event_end_replayed(&mut tx, self.id, end, why.as_ref()).await?;
        self.record(&mut tx, reader, end.as_str(), why).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The event stays as it was; its tries and the audit tell of the replay.
    async fn failed(&self, reader: &Reader, problem: Problem) -> Result<ReplayItem, StoreError> {
        let mut tx = self.billing.store().begin().await?;
        self.record(&mut tx, reader, "failed", Some(problem.clone()))
            .await?;
        tx.commit().await?;
        Ok(item(self.id, ReplayOutcome::Failed { problem }))
    }

    async fn record(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        reader: &Reader,
        outcome: &'static str,
        problem: Option<Problem>,
    ) -> Result<(), StoreError> {
        let number = crate::store::attempt::attempt_next_number(tx, self.id).await?;
        attempt_insert(
            tx,
            &Attempt {
                id: AttemptId::from(Uuid::now_v7()),
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
        let entry = AuditEntry {
            actor: self.actor.clone(),
            action: format!("event.replay.{}", self.mode),
            target: self.id.to_string(),
            differences: Vec::new(),
            reason: self.reason.map(str::to_owned),
            outcome: problem.map_or_else(|| "done".to_owned(), |problem| problem.code),
        };
        audit_insert(tx, &entry, None).await?;
        Ok(())
    }
}
