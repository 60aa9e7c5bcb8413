//! Payments, from three objects: the payment itself, its charge, and the link that ties it to an invoice.
//!
//! Each group of fields has one owner, so that any order of arrival comes to the same row: amount, status and failure are
//! the payment's to tell (the charge's only while the payment itself has never been described), what was paid with is
//! the charge's, the order is that of the link. The time of paying is the earliest that any of them tells.

use super::{
    Evidence, customer, order,
    working::{Proof, Working},
};
use crate::domain::{
    ids::{LinkId, ObjectId, PaymentId},
    observation::{ChargeSeen, PaymentLinkSeen, PaymentSeen},
    order::{OrderKind, Payment, PaymentStatus, RefundStatus},
    provider::{ObjectKind, ObjectRef},
};

/// Applies what the provider says about a payment.
pub(super) fn apply(work: &mut Working<'_>, seen: &PaymentSeen, proof: Proof<'_>) {
    let link_id = seen.customer.as_ref().map(|id| customer::link_for(work, id));
    let payment_id = mention(work, &seen.id, link_id);
    let Some(row) = work.rows.payments.get(payment_id).cloned() else {
        return;
    };
    // An event about a payment that succeeded is made when it succeeds. A read is made at any time later.
    let happened = match proof.evidence {
        Evidence::Body { at, .. } if seen.status == PaymentStatus::Succeeded => Some(*at),
        Evidence::Body { .. } | Evidence::Read { .. } => None,
    };
    let row = Payment {
        link_id: link_id.or(row.link_id),
        amount: Some(seen.amount),
        status: seen.status,
        paid_at: earliest(row.paid_at, seen.paid_at.or(happened)),
        failure: seen.failure.clone(),
        ..row
    };
    warn_of_excess(work, &row);
    work.rows.payments.put(row);
    tie_to_invoice(work, payment_id, seen.order.as_ref(), link_id);
}

/// A description that comes after newer ones still tells when the payment was made, if it says so.
pub(super) fn told_late(work: &mut Working<'_>, seen: &PaymentSeen) {
    let Some(row) = find(work, &seen.id).cloned() else {
        return;
    };
    let both_moved = row.status == PaymentStatus::Succeeded && seen.status == PaymentStatus::Succeeded;
    let paid_at = earliest(row.paid_at, seen.paid_at);
    if both_moved && paid_at != row.paid_at {
        work.rows.payments.put(Payment { paid_at, ..row });
    }
}

/// Applies what the provider says about a charge.
pub(super) fn apply_charge(work: &mut Working<'_>, seen: &ChargeSeen, proof: Proof<'_>) {
    let link_id = seen.customer.as_ref().map(|id| customer::link_for(work, id));
    let payment_id = mention(work, &seen.payment, link_id);
    let Some(row) = work.rows.payments.get(payment_id).cloned() else {
        return;
    };
    let moved = seen.status == PaymentStatus::Succeeded;
    let paid_at = if moved {
        earliest(row.paid_at, seen.created.or(Some(proof.at())))
    } else {
        row.paid_at
    };
    // A payment is tried by several charges, of which one can move the money. Of those that did not, the greatest id
    // stands for it: any choice will do that does not depend on arrival.
    let stands = row
        .charge_id
        .as_ref()
        .is_none_or(|known| moved || *known == seen.id || (row.paid_at.is_none() && seen.id > *known));
    let mut row = Payment {
        link_id: row.link_id.or(link_id),
        paid_at,
        ..row
    };
    if stands {
        row.charge_id = Some(seen.id.clone());
        row.method.clone_from(&seen.method);
        let own = ObjectRef::new(ObjectKind::Payment, seen.payment.clone());
        if !work.is_described(&own) {
            row.amount = Some(seen.amount);
            row.status = seen.status;
            row.failure.clone_from(&seen.failure);
        }
    }
    work.rows.payments.put(row);
    tie_to_invoice(work, payment_id, seen.order.as_ref(), link_id);
}

/// Applies what the provider says about the tie between a payment and an invoice.
pub(super) fn apply_link(work: &mut Working<'_>, seen: &PaymentLinkSeen) {
    let payment_id = mention(work, &seen.payment, None);
    tie_to_invoice(work, payment_id, Some(&seen.order), None);
}

/// The row of a payment that something else mentions; a new one says only that it exists.
pub(super) fn mention(work: &mut Working<'_>, id: &ObjectId, link_id: Option<LinkId>) -> PaymentId {
    if let Some(row) = find(work, id) {
        return row.id;
    }
    let row = Payment {
        id: work.fresh(),
        book: work.ctx.book,
        provider_payment_id: id.clone(),
        link_id,
        order_id: None,
        amount: None,
        status: PaymentStatus::Pending,
        paid_at: None,
        failure: None,
        charge_id: None,
        method: None,
    };
    let id = row.id;
    work.rows.payments.put(row);
    id
}

pub(super) fn find<'w>(work: &'w Working<'_>, id: &ObjectId) -> Option<&'w Payment> {
    work.rows.payments.find(|row| row.provider_payment_id == *id)
}

/// Minor units that are on their way back for the payment, or have gone back.
pub(super) fn going_back(work: &Working<'_>, payment_id: PaymentId) -> i64 {
    work.rows
        .refunds
        .iter()
        .filter(|row| row.payment_id == payment_id && holds_money(row.status))
        .fold(0, |sum, row| i64::saturating_add(sum, row.amount.minor))
}

/// Whether a refund in this state takes from what can be given back.
pub(super) const fn holds_money(status: RefundStatus) -> bool {
    match status {
        RefundStatus::Pending | RefundStatus::Succeeded => true,
        RefundStatus::Failed | RefundStatus::Canceled => false,
    }
}

fn earliest(known: Option<jiff::Timestamp>, told: Option<jiff::Timestamp>) -> Option<jiff::Timestamp> {
    known.into_iter().chain(told).min()
}

fn tie_to_invoice(
    work: &mut Working<'_>,
    payment_id: PaymentId,
    invoice: Option<&ObjectId>,
    link_id: Option<LinkId>,
) {
    if let Some(invoice) = invoice {
        let order_id = order::mention(work, invoice, OrderKind::Invoice, link_id);
        order::tie(work, payment_id, order_id);
    }
}

/// Refunds of a payment whose amount was not known were taken as they came.
fn warn_of_excess(work: &mut Working<'_>, row: &Payment) {
    let refunded = going_back(work, row.id);
    if row.amount.is_some_and(|amount| refunded > amount.minor) {
        work.note(format!(
            "more goes back for payment {} than was paid: verify it with {}",
            row.provider_payment_id, work.ctx.book.provider
        ));
    }
}
