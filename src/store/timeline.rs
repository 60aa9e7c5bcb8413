//! A customer's story: the events of its links and what people did about it, newest first.
//!
//! Both kinds of line are dated and ordered by the time in their ids, to the millisecond, so that "older than this line"
//! means one place in both. Lines of one millisecond stay on one page, which may make it a little longer.

use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    customer_detail::customer_is_visible,
    customer_row::customer_resolve,
    event_row::event_state,
    keyset::{id_floor, id_time},
    row::RowReader,
    viewpoint::Viewpoint,
};
use crate::domain::{
    event::{EndState, EventState},
    ids::CustomerId,
    views::{
        PageRequest,
        customer::{TimelineEntry, TimelineKind},
    },
};

/// At most so many lines of one millisecond are shown.
const MAX_TIES: i64 = 1_000;

/// The lines older than `before`, newest first. None where there is no such customer.
pub async fn customer_timeline(
    conn: &mut PgConnection,
    view: Viewpoint,
    id: CustomerId,
    before: Option<Timestamp>,
    limit: u16,
) -> Result<Option<Vec<TimelineEntry>>, StoreError> {
    let Some(id) = customer_resolve(conn, id).await? else {
        return Ok(None);
    };
    if !customer_is_visible(conn, view.environment, id).await? {
        return Ok(None);
    }
    let limit = usize::from(limit.clamp(1, PageRequest::MAX_LIMIT));
    let span = Span {
        from: Uuid::nil(),
        below: before.map_or(Uuid::max(), id_floor),
    };
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut lines = story(conn, view, id, span, wanted).await?;
    if let (Some(last), Some(cut)) = (lines.get(limit - 1), lines.get(limit)) {
        let oldest = id_time(last.0);
        let tied = id_time(cut.0) == oldest;
        lines.truncate(limit);
        if tied {
            let below = id_floor(oldest + SignedDuration::from_millis(1));
            let span = Span {
                from: id_floor(oldest),
                below: span.below.min(below),
            };
            lines.retain(|line| line.0 >= below);
            lines.extend(story(conn, view, id, span, MAX_TIES).await?);
        }
    }
    Ok(Some(lines.into_iter().map(|(_, entry)| entry).collect()))
}

/// From, inclusive, to below, exclusive.
#[derive(Clone, Copy)]
struct Span {
    from: Uuid,
    below: Uuid,
}

async fn story(
    conn: &mut PgConnection,
    view: Viewpoint,
    customer: CustomerId,
    span: Span,
    limit: i64,
) -> Result<Vec<(Uuid, TimelineEntry)>, StoreError> {
    let mut lines = events(conn, view, customer, span, limit).await?;
    lines.extend(acts(conn, customer, span, limit).await?);
    lines.sort_by_key(|line| std::cmp::Reverse(line.0));
    lines.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(lines)
}

async fn events(
    conn: &mut PgConnection,
    view: Viewpoint,
    customer: CustomerId,
    span: Span,
    limit: i64,
) -> Result<Vec<(Uuid, TimelineEntry)>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select
            e.id,
            e.type as event_type,
            e.object_kind,
            e.object_id,
            e.end_state,
            coalesce(w.token = l.token and l.lease_until > now(), false) as "held!",
            (w.error_code is not null or w.wait_key is not null) as "stopped!",
            coalesce(e.end_reason, w.error_message) as reason
        from customer_link k
        cross join lateral (
            select own.*
            from event own
            where own.customer_ref = k.provider_customer_id
                and own.provider = k.provider
                and own.livemode = k.livemode
                and own.id >= $3
                and own.id < $4
            order by own.id desc
            limit $5
        ) as e
        left join work w on w.event_id = e.id
        left join lane l on l.key = w.lane
        where k.customer_id = $1 and k.livemode = $2
        order by e.id desc
        limit $5
        "#,
        customer.as_uuid(),
        view.environment.livemode(),
        span.from,
        span.below,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    let line = |object: Option<String>, state: EventState, reason: Option<String>| {
        [object, Some(state.as_str().to_owned()), reason]
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · ")
    };
    rows.into_iter()
        .map(|row| {
            let end = row
                .end_state
                .as_deref()
                .map(|word| RowReader::new("event", row.id).word::<EndState>("end_state", word))
                .transpose()?;
            let state = event_state(end, row.held, row.stopped);
            let object = match (row.object_kind, row.object_id) {
                (Some(kind), Some(id)) => Some(format!("{kind} {id}")),
                (None, id) | (Some(_), id @ None) => id,
            };
            let entry = TimelineEntry {
                at: id_time(row.id),
                kind: TimelineKind::Event,
                what: row.event_type,
                detail: line(object, state, row.reason),
                event_id: Some(row.id.into()),
            };
            Ok((row.id, entry))
        })
        .collect()
}

async fn acts(
    conn: &mut PgConnection,
    customer: CustomerId,
    span: Span,
    limit: i64,
) -> Result<Vec<(Uuid, TimelineEntry)>, StoreError> {
    let rows = sqlx::query!(
        "
        select id, actor, action, target, reason, outcome
        from audit
        where customer_id = $1 and id >= $2 and id < $3
        order by id desc
        limit $4
        ",
        customer.as_uuid(),
        span.from,
        span.below,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let because = row
                .reason
                .map(|reason| format!(" ({reason})"))
                .unwrap_or_default();
            let entry = TimelineEntry {
                at: id_time(row.id),
                kind: TimelineKind::Person,
                what: row.action,
                detail: format!("{} · {} by {}{because}", row.target, row.outcome, row.actor),
                event_id: None,
            };
            (row.id, entry)
        })
        .collect())
}
