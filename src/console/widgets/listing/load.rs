//! Pages coming in: what is asked for next, and how fresh rows are merged without moving the list.

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    console::{desk::DeskResult, effect::RunId},
    domain::views::{Page, PageRequest},
};

use super::{Chunk, FLASH, Listing, Load, PAGE, Part, Record, WINDOW};

impl<R: Record> Listing<R> {
    /// What to load next, if anything: pages to be read again first, then what the cursor comes near to.
    pub(crate) fn wanted(&self) -> Option<(Part, PageRequest)> {
        if self.load.is_some() {
            return None;
        }
        if self.from_start {
            return Some((Part::First, PageRequest::first(PAGE)));
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
        self.from_start = false;
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
                    self.from_start = false;
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
                let to_start = std::mem::take(&mut self.from_start);
                self.replace(chunk);
                if to_start {
                    self.cursor = 0;
                    self.top = 0;
                }
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

    pub(super) fn keys(&self) -> BTreeSet<Uuid> {
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

    pub(super) fn position(&self, key: Uuid) -> Option<usize> {
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
    pub(super) fn take_newer(&mut self) {
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
}

pub(super) fn dedupe<R: Record>(rows: &mut Vec<R>) {
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
