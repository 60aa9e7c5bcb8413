//! Events by id, as lists and details show them.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, row::RowReader};
use crate::domain::{
    event::{EndState, EventState, Problem},
    provider::ObjectKind,
    views::event::EventRow,
};

struct Row {
    id: Uuid,
    provider: String,
    provider_event_id: String,
    event_type: String,
    livemode: bool,
    object_kind: Option<String>,
    object_id: Option<String>,
    received_at: jiff_sqlx::Timestamp,
    provider_created_at: Option<jiff_sqlx::Timestamp>,
    duplicates: i32,
    source: String,
    end_state: Option<String>,
    end_code: Option<String>,
    end_reason: Option<String>,
    attempts: i32,
    run_at: Option<jiff_sqlx::Timestamp>,
    held: bool,
    error_code: Option<String>,
    error_message: Option<String>,
    wait_kind: Option<String>,
    wait_key: Option<String>,
    customer_id: Option<Uuid>,
    customer_label: Option<String>,
}

impl TryFrom<Row> for EventRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let reader = RowReader::new("event", row.id);
        let end = row
            .end_state
            .as_deref()
            .map(|word| reader.word::<EndState>("end_state", word))
            .transpose()?;
        let state = event_state(end, row.held, row.error_code.is_some() || row.wait_key.is_some());
        let error = match end {
            Some(end) => ended(end, row.end_code, row.end_reason),
            None => stopped(row.error_code, row.wait_kind, row.error_message),
        };
        let next_attempt_at = match state {
            EventState::Pending | EventState::Failed => row.run_at.map(jiff_sqlx::Timestamp::to_jiff),
            EventState::Processing
            | EventState::Processed
            | EventState::Ignored
            | EventState::Dead
            | EventState::Discarded
            | EventState::Quarantined => None,
        };
        Ok(Self {
            id: row.id.into(),
            provider: reader.word("provider", &row.provider)?,
            provider_event_id: row.provider_event_id,
            event_type: row.event_type,
            state,
            livemode: row.livemode,
            object_kind: row
                .object_kind
                .as_deref()
                .map(|word| reader.word::<ObjectKind>("object_kind", word))
                .transpose()?,
            object_id: row.object_id,
            customer_id: row.customer_id.map(Into::into),
            customer_label: row.customer_label,
            received_at: row.received_at.to_jiff(),
            provider_created_at: row.provider_created_at.map(jiff_sqlx::Timestamp::to_jiff),
            attempts: row.attempts,
            next_attempt_at,
            waiting_for: row.wait_key,
            error,
            duplicates: row.duplicates,
            source: reader.word("source", &row.source)?,
        })
    }
}

/// An event's state: how it ended, else whether a worker holds it, else whether its last try was `stopped`.
pub(super) fn event_state(end: Option<EndState>, held: bool, stopped: bool) -> EventState {
    match end {
        Some(end) => EventState::from(end),
        None if held => EventState::Processing,
        None if stopped => EventState::Failed,
        None => EventState::Pending,
    }
}

/// Why an event ended as it did, where anything was noted; an end without a code goes by its own word.
fn ended(end: EndState, code: Option<String>, reason: Option<String>) -> Option<Problem> {
    if code.is_none() && reason.is_none() {
        return None;
    }
    Some(Problem {
        code: code.unwrap_or_else(|| end.as_str().to_owned()),
        message: reason.unwrap_or_default(),
    })
}

/// Why the last try did not end the event.
fn stopped(code: Option<String>, wait: Option<String>, message: Option<String>) -> Option<Problem> {
    Some(Problem {
        code: code.or(wait)?,
        message: message.unwrap_or_default(),
    })
}

/// The events with these ids, in their order. An id that is not there is left out.
pub(super) async fn event_rows(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<EventRow>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            e.id,
            e.provider,
            e.provider_event_id,
            e.type as event_type,
            e.livemode,
            e.object_kind,
            e.object_id,
            e.received_at,
            e.provider_created_at,
            e.duplicates,
            e.source,
            e.end_state,
            e.end_code,
            e.end_reason,
            -- The count of the work is added to the event's when it ends, and counted on from there in a replay.
            e.attempts + coalesce(w.attempts, 0) as "attempts!",
            nullif(w.run_at, 'infinity') as "run_at?",
            coalesce(w.token = l.token and l.lease_until > now(), false) as "held!",
            w.error_code as "error_code?",
            w.error_message as "error_message?",
            w.wait_kind as "wait_kind?",
            w.wait_key as "wait_key?",
            k.customer_id as "customer_id?",
            coalesce(
                c.email, k.email, c.name, k.name, c.scope || ' ' || c.external_id, e.customer_ref
            ) as "customer_label?"
        from unnest($1::uuid[]) with ordinality as wanted (id, place)
        join event e on e.id = wanted.id
        left join work w on w.event_id = e.id
        left join lane l on l.key = w.lane
        left join customer_link k
            on k.provider = e.provider
            and k.livemode = e.livemode
            and k.provider_customer_id = e.customer_ref
        left join customer c on c.id = k.customer_id
        order by wanted.place
        "#,
        ids
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter().map(EventRow::try_from).collect()
}
