//! Subscriptions, checkouts and money.

use jiff::Timestamp;
use sqlx::PgConnection;

use crate::{
    domain::{
        checkout::Checkout,
        ids::EventId,
        order::{Dispute, Order, Payment, Refund},
        plan::RowChange,
        subscription::{Subscription, Verification, VerifiedBy},
    },
    store::{
        StoreError,
        row::{RowReader, sql},
    },
};

pub(super) async fn checkout(
    conn: &mut PgConnection,
    change: &RowChange<Checkout>,
) -> Result<(), StoreError> {
    let row = &change.after;
    sqlx::query!(
        r#"
        insert into checkout (id, customer_id, provider, livemode, plan, provider_checkout_id, url, state, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (id) do update set
            customer_id = excluded.customer_id,
            provider_checkout_id = excluded.provider_checkout_id,
            url = excluded.url,
            state = excluded.state,
            expires_at = excluded.expires_at,
            updated_at = now()
        "#,
        row.id.as_uuid(),
        row.customer_id.as_uuid(),
        row.book.provider.as_str(),
        row.book.environment.livemode(),
        row.plan,
        row.provider_checkout_id.as_ref().map(|id| id.as_str()),
        row.url,
        row.state.as_str(),
        sql(row.expires_at) as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn subscription(
    conn: &mut PgConnection,
    change: &RowChange<Subscription>,
) -> Result<(), StoreError> {
    let row = &change.after;
    let (verification, verified_at, verified_by, mismatch): (_, Option<Timestamp>, Option<EventId>, _) =
        match &row.verification {
            Verification::Pending => ("pending", None, None, None),
            Verification::Verified {
                at,
                by: VerifiedBy::Event(id),
            } => ("verified", Some(*at), Some(*id), None),
            Verification::Verified {
                at,
                by: VerifiedBy::Read,
            } => ("verified", Some(*at), None, None),
            Verification::Mismatch { at, differences } => {
                let differences = serde_json::to_value(differences)
                    .map_err(|error| RowReader::new("subscription", row.id).bad("mismatch", error))?;
                ("mismatch", Some(*at), None, Some(differences))
            }
        };
    sqlx::query!(
        r#"
        insert into subscription (
            id, link_id, provider, livemode, provider_subscription_id, checkout_id, plan, status, provider_status,
            cancel_at_period_end, cancel_at, canceled_at, ended_at, period_start, period_end, trial_start, trial_end,
            seats, verification, verified_at, verified_by_event, mismatch
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
        on conflict (id) do update set
            link_id = excluded.link_id,
            provider_subscription_id = excluded.provider_subscription_id,
            checkout_id = excluded.checkout_id,
            plan = excluded.plan,
            status = excluded.status,
            provider_status = excluded.provider_status,
            cancel_at_period_end = excluded.cancel_at_period_end,
            cancel_at = excluded.cancel_at,
            canceled_at = excluded.canceled_at,
            ended_at = excluded.ended_at,
            period_start = excluded.period_start,
            period_end = excluded.period_end,
            trial_start = excluded.trial_start,
            trial_end = excluded.trial_end,
            seats = excluded.seats,
            verification = excluded.verification,
            verified_at = excluded.verified_at,
            verified_by_event = excluded.verified_by_event,
            mismatch = excluded.mismatch,
            updated_at = now()
        "#,
        row.id.as_uuid(),
        row.link_id.as_uuid(),
        row.book.provider.as_str(),
        row.book.environment.livemode(),
        row.provider_subscription_id.as_ref().map(|id| id.as_str()),
        row.checkout_id.map(|id| id.as_uuid()),
        row.plan,
        row.status.as_str(),
        row.provider_status,
        row.cancel_at_period_end,
        sql(row.cancel_at) as _,
        sql(row.canceled_at) as _,
        sql(row.ended_at) as _,
        sql(row.period.map(|period| period.start)) as _,
        sql(row.period.map(|period| period.end)) as _,
        sql(row.trial.map(|trial| trial.start)) as _,
        sql(row.trial.map(|trial| trial.end)) as _,
        row.seats,
        verification,
        sql(verified_at) as _,
        verified_by.map(|id| id.as_uuid()),
        mismatch,
    )
    .execute(&mut *conn)
    .await?;
    let same_items = change
        .before
        .as_ref()
        .is_some_and(|before| before.items == row.items);
    if same_items {
        return Ok(());
    }
    items(conn, row).await
}

async fn items(conn: &mut PgConnection, row: &Subscription) -> Result<(), StoreError> {
    if !row.items.is_empty() || row.provider_subscription_id.is_some() {
        sqlx::query!(
            "delete from subscription_item where subscription_id = $1",
            row.id.as_uuid()
        )
        .execute(&mut *conn)
        .await?;
    }
    for (position, item) in (0_i32..).zip(&row.items) {
        sqlx::query!(
            r#"
            insert into subscription_item (
                subscription_id, position, provider_item_id, price_id, quantity, unit_amount, currency, interval_unit,
                interval_count
            )
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            "#,
            row.id.as_uuid(),
            position,
            item.provider_item_id.as_str(),
            item.price_id.as_str(),
            item.quantity,
            item.unit_amount.map(|amount| amount.minor),
            item.unit_amount.map(|amount| amount.currency.code()),
            item.interval.map(|interval| interval.unit.as_str()),
            item.interval.map(|interval| i16::try_from(interval.count).unwrap_or(i16::MAX)),
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

pub(super) async fn order(conn: &mut PgConnection, change: &RowChange<Order>) -> Result<(), StoreError> {
    let row = &change.after;
    sqlx::query!(
        r#"
        insert into orders (
            id, link_id, provider, livemode, kind, provider_order_id, provider_subscription_id, number, amount, currency,
            collection, status, refunded, purchased_at, period_start, period_end, attempts, next_attempt_at, hosted_url
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        on conflict (id) do update set
            link_id = excluded.link_id,
            kind = excluded.kind,
            provider_subscription_id = excluded.provider_subscription_id,
            number = excluded.number,
            amount = excluded.amount,
            currency = excluded.currency,
            collection = excluded.collection,
            status = excluded.status,
            refunded = excluded.refunded,
            purchased_at = excluded.purchased_at,
            period_start = excluded.period_start,
            period_end = excluded.period_end,
            attempts = excluded.attempts,
            next_attempt_at = excluded.next_attempt_at,
            hosted_url = excluded.hosted_url,
            updated_at = now()
        "#,
        row.id.as_uuid(),
        row.link_id.map(|id| id.as_uuid()),
        row.book.provider.as_str(),
        row.book.environment.livemode(),
        row.kind.as_str(),
        row.provider_order_id.as_str(),
        row.provider_subscription_id.as_ref().map(|id| id.as_str()),
        row.number,
        row.amount.map(|amount| amount.minor),
        row.amount.map(|amount| amount.currency.code()),
        row.collection.as_str(),
        row.status.as_str(),
        row.refunded_minor,
        sql(row.purchased_at) as _,
        sql(row.period.map(|period| period.start)) as _,
        sql(row.period.map(|period| period.end)) as _,
        row.attempts,
        sql(row.next_attempt_at) as _,
        row.hosted_url,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn order_gone(conn: &mut PgConnection, order: &Order) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from orders where id = $1 and kind <> 'invoice'",
        order.id.as_uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn payment(conn: &mut PgConnection, change: &RowChange<Payment>) -> Result<(), StoreError> {
    let row = &change.after;
    let failure = row.failure.as_ref();
    let method = row.method.as_ref();
    sqlx::query!(
        r#"
        insert into payment (
            id, provider, livemode, provider_payment_id, link_id, order_id, amount, currency, status, paid_at,
            failure_code, decline_code, failure_message, charge_id, method_kind, method_brand, method_last4,
            method_country
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        on conflict (id) do update set
            link_id = excluded.link_id,
            order_id = excluded.order_id,
            amount = excluded.amount,
            currency = excluded.currency,
            status = excluded.status,
            paid_at = excluded.paid_at,
            failure_code = excluded.failure_code,
            decline_code = excluded.decline_code,
            failure_message = excluded.failure_message,
            charge_id = excluded.charge_id,
            method_kind = excluded.method_kind,
            method_brand = excluded.method_brand,
            method_last4 = excluded.method_last4,
            method_country = excluded.method_country,
            updated_at = now()
        "#,
        row.id.as_uuid(),
        row.book.provider.as_str(),
        row.book.environment.livemode(),
        row.provider_payment_id.as_str(),
        row.link_id.map(|id| id.as_uuid()),
        row.order_id.map(|id| id.as_uuid()),
        row.amount.map(|amount| amount.minor),
        row.amount.map(|amount| amount.currency.code()),
        row.status.as_str(),
        sql(row.paid_at) as _,
        failure.and_then(|failure| failure.code.as_deref()),
        failure.and_then(|failure| failure.decline_code.as_deref()),
        failure.and_then(|failure| failure.message.as_deref()),
        row.charge_id.as_ref().map(|id| id.as_str()),
        method.map(|method| method.kind.as_str()),
        method.and_then(|method| method.brand.as_deref()),
        method.and_then(|method| method.last4.as_deref()),
        method.and_then(|method| method.country.as_deref()),
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn refund(conn: &mut PgConnection, change: &RowChange<Refund>) -> Result<(), StoreError> {
    let row = &change.after;
    sqlx::query!(
        r#"
        insert into refund (id, provider, livemode, provider_refund_id, payment_id, amount, currency, status, reason)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (id) do update set
            payment_id = excluded.payment_id,
            amount = excluded.amount,
            currency = excluded.currency,
            status = excluded.status,
            reason = excluded.reason,
            updated_at = now()
        "#,
        row.id.as_uuid(),
        row.book.provider.as_str(),
        row.book.environment.livemode(),
        row.provider_refund_id.as_str(),
        row.payment_id.as_uuid(),
        row.amount.minor,
        row.amount.currency.code(),
        row.status.as_str(),
        row.reason,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn dispute(conn: &mut PgConnection, change: &RowChange<Dispute>) -> Result<(), StoreError> {
    let row = &change.after;
    sqlx::query!(
        r#"
        insert into dispute (
            id, provider, livemode, provider_dispute_id, payment_id, amount, currency, status, provider_status, reason,
            due_by
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict (id) do update set
            payment_id = excluded.payment_id,
            amount = excluded.amount,
            currency = excluded.currency,
            status = excluded.status,
            provider_status = excluded.provider_status,
            reason = excluded.reason,
            due_by = excluded.due_by,
            updated_at = now()
        "#,
        row.id.as_uuid(),
        row.book.provider.as_str(),
        row.book.environment.livemode(),
        row.provider_dispute_id.as_str(),
        row.payment_id.as_uuid(),
        row.amount.minor,
        row.amount.currency.code(),
        row.status.as_str(),
        row.provider_status,
        row.reason,
        sql(row.due_by) as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}
