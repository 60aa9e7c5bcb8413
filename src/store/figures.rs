//! What processes say of themselves: that they live, and what they did in each minute.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::json;
use sqlx::PgConnection;

use super::StoreError;
use crate::domain::{
    provider::{Book, Environment},
    views::overview::{MinuteFigures, ProcessView},
};

/// What a process did for one provider in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteFigure {
    /// Provider and environment.
    pub book: Book,
    /// The minute; seconds are cut off.
    pub minute: Timestamp,
    /// What was done in it since it was last told.
    pub figures: MinuteFigures,
}

/// Adds to what the process has told of these minutes before.
pub async fn minute_figures_add(
    conn: &mut PgConnection,
    process: &str,
    figures: &[MinuteFigure],
) -> Result<(), StoreError> {
    if figures.is_empty() {
        return Ok(());
    }
    let count = |figure: u64| i32::try_from(figure).unwrap_or(i32::MAX);
    let minutes: Vec<jiff_sqlx::Timestamp> = figures.iter().map(|figure| figure.minute.to_sqlx()).collect();
    let providers: Vec<String> = figures
        .iter()
        .map(|figure| figure.book.provider.to_string())
        .collect();
    let livemodes: Vec<bool> = figures
        .iter()
        .map(|figure| figure.book.environment.livemode())
        .collect();
    let received: Vec<i32> = figures
        .iter()
        .map(|figure| count(figure.figures.received))
        .collect();
    let processed: Vec<i32> = figures
        .iter()
        .map(|figure| count(figure.figures.processed))
        .collect();
    let failed: Vec<i32> = figures
        .iter()
        .map(|figure| count(figure.figures.failed))
        .collect();
    // Summed first: one statement cannot meet the same row twice.
    sqlx::query!(
        "
        insert into minute_figure (minute, process, provider, livemode, received, processed, failed)
        select date_trunc('minute', minute), $1, provider, livemode, sum(received), sum(processed), sum(failed)
        from unnest($2::timestamptz[], $3::text[], $4::boolean[], $5::integer[], $6::integer[], $7::integer[])
            as told (minute, provider, livemode, received, processed, failed)
        group by date_trunc('minute', minute), provider, livemode
        on conflict (minute, process, provider, livemode) do update set
            received = minute_figure.received + excluded.received,
            processed = minute_figure.processed + excluded.processed,
            failed = minute_figure.failed + excluded.failed
        ",
        process,
        &minutes as _,
        &providers,
        &livemodes,
        &received,
        &processed,
        &failed
    )
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// A process that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// What it is and where: `worker@host/pid`.
    pub process: String,
    /// `listener`, `worker`, `console`.
    pub kind: String,
    /// Its version of billdeck.
    pub version: String,
    /// Parallel workers in it; 0 where it works on nothing.
    pub workers: u16,
    /// Which books it serves.
    pub environment: Environment,
    /// When it started.
    pub started_at: Timestamp,
}

/// Says that a process lives.
pub async fn heartbeat_upsert(conn: &mut PgConnection, heartbeat: &Heartbeat) -> Result<(), StoreError> {
    sqlx::query!(
        "
        insert into heartbeat (process, kind, version, workers, started_at, last_seen, detail)
        values ($1, $2, $3, $4, $5, now(), $6)
        on conflict (process) do update set
            kind = excluded.kind,
            version = excluded.version,
            workers = excluded.workers,
            started_at = excluded.started_at,
            last_seen = excluded.last_seen,
            detail = excluded.detail
        ",
        heartbeat.process,
        heartbeat.kind,
        heartbeat.version,
        i32::from(heartbeat.workers),
        heartbeat.started_at.to_sqlx() as _,
        json!({ "environment": heartbeat.environment })
    )
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// Says that a process has ended.
pub async fn heartbeat_delete(conn: &mut PgConnection, process: &str) -> Result<(), StoreError> {
    sqlx::query!("delete from heartbeat where process = $1", process)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// The processes of an environment that were seen in the last two minutes.
pub async fn heartbeat_list(
    conn: &mut PgConnection,
    environment: Environment,
) -> Result<Vec<ProcessView>, StoreError> {
    let rows = sqlx::query!(
        "
        select process, kind, version, workers, last_seen
        from heartbeat
        where last_seen > now() - interval '2 minutes'
            and coalesce(detail ->> 'environment', $1) = $1
        order by kind, process
        ",
        environment.as_str()
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ProcessView {
            name: row.process,
            kind: row.kind,
            version: row.version,
            last_seen: row.last_seen.to_jiff(),
            workers: row.workers,
        })
        .collect())
}

/// The figures of the last 60 minutes over all processes, oldest first; the last one is the running minute.
pub async fn minute_figures(
    conn: &mut PgConnection,
    environment: Environment,
) -> Result<Vec<MinuteFigures>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select
            coalesce(sum(f.received), 0) as "received!",
            coalesce(sum(f.processed), 0) as "processed!",
            coalesce(sum(f.failed), 0) as "failed!"
        from generate_series(
            date_trunc('minute', now()) - interval '59 minutes',
            date_trunc('minute', now()),
            interval '1 minute'
        ) as slot (minute)
        left join minute_figure f on f.minute = slot.minute and f.livemode = $1
        group by slot.minute
        order by slot.minute
        "#,
        environment.livemode()
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| MinuteFigures {
            received: row.received.unsigned_abs(),
            processed: row.processed.unsigned_abs(),
            failed: row.failed.unsigned_abs(),
        })
        .collect())
}
