//! Refunds. Polar writes them without the tax that goes back with them.

use super::{
    Occasion, Told, dispute,
    fields::{Flaw, moment, money, object_id, object_ref, text},
};
use crate::{
    domain::{
        money::Money,
        observation::{Fact, FactKind, Observation, RefundSeen},
        order::RefundStatus,
        provider::ObjectKind,
    },
    providers::{StartedRefund, polar::wire::money::Refund},
};

pub(super) fn told(mut refund: Refund, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let made = moment(refund.created_at.clone(), "created_at")?.unwrap_or(occasion.at);
    let changed = moment(refund.modified_at.clone(), "modified_at")?.unwrap_or(made);
    let disputed = refund
        .dispute
        .take()
        .map(|dispute| dispute::seen(dispute, occasion))
        .transpose()?;
    let seen = seen(refund)?;
    let fact = |kind, minor, at| Fact {
        object: object_ref(ObjectKind::Refund, &seen.id),
        kind,
        amount: Money::new(minor, seen.amount.currency),
        at,
    };
    let minor = seen.amount.minor;
    let mut facts = match seen.status {
        RefundStatus::Succeeded => vec![fact(FactKind::Refunded, minor.saturating_neg(), made)],
        // Whether it ever seemed to have gone is not told. Both are booked, so that the sum is right if it had been.
        RefundStatus::Failed => vec![
            fact(FactKind::Refunded, minor.saturating_neg(), made),
            fact(FactKind::RefundReturned, minor, changed),
        ],
        RefundStatus::Pending | RefundStatus::Canceled => Vec::new(),
    };
    let mut inside = None;
    if let Some((observation, of_dispute)) = disputed {
        inside = Some(observation);
        facts.extend(of_dispute);
    }
    Ok(Told::with(Observation::Refund(seen), inside, facts))
}

/// A refund that a call has made.
pub(in crate::providers::polar) fn started(refund: Refund) -> Result<StartedRefund, Flaw> {
    let seen = seen(refund)?;
    Ok(StartedRefund {
        id: seen.id,
        status: seen.status,
        amount: seen.amount,
    })
}

fn seen(refund: Refund) -> Result<RefundSeen, Flaw> {
    Ok(RefundSeen {
        id: object_id(refund.id, "id")?,
        payment: object_id(refund.order_id, "order_id")?,
        amount: with_tax(refund.amount, refund.tax_amount, &refund.currency)?,
        status: match refund.status.as_deref() {
            Some("succeeded") => RefundStatus::Succeeded,
            Some("failed") => RefundStatus::Failed,
            Some("canceled") => RefundStatus::Canceled,
            // `pending`, and words that came later: not gone yet, as far as billdeck can say.
            Some(_) | None => RefundStatus::Pending,
        },
        reason: text(refund.reason),
    })
}

/// What the payer gets: the amount, and the tax on it.
pub(super) fn with_tax(amount: i64, tax: Option<i64>, currency: &str) -> Result<Money, Flaw> {
    let whole = amount
        .checked_add(tax.unwrap_or(0))
        .ok_or_else(|| Flaw("`amount` and `tax_amount` are too large together".to_owned()))?;
    money(whole, currency)
}
