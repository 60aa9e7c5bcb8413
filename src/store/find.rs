//! What any id means: billdeck's own, or any that a provider made.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError, customer_detail::customer_is_visible, customer_row::customer_resolve, keyset::is_storable,
};
use crate::domain::{
    provider::{Environment, ProviderName},
    views::found::Found,
};

/// What the id means in this environment; none when nobody knows it.
///
/// An id of billdeck's own names an event, a customer, a subscription, or the customer of a link, order or payment. Then
/// the providers' ids are tried: a customer's, a subscription's, an event's, an order's, a payment's; an application's own
/// id of a customer; and last the newest event about an object with that id.
pub async fn find(
    conn: &mut PgConnection,
    environment: Environment,
    id: &str,
) -> Result<Option<Found>, StoreError> {
    let id = id.trim();
    if id.is_empty() || !is_storable(id) {
        return Ok(None);
    }
    let livemode = environment.livemode();
    let own = match id.parse::<Uuid>() {
        Ok(uuid) => own(conn, livemode, uuid).await?,
        Err(_) => None,
    };
    // Some providers' ids are UUIDs too.
    let found = match own {
        Some(found) => Some(found),
        None => providers(conn, livemode, id).await?,
    };
    match found {
        Some(Found::Customer(customer)) => {
            let Some(customer) = customer_resolve(conn, customer).await? else {
                return Ok(None);
            };
            let visible = customer_is_visible(conn, environment, customer).await?;
            Ok(visible.then_some(Found::Customer(customer)))
        }
        found @ (Some(Found::Event(_) | Found::Subscription(_)) | None) => Ok(found),
    }
}

async fn own(conn: &mut PgConnection, livemode: bool, id: Uuid) -> Result<Option<Found>, StoreError> {
    let row = sqlx::query!(
        r#"
        select
            (select e.id from event e where e.id = $1 and e.livemode = $2) as event_id,
            (select s.id from subscription s where s.id = $1 and s.livemode = $2) as subscription_id,
            coalesce(
                (select c.id from customer c where c.id = $1),
                (select k.customer_id from customer_link k where k.id = $1 and k.livemode = $2),
                (
                    select k.customer_id
                    from orders o
                    join customer_link k on k.id = o.link_id
                    where o.id = $1 and o.livemode = $2
                ),
                (
                    select k.customer_id
                    from payment p
                    join customer_link k on k.id = p.link_id
                    where p.id = $1 and p.livemode = $2
                )
            ) as customer_id
        "#,
        id,
        livemode
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(pick(row.event_id, row.subscription_id, row.customer_id))
}

/// All providers are named where an index begins with the provider.
async fn providers(conn: &mut PgConnection, livemode: bool, id: &str) -> Result<Option<Found>, StoreError> {
    let names: Vec<String> = ProviderName::ALL.iter().map(ToString::to_string).collect();
    let row = sqlx::query!(
        r#"
        select
            (
                select k.customer_id
                from customer_link k
                where k.provider_customer_id = $1 and k.livemode = $2
                limit 1
            ) as customer_id,
            (
                select s.id
                from subscription s
                where s.provider_subscription_id = $1 and s.livemode = $2
                limit 1
            ) as subscription_id,
            (
                select e.id
                from event e
                where e.provider = any($3)
                    and e.livemode = $2
                    and e.account = 'default'
                    and e.provider_event_id = $1
                limit 1
            ) as event_id
        "#,
        id,
        livemode,
        &names
    )
    .fetch_one(&mut *conn)
    .await?;
    if let Some(found) = pick(row.event_id, row.subscription_id, row.customer_id) {
        return Ok(Some(found));
    }
    let row = sqlx::query!(
        r#"
        select
            coalesce(
                (
                    select k.customer_id
                    from orders o
                    join customer_link k on k.id = o.link_id
                    where o.provider = any($3) and o.livemode = $2 and o.provider_order_id = $1
                    limit 1
                ),
                (
                    select k.customer_id
                    from payment p
                    join customer_link k on k.id = p.link_id
                    where p.provider = any($3) and p.livemode = $2 and p.provider_payment_id = $1
                    limit 1
                ),
                (
                    select k.customer_id
                    from payment p
                    join customer_link k on k.id = p.link_id
                    where p.charge_id = $1 and p.livemode = $2
                    limit 1
                ),
                (
                    select c.id
                    from customer c
                    where c.external_id = $1 and c.merged_into is null
                    order by c.scope
                    limit 1
                )
            ) as customer_id,
            (
                select e.id
                from event e
                where e.object_id = $1 and e.livemode = $2
                order by e.id desc
                limit 1
            ) as event_id
        "#,
        id,
        livemode,
        &names
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(match row.customer_id {
        Some(customer) => Some(Found::Customer(customer.into())),
        None => row.event_id.map(|event| Found::Event(event.into())),
    })
}

fn pick(event: Option<Uuid>, subscription: Option<Uuid>, customer: Option<Uuid>) -> Option<Found> {
    event
        .map(|id| Found::Event(id.into()))
        .or(subscription.map(|id| Found::Subscription(id.into())))
        .or(customer.map(|id| Found::Customer(id.into())))
}
