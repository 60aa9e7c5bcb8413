//! Putting an event aside.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, row::RowReader, work::work_end};
use crate::domain::{
    event::{EndState, EventState, Problem},
    ids::{CustomerId, EventId},
    provider::Environment,
};

/// What became of a wish to discard an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    /// Put aside.
    Done {
        /// The state before.
        from: EventState,
        /// Whose event it was, where that is known.
        customer: Option<CustomerId>,
    },
    /// The event is in a state that cannot be discarded.
    Kept(EventState),
    /// There is no such event in this environment.
    Missing,
}

/// Discards an event that is waiting for work, dead or quarantined, and removes its work.
///
/// The work is locked first, as a worker's claim does: an event is either claimed (and kept) or discarded, never both.
pub async fn event_discard(
    conn: &mut PgConnection,
    environment: Environment,
    id: EventId,
    why: &Problem,
) -> Result<Discard, StoreError> {
    let work = sqlx::query!(
        r#"
        select work.error_code is not null or work.wait_key is not null as "failed!",
               exists (
                   select from lane
                   where lane.key = work.lane and lane.token = work.token and lane.lease_until > now()
               ) as "held!"
        from work
        where work.event_id = $1
        for update of work
        "#,
        id.as_uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let event = sqlx::query!(
        r#"
        select event.end_state, customer_link.customer_id as "customer_id?"
        from event
        left join customer_link
          on customer_link.provider = event.provider
         and customer_link.livemode = event.livemode
         and customer_link.provider_customer_id = event.customer_ref
        where event.id = $1 and event.livemode = $2
        "#,
        id.as_uuid(),
        environment.livemode(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(event) = event else {
        return Ok(Discard::Missing);
    };
    let from = match (event.end_state, &work) {
        (Some(word), _) => {
            EventState::from(RowReader::new("event", id).word::<EndState>("end_state", &word)?)
        }
        (None, Some(work)) if work.held => EventState::Processing,
        (None, Some(work)) if work.failed => EventState::Failed,
        (None, Some(_)) => EventState::Pending,
        // Its work was taken away between the two looks: somebody has just ended it.
        (None, None) => {
            return Err(StoreError::Gone {
                what: "event",
                id: id.to_string(),
            });
        }
    };
    if !from.can_discard() {
        return Ok(Discard::Kept(from));
    }
    if work.is_some() {
        work_end(conn, id, EndState::Discarded, Some(why)).await?;
    } else {
        let done = sqlx::query!(
            r#"
            update event set end_state = 'discarded', end_code = $2, end_reason = $3, ended_at = now()
            where id = $1 and end_state in ('dead', 'quarantined')
            "#,
            id.as_uuid(),
            why.code,
            why.message,
        )
        .execute(conn)
        .await?;
        if done.rows_affected() != 1 {
            return Err(StoreError::Gone {
                what: "event",
                id: id.to_string(),
            });
        }
    }
    Ok(Discard::Done {
        from,
        customer: event.customer_id.map(Into::into),
    })
}

/// Those of the ids that name no event of this environment, in their order.
pub async fn events_missing(
    conn: &mut PgConnection,
    environment: Environment,
    ids: &[Uuid],
) -> Result<Vec<EventId>, StoreError> {
    let missing = sqlx::query_scalar!(
        r#"
        select wanted.id as "id!"
        from unnest($1::uuid[]) with ordinality as wanted (id, position)
        where not exists (select from event where event.id = wanted.id and event.livemode = $2)
        order by wanted.position
        "#,
        ids,
        environment.livemode(),
    )
    .fetch_all(conn)
    .await?;
    Ok(missing.into_iter().map(Into::into).collect())
}
