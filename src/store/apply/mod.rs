//! Writes a plan: rows, history, facts, effects and versions, in the caller's transaction. The one apply of all providers.

mod billing;
mod customers;
mod history;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

pub use history::{Attribution, Source};

use super::{StoreError, row::sql};
use crate::domain::{
    observation::Fact,
    plan::{Effect, Plan, Write},
    provider::{Book, ObjectRef},
    version::Version,
};

/// What a plan's transaction left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Rows that were written.
    pub rows: usize,
    /// Facts that nobody had booked before.
    pub new_facts: u64,
    /// Effects that nobody had recorded before.
    pub new_effects: u64,
}

/// Writes the plan. `raw` holds objects as the provider wrote them; those of objects whose version is written are kept.
pub async fn plan_apply(
    conn: &mut PgConnection,
    book: Book,
    plan: &Plan,
    raw: &BTreeMap<ObjectRef, String>,
    by: &Attribution,
) -> Result<Applied, StoreError> {
    writes_apply(conn, &plan.writes, by).await?;
    for (object, version) in &plan.versions {
        version_write(conn, book, object, version, raw.get(object)).await?;
    }
    let mut applied = Applied {
        rows: plan.writes.len(),
        ..Applied::default()
    };
    for fact in &plan.facts {
        applied.new_facts += fact_book(conn, book, fact, by.event.map(|id| id.as_uuid())).await?;
    }
    for effect in &plan.effects {
        applied.new_effects += effect_record(conn, book, effect, by.event.map(|id| id.as_uuid())).await?;
    }
    Ok(applied)
}

/// Writes rows and their history, where no provider's word is behind it.
pub async fn writes_apply(
    conn: &mut PgConnection,
    writes: &[Write],
    by: &Attribution,
) -> Result<(), StoreError> {
    for write in writes {
        match write {
            Write::Customer(change) => customers::customer(conn, change).await?,
            Write::Link(change) => customers::link(conn, change).await?,
            Write::Checkout(change) => billing::checkout(conn, change).await?,
            Write::Subscription(change) => billing::subscription(conn, change).await?,
            Write::Order(change) => billing::order(conn, change).await?,
            Write::Payment(change) => billing::payment(conn, change).await?,
            Write::Refund(change) => billing::refund(conn, change).await?,
            Write::Dispute(change) => billing::dispute(conn, change).await?,
            Write::OrderGone(order) => billing::order_gone(conn, order).await?,
        }
    }
    history::record(conn, writes, by).await
}

async fn version_write(
    conn: &mut PgConnection,
    book: Book,
    object: &ObjectRef,
    version: &Version,
    raw: Option<&String>,
) -> Result<(), StoreError> {
    let body_at: Option<Timestamp> = version.body.as_ref().map(|(at, _)| *at);
    let body_event = version.body.as_ref().map(|(_, event)| event.as_str());
    sqlx::query!(
        r#"
        insert into provider_object
            (provider, livemode, object_kind, object_id, body_at, body_event, read_at, ticket, terminal, raw)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (provider, livemode, object_kind, object_id) do update set
            body_at = excluded.body_at,
            body_event = excluded.body_event,
            read_at = excluded.read_at,
            ticket = excluded.ticket,
            terminal = excluded.terminal,
            raw = coalesce(excluded.raw, provider_object.raw),
            updated_at = now()
        "#,
        book.provider.as_str(),
        book.environment.livemode(),
        object.kind.as_str(),
        object.id.as_str(),
        sql(body_at) as _,
        body_event,
        sql(version.read_at) as _,
        version.ticket,
        version.terminal,
        raw,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Books a fact unless it has been booked; gives back how many rows that made.
///
/// Several events tell one fact, each with its own time, and they come in any order: the earliest counts.
async fn fact_book(
    conn: &mut PgConnection,
    book: Book,
    fact: &Fact,
    event: Option<Uuid>,
) -> Result<u64, StoreError> {
    let is_new = sqlx::query_scalar!(
        r#"
        insert into ledger (provider, livemode, object_kind, object_id, kind, amount, currency, at, event_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (provider, livemode, object_kind, object_id, kind) do update
            set at = excluded.at, event_id = excluded.event_id
            where excluded.at < ledger.at
        returning xmax = 0 as "is_new!"
        "#,
        book.provider.as_str(),
        book.environment.livemode(),
        fact.object.kind.as_str(),
        fact.object.id.as_str(),
        fact.kind.as_str(),
        fact.amount.minor,
        fact.amount.currency.code(),
        fact.at.to_sqlx() as _,
        event,
    )
    .fetch_optional(conn)
    .await?;
    Ok(u64::from(is_new == Some(true)))
}

/// Records an effect unless the same fact has one; gives back how many rows that made.
async fn effect_record(
    conn: &mut PgConnection,
    book: Book,
    effect: &Effect,
    event: Option<Uuid>,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"
        insert into effect (key, kind, provider, livemode, target, payload, event_id)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (key) do nothing
        "#,
        // The fact's key is unique within its books only.
        format!("{book}:{}", effect.key),
        effect.kind,
        book.provider.as_str(),
        book.environment.livemode(),
        effect.target.as_str(),
        effect.payload,
        event,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
