//! The backlog in figures, and how many events a filter finds.
//!
//! Unfinished events are few and counted in `work`. Ends that need a person are counted in their index. All events
//! are counted by the day's rollups and a tail since the last refresh; what is processed is what remains. No figure
//! needs a walk over all events, unless no rollup has ever been made.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, event_list::event_count_to, rollup::rollup_mark, row::RowReader};
use crate::domain::{
    event::EventState,
    provider::{Environment, ProviderName},
    views::{
        Total,
        event::{EventFilter, EventStats},
    },
};

/// How far a filter that no figure answers is counted.
const COUNT_CAP: u64 = 2_000;
/// How far the events since the last rollup are counted for a list's title.
const TAIL_CAP: u64 = 200_000;

/// The backlog of an environment.
pub async fn event_stats(
    conn: &mut PgConnection,
    environment: Environment,
) -> Result<EventStats, StoreError> {
    let work = work_summary(conn, environment).await?;
    stats(conn, environment, &work).await
}

/// The backlog, where the work has been summed up already.
pub(super) async fn stats(
    conn: &mut PgConnection,
    environment: Environment,
    work: &BTreeMap<ProviderName, WorkSummary>,
) -> Result<EventStats, StoreError> {
    let ends = end_counts(conn, environment).await?;
    let everything = everything(conn, environment, None, u64::MAX).await?;
    let ignored = ignored(conn, environment).await?;
    let mut stats = EventStats {
        oldest_pending_seconds: oldest_pending_seconds(conn, environment).await?,
        processed_last_minute: processed_last_minute(conn, environment).await?,
        ..EventStats::default()
    };
    for state in EventState::ALL {
        stats.by_state.insert(*state, 0);
    }
    let mut add = |provider: ProviderName, state: EventState, count: u64| {
        *stats.by_state.entry(state).or_default() += count;
        match state {
            EventState::Pending
            | EventState::Processing
            | EventState::Failed
            | EventState::Dead
            | EventState::Quarantined => *stats.by_provider.entry(provider).or_default() += count,
            EventState::Processed | EventState::Ignored | EventState::Discarded => {}
        }
    };
    for (provider, summary) in work {
        add(*provider, EventState::Pending, summary.pending);
        add(*provider, EventState::Processing, summary.processing);
        add(*provider, EventState::Failed, summary.failed);
    }
    for (provider, state, count) in ends {
        add(provider, state, count);
    }
    stats.by_provider.retain(|_, count| *count > 0);
    let counted: u64 = stats.by_state.values().sum();
    let rest = everything.counted.saturating_sub(counted);
    let ignored = ignored.min(rest);
    stats.by_state.insert(EventState::Ignored, ignored);
    stats.by_state.insert(EventState::Processed, rest - ignored);
    Ok(stats)
}

/// How many events the filter finds: exactly, where figures are kept or the number is small.
pub async fn event_total(
    conn: &mut PgConnection,
    environment: Environment,
    filter: &EventFilter,
) -> Result<Total, StoreError> {
    let narrowed = filter.event_type.is_some()
        || filter.since.is_some()
        || filter.customer.is_some()
        || filter.object.is_some()
        || filter.error_code.is_some();
    if narrowed || (filter.provider.is_some() && !filter.states.is_empty()) {
        return event_count_to(conn, environment, filter, COUNT_CAP).await;
    }
    if filter.states.is_empty() {
        let all = everything(conn, environment, filter.provider, TAIL_CAP).await?;
        return Ok(all.total());
    }
    if rollup_mark(conn).await?.is_none() && filter.states.iter().any(|state| is_common(*state)) {
        return event_count_to(conn, environment, filter, COUNT_CAP).await;
    }
    let stats = event_stats(conn, environment).await?;
    let sum = stats
        .by_state
        .iter()
        .filter(|(state, _)| filter.states.contains(state))
        .map(|(_, count)| count)
        .sum();
    Ok(Total::Exactly(sum))
}

/// Whether most events end so.
const fn is_common(state: EventState) -> bool {
    match state {
        EventState::Processed | EventState::Ignored => true,
        EventState::Pending
        | EventState::Processing
        | EventState::Failed
        | EventState::Dead
        | EventState::Discarded
        | EventState::Quarantined => false,
    }
}

/// What is left to do for one provider.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WorkSummary {
    pub(super) pending: u64,
    pub(super) processing: u64,
    pub(super) failed: u64,
    /// When the next failed event is tried.
    pub(super) next_retry_at: Option<Timestamp>,
    /// Since when something has been waiting for a worker.
    pub(super) due_since: Option<Timestamp>,
    /// The newest unfinished event.
    pub(super) newest: Option<Uuid>,
}

/// Sums the work up by provider. A lane's key begins with the provider and the environment, so that the event itself
/// need not be read.
pub(super) async fn work_summary(
    conn: &mut PgConnection,
    environment: Environment,
) -> Result<BTreeMap<ProviderName, WorkSummary>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select
            split_part(w.lane, ':', 1) as "provider!",
            count(*) filter (where s.held) as "processing!",
            count(*) filter (where not s.held and s.stopped) as "failed!",
            count(*) filter (where not s.held and not s.stopped) as "pending!",
            min(w.run_at) filter (
                where not s.held and s.stopped and w.run_at > now() and w.run_at < 'infinity'
            ) as next_retry_at,
            min(w.run_at) filter (where not s.held and w.run_at <= now()) as due_since,
            max(w.event_id::text collate "C")::uuid as newest
        from work w
        left join lane l on l.key = w.lane
        cross join lateral (
            select
                coalesce(w.token = l.token and l.lease_until > now(), false) as held,
                w.error_code is not null or w.wait_key is not null as stopped
        ) as s
        where split_part(w.lane, ':', 2) = $1
        group by 1
        "#,
        environment.as_str()
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("work", "lane");
            let provider = reader.word("lane", &row.provider)?;
            let summary = WorkSummary {
                pending: row.pending.unsigned_abs(),
                processing: row.processing.unsigned_abs(),
                failed: row.failed.unsigned_abs(),
                next_retry_at: row.next_retry_at.map(jiff_sqlx::Timestamp::to_jiff),
                due_since: row.due_since.map(jiff_sqlx::Timestamp::to_jiff),
                newest: row.newest,
            };
            Ok((provider, summary))
        })
        .collect()
}

/// The ends that need a person, or needed one.
async fn end_counts(
    conn: &mut PgConnection,
    environment: Environment,
) -> Result<Vec<(ProviderName, EventState, u64)>, StoreError> {
    let providers: Vec<String> = ProviderName::ALL.iter().map(ToString::to_string).collect();
    let ends = [EventState::Dead, EventState::Discarded, EventState::Quarantined].map(|end| end.to_string());
    let rows = sqlx::query!(
        r#"
        select provider.word as "provider!", ending.word as "end_state!", own.events as "events!"
        from unnest($2::text[]) as provider (word)
        cross join unnest($3::text[]) as ending (word)
        cross join lateral (
            select count(*) as events
            from event e
            where e.livemode = $1 and e.provider = provider.word and e.end_state = ending.word
        ) as own
        "#,
        environment.livemode(),
        &providers,
        &ends[..]
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("event", "counts");
            let provider = reader.word("provider", &row.provider)?;
            let state = reader.word("end_state", &row.end_state)?;
            Ok((provider, state, row.events.unsigned_abs()))
        })
        .collect()
}

struct Everything {
    counted: u64,
    /// There are more than were counted.
    more: bool,
}

impl Everything {
    const fn total(&self) -> Total {
        if self.more {
            Total::AtLeast(self.counted)
        } else {
            Total::Exactly(self.counted)
        }
    }
}

/// All events, of one provider or of all: what the rollups have counted, and the tail since, up to a cap.
async fn everything(
    conn: &mut PgConnection,
    environment: Environment,
    provider: Option<ProviderName>,
    cap: u64,
) -> Result<Everything, StoreError> {
    let mark = rollup_mark(conn).await?;
    let from = mark.map_or(Uuid::nil(), |mark| mark.id);
    let provider = provider.map(ProviderName::as_str);
    let limit = i64::try_from(cap).unwrap_or(i64::MAX).saturating_add(1);
    let row = sqlx::query!(
        r#"
        select
            coalesce((
                select sum(r.events)::bigint
                from event_rollup r
                where r.livemode = $1 and r.end_state = '' and ($2::text is null or r.provider = $2)
            ), 0) as "before!",
            (
                select count(*)
                from (
                    select 1
                    from event e
                    where e.id >= $3 and e.livemode = $1 and ($2::text is null or e.provider = $2)
                    limit $4
                ) as tail
            ) as "since!"
        "#,
        environment.livemode(),
        provider,
        from,
        limit
    )
    .fetch_one(&mut *conn)
    .await?;
    let since = row.since.unsigned_abs();
    Ok(Everything {
        counted: row.before.unsigned_abs() + since.min(cap),
        more: since > cap,
    })
}

/// Events that ended as ignored: what the rollups have counted, what they had not seen end, and the tail since.
async fn ignored(conn: &mut PgConnection, environment: Environment) -> Result<u64, StoreError> {
    let mark = rollup_mark(conn).await?;
    let from = mark.map_or(Uuid::nil(), |mark| mark.id);
    let at = mark.map_or(Timestamp::MAX, |mark| mark.at);
    let count = sqlx::query_scalar!(
        r#"
        select (
            coalesce((
                select sum(r.events)::bigint
                from event_rollup r
                where r.livemode = $1 and r.end_state = 'ignored'
            ), 0)
            + (
                select count(*)
                from event e
                where e.livemode = $1 and e.end_state = 'ignored' and e.id >= $2
            )
            + (
                select count(*)
                from event e
                where e.livemode = $1 and e.end_state = 'ignored' and e.id < $2 and e.ended_at >= $3
            )
        ) as "ignored!"
        "#,
        environment.livemode(),
        from,
        jiff_sqlx::Timestamp::from(at) as _
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(count.unsigned_abs())
}

/// The age of the oldest event that nobody has tried yet.
async fn oldest_pending_seconds(
    conn: &mut PgConnection,
    environment: Environment,
) -> Result<Option<i64>, StoreError> {
    let age = sqlx::query_scalar!(
        r#"
        select floor(extract(epoch from now() - e.received_at))::bigint as "age!"
        from work w
        join event e on e.id = w.event_id
        where w.attempts = 0
            and w.error_code is null
            and w.wait_key is null
            and e.end_state is null
            and e.livemode = $1
        order by w.event_id
        limit 1
        "#,
        environment.livemode()
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(age.map(|age| age.max(0)))
}

/// What workers brought to an end in the last minute.
async fn processed_last_minute(conn: &mut PgConnection, environment: Environment) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from event
        where ended_at > now() - interval '1 minute'
            and livemode = $1
            and end_state in ('processed', 'ignored', 'dead')
        "#,
        environment.livemode()
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(count.unsigned_abs())
}
