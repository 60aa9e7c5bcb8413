//! Polar's payments: each one try at what an order owes.

use super::{
    Occasion, Told,
    fields::{Flaw, moment, money, object_id, text},
    order,
};
use crate::{
    domain::{
        observation::{ChargeSeen, Observation},
        order::{Failure, PaymentMethod, PaymentStatus},
    },
    providers::polar::wire::money::Payment,
};

pub(super) fn told(payment: Payment, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let Some(order) = payment.order_id.clone() else {
        return Ok(Told::Nothing(
            "the payment belongs to a checkout that has made no order yet; the order will tell it".to_owned(),
        ));
    };
    let order = object_id(order, "order_id")?;
    let status = status(payment.status.as_deref());
    let created = moment(payment.created_at.clone(), "created_at")?;
    let amount = money(payment.amount, &payment.currency)?;
    let fact = (status == PaymentStatus::Succeeded)
        .then(|| order::paid(&order, amount, created.unwrap_or(occasion.at)));
    let method = method(&payment);
    let seen = ChargeSeen {
        id: object_id(payment.id, "id")?,
        payment: order.clone(),
        customer: None,
        amount,
        status,
        created,
        refunded_minor: 0,
        method,
        failure: (status == PaymentStatus::Failed).then(|| Failure {
            code: text(payment.decline_reason),
            decline_code: None,
            message: text(payment.decline_message),
        }),
        order: Some(order),
    };
    Ok(Told::with(
        Observation::Charge(seen),
        [],
        fact.into_iter().collect(),
    ))
}

fn status(word: Option<&str>) -> PaymentStatus {
    match word {
        Some("succeeded") => PaymentStatus::Succeeded,
        Some("failed") => PaymentStatus::Failed,
        // `pending`, and words that came later.
        Some(_) | None => PaymentStatus::Pending,
    }
}

/// Polar tells no country of a card.
fn method(payment: &Payment) -> Option<PaymentMethod> {
    let details = payment.method_metadata.as_ref();
    Some(PaymentMethod {
        kind: text(payment.method.clone())?,
        brand: text(details.and_then(|details| details.brand.clone())),
        last4: details
            .and_then(|details| details.last4.clone())
            .filter(|digits| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())),
        country: None,
    })
}
