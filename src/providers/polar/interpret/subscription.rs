//! Subscriptions.

use super::{
    Told, customer,
    fields::{Flaw, labels, moment, money, object_id, span, text},
};
use crate::{
    domain::{
        checkout::CHECKOUT_METADATA_KEY,
        ids::ObjectId,
        money::Money,
        observation::{Observation, SubscriptionSeen},
        subscription::{Interval, IntervalUnit, SubscriptionItem, SubscriptionStatus},
    },
    providers::polar::wire::sale::{Price, Subscription},
};

pub(super) fn told(mut subscription: Subscription) -> Result<Told, Flaw> {
    let customer = customer::inside(subscription.customer.take())?;
    let seen = seen(subscription)?;
    Ok(Told::with(Observation::Subscription(seen), customer, Vec::new()))
}

fn seen(subscription: Subscription) -> Result<SubscriptionSeen, Flaw> {
    let items = items(&subscription)?;
    let metadata = labels(subscription.metadata);
    let status = status(&subscription.status);
    let at_period_end = subscription.cancel_at_period_end == Some(true);
    let ends_at = moment(subscription.ends_at, "ends_at")?;
    Ok(SubscriptionSeen {
        id: object_id(subscription.id, "id")?,
        customer: object_id(subscription.customer_id, "customer_id")?,
        status,
        provider_status: text(Some(subscription.status)).unwrap_or_default(),
        cancel_at_period_end: at_period_end,
        cancel_at: ends_at,
        canceled_at: moment(subscription.canceled_at, "canceled_at")?,
        ended_at: moment(subscription.ended_at, "ended_at")?,
        period: span(
            subscription.current_period_start,
            subscription.current_period_end,
            "current_period",
        )?,
        trial: span(subscription.trial_start, subscription.trial_end, "trial")?,
        items,
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

/// The product first, since it is what the catalogue calls a price, then the prices of meters.
fn items(subscription: &Subscription) -> Result<Vec<SubscriptionItem>, Flaw> {
    let interval = interval(
        subscription.recurring_interval.as_deref(),
        subscription.recurring_interval_count,
    );
    let product = object_id(subscription.product_id.clone(), "product_id")?;
    let quantity = subscription.seats.or(subscription.units).unwrap_or(1);
    let base = SubscriptionItem {
        provider_item_id: product.clone(),
        price_id: product,
        quantity: Some(quantity),
        unit_amount: unit_amount(subscription, quantity)?,
        interval,
    };
    let metered = subscription
        .prices
        .iter()
        .filter(|price| is_metered(price))
        .map(|price| {
            let id: ObjectId = object_id(price.id.clone(), "prices.id")?;
            Ok(SubscriptionItem {
                provider_item_id: id.clone(),
                price_id: id,
                quantity: None,
                unit_amount: None,
                interval,
            })
        });
    std::iter::once(Ok(base)).chain(metered).collect()
}

fn is_metered(price: &Price) -> bool {
    matches!(
        price.amount_type.as_deref(),
        Some("metered_unit" | "metered_tiers")
    )
}

/// What one costs: the fixed price, or (seats come in tiers) the whole amount where it is shared evenly.
fn unit_amount(subscription: &Subscription, quantity: i64) -> Result<Option<Money>, Flaw> {
    let fixed = subscription
        .prices
        .iter()
        .find(|price| price.amount_type.as_deref() == Some("fixed"))
        .and_then(|price| price.price_amount.zip(price.price_currency.as_deref()));
    let shared = || {
        let amount = subscription.amount?;
        let even = quantity > 0 && amount.checked_rem(quantity) == Some(0);
        let one = even.then(|| amount.checked_div(quantity)).flatten()?;
        Some((one, subscription.currency.as_deref()?))
    };
    fixed
        .or_else(shared)
        .map(|(minor, currency)| money(minor, currency))
        .transpose()
}

fn interval(unit: Option<&str>, count: Option<u16>) -> Option<Interval> {
    let unit = match unit? {
        "day" => IntervalUnit::Day,
        "week" => IntervalUnit::Week,
        "month" => IntervalUnit::Month,
        "year" => IntervalUnit::Year,
        _ => return None,
    };
    let count = count.unwrap_or(1);
    (count > 0).then_some(Interval { unit, count })
}
