//! Subscriptions.

use super::{
    Flaw, Told,
    dates::{cycle_to, day},
    object_id, plan, text,
};
use crate::{
    domain::{
        observation::{Observation, SubscriptionSeen},
        subscription::SubscriptionStatus,
    },
    providers::{
        fields::time,
        paymongo::wire::{Flat, sale::Subscription},
    },
};

pub(super) fn told(subscription: Subscription) -> Result<Told, Flaw> {
    let id = object_id(subscription.id, "id")?;
    let item = match (subscription.plan, subscription.plan_id) {
        (Some(Flat(found)), _) => Some(plan::item(found, &id)?),
        (None, Some(plan_id)) => Some(plan::item(plan::only(plan_id), &id)?),
        (None, None) => None,
    };
    let anchor = day(subscription.anchor_date.as_deref(), "anchor_date")?;
    let next = day(
        subscription.next_billing_schedule.as_deref(),
        "next_billing_schedule",
    )?;
    let status = status(&subscription.status);
    let cancelled_at = time(subscription.cancelled_at, "cancelled_at")?;
    Ok(Told::one(Observation::Subscription(SubscriptionSeen {
        customer: object_id(subscription.customer_id, "customer_id")?,
        status,
        provider_status: text(Some(subscription.status)).unwrap_or_default(),
        cancel_at_period_end: false,
        cancel_at: None,
        canceled_at: cancelled_at,
        // A cancellation takes effect at once.
        ended_at: cancelled_at.filter(|_| status.is_terminal()),
        period: next
            .zip(item.as_ref().and_then(|item| item.interval))
            .and_then(|(next, interval)| cycle_to(next, interval, anchor)),
        trial: None,
        items: item.into_iter().collect(),
        metadata: std::collections::BTreeMap::new(),
        checkout: None,
        id,
    })))
}

fn status(word: &str) -> SubscriptionStatus {
    match word {
        "incomplete" => SubscriptionStatus::Incomplete,
        "incomplete_cancelled" => SubscriptionStatus::Expired,
        "active" => SubscriptionStatus::Active,
        "past_due" => SubscriptionStatus::PastDue,
        "unpaid" => SubscriptionStatus::Unpaid,
        "cancelled" => SubscriptionStatus::Canceled,
        // Words that came later: no access, and nothing that could not follow.
        _ => SubscriptionStatus::Paused,
    }
}
