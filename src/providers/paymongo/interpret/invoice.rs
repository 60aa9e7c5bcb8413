//! Invoices of subscriptions: one billed cycle each.

use super::{
    Flaw, Occasion, Told,
    dates::{cycle_from, day},
    object_id, optional_id, pesos, plan,
};
use crate::{
    domain::{
        observation::{Observation, OrderSeen},
        order::{Collection, OrderKind},
    },
    providers::paymongo::wire::{Flat, sale::Invoice},
};

pub(super) fn told(invoice: Invoice, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let collection = collection(&invoice, occasion);
    let billed = invoice.subscription.map(|Flat(billed)| billed);
    let interval = billed
        .as_ref()
        .and_then(|billed| billed.plan.as_ref())
        .and_then(|Flat(found)| plan::interval(found.interval.as_deref(), found.interval_count));
    let due = day(invoice.due_date.as_deref(), "due_date")?;
    let subscription = billed
        .map(|billed| billed.id)
        .or(invoice.subscription_id)
        .or(invoice.resource_id);
    let intent = invoice.payment_intent.map(|Flat(intent)| intent.id);
    Ok(Told::one(Observation::Order(OrderSeen {
        id: object_id(invoice.id, "id")?,
        kind: OrderKind::Invoice,
        customer: optional_id(invoice.customer_id, "customer_id")?,
        subscription: optional_id(subscription, "subscription.id")?,
        number: None,
        amount: pesos(invoice.amount, invoice.currency.as_deref())?,
        collection,
        // The payment says when; an invoice says only that.
        paid_at: None,
        period: due
            .zip(interval)
            .and_then(|(due, interval)| cycle_from(due, interval)),
        attempts: None,
        next_attempt_at: None,
        // PayMongo has no page for an invoice.
        hosted_url: None,
        payments: optional_id(intent, "payment_intent.id")?.into_iter().collect(),
    })))
}

/// An invoice stays `open` when a try to collect it fails. That its subscription is in arrears tells it from one that has
/// not been tried, so that a read and the event of the failure say the same.
fn collection(invoice: &Invoice, occasion: Occasion<'_>) -> Collection {
    let in_arrears = invoice
        .subscription
        .as_ref()
        .and_then(|Flat(billed)| billed.status.as_deref())
        .is_some_and(|status| matches!(status, "past_due" | "unpaid"));
    match invoice.status.as_str() {
        "paid" => Collection::Paid,
        "void" => Collection::Expired,
        "open" if in_arrears || occasion.is("subscription.invoice.payment_failed") => Collection::Failed,
        // Drafts, open ones, and words that came later: owed, as far as billdeck can say.
        _ => Collection::Pending,
    }
}
