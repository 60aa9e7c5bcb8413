//! Invoices: one billed cycle or one purchase each.

use super::{
    Occasion, Told,
    fields::{Flaw, money, object_id, object_ref, period, reference, text, time},
    payment,
};
use crate::{
    domain::{
        ids::ObjectId,
        observation::{Observation, OrderSeen},
        order::{Collection, OrderKind},
        provider::ObjectKind,
        subscription::Period,
    },
    providers::stripe::wire::sale::{Invoice, InvoiceLine},
};

pub(super) fn told(mut invoice: Invoice, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    if occasion.is("invoice.deleted") {
        let id = object_id(invoice.id, "id")?;
        return Ok(Told::one(
            Observation::Gone(object_ref(ObjectKind::Order, &id)),
            Vec::new(),
        ));
    }
    let links = invoice
        .payments
        .take()
        .map(|payments| payments.data)
        .unwrap_or_default();
    let mut linked = Vec::new();
    let mut facts = Vec::new();
    for link in links {
        if let Some((seen, paid)) = payment::link(link, occasion)? {
            linked.push(seen);
            facts.extend(paid);
        }
    }
    let seen = seen(
        invoice,
        linked.iter().map(|link| link.payment.clone()).collect(),
        occasion,
    )?;
    let observation = Observation::Order(seen);
    let subject = observation.object();
    let mut observations = vec![observation];
    observations.extend(linked.into_iter().map(Observation::PaymentLink));
    Ok(Told::Whole {
        subject,
        observations,
        facts,
    })
}

fn seen(invoice: Invoice, mut payments: Vec<ObjectId>, occasion: Occasion<'_>) -> Result<OrderSeen, Flaw> {
    let collection = collection(&invoice, occasion);
    let period = billed_period(&invoice)?;
    if payments.is_empty() {
        let intent = reference(invoice.payment_intent, "payment_intent")?;
        let charge = reference(invoice.charge, "charge")?;
        payments.extend(intent.or(charge));
    }
    let subscription = invoice
        .parent
        .and_then(|parent| parent.subscription_details)
        .and_then(|details| details.subscription)
        .or(invoice.subscription);
    let paid_at = invoice.status_transitions.and_then(|moments| moments.paid_at);
    Ok(OrderSeen {
        id: object_id(invoice.id, "id")?,
        kind: OrderKind::Invoice,
        customer: reference(invoice.customer, "customer")?,
        subscription: reference(subscription, "subscription")?,
        number: text(invoice.number),
        amount: money(invoice.total, &invoice.currency)?,
        collection,
        paid_at: time(paid_at, "status_transitions.paid_at")?,
        period,
        attempts: invoice
            .attempt_count
            .map(|count| i32::try_from(count).map_err(|_| Flaw("`attempt_count` is too large".to_owned())))
            .transpose()?,
        next_attempt_at: time(invoice.next_payment_attempt, "next_payment_attempt")?,
        hosted_url: text(invoice.hosted_invoice_url),
        payments,
    })
}

fn collection(invoice: &Invoice, occasion: Occasion<'_>) -> Collection {
    let tried = invoice.attempted == Some(true) && invoice.attempt_count.is_some_and(|count| count > 0);
    match invoice.status.as_deref() {
        Some("paid") => Collection::Paid,
        Some("void") => Collection::Expired,
        // Given up, but it can still be paid.
        Some("uncollectible") => Collection::Failed,
        Some("open") if tried || occasion.is("invoice.payment_failed") => Collection::Failed,
        // Drafts, open ones, and words that came later: owed, as far as billdeck can say.
        Some(_) | None => Collection::Pending,
    }
}

/// What stretch of time the invoice pays for. Its own `period_*` name the cycle *before* (Stripe docs: the invoice
/// object), so the lines that bill a cycle tell it, and other lines only when there are none.
fn billed_period(invoice: &Invoice) -> Result<Option<Period>, Flaw> {
    let lines = invoice
        .lines
        .as_ref()
        .map_or(&[][..], |lines| lines.data.as_slice());
    let span = |lines: &mut dyn Iterator<Item = &InvoiceLine>| {
        lines
            .filter_map(|line| line.period)
            .filter(|period| period.start < period.end)
            .reduce(|mut whole, next| {
                whole.start = whole.start.min(next.start);
                whole.end = whole.end.max(next.end);
                whole
            })
    };
    let billed =
        span(&mut lines.iter().filter(|line| bills_a_cycle(line))).or_else(|| span(&mut lines.iter()));
    match billed {
        Some(billed) => period(Some(billed.start), Some(billed.end), "lines.period"),
        None => period(invoice.period_start, invoice.period_end, "period"),
    }
}

fn bills_a_cycle(line: &InvoiceLine) -> bool {
    let proration = match &line.parent {
        Some(parent) => parent
            .subscription_item_details
            .as_ref()
            .map(|details| details.proration),
        None => line.subscription_item.as_ref().map(|_| line.proration),
    };
    proration.is_some_and(|proration| proration != Some(true))
}
