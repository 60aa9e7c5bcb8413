//! The audit: append-only, written in the transaction that carries the act out.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, row::RowReader};
use crate::domain::{
    audit::AuditEntry,
    ids::{AuditId, CustomerId},
};

/// Writes who did what. `customer` puts the act into that customer's story.
pub async fn audit_insert(
    conn: &mut PgConnection,
    entry: &AuditEntry,
    customer: Option<CustomerId>,
) -> Result<AuditId, StoreError> {
    let id = AuditId::from(Uuid::now_v7());
    let differences = serde_json::to_value(&entry.differences)
        .map_err(|error| RowReader::new("audit", id).bad("differences", error))?;
    sqlx::query!(
        r#"
        insert into audit (id, actor, face, action, target, customer_id, differences, reason, outcome)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        id.as_uuid(),
        entry.actor.name,
        entry.actor.face.as_str(),
        entry.action,
        entry.target,
        customer.map(|id| id.as_uuid()),
        differences,
        entry.reason,
        entry.outcome,
    )
    .execute(conn)
    .await?;
    Ok(id)
}
