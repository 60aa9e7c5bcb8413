//! One subscription with what is known of it: what set each field, and the provider's object as last seen.

use sqlx::PgConnection;

use super::{
    StoreError,
    event_detail::{ChangeRow, change_view},
    row::RowReader,
    subscription_row::subscription_rows,
};
use crate::domain::{
    ids::SubscriptionId,
    provider::{Environment, ObjectKind},
    subscription::Difference,
    views::{event::ChangeView, subscription::SubscriptionDetail},
};

/// One subscription. None where there is no such id in this environment.
pub async fn subscription_detail(
    conn: &mut PgConnection,
    environment: Environment,
    id: SubscriptionId,
) -> Result<Option<SubscriptionDetail>, StoreError> {
    let found = sqlx::query!(
        r#"
        select s.mismatch, s.verification, s.canceled_at, s.ended_at, o.raw as "raw?"
        from subscription s
        left join provider_object o
            on o.provider = s.provider
            and o.livemode = s.livemode
            and o.object_kind = $3
            and o.object_id = s.provider_subscription_id
        where s.id = $1 and s.livemode = $2
        "#,
        id.as_uuid(),
        environment.livemode(),
        ObjectKind::Subscription.as_str()
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(found) = found else {
        return Ok(None);
    };
    let Some(row) = subscription_rows(conn, &[id.as_uuid()]).await?.pop() else {
        return Ok(None);
    };
    let mismatch = match found.mismatch {
        Some(differences) if found.verification == "mismatch" => {
            serde_json::from_value::<Vec<Difference>>(differences)
                .map_err(|error| RowReader::new("subscription", id).bad("mismatch", error))?
        }
        Some(_) | None => Vec::new(),
    };
    Ok(Some(SubscriptionDetail {
        row,
        mismatch,
        canceled_at: found.canceled_at.map(jiff_sqlx::Timestamp::to_jiff),
        ended_at: found.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
        set_by: subscription_set_by(conn, id).await?,
        provider_object: found
            .raw
            .map(|raw| serde_json::from_str(&raw).unwrap_or(serde_json::Value::String(raw))),
    }))
}

/// For each field, the change that set it last, newest first.
pub async fn subscription_set_by(
    conn: &mut PgConnection,
    id: SubscriptionId,
) -> Result<Vec<ChangeView>, StoreError> {
    let rows = sqlx::query_as!(
        ChangeRow,
        r#"
        select
            at as "at!",
            table_name as "table_name!",
            row_key as "row_key!",
            field as "field!",
            before,
            after,
            source_kind as "source_kind!",
            source_ref as "source_ref!"
        from (
            select distinct on (field) *
            from change
            where row_id = $1
            order by field, at desc, id desc
        ) as latest
        order by at desc, id desc
        "#,
        id.as_uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows.into_iter().map(change_view).collect())
}
