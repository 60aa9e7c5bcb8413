//! Counts of events per day of receipt, kept by a job beside the work, so that no counter row serialises the workers.
//!
//! A day is counted again when events were received in it or ended since the last refresh. Events of the last minutes are left out, since a transaction that is still open
//! may bring an id that is older than its commit; readers count them one by one.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    keyset::{id_floor, id_time},
};

/// Keeps two processes from counting at once; the number only has to be nobody else's.
const LOCK: i64 = 0x0b11_1dec_0001;
const MARK: &str = "rollup_mark";
/// Longer than any transaction may be open.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);
const DAY_MILLIS: i64 = 86_400_000;

/// How far the counts reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RollupMark {
    /// Events with a smaller id are counted.
    pub(super) id: Uuid,
    /// When they were counted; what ended later is counted under the end that it had then, or under none.
    pub(super) at: Timestamp,
}

/// How far the counts reach; none when no count was ever made.
pub(super) async fn rollup_mark(conn: &mut PgConnection) -> Result<Option<RollupMark>, StoreError> {
    let value = sqlx::query_scalar!("select value from setting where key = $1", MARK)
        .fetch_optional(&mut *conn)
        .await?;
    // A mark that cannot be read is as good as none: everything is counted again.
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

/// Counts the days again that were touched since the last time, and drops figures that nobody looks at any more.
/// Needs a transaction. Gives back false where another process is at it.
pub async fn rollup_refresh(conn: &mut PgConnection) -> Result<bool, StoreError> {
    let locked = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "locked!""#, LOCK)
        .fetch_one(&mut *conn)
        .await?;
    if !locked {
        return Ok(false);
    }
    let now = sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#)
        .fetch_one(&mut *conn)
        .await?
        .to_jiff();
    let mark = RollupMark {
        id: id_floor(now - MARGIN),
        at: now,
    };
    let before = rollup_mark(conn).await?;
    let days = touched_days(conn, before, mark).await?;
    count_days(conn, &days, mark).await?;
    let value = serde_json::json!(mark);
    sqlx::query!(
        "
        insert into setting (key, value, updated_at)
        values ($1, $2, now())
        on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
        ",
        MARK,
        value
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("delete from minute_figure where minute < now() - interval '2 days'")
        .execute(&mut *conn)
        .await?;
    sqlx::query!("delete from heartbeat where last_seen < now() - interval '1 day'")
        .execute(&mut *conn)
        .await?;
    Ok(true)
}

fn day_of(id: Uuid) -> i64 {
    id_time(id).as_millisecond().div_euclid(DAY_MILLIS)
}

/// Days since 1970 whose counts may be out of date.
async fn touched_days(
    conn: &mut PgConnection,
    before: Option<RollupMark>,
    mark: RollupMark,
) -> Result<BTreeSet<i64>, StoreError> {
    let Some(before) = before else {
        let oldest = sqlx::query_scalar!("select id from event order by id limit 1")
            .fetch_optional(&mut *conn)
            .await?;
        return Ok(oldest.map_or_else(BTreeSet::new, |id| (day_of(id)..=day_of(mark.id)).collect()));
    };
    let mut days: BTreeSet<i64> = (day_of(before.id)..=day_of(mark.id)).collect();
    let others = sqlx::query_scalar!(
        r#"
        -- The first 48 bits of an id are the milliseconds since 1970.
        select distinct
            ('x' || lpad(translate(left(id::text, 13), '-', ''), 16, '0'))::bit(64)::bigint / $2 as "day!"
        from event
        where ended_at >= $1
        "#,
        jiff_sqlx::Timestamp::from(before.at - MARGIN) as _,
        DAY_MILLIS
    )
    .fetch_all(&mut *conn)
    .await?;
    days.extend(others.into_iter().filter(|day| *day <= day_of(mark.id)));
    Ok(days)
}

async fn count_days(
    conn: &mut PgConnection,
    days: &BTreeSet<i64>,
    mark: RollupMark,
) -> Result<(), StoreError> {
    let floor =
        |day: i64| Timestamp::from_millisecond(day.saturating_mul(DAY_MILLIS)).map_or(Uuid::max(), id_floor);
    let numbers: Vec<i32> = days.iter().filter_map(|day| i32::try_from(*day).ok()).collect();
    let low: Vec<Uuid> = numbers.iter().map(|day| floor(i64::from(*day))).collect();
    let high: Vec<Uuid> = numbers
        .iter()
        .map(|day| floor(i64::from(*day) + 1).min(mark.id))
        .collect();
    sqlx::query!(
        "delete from event_rollup where day in (select date '1970-01-01' + n from unnest($1::integer[]) as n)",
        &numbers
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "
        insert into event_rollup (day, provider, livemode, end_state, events)
        select
            date '1970-01-01' + span.day,
            e.provider,
            e.livemode,
            case when grouping(e.end_state) = 1 then '' else e.end_state end,
            count(*)
        from unnest($1::integer[], $2::uuid[], $3::uuid[]) as span (day, low, high)
        join event e on e.id >= span.low and e.id < span.high
        group by grouping sets (
            (span.day, e.provider, e.livemode),
            (span.day, e.provider, e.livemode, e.end_state)
        )
        having grouping(e.end_state) = 1 or e.end_state is not null
        ",
        &numbers,
        &low,
        &high
    )
    .execute(&mut *conn)
    .await?;
    Ok(())
}
