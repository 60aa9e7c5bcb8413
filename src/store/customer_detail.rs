//! One customer with what hangs on it.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    customer_row::{customer_resolve, customer_rows},
    order_list::order_list,
    row::RowReader,
    subscription_row::subscription_rows,
    viewpoint::Viewpoint,
};
use crate::domain::{
    ids::CustomerId,
    provider::Environment,
    views::{
        PageRequest,
        customer::{CustomerDetail, CustomerRow, LinkView},
        order::OrderFilter,
        subscription::SubscriptionRow,
    },
};

/// How many subscriptions and orders a detail shows.
const SHOWN: u16 = 50;
/// How many owners are offered for linking.
const CANDIDATES: i64 = 10;

/// One customer; the id of a merged one answers with the customer that it was merged into. None where there is no such
/// id, or where all of the customer's links are in the other environment.
pub async fn customer_detail(
    conn: &mut PgConnection,
    view: Viewpoint,
    id: CustomerId,
) -> Result<Option<CustomerDetail>, StoreError> {
    let Some(id) = customer_resolve(conn, id).await? else {
        return Ok(None);
    };
    if !customer_is_visible(conn, view.environment, id).await? {
        return Ok(None);
    }
    let Some(row) = customer_rows(conn, view, &[id.as_uuid()]).await?.pop() else {
        return Ok(None);
    };
    let links = customer_links(conn, view, id).await?;
    let subscriptions = subscriptions(conn, view, id).await?;
    let filter = OrderFilter {
        customer: Some(id),
        ..OrderFilter::default()
    };
    let orders = order_list(conn, view.environment, &filter, &PageRequest::first(SHOWN)).await?;
    let owner_candidates = match (&row.scope, &row.email) {
        (None, Some(email)) => owner_candidates(conn, view, email).await?,
        (Some(_), _) | (None, None) => Vec::new(),
    };
    Ok(Some(CustomerDetail {
        row,
        links,
        subscriptions,
        orders: orders.items,
        owner_candidates,
    }))
}

/// Whether a customer is seen from here.
pub(super) async fn customer_is_visible(
    conn: &mut PgConnection,
    environment: Environment,
    id: CustomerId,
) -> Result<bool, StoreError> {
    let visible = sqlx::query_scalar!(
        r#"
        select coalesce(bool_or(livemode = $2), true) as "visible!"
        from customer_link
        where customer_id = $1
        "#,
        id.as_uuid(),
        environment.livemode()
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(visible)
}

/// The customer's links in the environment served, default ones first.
pub async fn customer_links(
    conn: &mut PgConnection,
    view: Viewpoint,
    id: CustomerId,
) -> Result<Vec<LinkView>, StoreError> {
    let links = sqlx::query!(
        "
        select id, provider, provider_customer_id, email, is_default, deleted
        from customer_link
        where customer_id = $1 and livemode = $2
        order by is_default desc, id
        ",
        id.as_uuid(),
        view.environment.livemode()
    )
    .fetch_all(&mut *conn)
    .await?;
    links
        .into_iter()
        .map(|link| {
            let reader = RowReader::new("customer_link", link.id);
            Ok(LinkView {
                id: link.id.into(),
                provider: reader.word("provider", &link.provider)?,
                provider_customer_id: link.provider_customer_id,
                email: link.email,
                is_default: link.is_default,
                deleted: link.deleted,
            })
        })
        .collect()
}

/// The active subscription first, by the order of contract §5, then the newest.
async fn subscriptions(
    conn: &mut PgConnection,
    view: Viewpoint,
    id: CustomerId,
) -> Result<Vec<SubscriptionRow>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "
        with own as (
            select s.id, case
                when s.status = 'trialing' then 0
                when s.status = 'active' then 1
                when s.status = 'past_due' and $3 then 2
                else 3
            end as rank
            from customer_link k
            join subscription s on s.link_id = k.id
            where k.customer_id = $1 and k.livemode = $2
        ),
        active as (
            select id from own where rank < 3 order by rank, id desc limit 1
        )
        select own.id
        from own
        left join active on active.id = own.id
        order by active.id is null, own.id desc
        limit $4
        ",
        id.as_uuid(),
        view.environment.livemode(),
        view.past_due_has_access,
        i64::from(SHOWN)
    )
    .fetch_all(&mut *conn)
    .await?;
    subscription_rows(conn, &ids).await
}

async fn owner_candidates(
    conn: &mut PgConnection,
    view: Viewpoint,
    email: &str,
) -> Result<Vec<CustomerRow>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "
        select id
        from customer
        where lower(email) = lower($1) and scope is not null and merged_into is null
        order by id
        limit $2
        ",
        email,
        CANDIDATES
    )
    .fetch_all(&mut *conn)
    .await?;
    customer_rows(conn, view, &ids).await
}
