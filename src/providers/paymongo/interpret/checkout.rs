//! Pages on which something is paid once: checkout sessions and links. The payments that they hold say how far they have
//! come; a session's own status stays `active` when it is paid, and its intent was seen to lag behind.

use super::{
    Flaw, Occasion, Told, kept, named_customer, object_id,
    payment::{Tried, together, tried},
    pesos, text,
};
use crate::{
    domain::{
        checkout::CHECKOUT_METADATA_KEY,
        ids::ObjectId,
        money::Money,
        observation::{CheckoutProgress, CheckoutSeen, Observation},
        order::PaymentStatus,
    },
    providers::paymongo::wire::{
        Flat, Metadata,
        money::Payment,
        sale::{Checkout, LineItem, Link},
    },
};

pub(super) fn session(session: Checkout, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let mut payments = session.payments.unwrap_or_default();
    if let Some(Flat(intent)) = session.payment_intent {
        for Flat(mut payment) in intent.payments.unwrap_or_default() {
            if payments.iter().all(|Flat(known)| known.id != payment.id) {
                payment.payment_intent_id = Some(intent.id.clone());
                payments.push(Flat(payment));
            }
        }
    }
    let page = Page {
        id: object_id(session.id, "id")?,
        over: session.status.as_deref() == Some("expired"),
        paid_without: false,
        asked: sum(session.line_items.as_deref().unwrap_or_default())?,
        email: text(
            session
                .customer_email
                .or(session.billing.and_then(|billing| billing.email)),
        ),
        metadata: session.metadata,
    };
    page.told(payments, occasion)
}

pub(super) fn link(link: Link, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let page = Page {
        id: object_id(link.id, "id")?,
        over: link.archived == Some(true),
        paid_without: link.status.as_deref() == Some("paid"),
        asked: Some(pesos(link.amount, link.currency.as_deref())?),
        email: None,
        metadata: link.metadata,
    };
    page.told(link.payments.unwrap_or_default(), occasion)
}

/// What sessions and links have in common.
struct Page {
    id: ObjectId,
    /// It can no longer be paid on.
    over: bool,
    /// It says that it is paid, and need not show by what.
    paid_without: bool,
    asked: Option<Money>,
    email: Option<String>,
    metadata: Option<Metadata>,
}

impl Page {
    fn told(self, payments: Vec<Flat<Payment>>, occasion: Occasion<'_>) -> Result<Told, Flaw> {
        let mut tries = Vec::new();
        for Flat(payment) in payments {
            tries.push(tried(payment, occasion)?);
        }
        let of_status = |status| move |found: &&Tried| found.charge.status == status;
        let paid = tries.iter().find(of_status(PaymentStatus::Succeeded));
        let pending = tries.iter().find(of_status(PaymentStatus::Pending));
        let state = match (paid, pending) {
            (Some(_), _) => CheckoutProgress::Paid,
            (None, _) if self.paid_without => CheckoutProgress::Paid,
            (None, Some(_)) => CheckoutProgress::AwaitingPayment,
            (None, None) if self.over => CheckoutProgress::Expired,
            // Where a try has failed, the page still takes another one.
            (None, None) => CheckoutProgress::Open,
        };
        let counts = paid.or(pending);
        let metadata = kept(self.metadata.clone());
        let customer = named_customer(self.metadata.as_ref())
            .or_else(|| counts.and_then(|found| found.payment.customer.clone()));
        let seen = CheckoutSeen {
            id: self.id,
            state,
            customer,
            subscription: None,
            order: None,
            payment: counts.map(|found| found.payment.id.clone()),
            amount: counts.map(|found| found.charge.amount).or(self.asked),
            email: self.email,
            checkout: metadata.get(CHECKOUT_METADATA_KEY).and_then(|id| id.parse().ok()),
            metadata,
            expires_at: None,
        };
        let observation = Observation::Checkout(seen);
        let subject = observation.object();
        let (of_tries, facts) = together(tries);
        let mut observations = vec![observation];
        observations.extend(of_tries);
        Ok(Told::Whole {
            subject,
            observations,
            facts,
        })
    }
}

/// What the items come to; none where they do not say it, or say it in several currencies.
fn sum(items: &[LineItem]) -> Result<Option<Money>, Flaw> {
    let mut sum: Option<Money> = None;
    for item in items {
        let (Some(amount), quantity) = (item.amount, item.quantity.unwrap_or(1)) else {
            return Ok(None);
        };
        let Some(minor) = amount.checked_mul(quantity) else {
            return Ok(None);
        };
        let part = pesos(minor, item.currency.as_deref())?;
        sum = match sum {
            None => Some(part),
            Some(sum) => match sum.checked_add(part) {
                Ok(sum) => Some(sum),
                Err(_) => return Ok(None),
            },
        };
    }
    Ok(sum)
}
