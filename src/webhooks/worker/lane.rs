//! One lane, from claim to release: renews its lease while it works the events off one by one.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::{
    Figures, Outcome, process,
    settle::{self, Failure, Try},
};
use crate::{
    billing::{Billing, lanes, reader::Reader},
    domain::{event::Problem, ids::EventId, provider::LaneKey},
    store::{
        StoreError,
        gate::gate_is_paused,
        lane::{Lease, lane_release},
        work::{Job, Unreadable, work_put_back, work_take},
    },
};

/// How many events are taken at a time.
const BATCH: i64 = 20;

/// What was done on a lane.
#[derive(Debug)]
pub struct LaneReport {
    /// The lane.
    pub lane: LaneKey,
    /// The events, in the order they were worked on.
    pub events: Vec<(EventId, Outcome)>,
}

/// Works a lane off until nothing is due, the lease is lost or `stop` is cancelled; then gives it back.
pub(super) async fn work_off(
    billing: &Billing,
    figures: &Figures,
    lease: Lease,
    stop: &CancellationToken,
) -> Result<LaneReport, StoreError> {
    let renewal = lanes::renewed(billing, &lease);
    let done = work_off_leased(billing, figures, &lease, stop).await;
    drop(renewal);
    let mut conn = billing.store().pool().acquire().await?;
    lane_release(&mut conn, &lease).await?;
    drop(conn);
    billing.tell();
    Ok(LaneReport {
        lane: lease.lane,
        events: done?,
    })
}

async fn work_off_leased(
    billing: &Billing,
    figures: &Figures,
    lease: &Lease,
    stop: &CancellationToken,
) -> Result<Vec<(EventId, Outcome)>, StoreError> {
    let mut report = Vec::new();
    loop {
        let jobs = {
            let mut conn = billing.store().pool().acquire().await?;
            work_take(&mut conn, lease, BATCH).await?
        };
        if jobs.is_empty() {
            return Ok(report);
        }
        // Reads answer the events of one batch: all of them had been received before the first read began.
        let mut reader = Reader::default();
        let mut jobs = jobs.into_iter();
        while let Some(job) = jobs.next() {
            let worked = work_on(billing, figures, lease, job, &mut reader).await;
            let goes_on = !stop.is_cancelled() && worked.as_ref().is_ok_and(|worked| !worked.leaves);
            if !goes_on {
                let rest: Vec<EventId> = jobs
                    .map(|job| job.map_or_else(|unreadable| unreadable.id, |job| job.event.id))
                    .collect();
                // What was never begun has had no try, whatever went wrong here.
                let back = put_back(billing, lease, &rest).await;
                let Worked { id, outcome, .. } = worked?;
                report.push((id, outcome));
                back?;
                return Ok(report);
            }
            let Worked { id, outcome, .. } = worked?;
            report.push((id, outcome));
        }
    }
}

async fn put_back(billing: &Billing, lease: &Lease, rest: &[EventId]) -> Result<(), StoreError> {
    if rest.is_empty() {
        return Ok(());
    }
    let mut conn = billing.store().pool().acquire().await?;
    work_put_back(&mut conn, lease, rest).await
}

/// An event that was worked on.
struct Worked {
    id: EventId,
    outcome: Outcome,
    /// The rest of the lane is left: the lease was lost, or the provider is to be left alone.
    leaves: bool,
}

async fn work_on(
    billing: &Billing,
    figures: &Figures,
    lease: &Lease,
    job: Result<Job, Unreadable>,
    reader: &mut Reader,
) -> Result<Worked, StoreError> {
    let job = match job {
        Ok(job) => job,
        Err(unreadable) => {
            let id = unreadable.id;
            tracing::error!(event.id = %id, error = %unreadable.problem.message, "an event cannot be read");
            let outcome = settle::bury(billing, lease, unreadable).await?;
            let leaves = outcome == Outcome::Lost;
            return Ok(Worked { id, outcome, leaves });
        }
    };
    reader.next_case();
    let outcome = process_safely(billing, lease, &job, reader).await?;
    let book = job.event.envelope.book;
    figures.count(book, &outcome);
    let leaves = match &outcome {
        Outcome::Lost => true,
        // The failure may have paused the gate: the other events of the lane must not use up their tries on it.
        Outcome::Failed { .. } | Outcome::Dead { .. } => {
            let mut conn = billing.store().pool().acquire().await?;
            gate_is_paused(&mut conn, book).await?
        }
        Outcome::Processed { .. }
        | Outcome::InEffect
        | Outcome::Ignored { .. }
        | Outcome::Waiting { .. }
        | Outcome::Moved { .. } => false,
    };
    Ok(Worked {
        id: job.event.id,
        outcome,
        leaves,
    })
}

/// A panic is a failed try of the event that caused it, and nothing else.
async fn process_safely(
    billing: &Billing,
    lease: &Lease,
    job: &Job,
    reader: &mut Reader,
) -> Result<Outcome, StoreError> {
    let one = Try {
        billing,
        lease,
        job,
        started_at: billing.now(),
    };
    let outcome = AssertUnwindSafe(process::process(one, reader))
        .catch_unwind()
        .await;
    if let Ok(outcome) = outcome {
        return outcome;
    }
    tracing::error!(event.id = %job.event.id, "a bug in billdeck: processing the event panicked");
    let problem = Problem {
        code: "internal".to_owned(),
        message: "a bug in billdeck stopped the try; its log tells where".to_owned(),
    };
    one.fail(reader, Failure::transient(problem)).await
}
