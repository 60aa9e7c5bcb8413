//! Subscriptions, in the shapes from before and after 2025-03-31.basil.

use super::{
    Told,
    fields::{Flaw, metadata, money, object_id, object_ref, period, text, time},
};
use crate::{
    domain::{
        checkout::CHECKOUT_METADATA_KEY,
        observation::{Observation, SubscriptionSeen},
        provider::ObjectKind,
        subscription::{Interval, IntervalUnit, Period, SubscriptionItem, SubscriptionStatus},
    },
    providers::stripe::wire::{
        Expandable,
        sale::{self, Subscription},
    },
};

pub(in crate::providers::stripe) fn told(subscription: Subscription) -> Result<Told, Flaw> {
    // Stripe shows ten items of a subscription and says that there are more.
    if subscription.items.has_more == Some(true) {
        let id = object_id(subscription.id, "id")?;
        return Ok(Told::Cut {
            subject: object_ref(ObjectKind::Subscription, &id),
            facts: Vec::new(),
        });
    }
    let seen = seen(subscription)?;
    Ok(Told::one(Observation::Subscription(seen), Vec::new()))
}

fn seen(subscription: Subscription) -> Result<SubscriptionSeen, Flaw> {
    let trial = period(subscription.trial_start, subscription.trial_end, "trial")?;
    let of_items = subscription
        .items
        .data
        .iter()
        .map(|item| {
            period(
                item.current_period_start,
                item.current_period_end,
                "items.current_period",
            )
        })
        .collect::<Result<Vec<_>, _>>()?;
    let of_items: Vec<Period> = of_items.into_iter().flatten().collect();
    // Items may run in different cycles. What has been paid reaches to the last of their ends.
    let period = match of_items.iter().max_by_key(|period| period.end) {
        Some(period) => Some(*period),
        None => period(
            subscription.current_period_start,
            subscription.current_period_end,
            "current_period",
        )?,
    };

    let cancel_at = time(subscription.cancel_at, "cancel_at")?;
    // One intent in two shapes: the flag, or (flexible billing, customer portal) a date that is a period's end.
    let ends_with_a_period = cancel_at.is_some_and(|at| {
        of_items.iter().any(|period| period.end == at) || period.is_some_and(|period| period.end == at)
    });
    let metadata = metadata(subscription.metadata);

    Ok(SubscriptionSeen {
        id: object_id(subscription.id, "id")?,
        customer: object_id(subscription.customer.0, "customer")?,
        status: status(&subscription.status),
        provider_status: text(Some(subscription.status)).unwrap_or_default(),
        cancel_at_period_end: subscription.cancel_at_period_end == Some(true) || ends_with_a_period,
        cancel_at,
        canceled_at: time(subscription.canceled_at, "canceled_at")?,
        ended_at: time(subscription.ended_at, "ended_at")?,
        period,
        trial,
        items: subscription
            .items
            .data
            .into_iter()
            .map(item)
            .collect::<Result<_, _>>()?,
        checkout: metadata.get(CHECKOUT_METADATA_KEY).and_then(|id| id.parse().ok()),
        metadata,
    })
}

fn status(word: &str) -> SubscriptionStatus {
    match word {
        "incomplete" => SubscriptionStatus::Incomplete,
        "incomplete_expired" => SubscriptionStatus::Expired,
        "trialing" => SubscriptionStatus::Trialing,
        "active" => SubscriptionStatus::Active,
        "past_due" => SubscriptionStatus::PastDue,
        "unpaid" => SubscriptionStatus::Unpaid,
        "canceled" => SubscriptionStatus::Canceled,
        // `paused`, and words that came later: no access, and nothing that could not follow.
        _ => SubscriptionStatus::Paused,
    }
}

fn item(item: sale::SubscriptionItem) -> Result<SubscriptionItem, Flaw> {
    let (price_id, unit_amount, interval) = match (item.price, item.plan) {
        (Some(Expandable::Object(price)), _) => {
            let recurring = price.recurring;
            (
                price.id,
                price.unit_amount.zip(price.currency),
                recurring
                    .and_then(|recurring| interval(recurring.interval.as_deref(), recurring.interval_count)),
            )
        }
        (Some(Expandable::Id(id)), _) | (None, Some(Expandable::Id(id))) => (id, None, None),
        (None, Some(Expandable::Object(plan))) => (
            plan.id,
            plan.amount.zip(plan.currency),
            interval(plan.interval.as_deref(), plan.interval_count),
        ),
        (None, None) => return Err(Flaw("an item names no price".to_owned())),
    };
    Ok(SubscriptionItem {
        provider_item_id: object_id(item.id, "items.id")?,
        price_id: object_id(price_id, "items.price")?,
        quantity: item.quantity,
        unit_amount: unit_amount
            .map(|(minor, currency)| money(minor, &currency))
            .transpose()?,
        interval,
    })
}

fn interval(unit: Option<&str>, count: Option<i64>) -> Option<Interval> {
    let unit = match unit? {
        "day" => IntervalUnit::Day,
        "week" => IntervalUnit::Week,
        "month" => IntervalUnit::Month,
        "year" => IntervalUnit::Year,
        _ => return None,
    };
    let count = u16::try_from(count.unwrap_or(1))
        .ok()
        .filter(|count| *count > 0)?;
    Some(Interval { unit, count })
}
