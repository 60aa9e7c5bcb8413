//! Refunds. One names PayMongo's payment, billing's is the intent of that: so a refund that comes alone is read, together
//! with its payment.

use super::{Flaw, Occasion, Told, object_id, object_ref, pesos, text};
use crate::{
    domain::{
        ids::ObjectId,
        money::Money,
        observation::{Fact, FactKind, RefundSeen},
        order::RefundStatus,
        provider::ObjectKind,
    },
    providers::{StartedRefund, fields::time, paymongo::wire::money::Refund},
};

pub(super) fn pointed(refund: Refund, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let facts = told(&refund, occasion)?;
    let id = object_id(refund.id, "id")?;
    Ok(Told::Pointed {
        subject: object_ref(ObjectKind::Refund, &id),
        facts,
    })
}

/// The money facts of a refund. Its money is taken from the coming payout, so that one which fails has taken nothing,
/// unless it says that it once went.
pub(in crate::providers::paymongo) fn told(
    refund: &Refund,
    occasion: Occasion<'_>,
) -> Result<Vec<Fact>, Flaw> {
    let id = object_id(refund.id.clone(), "refunds.id")?;
    let amount = pesos(refund.amount, refund.currency.as_deref())?;
    let created = time(refund.created_at, "refunds.created_at")?;
    let went = time(refund.refunded_at, "refunds.refunded_at")?;
    let fact = |kind, minor, at| Fact {
        object: object_ref(ObjectKind::Refund, &id),
        kind,
        amount: Money::new(minor, amount.currency),
        at,
    };
    let out = |at| fact(FactKind::Refunded, amount.minor.saturating_neg(), at);
    Ok(match (status(&refund.status), went) {
        (RefundStatus::Succeeded, _) => vec![out(went.or(created).unwrap_or(occasion.at))],
        (RefundStatus::Failed, Some(went)) => {
            vec![
                out(went),
                fact(FactKind::RefundReturned, amount.minor, occasion.at),
            ]
        }
        (RefundStatus::Failed, None) | (RefundStatus::Pending | RefundStatus::Canceled, _) => Vec::new(),
    })
}

/// A refund of a payment that is known.
pub(in crate::providers::paymongo) fn seen(refund: Refund, payment: &ObjectId) -> Result<RefundSeen, Flaw> {
    Ok(RefundSeen {
        id: object_id(refund.id, "refunds.id")?,
        payment: payment.clone(),
        amount: pesos(refund.amount, refund.currency.as_deref())?,
        status: status(&refund.status),
        reason: text(refund.reason),
    })
}

/// A refund that a call has made, or has found made already.
pub(in crate::providers::paymongo) fn started(refund: Refund) -> Result<StartedRefund, Flaw> {
    Ok(StartedRefund {
        amount: pesos(refund.amount, refund.currency.as_deref())?,
        status: status(&refund.status),
        id: object_id(refund.id, "id")?,
    })
}

fn status(word: &str) -> RefundStatus {
    match word {
        "succeeded" => RefundStatus::Succeeded,
        "failed" => RefundStatus::Failed,
        // `pending`, `processing`, and words that came later: not gone yet, as far as billdeck can say.
        _ => RefundStatus::Pending,
    }
}
