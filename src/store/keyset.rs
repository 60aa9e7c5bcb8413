//! What every list shares: where a walk begins, in which order it reads, and how a page is cut from what it found.
//!
//! A walk reads one row more than the page holds: that row says whether there is anything further. Walking backward is
//! reading in the opposite order and turning the page round.

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    StoreError,
    page::{Cursor, Fingerprint},
};
use crate::domain::views::{Direction, Page, PageRequest};

/// One walk along a list, from a cursor or from an end.
pub(super) struct Walk<K> {
    list: String,
    filter: Fingerprint,
    direction: Direction,
    backward: bool,
    limit: usize,
    from: Option<Cursor<K>>,
}

/// A page's rows by id, and the cursors beside it.
pub(super) struct Cut {
    /// The rows, in the list's order.
    pub(super) ids: Vec<Uuid>,
    next: Option<String>,
    previous: Option<String>,
}

impl Cut {
    /// The page, once the rows have been fetched.
    pub(super) fn page<T>(self, items: Vec<T>) -> Page<T> {
        Page {
            items,
            next_cursor: self.next,
            previous_cursor: self.previous,
        }
    }
}

impl<K: Clone + Serialize + DeserializeOwned> Walk<K> {
    /// Reads the request for a page of the list of this name, under this filter. The direction is part of the list's
    /// name.
    pub(super) fn begin(
        list: &str,
        filter: Fingerprint,
        direction: Direction,
        page: &PageRequest,
    ) -> Result<Self, StoreError> {
        let list = list_name(list, direction);
        let from = page
            .cursor
            .as_deref()
            .map(|text| Cursor::decode(text, &list, &filter))
            .transpose()?;
        Ok(Self {
            list,
            filter,
            direction,
            backward: page.backward,
            limit: usize::from(page.limit.clamp(1, PageRequest::MAX_LIMIT)),
            from,
        })
    }

    /// How many rows to look for: the page's and one more.
    pub(super) const fn wanted(&self) -> usize {
        self.limit + 1
    }

    /// Where to go on; the row itself is not wanted again.
    pub(super) const fn from(&self) -> Option<&Cursor<K>> {
        self.from.as_ref()
    }

    /// The order in which the rows are read.
    pub(super) const fn reading(&self) -> Reading {
        match (self.direction, self.backward) {
            (Direction::Ascending, false) | (Direction::Descending, true) => Reading::Up,
            (Direction::Ascending, true) | (Direction::Descending, false) => Reading::Down,
        }
    }

    /// Whether the list is read from its end towards its start.
    pub(super) const fn backward(&self) -> bool {
        self.backward
    }

    /// Cuts the page from the rows found, which come in reading order.
    pub(super) fn cut(self, mut found: Vec<(K, Uuid)>) -> Cut {
        let further = found.len() > self.limit;
        found.truncate(self.limit);
        if self.backward {
            found.reverse();
        }
        let at = |key: &K, id| Cursor::new(&self.list, self.filter.clone(), key.clone(), id).encode();
        let place = |row: &(K, Uuid)| at(&row.0, row.1);
        let (ahead, behind) = match (found.first(), found.last(), &self.from) {
            (Some(first), Some(last), _) => (place(last), place(first)),
            // Nothing lies beyond the cursor: the way back begins with the very row that the cursor names.
            (_, _, Some(from)) => {
                let beyond = |up: bool| {
                    let id = from.id.as_u128();
                    let id = if up {
                        id.saturating_add(1)
                    } else {
                        id.saturating_sub(1)
                    };
                    at(&from.key, Uuid::from_u128(id))
                };
                let rising = self.direction == Direction::Ascending;
                (beyond(!rising), beyond(rising))
            }
            (_, _, None) => {
                return Cut {
                    ids: Vec::new(),
                    next: None,
                    previous: None,
                };
            }
        };
        let (has_ahead, has_behind) = if self.backward {
            (self.from.is_some(), further)
        } else {
            (further, self.from.is_some())
        };
        Cut {
            ids: found.into_iter().map(|(_, id)| id).collect(),
            next: has_ahead.then_some(ahead),
            previous: has_behind.then_some(behind),
        }
    }
}

/// The name that a list's cursors carry.
pub(super) fn list_name(list: &str, direction: Direction) -> String {
    match direction {
        Direction::Ascending => format!("{list} up"),
        Direction::Descending => format!("{list} down"),
    }
}

/// The order in which rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Smallest first.
    Up,
    /// Largest first.
    Down,
}

impl Reading {
    /// The word after `order by`'s column.
    pub(super) const fn order(self) -> &'static str {
        match self {
            Self::Up => "asc",
            Self::Down => "desc",
        }
    }

    /// How the rows that are still to come compare with the one read last.
    pub(super) const fn beyond(self) -> &'static str {
        match self {
            Self::Up => ">",
            Self::Down => "<",
        }
    }
}

/// The smallest id that billdeck can have made in the millisecond of this time: a bound of time that the index over ids
/// serves.
pub(super) fn id_floor(at: Timestamp) -> Uuid {
    const SMALLEST_V7: u128 = 0x7000_8000_0000_0000_0000;
    let millis = u128::try_from(at.as_millisecond()).unwrap_or(0);
    Uuid::from_u128((millis << 80) | SMALLEST_V7)
}

/// When an id was made, to the millisecond.
pub(super) fn id_time(id: Uuid) -> Timestamp {
    let millis = i64::try_from(id.as_u128() >> 80).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

/// Whether PostgreSQL can hold the text. One that it cannot hold matches no row.
pub(super) fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(limit: u16, cursor: Option<&str>, backward: bool) -> Walk<()> {
        let page = PageRequest {
            limit,
            cursor: cursor.map(str::to_owned),
            backward,
        };
        Walk::begin("things", Fingerprint::default(), Direction::Descending, &page).unwrap()
    }

    fn rows(ids: &[u128]) -> Vec<((), Uuid)> {
        ids.iter().map(|id| ((), Uuid::from_u128(*id))).collect()
    }

    #[test]
    fn a_page_says_what_lies_on_either_side() {
        let first = walk(2, None, false).cut(rows(&[9, 8, 7]));
        assert_eq!(first.ids.len(), 2);
        assert!(first.previous.is_none());
        let next = first.next.unwrap();
        assert_eq!(walk(2, Some(&next), false).from().unwrap().id, Uuid::from_u128(8));

        let last = walk(2, Some(&next), false).cut(rows(&[7]));
        assert!(last.next.is_none());
        let back = walk(2, last.previous.as_deref(), true).cut(rows(&[8, 9]));
        assert_eq!(back.ids, [Uuid::from_u128(9), Uuid::from_u128(8)]);
        assert!(back.previous.is_none());
        assert!(back.next.is_some());
    }

    #[test]
    fn the_way_back_from_beyond_the_end_includes_the_row_of_the_cursor() {
        let next = walk(1, None, false).cut(rows(&[9, 8])).next.unwrap();
        let empty = walk(1, Some(&next), false).cut(Vec::new());
        assert!(empty.next.is_none());
        let back = walk(1, empty.previous.as_deref(), true);
        // Read upwards from here, the row 9 is the first one greater than the place.
        assert_eq!(back.from().unwrap().id, Uuid::from_u128(8));
    }

    #[test]
    fn ids_bound_the_time_in_which_they_were_made() {
        let id = Uuid::now_v7();
        let made = id_time(id);
        assert!(id_floor(made) <= id);
        assert!(id_floor(made + jiff::SignedDuration::from_millis(1)) > id);
        assert_eq!(id_floor(made).get_version_num(), 7);
        assert_eq!(id_time(id_floor(made)), made);
    }
}
