//! The rules that the use cases follow, as the configuration sets them.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    config::{ApplyFrom, Settings},
    domain::{
        customer::LinkingRules, event::DEFAULT_MAX_ATTEMPTS, plan::UnknownPrice, provider::ProviderName,
    },
};

/// The rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How metadata names an owner.
    pub linking: LinkingRules,
    /// What a price in no plan does to an event.
    pub unknown_price: UnknownPrice,
    /// Tries until an event is dead.
    pub max_attempts: u16,
    /// Where state is taken from, per provider.
    pub apply_from: BTreeMap<ProviderName, ApplyFrom>,
    /// A subscription that is past due still gives access.
    pub past_due_has_access: bool,
    /// How long a lane is held without a word from its holder.
    pub lease: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            linking: LinkingRules::default(),
            unknown_price: UnknownPrice::default(),
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            apply_from: BTreeMap::new(),
            past_due_has_access: true,
            lease: Duration::from_mins(1),
        }
    }
}

impl From<&Settings> for Rules {
    fn from(settings: &Settings) -> Self {
        Self {
            linking: settings.linking.clone(),
            unknown_price: settings.worker.unknown_price,
            max_attempts: u16::try_from(settings.worker.max_attempts).unwrap_or(u16::MAX),
            apply_from: BTreeMap::from([(ProviderName::Stripe, settings.stripe.apply)]),
            past_due_has_access: settings.access.past_due_has_access,
            lease: settings.worker.lease,
        }
    }
}
