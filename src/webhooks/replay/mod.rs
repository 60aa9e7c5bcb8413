//! Replay: a person has an event judged again. The plan is shown first; the same road then carries it out.
//!
//! A replay runs in the process that asks, under the lane's lease, so that it needs no worker. It adds tries to the same
//! event; when it fails, the event keeps the end (or the next try) that it had.

mod one;

use super::ending::Came;
use crate::{
    billing::{
        Billing, BillingError,
        case::{Basis, Case, JudgeError, Judgement, Opened},
        lanes,
        reader::{ReadError, Reader, in_words},
    },
    domain::{
        audit::Actor,
        event::{EndState, Event, EventState, Problem, ReplayMode},
        ids::EventId,
        plan::{Plan, row_diffs},
        views::action::{ReplayItem, ReplayOutcome},
    },
    store::{StoreError, work::event_load},
};
use one::{Replayed, Wish};

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
///
/// What goes wrong with one event is told of that event, and the next one follows. A database that is away ends the run:
/// what was done till then is told all the same.
///
/// # Errors
///
/// When the database refuses its service before anything was done.
pub async fn replay(
    billing: &Billing,
    ids: &[EventId],
    mode: ReplayMode,
    actor: &Actor,
    reason: Option<&str>,
) -> Result<Vec<ReplayItem>, BillingError> {
    let wish = Wish { mode, actor, reason };
    let mut items = Vec::with_capacity(ids.len());
    let mut rest = ids.iter();
    for &id in rest.by_ref() {
        let error = match replay_one(billing, id, wish).await {
            Ok(item) => {
                items.push(item);
                continue;
            }
            Err(error) => error,
        };
        let ends = ends_the_run(&error);
        if ends && items.is_empty() {
            return Err(error);
        }
        items.push(failed(id, &error));
        if ends {
            break;
        }
    }
    items.extend(rest.map(|&id| refused(id, "the database went away before its turn; replay it again")));
    billing.tell();
    Ok(items)
}

/// Whether no other event would fare better.
const fn ends_the_run(error: &BillingError) -> bool {
    matches!(
        error,
        BillingError::Store(StoreError::Unavailable(_) | StoreError::ReadOnly(_))
    )
}

fn failed(id: EventId, error: &BillingError) -> ReplayItem {
    let problem = Problem {
        code: error.code().to_owned(),
        message: in_words(error),
    };
    item(id, ReplayOutcome::Failed { problem })
}

/// An event that may be replayed.
struct Subject {
    event: Event,
    body: Vec<u8>,
    /// How it had ended; none while it has work left.
    end: Option<EndState>,
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
        Some(body) => Ok(Subject { event, body, end }),
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

fn told(id: EventId, came: Came, plan: &Plan) -> ReplayItem {
    let outcome = match came {
        Came::Changed => ReplayOutcome::Applied,
        Came::InEffect => ReplayOutcome::AlreadyInEffect,
        Came::Stale => ReplayOutcome::Stale,
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
        Ok((_, Judgement::Plan(plan))) => Ok(told(id, Came::of_look(&plan, case.subject()), &plan)),
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

async fn replay_one(billing: &Billing, id: EventId, wish: Wish<'_>) -> Result<ReplayItem, BillingError> {
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
        let done = one::replay_leased(billing, held.lease(), id, wish).await;
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
