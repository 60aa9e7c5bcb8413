//! One event: open the case, judge it, settle what came of it.

use std::time::Duration;

use super::settle::{Failure, Try, Waiting};
use crate::{
    billing::{
        Billing,
        case::{Basis, Case, JudgeError, Judgement, Opened},
        reader::{ReadError, Reader, in_words},
    },
    config::ApplyFrom,
    domain::{event::Problem, provider::LaneKey},
    providers::ProviderError,
    store::StoreError,
    webhooks::refusals::{Refusal, Refusals},
};

/// How long a provider that is down or cannot be reached is left alone. Short, since bodies are applied without it.
const AWAY_PAUSE: Duration = Duration::from_secs(1);

/// How one try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Applied.
    Processed {
        /// Rows that were written; none where all that was new is a fact.
        rows: usize,
    },
    /// What it says was in place already.
    InEffect,
    /// Nothing to do.
    Ignored {
        /// A stable code: `stale`, `not_handled`.
        code: &'static str,
    },
    /// Will be tried again.
    Failed {
        /// Why.
        problem: Problem,
    },
    /// Will not be tried again by itself.
    Dead {
        /// Why.
        problem: Problem,
    },
    /// Waits for something.
    Waiting {
        /// What for.
        problem: Problem,
    },
    /// Moved to the lane of its customer.
    Moved {
        /// That lane.
        lane: LaneKey,
    },
    /// The lease was lost: whoever holds it now does the work.
    Lost,
}

/// Works on one event. Only the database can keep it from being settled.
pub(super) async fn process(one: Try<'_>, reader: &mut Reader) -> Result<Outcome, StoreError> {
    let Try { billing, job, .. } = one;
    if !job.waiting && job.attempt > billing.rules().max_attempts {
        let problem = Problem {
            code: "worker_died".to_owned(),
            message: format!(
                "{} processes died or were cut off while they worked on this event; replay it to try once more",
                billing.rules().max_attempts
            ),
        };
        return one.fail(reader, Failure::permanent(problem)).await;
    }
    let basis = match billing.rules().apply_from.get(&job.event.envelope.book.provider) {
        Some(ApplyFrom::Body) | None => Basis::Body,
        Some(ApplyFrom::Read) => Basis::Read,
    };
    let mut case = match Case::of_event(billing, &job.event, &job.body, basis) {
        Ok(Opened::Case(case)) => case,
        Ok(Opened::Ignored(reason)) => {
            return one.ignore(reader, "not_handled", reason).await;
        }
        Err(error) => {
            let problem = Problem {
                code: error.code().to_owned(),
                message: in_words(&error),
            };
            return one.fail(reader, Failure::permanent(problem)).await;
        }
    };
    let mut refusals = Refusals::default();
    loop {
        let error = match judge_and_settle(one, reader, &mut case).await {
            Err(error) => error,
            settled => return settled,
        };
        match refusals.weigh(job.event.id, error) {
            Refusal::Again => {}
            Refusal::Fails(problem) => return one.fail(reader, Failure::transient(problem)).await,
            Refusal::Stands(StoreError::Gone { what: "lane", .. }) => return Ok(Outcome::Lost),
            Refusal::Stands(error) => return Err(error),
        }
    }
}

async fn judge_and_settle(one: Try<'_>, reader: &mut Reader, case: &mut Case) -> Result<Outcome, StoreError> {
    match case.judge(one.billing, reader, Some(one.lease)).await {
        Ok((tx, Judgement::Plan(plan))) => one.apply(tx, reader, case, &plan).await,
        Ok((
            tx,
            Judgement::Wait {
                reason,
                problem,
                meanwhile,
            },
        )) => {
            one.wait(
                tx,
                reader,
                case,
                Waiting {
                    meanwhile: &meanwhile,
                    reason: &reason,
                    problem,
                },
            )
            .await
        }
        Ok((tx, Judgement::Elsewhere { customer, lane })) => one.hand_over(tx, &customer, lane).await,
        Ok((tx, Judgement::Fail { problem, permanent })) => {
            drop(tx);
            one.fail(
                reader,
                Failure {
                    problem,
                    after: None,
                    permanent,
                },
            )
            .await
        }
        Err(JudgeError::Read(error)) => {
            if let ReadError::Provider(error) = &error {
                slow_down(one.billing, case, error).await?;
            }
            let after = match &error {
                ReadError::Provider(error) => error.retry_after(),
                ReadError::Store(_) => None,
            };
            one.fail(
                reader,
                Failure {
                    problem: error.problem(),
                    after,
                    permanent: false,
                },
            )
            .await
        }
        Err(JudgeError::Store(error)) => Err(error),
    }
}

/// A provider that refuses the credentials, limits calls or is away is left alone for a while, before every event has
/// used up a try on it.
async fn slow_down(billing: &Billing, case: &Case, error: &ProviderError) -> Result<(), StoreError> {
    let pause = match error {
        ProviderError::Credentials { .. } => Duration::from_mins(2),
        ProviderError::RateLimited { retry_after, .. } => retry_after
            .unwrap_or(Duration::from_secs(2))
            .min(Duration::from_mins(2)),
        ProviderError::Unreachable { .. } | ProviderError::Down { .. } => AWAY_PAUSE,
        ProviderError::OutcomeUnknown { .. }
        | ProviderError::NotFound { .. }
        | ProviderError::Refused { .. }
        | ProviderError::Unreadable { .. } => return Ok(()),
    };
    let mut conn = billing.store().pool().acquire().await?;
    crate::store::gate::gate_pause(&mut conn, case.book(), &in_words(error), pause).await
}
