//! Subscriptions: the whole row from what the provider says, its plan by its prices.

use super::{
    Evidence, UnknownPrice, customer,
    working::{Hold, Proof, Working},
};
use crate::domain::{
    ids::{CheckoutId, LinkId, ObjectId},
    observation::SubscriptionSeen,
    subscription::{Subscription, SubscriptionItem, SubscriptionStatus, Verification, VerifiedBy},
};

/// Applies what the provider says about a subscription.
pub(super) fn apply(work: &mut Working<'_>, seen: &SubscriptionSeen, proof: Proof<'_>) -> Result<(), Hold> {
    let link_id = customer::link_for(work, &seen.customer);
    if let Some(checkout) = seen.checkout {
        customer::claim_for_checkout(work, link_id, checkout);
    }
    customer::claim(work, link_id, &seen.metadata);
    let stored = find(work, &seen.id).cloned();
    let priced = priced(work, &seen.items, stored.as_ref())?;
    let checkout_id = seen
        .checkout
        .filter(|id| work.rows.checkouts.get(*id).is_some())
        .or(stored.as_ref().and_then(|row| row.checkout_id));
    let row = Subscription {
        id: stored.as_ref().map_or_else(|| work.fresh(), |row| row.id),
        link_id,
        book: work.ctx.book,
        provider_subscription_id: Some(seen.id.clone()),
        checkout_id,
        plan: priced.plan,
        status: seen.status,
        provider_status: seen.provider_status.clone(),
        cancel_at_period_end: seen.cancel_at_period_end,
        cancel_at: seen.cancel_at,
        canceled_at: seen.canceled_at,
        ended_at: seen.ended_at,
        period: seen.period,
        trial: seen.trial,
        seats: priced.seats,
        items: seen.items.clone(),
        verification: Verification::Pending,
    };
    store(work, stored.as_ref(), row, proof);
    Ok(())
}

/// The row of a subscription that something else mentions; a new one says only that it exists. What the provider later
/// says of the subscription itself is put in its place, whatever its time: a mention has no version.
pub(super) fn mention(work: &mut Working<'_>, id: &ObjectId, link_id: LinkId, checkout: Option<CheckoutId>) {
    let row = match find(work, id).cloned() {
        Some(row) => Subscription {
            checkout_id: row.checkout_id.or(checkout),
            ..row
        },
        None => Subscription {
            id: work.fresh(),
            link_id,
            book: work.ctx.book,
            provider_subscription_id: Some(id.clone()),
            checkout_id: checkout,
            plan: None,
            status: SubscriptionStatus::Incomplete,
            provider_status: String::new(),
            cancel_at_period_end: false,
            cancel_at: None,
            canceled_at: None,
            ended_at: None,
            period: None,
            trial: None,
            seats: None,
            items: Vec::new(),
            verification: Verification::Pending,
        },
    };
    work.rows.subscriptions.put(row);
}

/// The part of a description that does not wait for its price: the end of access. The known plan, seats and items stay.
/// Says whether there was such an end.
pub(super) fn end_of_access(work: &mut Working<'_>, seen: &SubscriptionSeen, proof: Proof<'_>) -> bool {
    let Some(stored) = find(work, &seen.id).cloned() else {
        return false;
    };
    // Past due counts as access here: whether it is one is a setting, and taking it away can wait for the price.
    let ends = stored.status.gives_access(true) && !seen.status.gives_access(true);
    if !ends {
        return false;
    }
    let row = Subscription {
        status: seen.status,
        provider_status: seen.provider_status.clone(),
        cancel_at_period_end: seen.cancel_at_period_end,
        cancel_at: seen.cancel_at,
        canceled_at: seen.canceled_at,
        ended_at: seen.ended_at,
        ..stored.clone()
    };
    store(work, Some(&stored), row, proof);
    true
}

/// The provider has no such subscription (any more). Says whether it was known.
pub(super) fn gone(work: &mut Working<'_>, id: &ObjectId, proof: Proof<'_>) -> bool {
    let Some(stored) = find(work, id).cloned() else {
        return false;
    };
    let row = Subscription {
        status: if stored.status.is_terminal() {
            stored.status
        } else {
            SubscriptionStatus::Canceled
        },
        ended_at: stored.ended_at.or(Some(proof.at())),
        ..stored.clone()
    };
    store(work, Some(&stored), row, proof);
    let note = format!(
        "{} has no subscription {id} any more: it counts as canceled",
        work.ctx.book.provider
    );
    work.note(note);
    true
}

pub(super) fn find<'w>(work: &'w Working<'_>, id: &ObjectId) -> Option<&'w Subscription> {
    work.rows
        .subscriptions
        .find(|row| row.provider_subscription_id.as_ref() == Some(id))
}

/// Puts the row in place, with what the proof makes of its verification.
fn store(work: &mut Working<'_>, stored: Option<&Subscription>, row: Subscription, proof: Proof<'_>) {
    let at = work.ctx.now;
    let unchanged = stored.filter(|stored| {
        let asserted = Subscription {
            verification: stored.verification.clone(),
            ..row.clone()
        };
        **stored == asserted
    });
    let verification = match proof.evidence {
        Evidence::Body { .. } | Evidence::Read { .. } if proof.unsure => Verification::Pending,
        Evidence::Read { .. } => Verification::Verified {
            at,
            by: VerifiedBy::Read,
        },
        Evidence::Body {
            trusted: true, event, ..
        } => Verification::Verified {
            at,
            by: VerifiedBy::Event(*event),
        },
        Evidence::Body { trusted: false, .. } => {
            unchanged.map_or(Verification::Pending, |stored| stored.verification.clone())
        }
    };
    work.rows.subscriptions.put(Subscription { verification, ..row });
}

struct Priced {
    plan: Option<String>,
    seats: Option<i64>,
}

/// The plan that the first item with a known price names. Further items are add-ons.
fn priced(
    work: &Working<'_>,
    items: &[SubscriptionItem],
    stored: Option<&Subscription>,
) -> Result<Priced, Hold> {
    let Some(first) = items.first() else {
        return Ok(Priced {
            plan: stored.and_then(|row| row.plan.clone()),
            seats: None,
        });
    };
    let known = items.iter().find_map(|item| {
        let found = work.ctx.catalog.by_price(work.ctx.book, &item.price_id)?;
        Some((item, found))
    });
    if let Some((item, found)) = known {
        return Ok(Priced {
            plan: Some(found.plan.key.clone()),
            seats: if found.price.per_seat { item.quantity } else { None },
        });
    }
    // The catalogue has dropped a price that this subscription was known by: its plan is the one it had.
    let retired = stored.and_then(|row| {
        let plan = row.plan.as_ref()?;
        let item = items
            .iter()
            .find(|item| row.items.iter().any(|had| had.price_id == item.price_id))?;
        Some(Priced {
            plan: Some(plan.clone()),
            seats: row.seats.and(item.quantity),
        })
    });
    if let Some(priced) = retired {
        return Ok(priced);
    }
    match work.ctx.unknown_price {
        UnknownPrice::Wait => Err(Hold::Price(first.price_id.clone())),
        UnknownPrice::Apply => Ok(Priced {
            plan: None,
            seats: None,
        }),
    }
}
