//! Disputes, and the money that they move.

use super::{
    Occasion, Told,
    fields::{Flaw, money, object_id, object_ref, reference, text, time},
};
use crate::{
    domain::{
        money::Money,
        observation::{DisputeSeen, Fact, FactKind, Observation},
        order::DisputeStatus,
        provider::ObjectKind,
    },
    providers::stripe::wire::money::{BalanceTransaction, Dispute},
};

pub(super) fn told(dispute: Dispute, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let opened = time(dispute.created, "created")?.unwrap_or(occasion.at);
    let moves = dispute.balance_transactions.as_deref().unwrap_or_default();
    let withdrawn = moves.iter().find(|moved| moved.amount < 0);
    let reinstated = moves.iter().find(|moved| moved.amount > 0);
    let when = |moved: Option<&BalanceTransaction>, event: &str| match moved {
        Some(moved) => Ok(Some(
            time(moved.created, "balance_transactions.created")?.unwrap_or(occasion.at),
        )),
        None => Ok::<_, Flaw>(occasion.is(event).then_some(occasion.at)),
    };
    let withdrawn = when(withdrawn, "charge.dispute.funds_withdrawn")?;
    let reinstated = when(reinstated, "charge.dispute.funds_reinstated")?;

    let seen = seen(dispute)?;
    let minor = seen.amount.minor;
    // The transactions are in the currency of the payout; the dispute's own amount is what the payer paid in.
    let fact = |kind, minor, at| Fact {
        object: object_ref(ObjectKind::Dispute, &seen.id),
        kind,
        amount: Money::new(minor, seen.amount.currency),
        at,
    };
    let facts = std::iter::once(fact(FactKind::Disputed, minor.saturating_neg(), opened))
        .chain(withdrawn.map(|at| fact(FactKind::DisputeWithdrawn, minor.saturating_neg(), at)))
        .chain(reinstated.map(|at| fact(FactKind::DisputeReinstated, minor, at)))
        .collect();
    Ok(Told::one(Observation::Dispute(seen), facts))
}

fn seen(dispute: Dispute) -> Result<DisputeSeen, Flaw> {
    let intent = reference(dispute.payment_intent, "payment_intent")?;
    let charge = reference(dispute.charge, "charge")?;
    let due_by = dispute.evidence_details.and_then(|evidence| evidence.due_by);
    Ok(DisputeSeen {
        id: object_id(dispute.id, "id")?,
        payment: intent
            .or(charge)
            .ok_or_else(|| Flaw("it names neither a payment intent nor a charge".to_owned()))?,
        amount: money(dispute.amount, &dispute.currency)?,
        status: status(&dispute.status),
        provider_status: text(Some(dispute.status)).unwrap_or_default(),
        reason: text(dispute.reason),
        due_by: time(due_by, "evidence_details.due_by")?,
    })
}

fn status(word: &str) -> DisputeStatus {
    match word {
        "warning_under_review" | "under_review" | "appeal_under_review" => DisputeStatus::UnderReview,
        // An inquiry that ended, and one that never became a dispute, cost nothing.
        "won" | "warning_closed" | "prevented" => DisputeStatus::Won,
        "lost" => DisputeStatus::Lost,
        // `needs_response` in its three kinds, and words that came later: somebody should look.
        _ => DisputeStatus::NeedsResponse,
    }
}
