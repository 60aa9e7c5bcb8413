//! Customers and their links.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        customer::{Customer, CustomerLink, Owner},
        plan::Known,
        provider::Book,
    },
    store::{StoreError, row::RowReader},
};

pub(super) struct Wanted<'a> {
    pub(super) provider_customers: Vec<String>,
    pub(super) links: Vec<Uuid>,
    pub(super) customers: Vec<Uuid>,
    pub(super) owners: &'a BTreeSet<Owner>,
}

/// Adds the customers that are wanted, directly or by a link, and all of their links in this book.
pub(super) async fn load(
    conn: &mut PgConnection,
    book: Book,
    wanted: Wanted<'_>,
    known: &mut Known,
) -> Result<(), StoreError> {
    let (scopes, external_ids): (Vec<&str>, Vec<&str>) = wanted
        .owners
        .iter()
        .map(|owner| (owner.scope.as_str(), owner.external_id.as_str()))
        .unzip();
    let nobody = wanted.provider_customers.is_empty()
        && wanted.links.is_empty()
        && wanted.customers.is_empty()
        && scopes.is_empty();
    if nobody {
        return Ok(());
    }
    let rows = sqlx::query!(
        r#"
        with wanted as (
            select customer_id as id from customer_link
            where provider = $1 and livemode = $2 and provider_customer_id = any($3)
            union
            select customer_id from customer_link where id = any($4)
            union
            select id from customer where id = any($5)
            union
            select customer.id from customer
            join unnest($6::text[], $7::text[]) as owner (scope, external_id)
              on customer.scope = owner.scope and customer.external_id = owner.external_id
        )
        select id, scope, external_id, email, name, country, merged_into
        from customer
        where id in (select id from wanted)
        order by id
        "#,
        book.provider.as_str(),
        book.environment.livemode(),
        &wanted.provider_customers,
        &wanted.links,
        &wanted.customers,
        &scopes as &[&str],
        &external_ids as &[&str],
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in rows {
        let reader = RowReader::new("customer", row.id);
        let owner = match (row.scope, row.external_id) {
            (Some(scope), Some(external_id)) => Some(Owner {
                scope: reader.word("scope", &scope)?,
                external_id: reader.object_id("external_id", external_id)?,
            }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err(reader.bad("scope", "scope and external id disagree"));
            }
        };
        known.customers.push(Customer {
            id: row.id.into(),
            owner,
            email: row.email,
            name: row.name,
            country: row.country,
            merged_into: row.merged_into.map(Into::into),
        });
    }
    let ids: Vec<Uuid> = known
        .customers
        .iter()
        .map(|customer| customer.id.as_uuid())
        .collect();
    let rows = sqlx::query!(
        r#"
        select id, customer_id, provider_customer_id, email, name, is_default, deleted
        from customer_link
        where provider = $1 and livemode = $2 and customer_id = any($3)
        order by id
        "#,
        book.provider.as_str(),
        book.environment.livemode(),
        &ids,
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let reader = RowReader::new("customer_link", row.id);
        known.links.push(CustomerLink {
            id: row.id.into(),
            customer_id: row.customer_id.into(),
            book,
            provider_customer_id: reader.object_id("provider_customer_id", row.provider_customer_id)?,
            email: row.email,
            name: row.name,
            is_default: row.is_default,
            deleted: row.deleted,
        });
    }
    Ok(())
}
