//! The catalogue as the rest of billdeck asks it: which plan a provider's price belongs to, and the reverse.

use std::collections::BTreeMap;

use super::{
    ids::ObjectId,
    money::Money,
    provider::{Book, Environment, ProviderName},
    subscription::Interval,
};

/// A plan that can be sold or that somebody still has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The key that never changes.
    pub key: String,
    /// The name people see.
    pub name: String,
    /// What it costs, per provider, environment, currency and cycle. Several prices may mean one plan.
    pub prices: Vec<PlanPrice>,
}

/// One price of a plan at one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanPrice {
    /// The provider.
    pub provider: ProviderName,
    /// Test or live.
    pub environment: Environment,
    /// The provider's id.
    pub id: ObjectId,
    /// What one unit costs per cycle.
    pub amount: Money,
    /// The cycle.
    pub interval: Interval,
    /// The price is per seat: the item's quantity is the number of seats.
    pub per_seat: bool,
}

/// Where a price leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PricedPlan<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its price.
    pub price: &'a PlanPrice,
}

/// All plans, with a look-up by price.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    plans: Vec<Plan>,
    by_price: BTreeMap<(ProviderName, Environment, ObjectId), (usize, usize)>,
}

/// Two plans claim one price.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the price {price} belongs to plan `{first}` and to plan `{second}`")]
pub struct PriceClash {
    /// The price.
    pub price: ObjectId,
    /// The plan that has it first.
    pub first: String,
    /// The other one.
    pub second: String,
}

impl Catalog {
    /// Builds the look-up; a price may belong to one plan only.
    pub fn new(plans: Vec<Plan>) -> Result<Self, PriceClash> {
        let mut by_price: BTreeMap<_, (usize, usize)> = BTreeMap::new();
        for (plan_index, plan) in plans.iter().enumerate() {
            for (price_index, price) in plan.prices.iter().enumerate() {
                let key = (price.provider, price.environment, price.id.clone());
                if let Some((first, _)) = by_price.insert(key, (plan_index, price_index)) {
                    return Err(PriceClash {
                        price: price.id.clone(),
                        first: plans[first].key.clone(),
                        second: plan.key.clone(),
                    });
                }
            }
        }
        Ok(Self { plans, by_price })
    }

    /// All plans, in the catalogue's order.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// The plan with this key.
    pub fn plan(&self, key: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.key == key)
    }

    /// The plan that a provider's price belongs to.
    pub fn by_price(&self, book: Book, price: &ObjectId) -> Option<PricedPlan<'_>> {
        let &(plan, price) = self
            .by_price
            .get(&(book.provider, book.environment, price.clone()))?;
        let plan = &self.plans[plan];
        Some(PricedPlan {
            plan,
            price: &plan.prices[price],
        })
    }
}
