//! Checkout sessions: ours and those that others started.

use std::collections::BTreeSet;

use super::{
    customer, order, payment, subscription,
    working::{Hold, Working},
};
use crate::domain::{
    checkout::{Checkout, CheckoutState},
    ids::{CheckoutId, LinkId, ObjectId},
    observation::{CheckoutProgress, CheckoutSeen},
    order::{Collection, Order, OrderKind},
    provider::{ObjectKind, ObjectRef},
};

/// Applies what the provider says about a session.
pub(super) fn apply(work: &mut Working<'_>, seen: &CheckoutSeen) -> Result<(), Hold> {
    let link_id = seen.customer.as_ref().map(|id| customer::link_for(work, id));
    let ours = find(work, &seen.id, seen.checkout).cloned();
    if let Some(link_id) = link_id {
        if let Some(ours) = &ours {
            customer::claim_for_checkout(work, link_id, ours.id);
        }
        customer::claim(work, link_id, &seen.metadata);
    }
    let ours = ours.map(|row| {
        let id = row.id;
        work.rows.checkouts.put(progressed(row, seen));
        id
    });
    if let Some(id) = &seen.subscription {
        mention_subscription(work, id, link_id, ours)?;
    }
    purchase(work, seen, link_id);
    Ok(())
}

/// The provider has no such session (any more). Says whether it was ours.
pub(super) fn gone(work: &mut Working<'_>, id: &ObjectId) -> bool {
    let Some(row) = find(work, id, None).cloned() else {
        return false;
    };
    let state = match row.state {
        CheckoutState::Complete => CheckoutState::Complete,
        CheckoutState::Creating | CheckoutState::Open | CheckoutState::Expired | CheckoutState::Unknown => {
            CheckoutState::Expired
        }
    };
    work.rows.checkouts.put(Checkout { state, ..row });
    true
}

fn find<'w>(work: &'w Working<'_>, id: &ObjectId, ours: Option<CheckoutId>) -> Option<&'w Checkout> {
    work.rows
        .checkouts
        .find(|row| row.provider_checkout_id.as_ref() == Some(id))
        .or_else(|| {
            // The id travels in metadata, which anybody with the provider's dashboard can copy to another session.
            let row = work.rows.checkouts.get(ours?)?;
            row.provider_checkout_id.is_none().then_some(row)
        })
}

fn progressed(row: Checkout, seen: &CheckoutSeen) -> Checkout {
    let state = match seen.state {
        // Money that is under way may still come: until it does not, a second checkout would sell the same twice.
        CheckoutProgress::Open | CheckoutProgress::AwaitingPayment => CheckoutState::Open,
        CheckoutProgress::Paid => CheckoutState::Complete,
        CheckoutProgress::PaymentFailed | CheckoutProgress::Expired => CheckoutState::Expired,
    };
    Checkout {
        provider_checkout_id: Some(seen.id.clone()),
        state,
        expires_at: seen.expires_at.or(row.expires_at),
        ..row
    }
}

/// A session may be told of before the subscription it made: that one is read, else kept as a mention.
fn mention_subscription(
    work: &mut Working<'_>,
    id: &ObjectId,
    link_id: Option<LinkId>,
    checkout: Option<CheckoutId>,
) -> Result<(), Hold> {
    if subscription::find(work, id).is_none() {
        let object = ObjectRef::new(ObjectKind::Subscription, id.clone());
        if work.can_ask(&object) {
            return Err(Hold::Read(BTreeSet::from([object])));
        }
        if work.is_gone(&object) {
            let note = format!(
                "{} has no subscription {id}, which the checkout names",
                work.ctx.book.provider
            );
            work.note(note);
            return Ok(());
        }
    }
    if let Some(link_id) = link_id {
        subscription::mention(work, id, link_id, checkout);
    }
    Ok(())
}

/// A session that sells no subscription is paid by an invoice, or else is the order itself.
fn purchase(work: &mut Working<'_>, seen: &CheckoutSeen, link_id: Option<LinkId>) {
    if seen.subscription.is_some() {
        return;
    }
    let collection = match seen.state {
        CheckoutProgress::Open | CheckoutProgress::Expired => return,
        CheckoutProgress::AwaitingPayment => Collection::Pending,
        CheckoutProgress::PaymentFailed => Collection::Failed,
        CheckoutProgress::Paid => Collection::Paid,
    };
    let payment_id = seen
        .payment
        .as_ref()
        .map(|id| payment::mention(work, id, link_id));
    if let Some(invoice) = &seen.order {
        let order_id = order::mention(work, invoice, OrderKind::Invoice, link_id);
        if let Some(payment_id) = payment_id {
            order::tie(work, payment_id, order_id);
        }
        order::drop_session(work, &seen.id);
        return;
    }
    if payment_id.is_none() && seen.amount.is_none() {
        return;
    }
    if payment_id.is_some_and(|id| order::is_invoiced(work, id)) {
        return;
    }
    let order_id = order::mention(work, &seen.id, OrderKind::Session, link_id);
    if let Some(row) = work.rows.orders.get(order_id).cloned() {
        work.rows.orders.put(Order {
            amount: seen.amount.or(row.amount),
            collection,
            link_id: link_id.or(row.link_id),
            ..row
        });
    }
    if let Some(payment_id) = payment_id {
        order::tie(work, payment_id, order_id);
    }
}
