//! The first screen: is anything wrong, and where do I go? A handful of statements, each of them over few rows.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError, Viewpoint,
    attention::{Circumstances, attention},
    event_stats::{WorkSummary, stats, work_summary},
    figures::{heartbeat_list, minute_figures},
    keyset::{id_floor, id_time},
    row::RowReader,
};
use crate::domain::{
    event::EndState,
    money::{Currency, Money},
    provider::{Environment, ProviderName},
    views::overview::{Overview, ProviderFigures},
};

/// The newest customers that nobody owns, so many of them, are asked whether they pay.
const UNOWNED_LOOKED_AT: i64 = 500;

/// Everything on the first screen, for the providers served. What the database does not know is left at its default, to
/// be filled by the caller: `api`, `webhook_secrets` and `api_p95_ms`.
pub async fn overview(
    conn: &mut PgConnection,
    view: Viewpoint,
    providers: &[ProviderName],
) -> Result<Overview, StoreError> {
    let environment = view.environment;
    let now = sqlx::query_scalar!(r#"select now() as "now!""#)
        .fetch_one(&mut *conn)
        .await?
        .to_jiff();
    let work = work_summary(conn, environment).await?;
    let processes = heartbeat_list(conn, environment).await?;
    let paused = paused(conn, environment).await?;
    let unlinked = unlinked_payers(conn, view).await?;
    let circumstances = Circumstances {
        environment,
        now,
        work: &work,
        processes: &processes,
        paused: &paused,
        unlinked,
    };
    Ok(Overview {
        attention: attention(conn, &circumstances).await?,
        stats: stats(conn, environment, &work).await?,
        next_retry_at: work.values().filter_map(|summary| summary.next_retry_at).min(),
        minutes: minute_figures(conn, environment).await?,
        providers: provider_figures(conn, environment, now, providers, &work, &paused).await?,
        money: money(conn, environment).await?,
        failed_payments: failed_payments(conn, environment).await?,
        unlinked_payers: unlinked.count,
        processes,
    })
}

/// A provider whose claims are stopped, and why.
pub(super) struct Paused {
    pub(super) provider: ProviderName,
    /// Empty for all types.
    pub(super) event_type: String,
    pub(super) reason: Option<String>,
    pub(super) since: Timestamp,
}

async fn paused(conn: &mut PgConnection, environment: Environment) -> Result<Vec<Paused>, StoreError> {
    let rows = sqlx::query!(
        "
        select provider, type as event_type, reason, updated_at
        from gate
        where livemode = $1 and state = 'paused' and (until is null or until > now())
        order by provider, type
        ",
        environment.livemode()
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Paused {
                provider: RowReader::new("gate", &row.provider).word("provider", &row.provider)?,
                event_type: row.event_type,
                reason: row.reason,
                since: row.updated_at.to_jiff(),
            })
        })
        .collect()
}

/// Customers that nobody owns although they pay, and the oldest of them.
#[derive(Clone, Copy)]
pub(super) struct Unlinked {
    pub(super) count: u64,
    pub(super) since: Option<Timestamp>,
}

async fn unlinked_payers(conn: &mut PgConnection, view: Viewpoint) -> Result<Unlinked, StoreError> {
    let row = sqlx::query!(
        r#"
        select count(*) as "count!", min(c.created_at) as since
        from (
            select id, created_at
            from customer
            where scope is null and merged_into is null
            order by id desc
            limit $3
        ) as c
        -- A sum rather than `exists`, which may be carried out as one hash over all subscriptions.
        where coalesce((
            select bool_or(
                coalesce((
                    select bool_or(s.status in ('trialing', 'active') or (s.status = 'past_due' and $2))
                    from subscription s
                    where s.link_id = k.id
                ), false)
                or coalesce((
                    select bool_or(o.status in ('paid', 'partially_refunded'))
                    from orders o
                    where o.link_id = k.id
                ), false)
            )
            from customer_link k
            where k.customer_id = c.id and k.livemode = $1
        ), false)
        "#,
        view.environment.livemode(),
        view.past_due_has_access,
        UNOWNED_LOOKED_AT
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(Unlinked {
        count: row.count.unsigned_abs(),
        since: row.since.map(jiff_sqlx::Timestamp::to_jiff),
    })
}

async fn provider_figures(
    conn: &mut PgConnection,
    environment: Environment,
    now: Timestamp,
    providers: &[ProviderName],
    work: &BTreeMap<ProviderName, WorkSummary>,
    paused: &[Paused],
) -> Result<Vec<ProviderFigures>, StoreError> {
    let words: Vec<String> = providers.iter().map(ToString::to_string).collect();
    let ends: Vec<String> = EndState::ALL.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        r#"
        select
            provider.word as "provider!",
            (
                select count(*)
                from event e
                where e.id >= $4 and e.livemode = $1 and e.provider = provider.word
            ) as "received!",
            (
                select 100.0::float8 * sum(f.processed) / nullif(sum(f.processed) + sum(f.failed), 0)
                from minute_figure f
                where f.minute > now() - interval '1 hour'
                    and f.provider = provider.word
                    and f.livemode = $1
            ) as ok_percent,
            newest.id as "newest?"
        from unnest($2::text[]) with ordinality as provider (word, place)
        left join lateral (
            select own.id
            from unnest($3::text[]) as ending (word)
            cross join lateral (
                select e.id
                from event e
                where e.livemode = $1 and e.provider = provider.word and e.end_state = ending.word
                order by e.id desc
                limit 1
            ) as own
            order by own.id desc
            limit 1
        ) as newest on true
        order by provider.place
        "#,
        environment.livemode(),
        &words,
        &ends,
        id_floor(now - SignedDuration::from_mins(1))
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let provider = RowReader::new("event", "figures").word("provider", &row.provider)?;
            let unfinished: Option<Uuid> = work.get(&provider).and_then(|summary| summary.newest);
            Ok(ProviderFigures {
                provider,
                api: false,
                webhook_secrets: 0,
                paused: paused
                    .iter()
                    .find(|gate| gate.provider == provider && gate.event_type.is_empty())
                    .map(|gate| gate.reason.clone().unwrap_or_else(|| "paused".to_owned())),
                received_last_minute: row.received.unsigned_abs(),
                apply_ok_percent: row.ok_percent,
                api_p95_ms: None,
                last_event_at: row.newest.max(unfinished).map(id_time),
            })
        })
        .collect()
}

/// Money booked in the last 24 hours, per currency. That a dispute was opened moves nothing; that the bank took the money
/// is a fact of its own.
async fn money(conn: &mut PgConnection, environment: Environment) -> Result<Vec<Money>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select currency, sum(amount)::bigint as "amount!"
        from ledger
        where livemode = $1 and at > now() - interval '24 hours' and kind <> 'disputed'
        group by currency
        order by currency
        "#,
        environment.livemode()
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("ledger", &row.currency);
            let currency: Currency = reader.currency("currency", &row.currency)?;
            Ok(Money::new(row.amount, currency))
        })
        .collect()
}

async fn failed_payments(conn: &mut PgConnection, environment: Environment) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from payment
        where status = 'failed' and updated_at > now() - interval '24 hours' and livemode = $1
        "#,
        environment.livemode()
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(count.unsigned_abs())
}
