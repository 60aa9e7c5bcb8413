//! Checkouts on their way: made as an intention, opened by the provider's answer.
//!
//! All of this runs under the lock of the customer's row, or by the one process that holds the checkout in the making.

use jiff::Timestamp;
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::PgConnection;

use super::{
    StoreError,
    row::{RowReader, sql},
};
use crate::domain::{
    checkout::CheckoutState,
    ids::{CheckoutId, CustomerId, ObjectId},
    provider::Book,
};

/// What a checkout sells, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct CheckoutKey<'a> {
    /// Who buys.
    pub customer: CustomerId,
    /// Where.
    pub book: Book,
    /// The plan's key.
    pub plan: &'a str,
    /// How many seats.
    pub seats: i32,
}

/// A checkout that can still be paid on, or may become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutStanding {
    /// billdeck's id.
    pub id: CheckoutId,
    /// How far it has come.
    pub state: CheckoutState,
    /// The page, once known.
    pub url: Option<String>,
    /// When the page stops working.
    pub expires_at: Option<Timestamp>,
    /// Seconds since the row last changed, by the database's clock.
    pub idle_seconds: i64,
}

/// The newest checkout of exactly this that is not over. One that ends within minutes counts as over.
pub async fn checkout_standing(
    conn: &mut PgConnection,
    key: CheckoutKey<'_>,
) -> Result<Option<CheckoutStanding>, StoreError> {
    let row = sqlx::query!(
        r#"
        select id, state, url, expires_at,
               extract(epoch from clock_timestamp() - updated_at)::bigint as "idle_seconds!"
        from checkout
        where customer_id = $1
          and provider = $2
          and livemode = $3
          and plan = $4
          and seats = $5
          and state in ('creating', 'open', 'unknown')
          and (expires_at is null or expires_at > now() + interval '5 minutes')
        order by id desc
        limit 1
        "#,
        key.customer.as_uuid(),
        key.book.provider.as_str(),
        key.book.environment.livemode(),
        key.plan,
        key.seats,
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(CheckoutStanding {
            id: row.id.into(),
            state: RowReader::new("checkout", row.id).word("state", &row.state)?,
            url: row.url,
            expires_at: row.expires_at.map(SqlTimestamp::to_jiff),
            idle_seconds: row.idle_seconds,
        })
    })
    .transpose()
}

/// One checkout by its id; none when it was removed.
pub async fn checkout_look(
    conn: &mut PgConnection,
    id: CheckoutId,
) -> Result<Option<CheckoutStanding>, StoreError> {
    let row = sqlx::query!(
        r#"
        select state, url, expires_at,
               extract(epoch from clock_timestamp() - updated_at)::bigint as "idle_seconds!"
        from checkout
        where id = $1
        "#,
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(CheckoutStanding {
            id,
            state: RowReader::new("checkout", id).word("state", &row.state)?,
            url: row.url,
            expires_at: row.expires_at.map(SqlTimestamp::to_jiff),
            idle_seconds: row.idle_seconds,
        })
    })
    .transpose()
}

/// Stores the intention.
pub async fn checkout_insert(
    conn: &mut PgConnection,
    id: CheckoutId,
    key: CheckoutKey<'_>,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        insert into checkout (id, customer_id, provider, livemode, plan, seats, state)
        values ($1, $2, $3, $4, $5, $6, 'creating')
        "#,
        id.as_uuid(),
        key.customer.as_uuid(),
        key.book.provider.as_str(),
        key.book.environment.livemode(),
        key.plan,
        key.seats,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a checkout up again whose maker died, or whose answer was lost.
pub async fn checkout_take_up(conn: &mut PgConnection, id: CheckoutId) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"
        update checkout set state = 'creating', updated_at = clock_timestamp()
        where id = $1 and state in ('creating', 'open', 'unknown') and url is null
        "#,
        id.as_uuid(),
    )
    .execute(conn)
    .await?;
    exactly_one(done.rows_affected(), id)
}

/// Stores the provider's answer. A webhook that told of the session before keeps its word on the state.
pub async fn checkout_opened(
    conn: &mut PgConnection,
    id: CheckoutId,
    session: &ObjectId,
    url: &str,
    expires_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"
        update checkout set
            state = case when state in ('creating', 'unknown') then 'open' else state end,
            provider_checkout_id = $2,
            url = $3,
            expires_at = $4,
            updated_at = clock_timestamp()
        where id = $1 and (provider_checkout_id is null or provider_checkout_id = $2)
        "#,
        id.as_uuid(),
        session.as_str(),
        url,
        sql(expires_at) as _,
    )
    .execute(conn)
    .await?;
    exactly_one(done.rows_affected(), id)
}

/// Marks a checkout in the making whose answer was lost. One that a webhook told of meanwhile is left as it is.
pub async fn checkout_lost(
    conn: &mut PgConnection,
    id: CheckoutId,
    state: CheckoutState,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update checkout set state = $2, updated_at = clock_timestamp() where id = $1 and state = 'creating'",
        id.as_uuid(),
        state.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes a checkout that the provider surely did not make.
pub async fn checkout_remove(conn: &mut PgConnection, id: CheckoutId) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from checkout where id = $1 and state = 'creating' and provider_checkout_id is null",
        id.as_uuid(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn exactly_one(rows: u64, id: CheckoutId) -> Result<(), StoreError> {
    if rows == 1 {
        Ok(())
    } else {
        Err(StoreError::Gone {
            what: "checkout",
            id: id.to_string(),
        })
    }
}
