//! Tries: one row each, written in the transaction that settles them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::StoreError;
use crate::domain::{
    event::{AttemptKind, Problem},
    ids::{AttemptId, EventId},
};

/// A try that is over.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// billdeck's id.
    pub id: AttemptId,
    /// The event, unless it was a verification.
    pub event: Option<EventId>,
    /// What a verification was about.
    pub subject: Option<String>,
    /// Counted from 1; a replay's own count.
    pub number: i32,
    /// Why it took place.
    pub kind: AttemptKind,
    /// When it began.
    pub started_at: Timestamp,
    /// The process that made it.
    pub worker: String,
    /// The ticket of its last read.
    pub ticket: Option<i64>,
    /// How it ended, as a stable word.
    pub outcome: &'static str,
    /// Why, where it did not succeed.
    pub problem: Option<Problem>,
}

/// Writes a try.
pub async fn attempt_insert(conn: &mut PgConnection, attempt: &Attempt) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        insert into attempt (
            id, started_at, event_id, subject, number, kind, ended_at, worker, ticket, outcome, error_code, error_message
        )
        values ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7, $8, $9, $10, $11)
        "#,
        attempt.id.as_uuid(),
        attempt.started_at.to_sqlx() as _,
        attempt.event.map(|id| id.as_uuid()),
        attempt.subject,
        attempt.number,
        attempt.kind.as_str(),
        attempt.worker,
        attempt.ticket,
        attempt.outcome,
        attempt.problem.as_ref().map(|problem| problem.code.as_str()),
        attempt.problem.as_ref().map(|problem| problem.message.as_str()),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The number of an event's next try, counting all that were recorded.
pub async fn attempt_next_number(conn: &mut PgConnection, event: EventId) -> Result<i32, StoreError> {
    let number = sqlx::query_scalar!(
        r#"select coalesce(max(number), 0) + 1 as "number!" from attempt where event_id = $1"#,
        event.as_uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(number)
}
