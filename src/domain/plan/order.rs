//! Orders: invoices, sessions, bare payments, and which payment belongs to which.
//!
//! What an order amounts to with refunds and disputes is reckoned anew from its rows ([`settle`]), never counted up:
//! so it is the same whatever order the news came in.

use std::collections::BTreeSet;

use super::{
    customer, payment,
    working::{Slot, Working},
};
use crate::domain::{
    ids::{LinkId, ObjectId, OrderId, PaymentId},
    observation::OrderSeen,
    order::{
        Collection, DisputeStatus, Order, OrderKind, OrderStatus, Payment, PaymentStatus, RefundStatus,
        order_status,
    },
};

/// Applies what the provider says about an invoice or order.
pub(super) fn apply(work: &mut Working<'_>, seen: &OrderSeen) {
    let link_id = seen.customer.as_ref().map(|id| customer::link_for(work, id));
    let order_id = mention(work, &seen.id, seen.kind, link_id);
    if let Some(row) = work.rows.orders.get(order_id).cloned() {
        work.rows.orders.put(Order {
            link_id: link_id.or(row.link_id),
            kind: seen.kind,
            provider_subscription_id: seen.subscription.clone(),
            number: seen.number.clone(),
            amount: Some(seen.amount),
            collection: seen.collection,
            purchased_at: seen.paid_at,
            period: seen.period,
            attempts: seen.attempts,
            next_attempt_at: seen.next_attempt_at,
            hosted_url: seen.hosted_url.clone(),
            ..row
        });
    }
    for id in &seen.payments {
        let payment_id = payment::mention(work, id, link_id);
        tie(work, payment_id, order_id);
    }
}

/// The provider has no such order (any more), as when a draft is deleted. Says whether it was known.
pub(super) fn gone(work: &mut Working<'_>, id: &ObjectId) -> bool {
    let row = work.rows.orders.find(|row| row.provider_order_id == *id).cloned();
    let Some(mut row) = row else { return false };
    if row.collection != Collection::Paid {
        row.collection = Collection::Expired;
        row.next_attempt_at = None;
        work.rows.orders.put(row);
    }
    true
}

/// The row of an order that something else mentions; a new one says only that it exists.
pub(super) fn mention(
    work: &mut Working<'_>,
    id: &ObjectId,
    kind: OrderKind,
    link_id: Option<LinkId>,
) -> OrderId {
    let known = work.rows.orders.find(|row| row.provider_order_id == *id);
    if let Some(row) = known {
        return row.id;
    }
    let row = Order {
        id: work.fresh(),
        link_id,
        book: work.ctx.book,
        kind,
        provider_order_id: id.clone(),
        provider_subscription_id: None,
        number: None,
        amount: None,
        collection: Collection::Pending,
        status: OrderStatus::Pending,
        refunded_minor: 0,
        purchased_at: None,
        period: None,
        attempts: None,
        next_attempt_at: None,
        hosted_url: None,
    };
    let id = row.id;
    work.rows.orders.put(row);
    id
}

/// An invoice says more of a purchase than the session it began with, and that more than the payment alone.
const fn weight(kind: OrderKind) -> u8 {
    match kind {
        OrderKind::Bare => 0,
        OrderKind::Session => 1,
        OrderKind::Invoice => 2,
    }
}

/// Ties a payment to the order it pays. A lesser order that stood for it alone goes.
pub(super) fn tie(work: &mut Working<'_>, payment_id: PaymentId, order_id: OrderId) {
    let (Some(payment), Some(order)) = (
        work.rows.payments.get(payment_id).cloned(),
        work.rows.orders.get(order_id).cloned(),
    ) else {
        return;
    };
    let held = payment.order_id.and_then(|id| work.rows.orders.get(id)).cloned();
    if let Some(held) = &held {
        // Of two orders of one kind the lesser id stays: any choice will do that does not depend on arrival.
        let stays = held.id == order.id
            || weight(held.kind) > weight(order.kind)
            || (weight(held.kind) == weight(order.kind) && held.provider_order_id <= order.provider_order_id);
        if stays {
            if held.id != order.id && held.kind == order.kind {
                work.note(format!(
                    "payment {} is named by {} and by {}; it stays with the first",
                    payment.provider_payment_id, held.provider_order_id, order.provider_order_id
                ));
            }
            return;
        }
    }
    work.rows.payments.put(Payment {
        order_id: Some(order_id),
        ..payment
    });
    if let Some(held) = held {
        drop_empty(work, &held);
    }
}

/// Whether the payment belongs to an invoice.
pub(super) fn is_invoiced(work: &Working<'_>, payment_id: PaymentId) -> bool {
    work.rows
        .payments
        .get(payment_id)
        .and_then(|payment| work.rows.orders.get(payment.order_id?))
        .is_some_and(|order| order.kind == OrderKind::Invoice)
}

/// Lets the order that stood for a session go, once the session names an invoice.
pub(super) fn drop_session(work: &mut Working<'_>, session: &ObjectId) {
    let row = work
        .rows
        .orders
        .find(|row| row.kind == OrderKind::Session && row.provider_order_id == *session)
        .cloned();
    if let Some(row) = row {
        drop_empty(work, &row);
    }
}

fn drop_empty(work: &mut Working<'_>, order: &Order) {
    let lesser = match order.kind {
        OrderKind::Bare | OrderKind::Session => true,
        OrderKind::Invoice => false,
    };
    let empty = work
        .rows
        .payments
        .find(|row| row.order_id == Some(order.id))
        .is_none();
    if lesser && empty {
        work.rows.orders.remove(order.id);
    }
}

/// Brings every order that the changes touch in line with its payments, refunds and disputes.
pub(super) fn settle(work: &mut Working<'_>) {
    give_bare_orders(work);
    for order_id in touched(work) {
        if let Some(order) = work.rows.orders.get(order_id).cloned() {
            let order = reckoned(work, order);
            share_customer(work, &order);
            work.rows.orders.put(order);
        }
    }
}

/// A payment that nothing ties to an order is an order of its own: money that moved must be seen.
fn give_bare_orders(work: &mut Working<'_>) {
    let alone: Vec<Payment> = work
        .rows
        .payments
        .changed()
        .filter_map(|slot| slot.after.clone())
        .filter(|row| row.order_id.is_none())
        .collect();
    for payment in alone {
        let order_id = mention(
            work,
            &payment.provider_payment_id,
            OrderKind::Bare,
            payment.link_id,
        );
        work.rows.payments.put(Payment {
            order_id: Some(order_id),
            ..payment
        });
    }
}

fn touched(work: &Working<'_>) -> BTreeSet<OrderId> {
    let rows = &work.rows;
    let mut orders = BTreeSet::new();
    for slot in rows.orders.changed() {
        orders.extend(slot.after.as_ref().map(|row| row.id));
    }
    for slot in rows.payments.changed() {
        for row in both(slot) {
            orders.extend(row.order_id);
        }
    }
    let order_of = |id: PaymentId| rows.payments.get(id).and_then(|row| row.order_id);
    for slot in rows.refunds.changed() {
        orders.extend(both(slot).filter_map(|row| order_of(row.payment_id)));
    }
    for slot in rows.disputes.changed() {
        orders.extend(both(slot).filter_map(|row| order_of(row.payment_id)));
    }
    orders
}

fn both<T>(slot: &Slot<T>) -> impl Iterator<Item = &T> {
    slot.before.iter().chain(&slot.after)
}

/// The order as its payments, refunds and disputes make it.
fn reckoned(work: &Working<'_>, order: Order) -> Order {
    let payments: Vec<&Payment> = work
        .rows
        .payments
        .iter()
        .filter(|row| row.order_id == Some(order.id))
        .collect();
    let ids: BTreeSet<PaymentId> = payments.iter().map(|row| row.id).collect();
    let mut order = order;
    if order.kind == OrderKind::Bare
        && let [payment] = payments.as_slice()
    {
        order.amount = payment.amount;
        order.collection = match payment.status {
            PaymentStatus::Pending => Collection::Pending,
            PaymentStatus::Succeeded => Collection::Paid,
            PaymentStatus::Failed => Collection::Failed,
            PaymentStatus::Canceled => Collection::Expired,
        };
    }
    let told = payments.iter().filter_map(|row| row.paid_at).min();
    order.purchased_at = match order.kind {
        OrderKind::Bare | OrderKind::Session => told,
        // The invoice's own word counts; a time that one of its payments has was borrowed from it.
        OrderKind::Invoice => {
            let borrowed = payments.iter().any(|row| row.paid_at == order.purchased_at);
            if borrowed {
                told
            } else {
                order.purchased_at.or(told)
            }
        }
    }
    .filter(|_| order.collection == Collection::Paid);
    order.link_id = order
        .link_id
        .or_else(|| payments.iter().find_map(|row| row.link_id));
    order.refunded_minor = work
        .rows
        .refunds
        .iter()
        .filter(|row| ids.contains(&row.payment_id) && row.status == RefundStatus::Succeeded)
        .fold(0, |sum, row| i64::saturating_add(sum, row.amount.minor));
    let disputed = work
        .rows
        .disputes
        .iter()
        .any(|row| ids.contains(&row.payment_id) && row.status != DisputeStatus::Won);
    // Without an amount nothing can be known to have gone back whole.
    let amount = order.amount.map_or(i64::MAX, |amount| amount.minor);
    order.status = order_status(order.collection, amount, order.refunded_minor, disputed);
    order
}

/// A payment without a customer of its own has its order's.
fn share_customer(work: &mut Working<'_>, order: &Order) {
    let nameless: Vec<Payment> = work
        .rows
        .payments
        .iter()
        .filter(|row| row.order_id == Some(order.id) && row.link_id.is_none() && order.link_id.is_some())
        .cloned()
        .collect();
    for payment in nameless {
        work.rows.payments.put(Payment {
            link_id: order.link_id,
            ..payment
        });
    }
}
