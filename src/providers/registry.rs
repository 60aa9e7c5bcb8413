//! Which rooms there are in this process. One line per provider is all that a new room needs here.

use std::{collections::BTreeMap, sync::Arc};

use super::Provider;
use crate::domain::provider::ProviderName;

/// The providers that this process serves, each in one environment.
#[derive(Clone, Default)]
pub struct Registry {
    rooms: BTreeMap<ProviderName, Arc<dyn Provider>>,
}

impl Registry {
    /// A registry of these rooms; a later one of the same provider wins.
    pub fn new(rooms: impl IntoIterator<Item = Arc<dyn Provider>>) -> Self {
        Self {
            rooms: rooms
                .into_iter()
                .map(|room| (room.book().provider, room))
                .collect(),
        }
    }

    /// The room of a provider; none when it is off.
    pub fn get(&self, provider: ProviderName) -> Option<&Arc<dyn Provider>> {
        self.rooms.get(&provider)
    }

    /// All rooms, in the order of the contract.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.rooms.values()
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.rooms.values().map(|room| room.book().to_string()))
            .finish()
    }
}
