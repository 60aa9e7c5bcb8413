//! Payments (billing's charges) and the intents that hold them (billing's payments).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Flaw, Occasion, Told, named_customer, object_id, object_ref, optional_id, refund, text};
use crate::{
    domain::{
        ids::ObjectId,
        observation::{ChargeSeen, Fact, FactKind, Observation, PaymentSeen},
        order::{Failure, PaymentMethod, PaymentStatus, RefundStatus},
        provider::ObjectKind,
    },
    providers::{
        fields::{country, money, time},
        paymongo::wire::{
            Flat,
            error::is_unspeakable,
            money::{Intent, Payment, Source},
        },
    },
};

/// One try to move money, with all that it tells.
pub(in crate::providers::paymongo) struct Tried {
    pub(in crate::providers::paymongo) charge: ChargeSeen,
    /// How the intent stands by this try.
    pub(in crate::providers::paymongo) payment: PaymentSeen,
    pub(in crate::providers::paymongo) refunds: Vec<Observation>,
    pub(in crate::providers::paymongo) facts: Vec<Fact>,
    pub(in crate::providers::paymongo) disputed: bool,
}

/// What tries tell together. Several of one intent agree on how it stands: money that moved outweighs money that may, and
/// that a try that failed; of those the last one counts.
pub(in crate::providers::paymongo) fn together(tries: Vec<Tried>) -> (Vec<Observation>, Vec<Fact>) {
    let weight = |tried: &Tried| {
        let rank = match tried.payment.status {
            PaymentStatus::Succeeded => 3,
            PaymentStatus::Pending => 2,
            PaymentStatus::Failed => 1,
            PaymentStatus::Canceled => 0,
        };
        (rank, tried.charge.created, tried.charge.id.clone())
    };
    let mut payments: BTreeMap<ObjectId, (_, PaymentSeen)> = BTreeMap::new();
    let mut observations = Vec::new();
    let mut facts = Vec::new();
    for tried in tries {
        let weight = weight(&tried);
        let stands = payments
            .get(&tried.payment.id)
            .is_some_and(|(known, _)| *known > weight);
        if !stands {
            payments.insert(tried.payment.id.clone(), (weight, tried.payment));
        }
        observations.push(Observation::Charge(tried.charge));
        observations.extend(tried.refunds);
        facts.extend(tried.facts);
    }
    observations.extend(payments.into_values().map(|(_, seen)| Observation::Payment(seen)));
    (observations, facts)
}

pub(super) fn told(payment: Payment, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let (observations, facts) = together(vec![tried(payment, occasion)?]);
    let subject = observations
        .first()
        .map(Observation::object)
        .ok_or_else(|| Flaw("it tells nothing".to_owned()))?;
    Ok(Told::Whole {
        subject,
        observations,
        facts,
    })
}

/// Reads a payment of PayMongo's.
pub(in crate::providers::paymongo) fn tried(payment: Payment, occasion: Occasion<'_>) -> Result<Tried, Flaw> {
    let id = object_id(payment.id, "id")?;
    let intent = optional_id(payment.payment_intent_id, "payment_intent_id")?;
    let of = intent.unwrap_or_else(|| id.clone());
    let amount = money(payment.amount, &payment.currency)?;
    let status = status(&payment.status);
    let moved = status == PaymentStatus::Succeeded;
    let created = time(payment.created_at, "created_at")?;
    let paid_at = time(payment.paid_at, "paid_at")?.or(created).filter(|_| moved);
    let customer = named_customer(payment.metadata.as_ref());
    let failure =
        (status == PaymentStatus::Failed).then(|| failure(payment.failed_code, payment.failed_message));

    let mut refunds = Vec::new();
    let mut facts = Vec::new();
    if moved {
        // One intent can be paid by one try only, so that the try's own id keeps the fact from being told twice.
        facts.push(Fact {
            object: object_ref(ObjectKind::Charge, &id),
            kind: FactKind::Paid,
            amount,
            at: paid_at.unwrap_or(occasion.at),
        });
    }
    let mut refunded_minor = 0_i64;
    for Flat(found) in payment.refunds.unwrap_or_default() {
        let of_refund = refund::told(&found, occasion)?;
        let seen = refund::seen(found, &of)?;
        if seen.status == RefundStatus::Succeeded {
            refunded_minor = refunded_minor.saturating_add(seen.amount.minor);
        }
        facts.extend(of_refund);
        refunds.push(Observation::Refund(seen));
    }
    Ok(Tried {
        payment: PaymentSeen {
            id: of.clone(),
            customer: customer.clone(),
            amount,
            status,
            paid_at,
            failure: failure.clone(),
            order: None,
        },
        charge: ChargeSeen {
            id,
            payment: of,
            customer,
            amount,
            status,
            created: paid_at.or(created),
            refunded_minor,
            method: payment.source.and_then(|Flat(source)| method(source)),
            failure,
            order: None,
        },
        refunds,
        facts,
        disputed: payment.disputed == Some(true),
    })
}

fn status(word: &str) -> PaymentStatus {
    match word {
        // What went back since is told by the refunds.
        "paid" | "refunded" | "partially_refunded" => PaymentStatus::Succeeded,
        "failed" => PaymentStatus::Failed,
        // `pending`, and words that came later: no money yet, as far as billdeck can say.
        _ => PaymentStatus::Pending,
    }
}

fn failure(code: Option<String>, message: Option<String>) -> Failure {
    if code.as_deref().is_some_and(is_unspeakable) {
        return Failure {
            code: Some("generic_decline".to_owned()),
            decline_code: None,
            message: Some("The payment was declined.".to_owned()),
        };
    }
    Failure {
        code: text(code),
        decline_code: None,
        message: text(message),
    }
}

fn method(source: Source) -> Option<PaymentMethod> {
    Some(PaymentMethod {
        kind: text(source.kind)?,
        brand: text(source.brand),
        last4: source
            .last4
            .filter(|digits| digits.len() == 4 && digits.chars().all(|c| c.is_ascii_alphanumeric())),
        country: country(source.country.as_deref()),
    })
}

/// An intent with the tries that it holds. Where they disagree, the tries are believed: an intent was seen to say
/// `processing` beside a payment that was paid.
pub(super) fn intent(intent: Intent, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let id = object_id(intent.id, "id")?;
    let mut tries = Vec::new();
    for Flat(mut payment) in intent.payments.unwrap_or_default() {
        // A try says whose it is by standing here.
        payment.payment_intent_id = Some(id.to_string());
        tries.push(tried(payment, occasion)?);
    }
    let paid = tries
        .iter()
        .find(|found| found.charge.status == PaymentStatus::Succeeded);
    let failed = tries
        .iter()
        .filter(|found| found.charge.status == PaymentStatus::Failed)
        .max_by(|one, other| {
            (one.charge.created, &one.charge.id).cmp(&(other.charge.created, &other.charge.id))
        });
    let status = match (intent.status.as_str(), paid) {
        (_, Some(_)) | ("succeeded", None) => PaymentStatus::Succeeded,
        ("cancelled", None) => PaymentStatus::Canceled,
        // Back at the start after a try that failed; without one, not begun.
        ("awaiting_payment_method", None) if failed.is_some() || intent.last_payment_error.is_some() => {
            PaymentStatus::Failed
        }
        // Waiting for the payer, under way, authorised but not taken, and words that came later.
        (_, None) => PaymentStatus::Pending,
    };
    let failure = (status == PaymentStatus::Failed).then(|| {
        failed
            .and_then(|found| found.charge.failure.clone())
            .unwrap_or_else(|| last_error(intent.last_payment_error.as_ref()))
    });
    let customer = named_customer(intent.metadata.as_ref())
        .or_else(|| tries.iter().find_map(|found| found.payment.customer.clone()));
    let seen = PaymentSeen {
        customer,
        amount: match paid {
            Some(paid) => paid.charge.amount,
            None => money(intent.amount, &intent.currency)?,
        },
        status,
        paid_at: paid.and_then(|paid| paid.payment.paid_at),
        failure,
        order: None,
        id,
    };
    let observation = Observation::Payment(seen);
    let subject = observation.object();
    let mut observations = vec![observation];
    let mut facts = Vec::new();
    for found in tries {
        observations.push(Observation::Charge(found.charge));
        observations.extend(found.refunds);
        facts.extend(found.facts);
    }
    Ok(Told::Whole {
        subject,
        observations,
        facts,
    })
}

fn last_error(found: Option<&Value>) -> Failure {
    let word = |names: [&str; 2]| {
        names
            .into_iter()
            .find_map(|name| found?.get(name)?.as_str())
            .map(str::to_owned)
    };
    failure(word(["failed_code", "code"]), word(["failed_message", "detail"]))
}
