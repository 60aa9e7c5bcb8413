//! Plans: what a subscription bills for, and how often.

use super::{Flaw, object_id, pesos, text};
use crate::{
    domain::{
        ids::ObjectId,
        subscription::{Interval, IntervalUnit, SubscriptionItem},
    },
    providers::{ListedPrice, paymongo::wire::sale::Plan},
};

/// The one thing that a subscription bills for. PayMongo has no items, so it goes by the subscription's own id.
pub(super) fn item(plan: Plan, subscription: &ObjectId) -> Result<SubscriptionItem, Flaw> {
    Ok(SubscriptionItem {
        provider_item_id: subscription.clone(),
        interval: interval(plan.interval.as_deref(), plan.interval_count),
        unit_amount: plan
            .amount
            .map(|minor| pesos(minor, plan.currency.as_deref()))
            .transpose()?,
        price_id: object_id(plan.id, "plan.id")?,
        quantity: Some(1),
    })
}

/// `monthly`, or `month` as one guide has it.
pub(super) fn interval(unit: Option<&str>, count: Option<i64>) -> Option<Interval> {
    let unit = match unit? {
        "daily" | "day" => IntervalUnit::Day,
        "weekly" | "week" => IntervalUnit::Week,
        "monthly" | "month" => IntervalUnit::Month,
        "yearly" | "year" => IntervalUnit::Year,
        _ => return None,
    };
    let count = u16::try_from(count.unwrap_or(1))
        .ok()
        .filter(|count| *count > 0)?;
    Some(Interval { unit, count })
}

/// A plan, as the catalogue is checked against it. PayMongo cannot end one.
pub(in crate::providers::paymongo) fn listed(plan: Plan) -> Result<ListedPrice, Flaw> {
    Ok(ListedPrice {
        amount: plan
            .amount
            .map(|minor| pesos(minor, plan.currency.as_deref()))
            .transpose()?,
        id: object_id(plan.id, "id")?,
        name: text(plan.name),
        active: true,
    })
}

/// A plan of which no more than the id is told.
pub(super) fn only(id: String) -> Plan {
    Plan {
        id,
        name: None,
        amount: None,
        currency: None,
        interval: None,
        interval_count: None,
    }
}
