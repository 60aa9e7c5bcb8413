//! Objects by id and by age.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::objects::Record;

/// Place of an object in its list: date of creation, then order of insertion.
type Place = (Timestamp, u64);

#[derive(Debug)]
pub(crate) struct Table<T> {
    rows: HashMap<String, (Place, T)>,
    order: BTreeMap<Place, String>,
    inserted: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            order: BTreeMap::new(),
            inserted: 0,
        }
    }
}

impl<T: Record> Table<T> {
    /// Keeps the object; one under the same id is replaced and loses its place.
    pub(crate) fn insert(&mut self, object: T) {
        self.inserted += 1;
        let place = (object.created(), self.inserted);
        let id = object.id().to_owned();
        self.order.insert(place, id.clone());
        if let Some((old, _)) = self.rows.insert(id, (place, object)) {
            self.order.remove(&old);
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.rows.get(id).map(|(_, object)| object)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.rows.get_mut(id).map(|(_, object)| object)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        let (place, object) = self.rows.remove(id)?;
        self.order.remove(&place);
        Some(object)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &T> {
        self.order.values().rev().filter_map(|id| self.get(id))
    }

    pub(crate) fn oldest_first(&self) -> impl Iterator<Item = &T> {
        self.order.values().filter_map(|id| self.get(id))
    }

    /// What is older than this object, newest first.
    pub(crate) fn older_than(&self, id: &str) -> Option<impl Iterator<Item = &T>> {
        let (place, _) = self.rows.get(id)?;
        Some(
            self.order
                .range(..*place)
                .rev()
                .filter_map(|(_, id)| self.get(id)),
        )
    }

    /// What is newer than this object, oldest first.
    pub(crate) fn newer_than(&self, id: &str) -> Option<impl Iterator<Item = &T>> {
        use std::ops::Bound::{Excluded, Unbounded};
        let (place, _) = self.rows.get(id)?;
        Some(
            self.order
                .range((Excluded(*place), Unbounded))
                .filter_map(|(_, id)| self.get(id)),
        )
    }
}
