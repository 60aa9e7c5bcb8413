//! Refunds and disputes: each hangs on a payment that has to be known first.

use std::collections::BTreeSet;

use super::{
    payment,
    working::{Hold, Working},
};
use crate::domain::{
    event::Problem,
    ids::{ObjectId, PaymentId},
    observation::{DisputeSeen, RefundSeen},
    order::{Dispute, Payment, Refund},
    provider::{ObjectKind, ObjectRef},
};

/// Applies what the provider says about a refund.
pub(super) fn apply(work: &mut Working<'_>, seen: &RefundSeen) -> Result<(), Hold> {
    let payment = paid(work, "refund", &seen.id, &seen.payment)?;
    let stored = work
        .rows
        .refunds
        .find(|row| row.provider_refund_id == seen.id)
        .cloned();
    if payment::holds_money(seen.status) {
        fits(work, seen, &payment)?;
    }
    let id = stored.map_or_else(|| work.fresh(), |row| row.id);
    work.rows.refunds.put(Refund {
        id,
        book: work.ctx.book,
        provider_refund_id: seen.id.clone(),
        payment_id: payment.id,
        amount: seen.amount,
        status: seen.status,
        reason: seen.reason.clone(),
    });
    Ok(())
}

/// Applies what the provider says about a dispute.
pub(super) fn apply_dispute(work: &mut Working<'_>, seen: &DisputeSeen) -> Result<(), Hold> {
    let payment = paid(work, "dispute", &seen.id, &seen.payment)?;
    let stored = work
        .rows
        .disputes
        .find(|row| row.provider_dispute_id == seen.id)
        .cloned();
    let id = stored.map_or_else(|| work.fresh(), |row| row.id);
    work.rows.disputes.put(Dispute {
        id,
        book: work.ctx.book,
        provider_dispute_id: seen.id.clone(),
        payment_id: payment.id,
        amount: seen.amount,
        status: seen.status,
        provider_status: seen.provider_status.clone(),
        reason: seen.reason.clone(),
        due_by: seen.due_by,
    });
    Ok(())
}

/// The payment that the object hangs on; read, where billdeck has never heard of it.
fn paid(work: &Working<'_>, what: &str, id: &ObjectId, payment: &ObjectId) -> Result<Payment, Hold> {
    if let Some(row) = payment::find(work, payment) {
        return Ok(row.clone());
    }
    let object = ObjectRef::new(ObjectKind::Payment, payment.clone());
    if work.can_ask(&object) {
        return Err(Hold::Read(BTreeSet::from([object])));
    }
    let provider = work.ctx.book.provider;
    let message = if work.is_gone(&object) {
        format!(
            "{what} {id} belongs to payment {payment}, which neither billdeck nor {provider} knows: if the payment was \
             made in another account or mode, discard this event; else replay it once the payment is there"
        )
    } else {
        format!(
            "{what} {id} belongs to payment {payment}, which billdeck does not know, and {provider} could not tell of \
             it: it is tried again by itself; ingest the payment's own event, or set the provider's credentials, then \
             replay this one"
        )
    };
    Err(Hold::Fail(Problem {
        code: "unknown_payment".to_owned(),
        message,
    }))
}

/// Checks the refund against what is left of its payment. In doubt the other refunds are read: one of them may have
/// failed without billdeck having heard of it yet.
fn fits(work: &Working<'_>, seen: &RefundSeen, payment: &Payment) -> Result<(), Hold> {
    let Some(paid) = payment.amount else {
        return Ok(());
    };
    if paid.currency != seen.amount.currency {
        return Err(Hold::Fail(Problem {
            code: "refund_currency_mismatch".to_owned(),
            message: format!(
                "refund {} is in {}, but payment {} was made in {}: look at both at {}, then replay or discard this event",
                seen.id, seen.amount.currency, seen.payment, paid.currency, work.ctx.book.provider
            ),
        }));
    }
    let others: Vec<&Refund> = others(work, seen, payment.id);
    let taken = others
        .iter()
        .fold(0, |sum, row| i64::saturating_add(sum, row.amount.minor));
    if taken.saturating_add(seen.amount.minor) <= paid.minor {
        return Ok(());
    }
    let doubtful: BTreeSet<ObjectRef> = others
        .iter()
        .map(|row| ObjectRef::new(ObjectKind::Refund, row.provider_refund_id.clone()))
        .chain([ObjectRef::new(ObjectKind::Payment, seen.payment.clone())])
        .filter(|object| work.can_ask(object))
        .collect();
    if !doubtful.is_empty() {
        return Err(Hold::Read(doubtful));
    }
    let left = crate::domain::money::Money::new(paid.minor.saturating_sub(taken).max(0), paid.currency);
    Err(Hold::Fail(Problem {
        code: "refund_exceeds_payment".to_owned(),
        message: format!(
            "refund {} gives back {}, but of payment {} ({paid}) only {left} is left: an earlier refund may have failed \
             without its event having come; look at the payment at {}, then replay or discard this event",
            seen.id, seen.amount, seen.payment, work.ctx.book.provider
        ),
    }))
}

fn others<'w>(work: &'w Working<'_>, seen: &RefundSeen, payment_id: PaymentId) -> Vec<&'w Refund> {
    work.rows
        .refunds
        .iter()
        .filter(|row| {
            row.payment_id == payment_id
                && row.provider_refund_id != seen.id
                && payment::holds_money(row.status)
        })
        .collect()
}
