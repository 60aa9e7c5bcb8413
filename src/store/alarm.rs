//! Settling alarms.

use sqlx::PgConnection;

use super::StoreError;
use crate::domain::{
    ids::{CustomerId, EventId},
    provider::Environment,
};

/// The alarms that were settled, in their own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What they said.
    pub details: Vec<String>,
    /// Whose event it is, where that is known.
    pub customer: Option<CustomerId>,
}

/// Settles every open alarm about an event. None where the environment has no such event.
pub async fn alarms_settle(
    conn: &mut PgConnection,
    environment: Environment,
    event: EventId,
    by: &str,
) -> Result<Option<Settled>, StoreError> {
    let found = sqlx::query!(
        r#"
        select customer_link.customer_id as "customer_id?"
        from event
        left join customer_link
          on customer_link.provider = event.provider
         and customer_link.livemode = event.livemode
         and customer_link.provider_customer_id = event.customer_ref
        where event.id = $1 and event.livemode = $2
        "#,
        event.as_uuid(),
        environment.livemode(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(found) = found else {
        return Ok(None);
    };
    let details = sqlx::query_scalar!(
        "
        update alarm set cleared_at = now(), cleared_by = $2
        where event_id = $1 and cleared_at is null
        returning detail
        ",
        event.as_uuid(),
        by,
    )
    .fetch_all(conn)
    .await?;
    Ok(Some(Settled {
        details,
        customer: found.customer_id.map(Into::into),
    }))
}
