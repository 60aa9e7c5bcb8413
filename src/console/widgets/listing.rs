//! The state of a long list: a window of pages around the cursor, selection and marks by key, and changes merged in
//! without moving the list under the person's hand.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, VecDeque},
};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{
    console::{
        desk::{DeskError, DeskResult},
        effect::RunId,
        filter::Narrow,
    },
    domain::views::{Page, PageRequest},
};

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

    // Loading

    /// What to load next, if anything: pages to be read again first, then what the cursor comes near to.
    pub(crate) fn wanted(&self) -> Option<(Part, PageRequest)> {
        if self.load.is_some() {
            return None;
        }
        if self.chunks.is_empty() {
            return (self.loaded_at.is_none() && self.error.is_none())
                .then(|| (Part::First, PageRequest::first(PAGE)));
        }
        if let Some(&place) = self.again.front()
            && let Some(chunk) = self.chunks.get(place)
        {
            return Some((Part::Again(place), chunk.request.clone()));
        }
        if self.partial.is_some() || self.has_paused() {
            return None;
        }
        let near = self.page();
        let end = self.chunks.back().and_then(|chunk| chunk.next.clone());
        if let Some(cursor) = end
            && self.cursor + near >= self.len()
        {
            return Some((Part::Next, page_from(cursor, false)));
        }
        let start = self.chunks.front().and_then(|chunk| chunk.previous.clone());
        if let Some(cursor) = start
            && self.cursor < near
        {
            return Some((Part::Previous, page_from(cursor, true)));
        }
        None
    }

    pub(crate) fn begin(&mut self, run: RunId, part: Part, request: PageRequest, now: Timestamp) {
        self.load = Some(Load {
            run,
            since: now,
            part,
            request,
        });
    }

    /// Gives up what is being loaded.
    pub(crate) fn stop(&mut self) -> Option<RunId> {
        self.again.clear();
        self.load.take().map(|load| load.run)
    }

    /// Asks for the visible pages, and the first one for the sake of what is new, to be read again.
    pub(crate) fn ask_again(&mut self, absorb: bool) {
        self.absorb |= absorb;
        self.error = None;
        self.partial = None;
        if self.chunks.is_empty() {
            self.loaded_at = None;
            return;
        }
        let (first, last) = (self.top, self.top + self.page());
        let mut start = 0;
        let mut wanted = Vec::new();
        for (place, chunk) in self.chunks.iter().enumerate() {
            let end = start + chunk.rows.len();
            if place == 0 || (start < last && end > first) {
                wanted.push(place);
            }
            start = end;
        }
        self.again = wanted.into();
    }

    /// Takes an answer in; false when nobody waits for it any more.
    pub(crate) fn take(&mut self, run: RunId, result: DeskResult<Page<R>>, now: Timestamp) -> bool {
        let Some(load) = self.load.take_if(|load| load.run == run) else {
            return false;
        };
        if let Part::Again(place) = load.part {
            self.again.retain(|&waiting| waiting != place);
        }
        match result {
            Ok(page) => {
                self.error = None;
                self.take_page(&load, page, now);
                self.loaded_at = Some(now);
            }
            Err(error) => match load.part {
                Part::Next | Part::Previous => self.partial = Some(error),
                Part::First | Part::Last | Part::Again(_) => {
                    self.again.clear();
                    self.error = Some(error);
                }
            },
        }
        true
    }

    fn take_page(&mut self, load: &Load, page: Page<R>, now: Timestamp) {
        let arrived = page.items.len();
        let mut chunk = Chunk {
            request: load.request.clone(),
            rows: page.items,
            next: page.next_cursor,
            previous: page.previous_cursor,
        };
        if let Some(narrow) = &self.narrow {
            chunk.rows.retain(|row| narrow.matches(&row.words()));
        }
        match load.part {
            Part::First => {
                self.replace(chunk);
            }
            Part::Last => {
                self.replace(chunk);
                self.cursor = self.len().saturating_sub(1);
                self.top = self.len().saturating_sub(self.page());
            }
            Part::Next => {
                let known = self.keys();
                let before = chunk.rows.len();
                chunk.rows.retain(|row| !known.contains(&row.key()));
                self.hops = if self.narrow.is_some() && before * 4 < arrived {
                    self.hops + 1
                } else {
                    0
                };
                match self.chunks.back_mut() {
                    Some(last) if chunk.rows.is_empty() => last.next = chunk.next,
                    _ => self.chunks.push_back(chunk),
                }
                while self.chunks.len() > WINDOW
                    && let Some(far) = self.chunks.pop_front()
                {
                    self.cursor = self.cursor.saturating_sub(far.rows.len());
                    self.top = self.top.saturating_sub(far.rows.len());
                    self.again.clear();
                    self.newer.clear();
                }
            }
            Part::Previous => {
                let known = self.keys();
                chunk.rows.retain(|row| !known.contains(&row.key()));
                let more = chunk.rows.len();
                match self.chunks.front_mut() {
                    Some(first) if more == 0 => first.previous = chunk.previous,
                    _ => self.chunks.push_front(chunk),
                }
                self.cursor += more;
                self.top += more;
                self.chunks.truncate(WINDOW);
                self.again.clear();
            }
            Part::Again(place) => self.merge(place, chunk, now),
        }
    }

    fn keys(&self) -> BTreeSet<Uuid> {
        self.rows().map(Record::key).collect()
    }

    fn replace(&mut self, chunk: Chunk<R>) {
        let key = self.key_at_cursor();
        self.newer.clear();
        self.newer_cut = false;
        self.gone.clear();
        self.again.clear();
        self.absorb = false;
        self.hops = u16::from(self.narrow.is_some() && chunk.rows.is_empty());
        self.chunks = VecDeque::from([chunk]);
        self.cursor = key.and_then(|key| self.position(key)).unwrap_or(0);
        self.top = 0;
        self.reveal();
    }

    fn position(&self, key: Uuid) -> Option<usize> {
        self.rows().position(|row| row.key() == key)
    }

    /// Puts a page that was read again in place of the old one, row by row.
    fn merge(&mut self, place: usize, fresh: Chunk<R>, now: Timestamp) {
        let Some(old) = self.chunks.get(place) else { return };
        let at_start = place == 0 && old.previous.is_none() && !fresh.request.backward;
        let cursor_key = self.key_at_cursor();
        let screen_row = self.cursor.saturating_sub(self.top);
        let elsewhere: BTreeSet<Uuid> = self
            .chunks
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != place)
            .flat_map(|(_, chunk)| chunk.rows.iter().map(Record::key))
            .collect();
        let old_keys: BTreeSet<Uuid> = old.rows.iter().map(Record::key).collect();
        let reaches_end = fresh.next.is_none();
        let (fresh_next, fresh_previous) = (fresh.next, fresh.previous);
        let mut rows: Vec<R> = fresh
            .rows
            .into_iter()
            .filter(|row| !elsewhere.contains(&row.key()))
            .collect();

        // New rows at the head of the list wait above it, so that nothing moves.
        if at_start && !self.follow && !self.absorb {
            let known_ahead = rows
                .iter()
                .take_while(|row| !old_keys.contains(&row.key()))
                .count();
            if known_ahead == rows.len() && !old.rows.is_empty() && !rows.is_empty() {
                self.newer_cut = !reaches_end;
            }
            if !old.rows.is_empty() {
                self.newer = rows.drain(..known_ahead).collect();
            }
        } else if at_start {
            self.newer.clear();
            self.newer_cut = false;
        }

        // Rows that the fresh page does not reach stay; rows inside its reach that it lacks have gone.
        let fresh_keys: BTreeSet<Uuid> = rows.iter().map(Record::key).collect();
        let last_common = old.rows.iter().rposition(|row| fresh_keys.contains(&row.key()));
        let reach = match last_common {
            _ if reaches_end => old.rows.len(),
            Some(index) => index + 1,
            None => 0,
        };
        let mut merged: Vec<R> = Vec::with_capacity(old.rows.len() + 8);
        let mut gone_now = BTreeSet::new();
        let mut fresh_rows = rows.into_iter().peekable();
        for (index, row) in old.rows.iter().enumerate() {
            let key = row.key();
            if fresh_keys.contains(&key) {
                for next in fresh_rows.by_ref() {
                    let here = next.key() == key;
                    if here && next != *row {
                        self.flash.insert(key, (row.clone(), now + FLASH));
                    }
                    merged.push(next);
                    if here {
                        break;
                    }
                }
            } else if index >= reach {
                merged.push(row.clone());
            } else if (cursor_key == Some(key) || self.marks.contains(&key)) && !self.gone.contains(&key) {
                gone_now.insert(key);
                merged.push(row.clone());
            }
        }
        let tail_kept = reach < old.rows.len();
        merged.extend(fresh_rows);
        dedupe(&mut merged);

        let is_last = place + 1 == self.chunks.len();
        if let Some(chunk) = self.chunks.get_mut(place) {
            if is_last && !tail_kept {
                chunk.next = fresh_next;
            }
            if place == 0 && !at_start {
                chunk.previous = fresh_previous.or(chunk.previous.take());
            }
            chunk.rows = merged;
        }
        self.gone = gone_now;
        let present = self.keys();
        self.marks.retain(|key| present.contains(key));
        self.cursor = match cursor_key.and_then(|key| self.position(key)) {
            Some(index) => index,
            None => self.cursor.min(self.len().saturating_sub(1)),
        };
        if self.follow && at_start {
            self.cursor = 0;
            self.top = 0;
        } else {
            self.top = self.cursor.saturating_sub(screen_row);
        }
        if self.again.is_empty() {
            self.absorb = false;
        }
    }

    /// Shows what waited above the list; the cursor stays on its row, and the row where it is on the screen.
    fn take_newer(&mut self) {
        let more = self.newer.len();
        if more > 0
            && let Some(first) = self.chunks.front_mut()
        {
            first.rows.splice(0..0, self.newer.drain(..));
            dedupe(&mut first.rows);
            self.cursor += more;
            self.top += more;
        }
    }

    // Moving

    fn reveal(&mut self) {
        let rows = self.page();
        if self.cursor < self.top {
            self.top = self.cursor;
        } else if self.cursor >= self.top + rows {
            self.top = self.cursor + 1 - rows;
        }
    }

    pub(crate) fn move_by(&mut self, rows: isize) {
        if rows < 0 && self.cursor == 0 {
            self.take_newer();
        }
        if rows > 0 && self.cursor + 1 >= self.len() {
            self.search_on();
        }
        if rows != 0 {
            self.follow = false;
        }
        self.cursor = self
            .cursor
            .saturating_add_signed(rows)
            .min(self.len().saturating_sub(1));
        self.reveal();
    }

    pub(crate) fn move_pages(&mut self, halves: isize) {
        let step = isize::try_from(self.page()).unwrap_or(isize::MAX);
        self.move_by(halves * step / 2);
    }

    /// To the first row of all; true when the start has to be loaded first.
    pub(crate) fn to_start(&mut self) -> bool {
        let away = self.newer_cut || self.chunks.front().is_some_and(|chunk| chunk.previous.is_some());
        if away {
            self.chunks.clear();
            self.newer.clear();
            self.newer_cut = false;
            self.loaded_at = None;
            self.error = None;
        } else {
            self.take_newer();
        }
        self.cursor = 0;
        self.top = 0;
        away
    }

    /// To the last row of all; gives the request when the end has to be loaded first.
    pub(crate) fn to_end(&mut self) -> Option<(Part, PageRequest)> {
        self.follow = false;
        if self.chunks.back().is_some_and(|chunk| chunk.next.is_some()) && self.narrow.is_none() {
            return Some((
                Part::Last,
                PageRequest {
                    limit: PAGE,
                    cursor: None,
                    backward: true,
                },
            ));
        }
        self.cursor = self.len().saturating_sub(1);
        self.reveal();
        None
    }

    pub(crate) fn set_follow(&mut self, follow: bool) {
        self.follow = follow;
    }

    // Marks

    /// Marks the row under the cursor or takes its mark away, and moves on.
    pub(crate) fn toggle_mark(&mut self) {
        if let Some(key) = self.key_at_cursor() {
            if !self.marks.remove(&key) {
                self.marks.insert(key);
                self.last_mark = Some(key);
            }
            if self.cursor + 1 < self.len() {
                self.move_by(1);
            }
        }
    }

    /// Marks from the last marked row to the cursor; without one, the row under the cursor.
    pub(crate) fn mark_range(&mut self) {
        let from = self
            .last_mark
            .and_then(|key| self.position(key))
            .unwrap_or(self.cursor);
        let (low, high) = (from.min(self.cursor), from.max(self.cursor));
        let keys: Vec<Uuid> = (low..=high)
            .filter_map(|index| self.row(index))
            .map(Record::key)
            .collect();
        self.marks.extend(keys);
        self.last_mark = self.key_at_cursor();
    }

    pub(crate) fn mark_all(&mut self) {
        self.marks = self.keys();
    }

    pub(crate) fn unmark(&mut self) -> bool {
        let any = !self.marks.is_empty();
        self.marks.clear();
        self.last_mark = None;
        any
    }

    // Time

    /// When the list looks different without anything having happened.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.flash.values().map(|(_, until)| *until).min()
    }

    pub(crate) fn tick(&mut self, now: Timestamp) {
        self.flash.retain(|_, (_, until)| *until > now);
    }
}

fn dedupe<R: Record>(rows: &mut Vec<R>) {
    let mut seen = BTreeSet::new();
    rows.retain(|row| seen.insert(row.key()));
}

fn page_from(cursor: String, backward: bool) -> PageRequest {
    PageRequest {
        limit: PAGE,
        cursor: Some(cursor),
        backward,
    }
}
