//! Moving through a list, and marking its rows.

use uuid::Uuid;

use crate::domain::views::PageRequest;

use super::{Listing, PAGE, Part, Record};

impl<R: Record> Listing<R> {
    pub(super) fn reveal(&mut self) {
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

    /// To the first row of all; true when the start has to be loaded first. Until then the rows that are shown stay, and
    /// keys act on them.
    pub(crate) fn go_to_start(&mut self) -> bool {
        let away = self.newer_cut || self.chunks.front().is_some_and(|chunk| chunk.previous.is_some());
        if away {
            self.from_start = true;
            self.error = None;
        } else {
            self.take_newer();
            self.cursor = 0;
            self.top = 0;
        }
        away
    }

    /// To the last row of all; gives the request when the end has to be loaded first.
    pub(crate) fn go_to_end(&mut self) -> Option<(Part, PageRequest)> {
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
}
