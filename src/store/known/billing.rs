//! Subscriptions, checkouts and money.

use std::collections::BTreeMap;

use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        checkout::Checkout,
        money::Money as Amount,
        order::{Dispute, Failure, Order, Payment, PaymentMethod, Refund},
        plan::Known,
        provider::Book,
        subscription::{Difference, Interval, Subscription, SubscriptionItem, Verification, VerifiedBy},
    },
    store::{
        StoreError,
        row::{RowReader, period},
    },
};

pub(super) async fn subscriptions(
    conn: &mut PgConnection,
    book: Book,
    provider_ids: &[String],
) -> Result<Vec<Subscription>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select id, link_id, provider_subscription_id, checkout_id, plan, status, provider_status, cancel_at_period_end,
               cancel_at, canceled_at, ended_at, period_start, period_end, trial_start, trial_end, seats, verification,
               verified_at, verified_by_event, mismatch
        from subscription
        where provider = $1 and livemode = $2 and provider_subscription_id = any($3)
        order by id
        "#,
        book.provider.as_str(),
        book.environment.livemode(),
        provider_ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut items = items(conn, &ids).await?;
    let jiff = |time: Option<SqlTimestamp>| time.map(SqlTimestamp::to_jiff);
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("subscription", row.id);
            let verification = match (row.verification.as_str(), row.verified_at) {
                ("pending", _) => Verification::Pending,
                ("verified", Some(at)) => Verification::Verified {
                    at: at.to_jiff(),
                    by: row
                        .verified_by_event
                        .map_or(VerifiedBy::Read, |id| VerifiedBy::Event(id.into())),
                },
                ("mismatch", Some(at)) => {
                    let differences: Vec<Difference> =
                        serde_json::from_value(row.mismatch.unwrap_or_default())
                            .map_err(|error| reader.bad("mismatch", error))?;
                    Verification::Mismatch {
                        at: at.to_jiff(),
                        differences,
                    }
                }
                (word, _) => return Err(reader.bad("verification", format!("`{word}` without its time"))),
            };
            Ok(Subscription {
                id: row.id.into(),
                link_id: row.link_id.into(),
                book,
                provider_subscription_id: reader
                    .optional_object_id("provider_subscription_id", row.provider_subscription_id)?,
                checkout_id: row.checkout_id.map(Into::into),
                plan: row.plan,
                status: reader.word("status", &row.status)?,
                provider_status: row.provider_status,
                cancel_at_period_end: row.cancel_at_period_end,
                cancel_at: jiff(row.cancel_at),
                canceled_at: jiff(row.canceled_at),
                ended_at: jiff(row.ended_at),
                period: period(jiff(row.period_start), jiff(row.period_end)),
                trial: period(jiff(row.trial_start), jiff(row.trial_end)),
                seats: row.seats,
                items: items.remove(&row.id).unwrap_or_default(),
                verification,
            })
        })
        .collect()
}

async fn items(
    conn: &mut PgConnection,
    subscriptions: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<SubscriptionItem>>, StoreError> {
    let mut items: BTreeMap<Uuid, Vec<SubscriptionItem>> = BTreeMap::new();
    if subscriptions.is_empty() {
        return Ok(items);
    }
    let rows = sqlx::query!(
        r#"
        select subscription_id, provider_item_id, price_id, quantity, unit_amount, currency, interval_unit, interval_count
        from subscription_item
        where subscription_id = any($1)
        order by subscription_id, position
        "#,
        subscriptions,
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let reader = RowReader::new("subscription_item", &row.provider_item_id);
        let interval = match (row.interval_unit, row.interval_count) {
            (Some(unit), Some(count)) => Some(Interval {
                unit: reader.word("interval_unit", &unit)?,
                count: u16::try_from(count).map_err(|error| reader.bad("interval_count", error))?,
            }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(reader.bad("interval_count", "half an interval")),
        };
        let unit_amount = reader.money("currency", row.unit_amount, row.currency.as_deref())?;
        items
            .entry(row.subscription_id)
            .or_default()
            .push(SubscriptionItem {
                provider_item_id: reader.object_id("provider_item_id", row.provider_item_id)?,
                price_id: reader.object_id("price_id", row.price_id)?,
                quantity: row.quantity,
                unit_amount,
                interval,
            });
    }
    Ok(items)
}

pub(super) async fn checkouts(
    conn: &mut PgConnection,
    book: Book,
    sessions: &[String],
    ids: &[Uuid],
) -> Result<Vec<Checkout>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select id, customer_id, plan, provider_checkout_id, url, state, expires_at
        from checkout
        where provider = $1 and livemode = $2 and (provider_checkout_id = any($3) or id = any($4))
        order by id
        "#,
        book.provider.as_str(),
        book.environment.livemode(),
        sessions,
        ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("checkout", row.id);
            Ok(Checkout {
                id: row.id.into(),
                customer_id: row.customer_id.into(),
                book,
                plan: row.plan,
                provider_checkout_id: reader
                    .optional_object_id("provider_checkout_id", row.provider_checkout_id)?,
                url: row.url,
                state: reader.word("state", &row.state)?,
                expires_at: row.expires_at.map(SqlTimestamp::to_jiff),
            })
        })
        .collect()
}

/// Provider ids of the money objects that take part.
pub(super) struct Money {
    pub(super) orders: Vec<String>,
    pub(super) payments: Vec<String>,
    pub(super) charges: Vec<String>,
    pub(super) refunds: Vec<String>,
    pub(super) disputes: Vec<String>,
}

/// Loads payments by whatever names them, their orders, all payments of those orders, and what went back of them: an
/// order's status is the sum of all of it.
pub(super) async fn money(
    conn: &mut PgConnection,
    book: Book,
    wanted: &Money,
    known: &mut Known,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"
        with named as (
            select id, order_id from payment
            where provider = $1 and livemode = $2
              and (provider_payment_id = any($3) or charge_id = any($4))
            union
            select payment.id, payment.order_id from payment
            join refund on refund.payment_id = payment.id
            where refund.provider = $1 and refund.livemode = $2 and refund.provider_refund_id = any($5)
            union
            select payment.id, payment.order_id from payment
            join dispute on dispute.payment_id = payment.id
            where dispute.provider = $1 and dispute.livemode = $2 and dispute.provider_dispute_id = any($6)
        ), touched as (
            select order_id as id from named where order_id is not null
            union
            select id from orders where provider = $1 and livemode = $2 and provider_order_id = any($7)
        )
        select coalesce(array_agg(distinct payment.id) filter (where payment.id is not null), '{}') as "payments!",
               (select coalesce(array_agg(id), '{}') from touched) as "orders!"
        from payment
        where payment.id in (select id from named) or payment.order_id in (select id from touched)
        "#,
        book.provider.as_str(),
        book.environment.livemode(),
        &wanted.payments,
        &wanted.charges,
        &wanted.refunds,
        &wanted.disputes,
        &wanted.orders,
    )
    .fetch_one(&mut *conn)
    .await?;
    if !rows.orders.is_empty() {
        known.orders = orders(conn, book, &rows.orders).await?;
    }
    if !rows.payments.is_empty() {
        known.payments = payments(conn, book, &rows.payments).await?;
        known.refunds = refunds(conn, book, &rows.payments).await?;
        known.disputes = disputes(conn, book, &rows.payments).await?;
    }
    Ok(())
}

async fn orders(conn: &mut PgConnection, book: Book, ids: &[Uuid]) -> Result<Vec<Order>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select id, link_id, kind, provider_order_id, provider_subscription_id, number, amount, currency, collection,
               status, refunded, purchased_at, period_start, period_end, attempts, next_attempt_at, hosted_url
        from orders
        where id = any($1)
        order by id
        "#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("orders", row.id);
            Ok(Order {
                id: row.id.into(),
                link_id: row.link_id.map(Into::into),
                book,
                kind: reader.word("kind", &row.kind)?,
                provider_order_id: reader.object_id("provider_order_id", row.provider_order_id)?,
                provider_subscription_id: reader
                    .optional_object_id("provider_subscription_id", row.provider_subscription_id)?,
                number: row.number,
                amount: reader.money("currency", row.amount, row.currency.as_deref())?,
                collection: reader.word("collection", &row.collection)?,
                status: reader.word("status", &row.status)?,
                refunded_minor: row.refunded,
                purchased_at: row.purchased_at.map(SqlTimestamp::to_jiff),
                period: period(
                    row.period_start.map(SqlTimestamp::to_jiff),
                    row.period_end.map(SqlTimestamp::to_jiff),
                ),
                attempts: row.attempts,
                next_attempt_at: row.next_attempt_at.map(SqlTimestamp::to_jiff),
                hosted_url: row.hosted_url,
            })
        })
        .collect()
}

async fn payments(conn: &mut PgConnection, book: Book, ids: &[Uuid]) -> Result<Vec<Payment>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select id, provider_payment_id, link_id, order_id, amount, currency, status, paid_at, failure_code, decline_code,
               failure_message, charge_id, method_kind, method_brand, method_last4, method_country
        from payment
        where id = any($1)
        order by id
        "#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("payment", row.id);
            let failure = Failure {
                code: row.failure_code,
                decline_code: row.decline_code,
                message: row.failure_message,
            };
            let failed =
                failure.code.is_some() || failure.decline_code.is_some() || failure.message.is_some();
            Ok(Payment {
                id: row.id.into(),
                book,
                provider_payment_id: reader.object_id("provider_payment_id", row.provider_payment_id)?,
                link_id: row.link_id.map(Into::into),
                order_id: row.order_id.map(Into::into),
                amount: reader.money("currency", row.amount, row.currency.as_deref())?,
                status: reader.word("status", &row.status)?,
                paid_at: row.paid_at.map(SqlTimestamp::to_jiff),
                failure: failed.then_some(failure),
                charge_id: reader.optional_object_id("charge_id", row.charge_id)?,
                method: row.method_kind.map(|kind| PaymentMethod {
                    kind,
                    brand: row.method_brand,
                    last4: row.method_last4,
                    country: row.method_country,
                }),
            })
        })
        .collect()
}

async fn refunds(conn: &mut PgConnection, book: Book, payments: &[Uuid]) -> Result<Vec<Refund>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select id, provider_refund_id, payment_id, amount, currency, status, reason
        from refund
        where payment_id = any($1)
        order by id
        "#,
        payments,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("refund", row.id);
            Ok(Refund {
                id: row.id.into(),
                book,
                provider_refund_id: reader.object_id("provider_refund_id", row.provider_refund_id)?,
                payment_id: row.payment_id.into(),
                amount: Amount::new(row.amount, reader.currency("currency", &row.currency)?),
                status: reader.word("status", &row.status)?,
                reason: row.reason,
            })
        })
        .collect()
}

async fn disputes(
    conn: &mut PgConnection,
    book: Book,
    payments: &[Uuid],
) -> Result<Vec<Dispute>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select id, provider_dispute_id, payment_id, amount, currency, status, provider_status, reason, due_by
        from dispute
        where payment_id = any($1)
        order by id
        "#,
        payments,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reader = RowReader::new("dispute", row.id);
            Ok(Dispute {
                id: row.id.into(),
                book,
                provider_dispute_id: reader.object_id("provider_dispute_id", row.provider_dispute_id)?,
                payment_id: row.payment_id.into(),
                amount: Amount::new(row.amount, reader.currency("currency", &row.currency)?),
                status: reader.word("status", &row.status)?,
                provider_status: row.provider_status,
                reason: row.reason,
                due_by: row.due_by.map(SqlTimestamp::to_jiff),
            })
        })
        .collect()
}
