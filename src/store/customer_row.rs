//! Customers by id, as lists and details show them; and the customer that an id means after merges.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, row::RowReader, viewpoint::Viewpoint};
use crate::domain::{
    customer::Scope, ids::CustomerId, provider::ProviderName, subscription::SubscriptionStatus,
    views::customer::CustomerRow,
};

struct Row {
    id: Uuid,
    scope: Option<String>,
    external_id: Option<String>,
    email: Option<String>,
    name: Option<String>,
    country: Option<String>,
    created_at: jiff_sqlx::Timestamp,
    plan: Option<String>,
    status: Option<String>,
    gives_access: Option<bool>,
}

impl Row {
    fn into_view(self, providers: BTreeMap<ProviderName, Vec<String>>) -> Result<CustomerRow, StoreError> {
        let reader = RowReader::new("customer", self.id);
        let scope = self.scope.as_deref();
        let status = self.status.as_deref();
        Ok(CustomerRow {
            id: self.id.into(),
            scope: scope
                .map(|word| reader.word::<Scope>("scope", word))
                .transpose()?,
            external_id: self.external_id,
            email: self.email,
            name: self.name,
            country: self.country,
            providers,
            plan: self.plan.filter(|_| self.gives_access == Some(true)),
            subscription_status: status
                .map(|word| reader.word::<SubscriptionStatus>("subscription.status", word))
                .transpose()?,
            created_at: self.created_at.to_jiff(),
        })
    }
}

/// The customers with these ids, in their order. An id that is not there is left out.
pub(super) async fn customer_rows(
    conn: &mut PgConnection,
    view: Viewpoint,
    ids: &[Uuid],
) -> Result<Vec<CustomerRow>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let livemode = view.environment.livemode();
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            c.id,
            c.scope,
            c.external_id,
            c.email,
            c.name,
            c.country,
            c.created_at,
            active.plan as "plan?",
            active.status as "status?",
            active.rank < 3 as "gives_access?"
        from unnest($1::uuid[]) with ordinality as wanted (id, place)
        join customer c on c.id = wanted.id
        left join lateral (
            select s.plan, s.status, rank.rank
            from customer_link k
            join subscription s on s.link_id = k.id
            cross join lateral (
                select case
                    when s.status = 'trialing' then 0
                    when s.status = 'active' then 1
                    when s.status = 'past_due' and $3 then 2
                    else 3
                end as rank
            ) as rank
            where k.customer_id = c.id and k.livemode = $2
            order by rank.rank, s.id desc
            limit 1
        ) as active on true
        order by wanted.place
        "#,
        ids,
        livemode,
        view.past_due_has_access
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut providers = providers_of(conn, ids, livemode).await?;
    rows.into_iter()
        .map(|row| {
            let own = providers.remove(&row.id).unwrap_or_default();
            row.into_view(own)
        })
        .collect()
}

async fn providers_of(
    conn: &mut PgConnection,
    ids: &[Uuid],
    livemode: bool,
) -> Result<HashMap<Uuid, BTreeMap<ProviderName, Vec<String>>>, StoreError> {
    let links = sqlx::query!(
        "
        select id, customer_id, provider, provider_customer_id
        from customer_link
        where customer_id = any($1) and livemode = $2
        order by is_default desc, id
        ",
        ids,
        livemode
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut found: HashMap<Uuid, BTreeMap<ProviderName, Vec<String>>> = HashMap::new();
    for link in links {
        let reader = RowReader::new("customer_link", link.id);
        let provider: ProviderName = reader.word("provider", &link.provider)?;
        found
            .entry(link.customer_id)
            .or_default()
            .entry(provider)
            .or_default()
            .push(link.provider_customer_id);
    }
    Ok(found)
}

/// The customer that an id means: itself, or the one that its links were moved to. None when there is no such id.
pub async fn customer_resolve(
    conn: &mut PgConnection,
    id: CustomerId,
) -> Result<Option<CustomerId>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"
        with recursive chain (id, merged_into, step) as (
            select id, merged_into, 0 from customer where id = $1
            union all
            select c.id, c.merged_into, chain.step + 1
            from chain
            join customer c on c.id = chain.merged_into
            -- A ring of merges cannot be made; should there be one, it must not be walked for ever.
            where chain.step < 32
        )
        select id as "id!" from chain where merged_into is null
        "#,
        id.as_uuid()
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(found.map(Into::into))
}
