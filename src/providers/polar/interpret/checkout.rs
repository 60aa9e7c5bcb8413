//! Checkouts.

use super::{
    Told,
    fields::{Flaw, labels, moment, object_id, text},
};
use crate::{
    domain::{
        checkout::CHECKOUT_METADATA_KEY,
        observation::{CheckoutProgress, CheckoutSeen, Observation},
    },
    providers::polar::wire::sale::Checkout,
};

pub(super) fn told(checkout: Checkout) -> Result<Told, Flaw> {
    let metadata = labels(checkout.metadata);
    let seen = CheckoutSeen {
        id: object_id(checkout.id, "id")?,
        state: progress(checkout.status.as_deref()),
        customer: checkout
            .customer_id
            .map(|id| object_id(id, "customer_id"))
            .transpose()?,
        // The one that Polar names is the subscription that the checkout upgrades, not the one it makes: that one, and the
        // order, name the checkout themselves. An amount without either would stand for a second order.
        subscription: None,
        order: None,
        payment: None,
        amount: None,
        email: text(checkout.customer_email),
        checkout: metadata.get(CHECKOUT_METADATA_KEY).and_then(|id| id.parse().ok()),
        metadata,
        expires_at: moment(checkout.expires_at, "expires_at")?,
    };
    Ok(Told::with(Observation::Checkout(seen), [], Vec::new()))
}

fn progress(status: Option<&str>) -> CheckoutProgress {
    match status {
        Some("succeeded") => CheckoutProgress::Paid,
        // The buyer has pressed the button and the charge runs; when it fails the checkout is open once more.
        Some("confirmed") => CheckoutProgress::AwaitingPayment,
        Some("failed") => CheckoutProgress::PaymentFailed,
        Some("expired") => CheckoutProgress::Expired,
        // `open`, and words that came later: nothing is paid, as far as billdeck can say.
        Some(_) | None => CheckoutProgress::Open,
    }
}
