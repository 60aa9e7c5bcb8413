//! What the simulated accounts sell: the catalogue, so that everything bought there is in a plan.

use crate::{
    domain::{
        catalog::Catalog,
        provider::{Environment, ProviderName},
        subscription::{Interval, IntervalUnit},
    },
    simulators::stripe::{Recurring, SimPrice, Unit},
};

/// The catalogue's Stripe prices of this environment, for a simulated account.
pub fn simulated_prices(catalog: &Catalog, environment: Environment) -> Vec<SimPrice> {
    let all = catalog
        .plans()
        .iter()
        .flat_map(|plan| plan.prices.iter().map(move |price| (plan, price)));
    all.filter(|(_, price)| price.provider == ProviderName::Stripe && price.environment == environment)
        .map(|(plan, price)| SimPrice {
            id: price.id.to_string(),
            product: plan.name.clone(),
            currency: price.amount.currency.code().to_lowercase(),
            unit_amount: price.amount.minor,
            recurring: Some(recurring(price.interval)),
            nickname: None,
        })
        .collect()
}

fn recurring(interval: Interval) -> Recurring {
    Recurring {
        interval: match interval.unit {
            IntervalUnit::Day => Unit::Day,
            IntervalUnit::Week => Unit::Week,
            IntervalUnit::Month => Unit::Month,
            IntervalUnit::Year => Unit::Year,
        },
        interval_count: interval.count,
    }
}
