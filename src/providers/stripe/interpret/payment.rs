//! Payments, the charges behind them, and what links them to invoices.

use jiff::Timestamp;

use super::{
    Occasion, Told,
    fields::{Flaw, country, money, object_id, object_ref, reference, text, time},
};
use crate::{
    domain::{
        ids::ObjectId,
        money::Money,
        observation::{ChargeSeen, Fact, FactKind, Observation, PaymentLinkSeen, PaymentSeen},
        order::{Failure, PaymentMethod, PaymentStatus},
        provider::ObjectKind,
    },
    providers::stripe::wire::{
        Expandable,
        money::{Charge, InvoicePayment, MethodDetails, PaymentIntent},
    },
};

/// Money came in. The payment's id is the key, whichever of Stripe's objects tells it.
fn paid(payment: &ObjectId, amount: Money, at: Timestamp) -> Fact {
    Fact {
        object: object_ref(ObjectKind::Payment, payment),
        kind: FactKind::Paid,
        amount,
        at,
    }
}

pub(super) fn intent_told(intent: PaymentIntent, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let charge = match intent.latest_charge.clone() {
        Some(Expandable::Object(charge)) => Some(self::charge(*charge, occasion)?),
        Some(Expandable::Id(_)) | None => None,
    };
    let charged_at = charge.as_ref().and_then(|(seen, _)| seen.created);
    let (seen, fact) = self::intent(intent, charged_at, occasion)?;

    let observation = Observation::Payment(seen);
    let subject = observation.object();
    let mut observations = vec![observation];
    let mut facts = fact;
    if let Some((seen, of_charge)) = charge {
        observations.push(Observation::Charge(seen));
        facts = facts.or(of_charge);
    }
    Ok(Told::Whole {
        subject,
        observations,
        facts: facts.into_iter().collect(),
    })
}

fn intent(
    intent: PaymentIntent,
    charged_at: Option<Timestamp>,
    occasion: Occasion<'_>,
) -> Result<(PaymentSeen, Option<Fact>), Flaw> {
    let id = object_id(intent.id, "id")?;
    let status = intent_status(&intent.status, intent.last_payment_error.is_some());
    let succeeded = status == PaymentStatus::Succeeded;
    // Less than was asked for may have been taken.
    let minor = intent
        .amount_received
        .filter(|received| succeeded && *received > 0)
        .unwrap_or(intent.amount);
    let amount = money(minor, &intent.currency)?;
    // The object itself does not say when it succeeded: its charge does, or the event of it.
    let paid_at = charged_at
        .or(occasion.is("payment_intent.succeeded").then_some(occasion.at))
        .filter(|_| succeeded);
    let created = time(intent.created, "created")?;
    let fact = succeeded.then(|| paid(&id, amount, paid_at.or(created).unwrap_or(occasion.at)));
    let seen = PaymentSeen {
        customer: reference(intent.customer, "customer")?,
        amount,
        status,
        paid_at,
        failure: intent.last_payment_error.map(|problem| Failure {
            code: text(problem.code),
            decline_code: text(problem.decline_code),
            message: text(problem.message),
        }),
        order: reference(intent.invoice, "invoice")?,
        id,
    };
    Ok((seen, fact))
}

fn intent_status(word: &str, has_failed: bool) -> PaymentStatus {
    match word {
        "succeeded" => PaymentStatus::Succeeded,
        "canceled" => PaymentStatus::Canceled,
        // Back at the start after a try that failed; without one, not begun.
        "requires_payment_method" if has_failed => PaymentStatus::Failed,
        // Waiting for the payer, under way, authorised but not taken, and words that came later.
        _ => PaymentStatus::Pending,
    }
}

pub(super) fn charge_told(charge: Charge, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let (seen, fact) = self::charge(charge, occasion)?;
    Ok(Told::one(Observation::Charge(seen), fact.into_iter().collect()))
}

pub(super) fn charge(charge: Charge, occasion: Occasion<'_>) -> Result<(ChargeSeen, Option<Fact>), Flaw> {
    let id = object_id(charge.id, "id")?;
    let payment = reference(charge.payment_intent, "payment_intent")?.unwrap_or_else(|| id.clone());
    let status = match (charge.status.as_str(), charge.captured) {
        ("succeeded", Some(true) | None) => PaymentStatus::Succeeded,
        ("failed", _) => PaymentStatus::Failed,
        // Authorised and not taken, under way, and words that came later.
        (_, _) => PaymentStatus::Pending,
    };
    let amount = money(charge.amount, &charge.currency)?;
    let created = time(charge.created, "created")?;
    let fact = (status == PaymentStatus::Succeeded).then(|| {
        let taken = charge
            .amount_captured
            .filter(|taken| *taken > 0)
            .unwrap_or(charge.amount);
        paid(
            &payment,
            Money::new(taken, amount.currency),
            created.unwrap_or(occasion.at),
        )
    });
    let seen = ChargeSeen {
        id,
        payment,
        customer: reference(charge.customer, "customer")?,
        amount,
        status,
        created,
        refunded_minor: charge.amount_refunded.unwrap_or(0),
        method: charge.payment_method_details.and_then(method),
        failure: (status == PaymentStatus::Failed).then(|| Failure {
            code: text(charge.failure_code),
            decline_code: text(charge.outcome.and_then(|outcome| outcome.reason)),
            message: text(charge.failure_message),
        }),
        order: reference(charge.invoice, "invoice")?,
    };
    Ok((seen, fact))
}

fn method(details: MethodDetails) -> Option<PaymentMethod> {
    let kind = text(details.kind)?;
    let of_kind = details.by_kind.get(&kind);
    let word = |name: &str| {
        of_kind
            .and_then(|details| details.get(name))
            .and_then(|value| value.as_str())
            .map(str::to_owned)
    };
    Some(PaymentMethod {
        brand: text(word("brand")),
        last4: word("last4")
            .filter(|digits| digits.len() == 4 && digits.chars().all(|c| c.is_ascii_alphanumeric())),
        country: country(word("country").as_deref()),
        kind,
    })
}

pub(super) fn link_told(link: InvoicePayment, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    Ok(match self::link(link, occasion)? {
        Some((seen, fact)) => Told::one(Observation::PaymentLink(seen), fact.into_iter().collect()),
        None => Told::Nothing(
            "the invoice was paid outside Stripe: there is no payment to link; the invoice itself tells it"
                .to_owned(),
        ),
    })
}

/// None where the invoice was paid by something that is no payment of Stripe's.
pub(super) fn link(
    link: InvoicePayment,
    occasion: Occasion<'_>,
) -> Result<Option<(PaymentLinkSeen, Option<Fact>)>, Flaw> {
    let Some(pointer) = link.payment else {
        return Ok(None);
    };
    let intent = reference(pointer.payment_intent, "payment.payment_intent")?;
    let charge = reference(pointer.charge, "payment.charge")?;
    let Some(payment) = intent.or(charge) else {
        return Ok(None);
    };
    let is_paid = link.status == "paid";
    let minor = link.amount_paid.filter(|_| is_paid).or(link.amount_requested);
    let amount = minor
        .zip(link.currency)
        .map(|(minor, currency)| money(minor, &currency))
        .transpose()?;
    let paid_at = time(
        link.status_transitions.and_then(|moments| moments.paid_at),
        "status_transitions.paid_at",
    )?;
    let fact = amount
        .filter(|amount| is_paid && amount.minor > 0)
        .map(|amount| paid(&payment, amount, paid_at.unwrap_or(occasion.at)));
    let seen = PaymentLinkSeen {
        id: object_id(link.id, "id")?,
        order: object_id(link.invoice.0, "invoice")?,
        payment,
        paid: is_paid,
        amount,
    };
    Ok(Some((seen, fact)))
}
