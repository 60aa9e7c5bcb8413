//! Disputes, which PayMongo hardly documents: amount, currency, status and reason are sure, the rest is looked for.

use super::{Flaw, Occasion, Told, object_id, object_ref, optional_id, pesos, text};
use crate::{
    domain::{
        ids::ObjectId,
        money::Money,
        observation::{DisputeSeen, Fact, FactKind},
        order::DisputeStatus,
        provider::ObjectKind,
    },
    providers::{
        fields::time,
        paymongo::wire::{Flat, money::Dispute},
    },
};

pub(super) fn pointed(dispute: Dispute, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    if payment_of(&dispute)?.is_none() {
        return Ok(Told::Nothing(
            "the dispute does not say which payment is disputed; look it up in PayMongo's dashboard"
                .to_owned(),
        ));
    }
    let id = object_id(dispute.id, "id")?;
    let amount = pesos(dispute.amount, dispute.currency.as_deref())?;
    let opened = Fact {
        object: object_ref(ObjectKind::Dispute, &id),
        kind: FactKind::Disputed,
        amount: Money::new(amount.minor.saturating_neg(), amount.currency),
        at: time(dispute.created_at, "created_at")?.unwrap_or(occasion.at),
    };
    Ok(Told::Pointed {
        subject: object_ref(ObjectKind::Dispute, &id),
        facts: vec![opened],
    })
}

/// The payment of PayMongo's that it names, if it names one.
pub(in crate::providers::paymongo) fn payment_of(dispute: &Dispute) -> Result<Option<ObjectId>, Flaw> {
    let within = dispute.payment.as_ref().map(|Flat(payment)| payment.id.clone());
    optional_id(dispute.payment_id.clone().or(within), "payment_id")
}

/// A dispute of a payment that is known.
pub(in crate::providers::paymongo) fn seen(
    dispute: Dispute,
    payment: &ObjectId,
) -> Result<DisputeSeen, Flaw> {
    let provider_status = text(dispute.status).unwrap_or_default();
    Ok(DisputeSeen {
        id: object_id(dispute.id, "id")?,
        payment: payment.clone(),
        amount: pesos(dispute.amount, dispute.currency.as_deref())?,
        status: match provider_status.as_str() {
            "under_review" => DisputeStatus::UnderReview,
            "won" => DisputeStatus::Won,
            "lost" => DisputeStatus::Lost,
            // `expired`, of which PayMongo does not say for whom, and words that came later: somebody should look.
            _ => DisputeStatus::NeedsResponse,
        },
        provider_status,
        reason: text(dispute.reason),
        due_by: None,
    })
}
