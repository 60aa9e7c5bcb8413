//! The audit: append-only, written in the transaction that carries the act out; read newest first.

use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    StoreError,
    customer_row::customer_resolve,
    keyset::{Walk, id_floor, is_storable},
    page::Fingerprint,
    row::RowReader,
};
use crate::domain::{
    audit::AuditEntry,
    ids::{AuditId, CustomerId},
    subscription::Difference,
    views::{
        Direction, Page, PageRequest,
        audit::{AuditFilter, AuditRow},
    },
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

/// One page of acts, newest first.
pub async fn audit_list(
    conn: &mut PgConnection,
    filter: &AuditFilter,
    page: &PageRequest,
) -> Result<Page<AuditRow>, StoreError> {
    let walk = Walk::<()>::begin("audit", fingerprint(filter), Direction::Descending, page)?;
    let found = ids(conn, filter, &walk).await?;
    let cut = walk.cut(found.into_iter().map(|id| ((), id)).collect());
    let rows = rows(conn, &cut.ids).await?;
    Ok(cut.page(rows))
}

fn fingerprint(filter: &AuditFilter) -> Fingerprint {
    Fingerprint::of(&AuditFilter {
        since: None,
        ..filter.clone()
    })
}

async fn ids(
    conn: &mut PgConnection,
    filter: &AuditFilter,
    walk: &Walk<()>,
) -> Result<Vec<Uuid>, StoreError> {
    let texts = [&filter.actor, &filter.target];
    if !texts.into_iter().flatten().all(|text| is_storable(text)) {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<Postgres>::new("select id from audit where true");
    if let Some(actor) = &filter.actor {
        query.push(" and actor = ").push_bind(actor.clone());
    }
    if let Some(target) = &filter.target {
        query.push(" and target = ").push_bind(target.clone());
    }
    if let Some(customer) = filter.customer {
        let Some(customer) = customer_resolve(conn, customer).await? else {
            return Ok(Vec::new());
        };
        query.push(" and customer_id = ").push_bind(customer.as_uuid());
    }
    if let Some(since) = filter.since {
        query.push(" and id >= ").push_bind(id_floor(since));
    }
    let reading = walk.reading();
    if let Some(from) = walk.from() {
        query
            .push(format_args!(" and id {} ", reading.beyond()))
            .push_bind(from.id);
    }
    query.push(format_args!(
        " order by id {} limit {}",
        reading.order(),
        walk.wanted()
    ));
    Ok(query.build_query_scalar().fetch_all(&mut *conn).await?)
}

async fn rows(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<AuditRow>, StoreError> {
    let rows = sqlx::query!(
        "
        select a.id, a.at, a.actor, a.face, a.action, a.target, a.customer_id, a.differences, a.reason, a.outcome
        from unnest($1::uuid[]) with ordinality as wanted (id, place)
        join audit a on a.id = wanted.id
        order by wanted.place
        ",
        ids
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("audit", row.id);
            Ok(AuditRow {
                id: row.id.into(),
                at: row.at.to_jiff(),
                actor: row.actor,
                face: reader.word("face", &row.face)?,
                action: row.action,
                target: row.target,
                customer_id: row.customer_id.map(Into::into),
                differences: serde_json::from_value::<Vec<Difference>>(row.differences)
                    .map_err(|error| reader.bad("differences", error))?,
                reason: row.reason,
                outcome: row.outcome,
            })
        })
        .collect()
}
