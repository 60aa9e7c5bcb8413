//! The rules that the use cases follow, as the configuration sets them.

use std::{collections::BTreeMap, path::PathBuf};

use crate::domain::{
    catalog::Catalog, customer::LinkingRules, event::DEFAULT_MAX_ATTEMPTS, plan::UnknownPrice,
    provider::ProviderName,
};

/// Where the state of an object is taken from when an event tells of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApplyFrom {
    /// From the event's body, and from a read where the body leaves a doubt.
    #[default]
    Body,
    /// Always from a read.
    Read,
}

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
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            linking: LinkingRules::default(),
            unknown_price: UnknownPrice::default(),
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            apply_from: BTreeMap::new(),
            past_due_has_access: true,
        }
    }
}

/// The catalogue that is in force, and where it is written, for hints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogInForce {
    /// The plans.
    pub catalog: Catalog,
    /// The file, and the line after which a plan is added; none for the built-in catalogue.
    pub place: Option<(PathBuf, usize)>,
}

impl CatalogInForce {
    /// Where a person adds what is missing: `catalog.toml:42`.
    pub fn place_in_words(&self) -> String {
        match &self.place {
            Some((path, line)) => format!("{}:{line}", path.display()),
            None => "a catalog.toml beside the configuration".to_owned(),
        }
    }
}
