//! Disputes, and the money that they move. Polar tells them by no event of their own: they are read, or come inside a
//! refund. Like refunds they are written without the tax.

use super::{
    Occasion, Told,
    fields::{Flaw, moment, object_id, object_ref, text},
    refund::with_tax,
};
use crate::{
    domain::{
        money::Money,
        observation::{DisputeSeen, Fact, FactKind, Observation},
        order::DisputeStatus,
        provider::ObjectKind,
    },
    providers::polar::wire::money::Dispute,
};

pub(super) fn told(dispute: Dispute, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let (observation, facts) = seen(dispute, occasion)?;
    Ok(Told::with(observation, [], facts))
}

pub(super) fn seen(dispute: Dispute, occasion: Occasion<'_>) -> Result<(Observation, Vec<Fact>), Flaw> {
    let opened = moment(dispute.created_at, "created_at")?.unwrap_or(occasion.at);
    let changed = moment(dispute.modified_at, "modified_at")?.unwrap_or(opened);
    let seen = DisputeSeen {
        id: object_id(dispute.id, "id")?,
        payment: object_id(dispute.order_id, "order_id")?,
        amount: with_tax(dispute.amount, dispute.tax_amount, &dispute.currency)?,
        status: status(&dispute.status),
        provider_status: text(Some(dispute.status)).unwrap_or_default(),
        reason: text(dispute.reason),
        due_by: moment(dispute.evidence_due_by, "evidence_due_by")?,
    };
    let fact = |kind, at| Fact {
        object: object_ref(ObjectKind::Dispute, &seen.id),
        kind,
        amount: Money::new(seen.amount.minor.saturating_neg(), seen.amount.currency),
        at,
    };
    // A warning is no dispute yet, and one that was prevented went back as a refund of its own.
    let is_warning = matches!(seen.provider_status.as_str(), "early_warning" | "prevented");
    let mut facts = Vec::new();
    if !is_warning {
        facts.push(fact(FactKind::Disputed, opened));
    }
    // When the bank took the money is not told; once the dispute is lost, it has.
    if seen.status == DisputeStatus::Lost {
        facts.push(fact(FactKind::DisputeWithdrawn, changed));
    }
    Ok((Observation::Dispute(seen), facts))
}

fn status(word: &str) -> DisputeStatus {
    match word {
        "under_review" => DisputeStatus::UnderReview,
        "won" | "prevented" => DisputeStatus::Won,
        "lost" => DisputeStatus::Lost,
        // `needs_response`, `early_warning`, and words that came later: somebody should look.
        _ => DisputeStatus::NeedsResponse,
    }
}
