//! What needs a person. Each line is a cause, not an event: grouped, counted, and with the place where it is mended.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    event_stats::WorkSummary,
    keyset::id_time,
    overview::{Paused, Unlinked},
    row::RowReader,
};
use crate::domain::{
    event::EndState,
    provider::{Environment, ProviderName},
    views::overview::{Attention, ProcessView, Severity},
};

/// How many causes of one kind are told apart.
const CAUSES: i64 = 10;
/// Of each provider the newest ends, so many of them, are grouped by their causes.
const ENDS_LOOKED_AT: i64 = 1_000;
/// How long work may be due before the lack of a worker is worth a line.
const PATIENCE: SignedDuration = SignedDuration::from_secs(30);

/// What has been found out already.
pub(super) struct Circumstances<'a> {
    pub(super) environment: Environment,
    pub(super) now: Timestamp,
    pub(super) work: &'a BTreeMap<ProviderName, WorkSummary>,
    pub(super) processes: &'a [ProcessView],
    pub(super) paused: &'a [Paused],
    pub(super) unlinked: Unlinked,
}

/// All causes, the most urgent and the largest first.
pub(super) async fn attention(
    conn: &mut PgConnection,
    circumstances: &Circumstances<'_>,
) -> Result<Vec<Attention>, StoreError> {
    let environment = circumstances.environment;
    let mut causes = Vec::new();
    causes.extend(no_worker(circumstances));
    causes.extend(unlinked(circumstances.unlinked));
    causes.extend(
        circumstances
            .paused
            .iter()
            .map(|gate| paused(gate, circumstances.work)),
    );
    causes.extend(stopped(conn, environment).await?);
    causes.extend(ended(conn, environment).await?);
    causes.extend(mismatches(conn, environment).await?);
    causes.extend(alarms(conn, environment).await?);
    causes.sort_by(|a, b| a.severity.cmp(&b.severity).then(b.count.cmp(&a.count)));
    Ok(causes)
}

fn no_worker(circumstances: &Circumstances<'_>) -> Option<Attention> {
    let Circumstances {
        now,
        work,
        processes,
        paused,
        ..
    } = circumstances;
    if processes.iter().any(|process| process.workers > 0) {
        return None;
    }
    let is_open = |provider: ProviderName| {
        !paused
            .iter()
            .any(|gate| gate.provider == provider && gate.event_type.is_empty())
    };
    let waiting: Vec<&WorkSummary> = work
        .iter()
        .filter(|(provider, _)| is_open(**provider))
        .map(|(_, summary)| summary)
        .collect();
    let since = waiting.iter().filter_map(|summary| summary.due_since).min()?;
    if now.duration_since(since) < PATIENCE {
        return None;
    }
    Some(Attention {
        severity: Severity::Danger,
        what: "no worker is running although events are due: start `billdeck worker`".to_owned(),
        count: waiting
            .iter()
            .map(|summary| summary.pending + summary.failed)
            .sum(),
        provider: None,
        since: Some(since),
        command: "events pending".to_owned(),
    })
}

fn unlinked(found: Unlinked) -> Option<Attention> {
    (found.count > 0).then(|| Attention {
        severity: Severity::Danger,
        what: match found.count {
            1 => "1 paying customer is linked to no account".to_owned(),
            count => format!("{count} paying customers are linked to no account"),
        },
        count: found.count,
        provider: None,
        since: found.since,
        command: "customers owner:none".to_owned(),
    })
}

fn paused(gate: &Paused, work: &BTreeMap<ProviderName, WorkSummary>) -> Attention {
    let provider = gate.provider;
    let what = match gate.event_type.as_str() {
        "" => format!("events of {provider} are not processed: paused"),
        kind => format!("events `{kind}` of {provider} are not processed: paused"),
    };
    Attention {
        severity: Severity::Attention,
        what: match &gate.reason {
            Some(reason) => format!("{what}, {reason}"),
            None => what,
        },
        count: work.get(&provider).map_or(0, |summary| summary.pending),
        provider: Some(provider),
        since: Some(gate.since),
        command: format!("events pending provider={provider}"),
    }
}

/// Unfinished events that wait or fail, by what they wait for or fail with.
async fn stopped(conn: &mut PgConnection, environment: Environment) -> Result<Vec<Attention>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select
            split_part(lane, ':', 1) as "provider!",
            coalesce(error_code, wait_kind) as "code!",
            wait_kind,
            wait_key,
            count(*) as "count!",
            min(error_message) as message,
            min(event_id::text collate "C")::uuid as "oldest!"
        from work
        where (error_code is not null or wait_key is not null) and split_part(lane, ':', 2) = $1
        group by 1, 2, wait_kind, wait_key
        order by count(*) desc
        limit $2
        "#,
        environment.as_str(),
        CAUSES
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let provider: ProviderName = RowReader::new("work", "lane").word("lane", &row.provider)?;
            let code = row.code;
            let count = row.count.unsigned_abs();
            let what = match (row.wait_kind.as_deref(), row.wait_key) {
                (Some("unknown_price"), Some(price)) => {
                    format!(
                        "{}: price `{price}` is in no plan",
                        events(count, "waits", "wait")
                    )
                }
                (Some(kind), Some(key)) => format!("{} for {kind} `{key}`", events(count, "waits", "wait")),
                (None, _) | (Some(_), None) => {
                    format!(
                        "{}: {}",
                        events(count, "fails", "fail"),
                        because(row.message, &code)
                    )
                }
            };
            Ok(Attention {
                severity: Severity::Attention,
                what,
                count,
                provider: Some(provider),
                since: Some(id_time(row.oldest)),
                command: format!("events failed provider={provider} error={code}"),
            })
        })
        .collect()
}

/// Dead and quarantined events, by why they ended so.
async fn ended(conn: &mut PgConnection, environment: Environment) -> Result<Vec<Attention>, StoreError> {
    let providers: Vec<String> = ProviderName::ALL.iter().map(ToString::to_string).collect();
    let ends = [EndState::Dead, EndState::Quarantined].map(|end| end.to_string());
    let rows = sqlx::query!(
        r#"
        select
            provider.word as "provider!",
            ending.word as "end_state!",
            e.end_code,
            count(*) as "count!",
            min(e.end_reason) as reason,
            min(e.id::text collate "C")::uuid as "oldest!"
        from unnest($2::text[]) as provider (word)
        cross join unnest($3::text[]) as ending (word)
        cross join lateral (
            select own.id, own.end_code, own.end_reason
            from event own
            where own.livemode = $1 and own.provider = provider.word and own.end_state = ending.word
            order by own.id desc
            limit $4
        ) as e
        group by provider.word, ending.word, e.end_code
        order by count(*) desc
        limit $5
        "#,
        environment.livemode(),
        &providers,
        &ends[..],
        ENDS_LOOKED_AT,
        CAUSES
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("event", "ends");
            let provider: ProviderName = reader.word("provider", &row.provider)?;
            let end: EndState = reader.word("end_state", &row.end_state)?;
            let count = row.count.unsigned_abs();
            let (severity, are) = match end {
                EndState::Dead => (Severity::Danger, events(count, "is dead", "are dead")),
                EndState::Quarantined => (
                    Severity::Attention,
                    events(count, "is quarantined", "are quarantined"),
                ),
                EndState::Processed | EndState::Ignored | EndState::Discarded => {
                    (Severity::Attention, events(count, "has ended", "have ended"))
                }
            };
            let cause = row.end_code.as_ref().map(|code| format!(" error={code}"));
            let code = row.end_code.as_deref().unwrap_or("no reason was noted");
            Ok(Attention {
                severity,
                what: format!("{are}: {}", because(row.reason, code)),
                count,
                provider: Some(provider),
                since: Some(id_time(row.oldest)),
                command: format!("events {end} provider={provider}{}", cause.unwrap_or_default()),
            })
        })
        .collect()
}

/// Subscriptions for which a read disagreed with what is stored.
async fn mismatches(conn: &mut PgConnection, environment: Environment) -> Result<Vec<Attention>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select provider, count(*) as "count!", min(coalesce(verified_at, updated_at)) as since
        from subscription
        where livemode = $1 and verification = 'mismatch' and verification <> 'verified'
        group by provider
        order by count(*) desc
        "#,
        environment.livemode()
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("subscription", &row.provider);
            let provider: ProviderName = reader.word("provider", &row.provider)?;
            let count = row.count.unsigned_abs();
            let what = match count {
                1 => format!("1 subscription differs from what {provider} says"),
                _ => format!("{count} subscriptions differ from what {provider} says"),
            };
            Ok(Attention {
                severity: Severity::Danger,
                what,
                count,
                provider: Some(provider),
                since: row.since.map(jiff_sqlx::Timestamp::to_jiff),
                command: format!("subs verification=mismatch provider={provider}"),
            })
        })
        .collect()
}

/// Alarms that nobody has settled.
async fn alarms(conn: &mut PgConnection, environment: Environment) -> Result<Vec<Attention>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select
            kind,
            provider,
            count(*) as "count!",
            min(detail) as "detail!",
            min(raised_at) as since,
            max(event_id::text collate "C")::uuid as event_id
        from alarm
        where cleared_at is null and coalesce(livemode, $1) = $1
        group by kind, provider
        order by count(*) desc
        limit $2
        "#,
        environment.livemode(),
        CAUSES
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let provider = row
                .provider
                .as_deref()
                .map(|word| RowReader::new("alarm", &row.kind).word::<ProviderName>("provider", word))
                .transpose()?;
            let count = row.count.unsigned_abs();
            Ok(Attention {
                severity: Severity::Danger,
                what: match count {
                    1 => row.detail,
                    _ => format!("{count} alarms, one of them: {}", row.detail),
                },
                count,
                provider,
                since: row.since.map(jiff_sqlx::Timestamp::to_jiff),
                command: row
                    .event_id
                    .map_or_else(|| "events".to_owned(), |id: Uuid| format!("open {id}")),
            })
        })
        .collect()
}

fn events(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 event {one}"),
        _ => format!("{count} events {many}"),
    }
}

/// The sentence that was noted, else the code in words.
fn because(message: Option<String>, code: &str) -> String {
    message
        .filter(|message| !message.is_empty())
        .unwrap_or_else(|| code.replace('_', " "))
}
