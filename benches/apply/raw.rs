//! The same statements without the thinking: what each event comes to is recorded once, and then only written.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use billdeck::{
    billing::{
        case::{Basis, Case, Judgement, Opened},
        lanes,
        reader::Reader,
    },
    domain::{
        event::{AttemptKind, EndState, Event, EventSource},
        ids::{AttemptId, EventId},
        observation::Interpretation,
        plan::{Evidence, Needs, Plan, Testimony, needs},
        provider::{Book, Environment, ObjectRef, ProviderName},
    },
    providers::RawDelivery,
    store::{
        apply::{Attribution, Source, plan_apply},
        attempt::{Attempt, attempt_insert},
        known::{Access, known_load},
        lane::{Lease, lane_fence, lane_release, lanes_claim},
        work::{Job, work_end, work_take},
    },
};
use jiff::Timestamp;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{Outcome, World};

const BOOK: Book = Book {
    provider: ProviderName::Stripe,
    environment: Environment::Test,
};
/// As many as the worker takes at a time.
const BATCH: i64 = 20;

/// What an event needs and comes to.
pub(super) struct Known {
    needs: Needs,
    plan: Plan,
    raw: BTreeMap<ObjectRef, String>,
}

/// By the provider's id of the event.
pub(super) type Recorded = BTreeMap<String, Known>;

/// Plans and applies every event once, in order, and keeps the plans.
pub(super) async fn record(world: &World, bodies: &[String]) -> Outcome<Recorded> {
    let mut recorded = Recorded::new();
    for body in bodies {
        let event = Event {
            id: EventId::from(Uuid::now_v7()),
            envelope: world.room.envelope(RawDelivery {
                headers: &BTreeMap::new(),
                body: body.as_bytes(),
            })?,
            received_at: Timestamp::now(),
            source: EventSource::Webhook,
        };
        let name = event.envelope.provider_event_id.to_string();
        let needs = needs_of(world, &event, body)?;
        let held = lanes::take(&world.billing, &event.envelope.lane())
            .await?
            .ok_or("the lane is held")?;
        let Opened::Case(mut case) = Case::of_event(&world.billing, &event, body.as_bytes(), Basis::Body)?
        else {
            return Err(format!("{name} means nothing").into());
        };
        let judged = case
            .judge(&world.billing, &mut Reader::default(), Some(held.lease()))
            .await?;
        let (mut tx, Judgement::Plan(plan)) = judged else {
            return Err(format!("{name} has no plan: {:?}", judged.1).into());
        };
        plan_apply(&mut tx, BOOK, &plan, case.raw(), &by(event.id)).await?;
        tx.commit().await?;
        held.release().await;
        let raw = case.raw().clone();
        recorded.insert(name, Known { needs, plan, raw });
    }
    Ok(recorded)
}

fn needs_of(world: &World, event: &Event, body: &str) -> Outcome<Needs> {
    let Interpretation::Whole { observations, .. } = world.room.interpret(body.as_bytes())? else {
        return Err("the body does not hold the object".into());
    };
    let evidence = Evidence::Body {
        event: event.id,
        provider_event_id: event.envelope.provider_event_id.clone(),
        at: event.received_at,
        trusted: true,
    };
    let testimony = Testimony {
        observations,
        evidence,
    };
    Ok(needs(&[testimony], &world.billing.rules().linking))
}

fn by(event: EventId) -> Attribution {
    Attribution {
        source: Source::Event(event),
        event: Some(event),
        attempt: None,
        at: Timestamp::now(),
    }
}

/// Works everything off with the store's statements alone; tells how many events that were.
pub(super) async fn apply(world: &World, recorded: &Recorded, slots: usize) -> Outcome<usize> {
    // One look at a time, as in a worker: two at once would pick the same lanes.
    let claims = Arc::new(Mutex::new(()));
    let events = AtomicUsize::new(0);
    let slot = || async {
        loop {
            let lease = {
                let _one = claims.lock().await;
                let mut conn = world.billing.store().pool().acquire().await?;
                lanes_claim(
                    &mut conn,
                    BOOK.environment,
                    "worker@bench/1",
                    1,
                    Duration::from_secs(60),
                )
                .await?
                .leases
                .pop()
            };
            let Some(lease) = lease else {
                return Outcome::Ok(());
            };
            events.fetch_add(lane(world, recorded, &lease).await?, Ordering::Relaxed);
        }
    };
    futures_util::future::try_join_all((0..slots).map(|_| slot())).await?;
    Ok(events.into_inner())
}

async fn lane(world: &World, recorded: &Recorded, lease: &Lease) -> Outcome<usize> {
    let store = world.billing.store();
    let mut events = 0;
    loop {
        let jobs = work_take(&mut *store.pool().acquire().await?, lease, BATCH).await?;
        if jobs.is_empty() {
            lane_release(&mut *store.pool().acquire().await?, lease).await?;
            world.billing.tell();
            return Ok(events);
        }
        for job in jobs {
            let job = job.map_err(|unreadable| unreadable.problem.message)?;
            let known = recorded
                .get(job.event.envelope.provider_event_id.as_str())
                .ok_or("an event that was not recorded")?;
            write(world, lease, &job, known).await?;
            events += 1;
        }
    }
}

async fn write(world: &World, lease: &Lease, job: &Job, known: &Known) -> Outcome<()> {
    let started_at = Timestamp::now();
    let mut tx = world.billing.store().begin().await?;
    lane_fence(&mut tx, lease).await?;
    known_load(&mut tx, BOOK, &known.needs, Access::Write).await?;
    let attempt = AttemptId::from(Uuid::now_v7());
    let by = Attribution {
        attempt: Some(attempt),
        ..by(job.event.id)
    };
    plan_apply(&mut tx, BOOK, &known.plan, &known.raw, &by).await?;
    work_end(&mut tx, job.event.id, EndState::Processed, None).await?;
    let attempt = Attempt {
        id: attempt,
        event: Some(job.event.id),
        subject: None,
        number: 1,
        kind: AttemptKind::Auto,
        started_at,
        worker: "worker@bench/1".to_owned(),
        ticket: None,
        outcome: "processed",
        problem: None,
    };
    attempt_insert(&mut tx, &attempt).await?;
    tx.commit().await?;
    Ok(())
}
