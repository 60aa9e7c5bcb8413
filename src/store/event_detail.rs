//! One event with all that is known of it: its body and headers, every try, every field that it changed, alarms.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::PgConnection;

use super::{StoreError, event_row::event_rows, row::RowReader};
use crate::domain::{
    event::Problem,
    ids::EventId,
    provider::Environment,
    subscription::Difference,
    views::event::{AttemptView, ChangeView, EventDetail},
};

/// One event. None where there is no such id in this environment.
pub async fn event_detail(
    conn: &mut PgConnection,
    environment: Environment,
    id: EventId,
) -> Result<Option<EventDetail>, StoreError> {
    let found = sqlx::query!(
        r#"
        select e.api_version, body.body as "body?", delivery.headers as "headers?"
        from event e
        left join lateral (
            select b.body from event_body b where b.event_id = e.id order by b.received_at desc limit 1
        ) as body on true
        left join lateral (
            -- The delivery that was believed, and of those the first.
            select d.headers
            from delivery d
            where d.event_id = e.id
            order by d.verdict <> 'verified', d.received_at
            limit 1
        ) as delivery on true
        where e.id = $1 and e.livemode = $2
        "#,
        id.as_uuid(),
        environment.livemode()
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(found) = found else {
        return Ok(None);
    };
    let Some(row) = event_rows(conn, &[id.as_uuid()]).await?.pop() else {
        return Ok(None);
    };
    let (alarms, open_alarms) = event_alarms(conn, id).await?;
    Ok(Some(EventDetail {
        row,
        api_version: found.api_version,
        payload: payload(found.body.as_deref()),
        headers: headers(found.headers),
        attempt_log: event_attempts(conn, id).await?,
        changes: event_changes(conn, id).await?,
        alarms,
        open_alarms,
    }))
}

/// The body as JSON; as a text where it is none; null once it has been blanked.
fn payload(body: Option<&[u8]>) -> Value {
    match body {
        None | Some([]) => Value::Null,
        Some(bytes) => serde_json::from_slice(bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned())),
    }
}

fn headers(stored: Option<Value>) -> BTreeMap<String, String> {
    let Some(Value::Object(fields)) = stored else {
        return BTreeMap::new();
    };
    fields
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => (name, text),
            other
            @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                (name, other.to_string())
            }
        })
        .collect()
}

/// Every try at an event, oldest first.
pub async fn event_attempts(conn: &mut PgConnection, id: EventId) -> Result<Vec<AttemptView>, StoreError> {
    let rows = sqlx::query!(
        "
        select id, number, kind, started_at, ended_at, worker, outcome, error_code, error_message
        from attempt
        where event_id = $1
        order by started_at, id
        ",
        id.as_uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("attempt", row.id);
            Ok(AttemptView {
                id: row.id.into(),
                number: row.number,
                kind: reader.word("kind", &row.kind)?,
                started_at: row.started_at.to_jiff(),
                ended_at: row.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
                worker: row.worker,
                outcome: row.outcome,
                error: row.error_code.map(|code| Problem {
                    code,
                    message: row.error_message.unwrap_or_default(),
                }),
            })
        })
        .collect()
}

/// Every field that an event changed, oldest first.
pub async fn event_changes(conn: &mut PgConnection, id: EventId) -> Result<Vec<ChangeView>, StoreError> {
    let rows = sqlx::query_as!(
        ChangeRow,
        "
        select at, table_name, row_key, field, before, after, source_kind, source_ref
        from change
        where event_id = $1
        order by id
        ",
        id.as_uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows.into_iter().map(change_view).collect())
}

/// Alarms about an event, newest first, and how many of them are open; a settled one says by whom.
async fn event_alarms(conn: &mut PgConnection, id: EventId) -> Result<(Vec<String>, usize), StoreError> {
    let rows = sqlx::query!(
        "
        select detail, cleared_at, cleared_by
        from alarm
        where event_id = $1
        order by raised_at desc, id desc
        ",
        id.as_uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    let open = rows.iter().filter(|row| row.cleared_at.is_none()).count();
    let lines = rows
        .into_iter()
        .map(|row| match (row.cleared_at, row.cleared_by) {
            (Some(_), Some(name)) => format!("{} (settled by {name})", row.detail),
            (Some(_), None) => format!("{} (settled)", row.detail),
            (None, _) => row.detail,
        })
        .collect();
    Ok((lines, open))
}

/// A row of `change`.
pub(super) struct ChangeRow {
    pub(super) at: jiff_sqlx::Timestamp,
    pub(super) table_name: String,
    pub(super) row_key: String,
    pub(super) field: String,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
    pub(super) source_kind: String,
    pub(super) source_ref: String,
}

/// A change as it is shown.
pub(super) fn change_view(row: ChangeRow) -> ChangeView {
    let source = match row.source_kind.as_str() {
        "read" => "read".to_owned(),
        kind => format!("{kind} {}", row.source_ref),
    };
    ChangeView {
        at: row.at.to_jiff(),
        table: row.table_name,
        row_key: row.row_key,
        difference: Difference {
            field: row.field,
            before: row.before.unwrap_or_default(),
            after: row.after.unwrap_or_default(),
        },
        source,
    }
}
