//! The work that is left: taken under a lease, settled in the transaction that applies it.

use std::time::Duration;

use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, lane::Lease, row::RowReader};
use crate::domain::{
    event::{EndState, Envelope, Event, Problem, WaitReason},
    ids::{EventId, ObjectId},
    provider::{Environment, LaneKey, ObjectRef},
};

/// An event with its body, ready to be worked on.
#[derive(Clone, Debug)]
pub struct Job {
    /// The event.
    pub event: Event,
    /// The body as it was received.
    pub body: Vec<u8>,
    /// Which try this is, counted from 1. Tries that leave an event waiting are not counted.
    pub attempt: u16,
    /// It waits for something, and is looked at again.
    pub waiting: bool,
}

/// An event that was taken and of which no [`Job`] can be made, now or later.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// The event.
    pub id: EventId,
    /// Which try this is, counted from 1.
    pub attempt: u16,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Takes the due work of a lane, oldest fact first, and counts the try: an event that kills its worker is dead after the
/// limit all the same.
///
/// Nothing is taken once the lease was lost, nor what a paused gate keeps back.
///
/// Work that a dead process left behind in this lane is taken one by one: one event that kills its worker must not use
/// up the tries of its neighbours.
pub async fn work_take(
    conn: &mut PgConnection,
    lease: &Lease,
    limit: i64,
) -> Result<Vec<Result<Job, Unreadable>>, StoreError> {
    let rows = sqlx::query!(
        r#"
        with due as (
            select work.event_id
            from work
            join event on event.id = work.event_id
            where work.lane = $1
              and work.run_at <= now()
              and exists (select from lane where lane.key = $1 and lane.token = $2)
              and not exists (
                  select from gate
                  where gate.provider = event.provider
                    and gate.livemode = event.livemode
                    and gate.type in ('', event.type)
                    and gate.state = 'paused'
                    and (gate.until is null or gate.until > now())
              )
            order by work.token is null, work.run_at, work.event_id
            limit case
                when exists (select from work where lane = $1 and token is not null and token <> $2) then 1
                else $3::bigint
            end
        ), taken as (
            update work set
                token = $2,
                attempts = attempts + case when wait_key is null then 1 else 0 end
            where event_id in (select event_id from due)
            returning event_id, attempts, wait_key
        )
        select taken.event_id as "event_id!",
               taken.attempts + case when taken.wait_key is null then 0 else 1 end as "attempts!", taken.wait_key, event.provider,
               event.livemode, event.provider_event_id, event.type as event_type, event.object_kind, event.object_id,
               event.customer_ref, event.provider_created_at, event.received_at, event.api_version, event.source,
               event_body.body as "body?"
        from taken
        join event on event.id = taken.event_id
        left join event_body on event_body.event_id = event.id and event_body.received_at = event.received_at
        order by event.provider_created_at nulls first, event.id
        "#,
        lease.lane.as_str(),
        lease.token,
        limit,
    )
    .fetch_all(conn)
    .await?;
    let jobs = rows
        .into_iter()
        .map(|row| {
            let attempt = u16::try_from(row.attempts).unwrap_or(u16::MAX);
            let id = row.event_id.into();
            let unreadable = |problem| Unreadable { id, attempt, problem };
            let event = EventRow {
                id: row.event_id,
                provider: row.provider,
                livemode: row.livemode,
                provider_event_id: row.provider_event_id,
                event_type: row.event_type,
                object_kind: row.object_kind,
                object_id: row.object_id,
                customer_ref: row.customer_ref,
                provider_created_at: row.provider_created_at,
                received_at: row.received_at,
                api_version: row.api_version,
                source: row.source,
            };
            let event = Event::try_from(event).map_err(|error| {
                unreadable(Problem {
                    code: error.code().to_owned(),
                    message: error.to_string(),
                })
            })?;
            let body = row.body.ok_or_else(|| {
                unreadable(Problem {
                    code: "body_gone".to_owned(),
                    message: "its body has been blanked or has expired before it was worked off".to_owned(),
                })
            })?;
            Ok(Job {
                event,
                body,
                attempt,
                waiting: row.wait_key.is_some(),
            })
        })
        .collect();
    Ok(jobs)
}

/// One event with its body, for a replay; none when there is no such event in this environment. The body is none once it
/// has been blanked.
pub async fn event_load(
    conn: &mut PgConnection,
    environment: Environment,
    id: EventId,
) -> Result<Option<(Event, Option<Vec<u8>>, Option<EndState>)>, StoreError> {
    let row = sqlx::query!(
        r#"
        select event.id, event.provider, event.livemode, event.provider_event_id, event.type as event_type,
               event.object_kind, event.object_id, event.customer_ref, event.provider_created_at, event.received_at,
               event.api_version, event.source, event.end_state, event_body.body as "body?"
        from event
        left join event_body on event_body.event_id = event.id and event_body.received_at = event.received_at
        where event.id = $1 and event.livemode = $2
        "#,
        id.as_uuid(),
        environment.livemode(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let end = row
            .end_state
            .map(|word| RowReader::new("event", row.id).word("end_state", &word))
            .transpose()?;
        let event = EventRow {
            id: row.id,
            provider: row.provider,
            livemode: row.livemode,
            provider_event_id: row.provider_event_id,
            event_type: row.event_type,
            object_kind: row.object_kind,
            object_id: row.object_id,
            customer_ref: row.customer_ref,
            provider_created_at: row.provider_created_at,
            received_at: row.received_at,
            api_version: row.api_version,
            source: row.source,
        };
        Ok((event.try_into()?, row.body, end))
    })
    .transpose()
}

struct EventRow {
    id: Uuid,
    provider: String,
    livemode: bool,
    provider_event_id: String,
    event_type: String,
    object_kind: Option<String>,
    object_id: Option<String>,
    customer_ref: Option<String>,
    provider_created_at: Option<SqlTimestamp>,
    received_at: SqlTimestamp,
    api_version: Option<String>,
    source: String,
}

impl TryFrom<EventRow> for Event {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, Self::Error> {
        let reader = RowReader::new("event", row.id);
        let object = match (row.object_kind, row.object_id) {
            (Some(kind), Some(id)) => Some(ObjectRef {
                kind: reader.word("object_kind", &kind)?,
                id: reader.object_id("object_id", id)?,
            }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(reader.bad("object_id", "half an object")),
        };
        Ok(Self {
            id: row.id.into(),
            envelope: Envelope {
                book: reader.book(&row.provider, row.livemode)?,
                provider_event_id: reader.object_id("provider_event_id", row.provider_event_id)?,
                event_type: row.event_type,
                object,
                customer: reader.optional_object_id("customer_ref", row.customer_ref)?,
                created: row.provider_created_at.map(SqlTimestamp::to_jiff),
                api_version: row.api_version,
            },
            received_at: row.received_at.to_jiff(),
            source: reader.word("source", &row.source)?,
        })
    }
}

/// Ends an event that has work left.
pub async fn work_end(
    conn: &mut PgConnection,
    id: EventId,
    end: EndState,
    why: Option<&Problem>,
) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"
        with gone as (
            -- The try that ends a wait is one, while those that went on waiting were not counted.
            delete from work
            where event_id = $1
            returning attempts + case when wait_key is null or token is null then 0 else 1 end as attempts
        )
        update event set
            end_state = $2,
            end_code = $3,
            end_reason = $4,
            ended_at = now(),
            -- What a replay put back to work had tries before.
            attempts = attempts + (select attempts from gone)
        where id = $1 and exists (select from gone)
        "#,
        id.as_uuid(),
        end.as_str(),
        why.map(|problem| problem.code.as_str()),
        why.map(|problem| problem.message.as_str()),
    )
    .execute(conn)
    .await?;
    exactly_one(done.rows_affected(), id)
}

/// Ends an event anew after a replay, whether it had work left or had ended before; unless it stands no longer as the
/// replay found it.
pub async fn event_end_replayed(
    conn: &mut PgConnection,
    id: EventId,
    found: Option<EndState>,
    end: EndState,
    why: Option<&Problem>,
) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"
        with gone as (delete from work where event_id = $1 returning attempts)
        update event set
            end_state = $2,
            end_code = $3,
            end_reason = $4,
            ended_at = now(),
            attempts = attempts + coalesce((select attempts from gone), 0) + 1
        where id = $1 and end_state is not distinct from $5
        "#,
        id.as_uuid(),
        end.as_str(),
        why.map(|problem| problem.code.as_str()),
        why.map(|problem| problem.message.as_str()),
        found.map(|end| end.as_str()),
    )
    .execute(conn)
    .await?;
    exactly_one(done.rows_affected(), id)
}

/// Puts an event that a replay found waiting back to work, so that it goes on by itself; unless it stands no longer as
/// the replay found it. Its tries are counted from the start, and its end adds those that it had before.
pub async fn event_wait_replayed(
    conn: &mut PgConnection,
    id: EventId,
    found: Option<EndState>,
    reason: &WaitReason,
    problem: &Problem,
    look_again: Duration,
) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"
        with back as (
            update event set end_state = null, end_code = null, end_reason = null, ended_at = null
            where id = $1 and end_state is not distinct from $2
            returning id, lane
        )
        insert into work (event_id, lane, run_at, error_code, error_message, wait_kind, wait_key)
        select id, lane, now() + make_interval(secs => $3), $4, $5, $6, $7
        from back
        on conflict (event_id) do update set
            run_at = excluded.run_at,
            error_code = excluded.error_code,
            error_message = excluded.error_message,
            wait_kind = excluded.wait_kind,
            wait_key = excluded.wait_key,
            token = null
        "#,
        id.as_uuid(),
        found.map(|end| end.as_str()),
        look_again.as_secs_f64(),
        problem.code,
        problem.message,
        reason.kind(),
        reason.key().as_str(),
    )
    .execute(conn)
    .await?;
    exactly_one(done.rows_affected(), id)
}

/// Puts failed work back until its next try.
pub async fn work_retry(
    conn: &mut PgConnection,
    id: EventId,
    problem: &Problem,
    after: Duration,
) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"
        update work set
            run_at = now() + make_interval(secs => $2),
            attempts = attempts + case when wait_key is null then 0 else 1 end,
            error_code = $3,
            error_message = $4,
            wait_kind = null,
            wait_key = null,
            token = null
        where event_id = $1
        "#,
        id.as_uuid(),
        after.as_secs_f64(),
        problem.code,
        problem.message,
    )
    .execute(conn)
    .await?;
    exactly_one(done.rows_affected(), id)
}

/// Keeps work until what it waits for is there. The first try that found it waiting is taken back, so that waiting never
/// uses up an event's tries.
pub async fn work_wait(
    conn: &mut PgConnection,
    id: EventId,
    reason: &WaitReason,
    problem: &Problem,
    look_again: Duration,
) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"
        update work set
            run_at = now() + make_interval(secs => $2),
            attempts = attempts - case when wait_key is null then 1 else 0 end,
            error_code = $3,
            error_message = $4,
            wait_kind = $5,
            wait_key = $6,
            token = null
        where event_id = $1
        "#,
        id.as_uuid(),
        look_again.as_secs_f64(),
        problem.code,
        problem.message,
        reason.kind(),
        reason.key().as_str(),
    )
    .execute(conn)
    .await?;
    exactly_one(done.rows_affected(), id)
}

/// Moves work to the lane of the customer that was found, and takes the try back: the move is none.
pub async fn work_move(
    conn: &mut PgConnection,
    id: EventId,
    lane: &LaneKey,
    customer: &ObjectId,
) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"
        with moved as (
            update work set
                lane = $2,
                run_at = now(),
                attempts = greatest(attempts - case when wait_key is null then 1 else 0 end, 0),
                token = null
            where event_id = $1
            returning event_id
        )
        update event set lane = $2, customer_ref = $3
        where id in (select event_id from moved)
        "#,
        id.as_uuid(),
        lane.as_str(),
        customer.as_str(),
    )
    .execute(conn)
    .await?;
    exactly_one(done.rows_affected(), id)
}

/// Puts work back that was taken and not begun, as if it had not been taken.
pub async fn work_put_back(
    conn: &mut PgConnection,
    lease: &Lease,
    ids: &[EventId],
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    sqlx::query!(
        r#"
        update work set
            attempts = attempts - case when wait_key is null then 1 else 0 end,
            token = null
        where event_id = any($1) and token = $2
        "#,
        &ids,
        lease.token,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes the work due that waits for any of these; gives back how much that was.
pub async fn work_wake(conn: &mut PgConnection, kind: &str, keys: &[String]) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "update work set run_at = now() where wait_kind = $1 and wait_key = any($2) and run_at > now()",
        kind,
        keys,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// What is waited for, of one kind.
pub async fn work_waited_for(conn: &mut PgConnection, kind: &str) -> Result<Vec<String>, StoreError> {
    let keys = sqlx::query_scalar!(
        r#"select distinct wait_key as "key!" from work where wait_kind = $1 and wait_key is not null"#,
        kind,
    )
    .fetch_all(conn)
    .await?;
    Ok(keys)
}

/// The next ticket: taken just before a read of the provider, or before a change of our own.
pub async fn ticket_next(conn: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(
        sqlx::query_scalar!(r#"select nextval('read_ticket') as "ticket!""#)
            .fetch_one(conn)
            .await?,
    )
}

fn exactly_one(rows: u64, id: EventId) -> Result<(), StoreError> {
    if rows == 1 {
        Ok(())
    } else {
        Err(StoreError::Gone {
            what: "event",
            id: id.to_string(),
        })
    }
}
