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
        lane::{Lease, lane_release},
        work::{Job, work_put_back, work_take},
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
            let (id, outcome) = match job {
                Ok(job) => {
                    reader.next_case();
                    let outcome = process_safely(billing, lease, &job, &mut reader).await?;
                    figures.count(job.event.envelope.book, &outcome);
                    (job.event.id, outcome)
                }
                Err(unreadable) => {
                    let id = unreadable.id;
                    tracing::error!(event.id = %id, error = %unreadable.problem.message, "an event cannot be read");
                    (id, settle::bury(billing, lease, unreadable).await?)
                }
            };
            let lost = matches!(outcome, Outcome::Lost);
            report.push((id, outcome));
            if lost {
                return Ok(report);
            }
            if stop.is_cancelled() {
                let rest: Vec<EventId> = jobs
                    .map(|job| job.map_or_else(|unreadable| unreadable.id, |job| job.event.id))
                    .collect();
                if !rest.is_empty() {
                    let mut conn = billing.store().pool().acquire().await?;
                    work_put_back(&mut conn, lease, &rest).await?;
                }
                return Ok(report);
            }
        }
    }
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
