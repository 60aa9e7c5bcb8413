//! Refunds.

use super::{
    Occasion, Told,
    fields::{Flaw, money, object_id, object_ref, reference, text, time},
};
use crate::{
    domain::{
        money::Money,
        observation::{Fact, FactKind, Observation, RefundSeen},
        order::RefundStatus,
        provider::ObjectKind,
    },
    providers::{StartedRefund, stripe::wire::money::Refund},
};

pub(super) fn told(refund: Refund, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let created = time(refund.created, "created")?.unwrap_or(occasion.at);
    let seen = seen(refund)?;
    let fact = |kind, minor, at| Fact {
        object: object_ref(ObjectKind::Refund, &seen.id),
        kind,
        amount: Money::new(minor, seen.amount.currency),
        at,
    };
    let minor = seen.amount.minor;
    let facts = match seen.status {
        RefundStatus::Succeeded => vec![fact(FactKind::Refunded, minor.saturating_neg(), created)],
        // A refund takes its money from the balance when it is made; failing brings it back (Stripe docs: failed
        // refunds). Both are told, so that the sum is right even if the first was never seen.
        RefundStatus::Failed => vec![
            fact(FactKind::Refunded, minor.saturating_neg(), created),
            fact(FactKind::RefundReturned, minor, occasion.at),
        ],
        RefundStatus::Pending | RefundStatus::Canceled => Vec::new(),
    };
    Ok(Told::one(Observation::Refund(seen), facts))
}

/// A refund that a call has made.
pub(in crate::providers::stripe) fn started(refund: Refund) -> Result<StartedRefund, Flaw> {
    Ok(StartedRefund {
        amount: money(refund.amount, &refund.currency)?,
        status: status(refund.status.as_deref()),
        id: object_id(refund.id, "id")?,
    })
}

fn seen(refund: Refund) -> Result<RefundSeen, Flaw> {
    let intent = reference(refund.payment_intent, "payment_intent")?;
    let charge = reference(refund.charge, "charge")?;
    Ok(RefundSeen {
        id: object_id(refund.id, "id")?,
        payment: intent
            .or(charge)
            .ok_or_else(|| Flaw("it names neither a payment intent nor a charge".to_owned()))?,
        amount: money(refund.amount, &refund.currency)?,
        status: status(refund.status.as_deref()),
        reason: text(refund.reason),
    })
}

fn status(word: Option<&str>) -> RefundStatus {
    match word {
        Some("succeeded") => RefundStatus::Succeeded,
        Some("failed") => RefundStatus::Failed,
        Some("canceled") => RefundStatus::Canceled,
        // `pending`, `requires_action`, none, and words that came later: not gone yet, as far as billdeck can say.
        Some(_) | None => RefundStatus::Pending,
    }
}
