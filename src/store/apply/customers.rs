//! Customers and links.

use sqlx::PgConnection;

use crate::{
    domain::{
        customer::{Customer, CustomerLink},
        plan::RowChange,
    },
    store::StoreError,
};

pub(super) async fn customer(
    conn: &mut PgConnection,
    change: &RowChange<Customer>,
) -> Result<(), StoreError> {
    let row = &change.after;
    sqlx::query!(
        r#"
        insert into customer (id, scope, external_id, email, name, country, merged_into)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (id) do update set
            scope = excluded.scope,
            external_id = excluded.external_id,
            email = excluded.email,
            name = excluded.name,
            country = excluded.country,
            merged_into = excluded.merged_into,
            updated_at = now()
        "#,
        row.id.as_uuid(),
        row.owner.as_ref().map(|owner| owner.scope.as_str()),
        row.owner.as_ref().map(|owner| owner.external_id.as_str()),
        row.email,
        row.name,
        row.country,
        row.merged_into.map(|id| id.as_uuid()),
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn link(
    conn: &mut PgConnection,
    change: &RowChange<CustomerLink>,
) -> Result<(), StoreError> {
    let row = &change.after;
    sqlx::query!(
        r#"
        insert into customer_link
            (id, customer_id, provider, livemode, provider_customer_id, email, name, is_default, deleted)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (id) do update set
            customer_id = excluded.customer_id,
            email = excluded.email,
            name = excluded.name,
            is_default = excluded.is_default,
            deleted = excluded.deleted,
            updated_at = now()
        "#,
        row.id.as_uuid(),
        row.customer_id.as_uuid(),
        row.book.provider.as_str(),
        row.book.environment.livemode(),
        row.provider_customer_id.as_str(),
        row.email,
        row.name,
        row.is_default,
        row.deleted,
    )
    .execute(conn)
    .await?;
    Ok(())
}
