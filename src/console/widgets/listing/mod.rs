//! The state of a long list: a window of pages around the cursor, selection and marks by key, and changes merged in
//! without moving the list under the person's hand.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, VecDeque},
};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{
    console::{desk::DeskError, effect::RunId, filter::Narrow},
    domain::views::PageRequest,
};

mod load;
mod motion;

/// A row of a list.
pub(crate) trait Record: Clone + PartialEq + 'static {
    /// What stays the same when everything else of the row changes.
    fn key(&self) -> Uuid;
    /// The words by which a pattern finds the row.
    fn words(&self) -> String;
}

/// Rows per page.
pub(crate) const PAGE: u16 = 100;
/// Pages kept in memory.
const WINDOW: usize = 8;
/// Pages that a narrowing pattern reads on without finding enough, before it asks whether to go on.
const HOPS: u16 = 20;
/// How long a changed cell stands out.
const FLASH: SignedDuration = SignedDuration::from_millis(1_200);

#[derive(Clone, Debug)]
struct Chunk<R> {
    request: PageRequest,
    rows: Vec<R>,
    next: Option<String>,
    previous: Option<String>,
}

/// Which part of the list a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// From the start, in place of everything.
    First,
    /// The end of the list, in place of everything.
    Last,
    /// After the window.
    Next,
    /// Before the window.
    Previous,
    /// A page of the window again, by its place in it.
    Again(usize),
}

#[derive(Clone, Debug)]
struct Load {
    run: RunId,
    since: Timestamp,
    part: Part,
    request: PageRequest,
}

#[derive(Clone, Debug)]
pub(crate) struct Listing<R> {
    chunks: VecDeque<Chunk<R>>,
    cursor: usize,
    top: usize,
    marks: BTreeSet<Uuid>,
    last_mark: Option<Uuid>,
    newer: Vec<R>,
    newer_cut: bool,
    gone: BTreeSet<Uuid>,
    flash: BTreeMap<Uuid, (R, Timestamp)>,
    load: Option<Load>,
    again: VecDeque<usize>,
    /// The start is wanted in place of everything; until it is there the rows stay.
    from_start: bool,
    error: Option<DeskError>,
    partial: Option<DeskError>,
    loaded_at: Option<Timestamp>,
    follow: bool,
    absorb: bool,
    narrow: Option<Narrow>,
    hops: u16,
    /// Rows of the pane when it was last drawn; what is near an edge depends on it.
    viewport: Cell<u16>,
}

impl<R> Default for Listing<R> {
    fn default() -> Self {
        Self {
            chunks: VecDeque::new(),
            cursor: 0,
            top: 0,
            marks: BTreeSet::new(),
            last_mark: None,
            newer: Vec::new(),
            newer_cut: false,
            gone: BTreeSet::new(),
            flash: BTreeMap::new(),
            load: None,
            again: VecDeque::new(),
            from_start: false,
            error: None,
            partial: None,
            loaded_at: None,
            follow: false,
            absorb: false,
            narrow: None,
            hops: 0,
            viewport: Cell::new(20),
        }
    }
}

impl<R: Record> Listing<R> {
    /// A list that keeps only rows which the pattern matches, of those that the filter finds.
    pub(crate) fn narrowed(narrow: Option<Narrow>) -> Self {
        Self {
            narrow,
            ..Self::default()
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.rows.len()).sum()
    }

    pub(crate) fn row(&self, mut index: usize) -> Option<&R> {
        for chunk in &self.chunks {
            if let Some(row) = chunk.rows.get(index) {
                return Some(row);
            }
            index -= chunk.rows.len();
        }
        None
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &R> {
        self.chunks.iter().flat_map(|chunk| chunk.rows.iter())
    }

    pub(crate) fn selected(&self) -> Option<&R> {
        self.row(self.cursor)
    }

    fn key_at_cursor(&self) -> Option<Uuid> {
        self.selected().map(Record::key)
    }

    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// The first row to draw in a pane of so many rows, so that the cursor is in it.
    pub(crate) fn top(&self, rows: usize) -> usize {
        self.viewport.set(u16::try_from(rows).unwrap_or(u16::MAX));
        let top = self.top.min(self.len().saturating_sub(rows));
        if self.cursor < top {
            self.cursor
        } else if self.cursor >= top + rows {
            self.cursor + 1 - rows.max(1)
        } else {
            top
        }
    }

    fn page(&self) -> usize {
        usize::from(self.viewport.get()).max(1)
    }

    pub(crate) fn is_marked(&self, key: Uuid) -> bool {
        self.marks.contains(&key)
    }

    pub(crate) fn is_gone(&self, key: Uuid) -> bool {
        self.gone.contains(&key)
    }

    pub(crate) fn marks(&self) -> &BTreeSet<Uuid> {
        &self.marks
    }

    /// The rows an action is for: the marked ones that are loaded, else the one under the cursor.
    pub(crate) fn targets(&self) -> Vec<&R> {
        if self.marks.is_empty() {
            self.selected().into_iter().collect()
        } else {
            self.rows()
                .filter(|row| self.marks.contains(&row.key()))
                .collect()
        }
    }

    /// The row as it was before it last changed, while that is worth showing.
    pub(crate) fn before_change(&self, key: Uuid) -> Option<&R> {
        self.flash.get(&key).map(|(row, _)| row)
    }

    pub(crate) fn error(&self) -> Option<&DeskError> {
        self.error.as_ref()
    }

    pub(crate) fn partial(&self) -> Option<&DeskError> {
        self.partial.as_ref()
    }

    pub(crate) fn loaded_at(&self) -> Option<Timestamp> {
        self.loaded_at
    }

    /// Since when something is being loaded.
    pub(crate) fn loading_since(&self) -> Option<Timestamp> {
        self.load.as_ref().map(|load| load.since)
    }

    pub(crate) fn follows(&self) -> bool {
        self.follow
    }

    /// How many rows wait above the first one, and whether there are more than that.
    pub(crate) fn waiting_above(&self) -> (usize, bool) {
        (self.newer.len(), self.newer_cut)
    }

    /// A pattern has read many rows without finding enough and waits to be told to go on.
    pub(crate) fn has_paused(&self) -> bool {
        self.hops >= HOPS
    }

    pub(crate) fn narrow(&self) -> Option<&Narrow> {
        self.narrow.as_ref()
    }

    pub(crate) fn search_on(&mut self) {
        self.hops = 0;
        self.partial = None;
    }

    /// When the list looks different without anything having happened.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.flash.values().map(|(_, until)| *until).min()
    }

    pub(crate) fn tick(&mut self, now: Timestamp) {
        self.flash.retain(|_, (_, until)| *until > now);
    }
}
