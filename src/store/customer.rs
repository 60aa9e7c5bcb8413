//! Customers and links that are about to be written, locked until the transaction ends.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, row::RowReader};
use crate::domain::{
    customer::{Customer, CustomerLink, Owner},
    ids::{CustomerId, ObjectId},
    provider::{Book, Environment},
};

struct Row {
    id: Uuid,
    scope: Option<String>,
    external_id: Option<String>,
    email: Option<String>,
    name: Option<String>,
    country: Option<String>,
    merged_into: Option<Uuid>,
}

impl TryFrom<Row> for Customer {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
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
        Ok(Self {
            id: row.id.into(),
            owner,
            email: row.email,
            name: row.name,
            country: row.country,
            merged_into: row.merged_into.map(Into::into),
        })
    }
}

/// The customer that answers for this id: itself, or the one at the end of its mergers. Nothing is locked.
pub async fn customer_standing(
    conn: &mut PgConnection,
    environment: Environment,
    id: CustomerId,
) -> Result<Option<Customer>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"
        with recursive chain as (
            select id, merged_into, 0 as step from customer where id = $1
            union all
            select customer.id, customer.merged_into, chain.step + 1
            from chain
            join customer on customer.id = chain.merged_into
            where chain.step < 16
        )
        select id, scope, external_id, email, name, country, merged_into
        from customer
        where id = (select id from chain where merged_into is null)
          and (
              not exists (select from customer_link where customer_id = customer.id)
              or exists (select from customer_link where customer_id = customer.id and livemode = $2)
          )
        "#,
        id.as_uuid(),
        environment.livemode(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(TryInto::try_into).transpose()
}

/// One customer, locked; none when there is none that this environment sees. A customer all of whose links are in the
/// other environment is not seen.
pub async fn customer_lock(
    conn: &mut PgConnection,
    environment: Environment,
    id: CustomerId,
) -> Result<Option<Customer>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"
        select id, scope, external_id, email, name, country, merged_into
        from customer
        where id = $1
          and (
              not exists (select from customer_link where customer_id = customer.id)
              or exists (select from customer_link where customer_id = customer.id and livemode = $2)
          )
        for update
        "#,
        id.as_uuid(),
        environment.livemode(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(TryInto::try_into).transpose()
}

/// The customer of an owner, locked.
pub async fn customer_lock_by_owner(
    conn: &mut PgConnection,
    owner: &Owner,
) -> Result<Option<Customer>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"
        select id, scope, external_id, email, name, country, merged_into
        from customer
        where scope = $1 and external_id = $2
        for update
        "#,
        owner.scope.as_str(),
        owner.external_id.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(TryInto::try_into).transpose()
}

struct LinkRow {
    id: Uuid,
    customer_id: Uuid,
    provider: String,
    livemode: bool,
    provider_customer_id: String,
    email: Option<String>,
    name: Option<String>,
    is_default: bool,
    deleted: bool,
}

impl TryFrom<LinkRow> for CustomerLink {
    type Error = StoreError;

    fn try_from(row: LinkRow) -> Result<Self, Self::Error> {
        let reader = RowReader::new("customer_link", row.id);
        Ok(Self {
            id: row.id.into(),
            customer_id: row.customer_id.into(),
            book: reader.book(&row.provider, row.livemode)?,
            provider_customer_id: reader.object_id("provider_customer_id", row.provider_customer_id)?,
            email: row.email,
            name: row.name,
            is_default: row.is_default,
            deleted: row.deleted,
        })
    }
}

/// All links of a customer, of both environments, default ones first.
pub async fn customer_links(
    conn: &mut PgConnection,
    customer: CustomerId,
) -> Result<Vec<CustomerLink>, StoreError> {
    let rows = sqlx::query_as!(
        LinkRow,
        r#"
        select id, customer_id, provider, livemode, provider_customer_id, email, name, is_default, deleted
        from customer_link
        where customer_id = $1
        order by is_default desc, id
        "#,
        customer.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The link of a provider's customer.
pub async fn link_find(
    conn: &mut PgConnection,
    book: Book,
    provider_customer: &ObjectId,
) -> Result<Option<CustomerLink>, StoreError> {
    let row = sqlx::query_as!(
        LinkRow,
        r#"
        select id, customer_id, provider, livemode, provider_customer_id, email, name, is_default, deleted
        from customer_link
        where provider = $1 and livemode = $2 and provider_customer_id = $3
        "#,
        book.provider.as_str(),
        book.environment.livemode(),
        provider_customer.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(TryInto::try_into).transpose()
}
