//! Checkout sessions.

use super::{
    Occasion, Told,
    fields::{Flaw, metadata, money, object_id, reference, text, time},
};
use crate::{
    domain::{
        checkout::CHECKOUT_METADATA_KEY,
        observation::{CheckoutProgress, CheckoutSeen, Observation},
    },
    providers::stripe::wire::{Expandable, sale::Checkout},
};

/// The name under which the session's own reference stands among the metadata.
const CLIENT_REFERENCE: &str = "client_reference_id";

pub(super) fn told(session: Checkout, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    if session.mode.as_deref() == Some("setup") {
        return Ok(Told::Nothing(
            "the session only saves a payment method; nothing is bought".to_owned(),
        ));
    }
    let state = progress(&session, occasion);
    let mut metadata = metadata(session.metadata);
    if let Some(reference) = text(session.client_reference_id) {
        metadata.insert(CLIENT_REFERENCE.to_owned(), reference);
    }
    let order = reference(session.invoice, "invoice")?;
    let payment = match session.payment_intent {
        Some(Expandable::Id(id)) => Some(object_id(id, "payment_intent")?),
        Some(Expandable::Object(intent)) => Some(object_id(intent.id, "payment_intent.id")?),
        None => None,
    };
    let seen = CheckoutSeen {
        id: object_id(session.id, "id")?,
        state,
        customer: reference(session.customer, "customer")?,
        subscription: reference(session.subscription, "subscription")?,
        // With an invoice, the invoice tells what pays it.
        payment: payment.filter(|_| order.is_none()),
        order,
        amount: session
            .amount_total
            .zip(session.currency)
            .map(|(minor, currency)| money(minor, &currency))
            .transpose()?,
        email: text(
            session
                .customer_details
                .and_then(|details| details.email)
                .or(session.customer_email),
        ),
        checkout: metadata.get(CHECKOUT_METADATA_KEY).and_then(|id| id.parse().ok()),
        metadata,
        expires_at: time(session.expires_at, "expires_at")?,
    };
    Ok(Told::one(Observation::Checkout(seen), Vec::new()))
}

fn progress(session: &Checkout, occasion: Occasion<'_>) -> CheckoutProgress {
    let status = match session.status.as_deref() {
        Some(status) => status,
        // Without a status the event itself says how far it came.
        None if occasion.is("checkout.session.expired") => "expired",
        None if occasion.event.is_some() => "complete",
        None => "open",
    };
    match (status, session.payment_status.as_deref()) {
        ("expired", _) => CheckoutProgress::Expired,
        ("complete", Some("paid" | "no_payment_required")) => CheckoutProgress::Paid,
        ("complete", _) if occasion.is("checkout.session.async_payment_failed") => {
            CheckoutProgress::PaymentFailed
        }
        ("complete", _) if payment_has_failed(session) => CheckoutProgress::PaymentFailed,
        // A payment status that came later counts as no money yet.
        ("complete", _) => CheckoutProgress::AwaitingPayment,
        (_, _) => CheckoutProgress::Open,
    }
}

/// The session of a slow payment method stays "complete, unpaid" for ever when the payment fails; only the payment
/// itself tells it, so a read asks for it.
fn payment_has_failed(session: &Checkout) -> bool {
    match &session.payment_intent {
        Some(Expandable::Object(intent)) => {
            matches!(intent.status.as_str(), "requires_payment_method" | "canceled")
        }
        Some(Expandable::Id(_)) | None => false,
    }
}
