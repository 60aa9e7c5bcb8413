//! What keys do in a list.

use crate::{
    console::{
        effect::{ExportFormat, LinkUse, Read},
        keymap::Action,
        overlay::{menu::Menu, message::Message, prompt::Prompt},
        shared::{Cx, Wish},
    },
    domain::views::Direction,
};

use super::{Focus, Kind, List};

impl<K: Kind> List<K> {
    pub(super) fn sort_by(&mut self, by: &str, cx: &mut Cx<'_>) -> Result<(), String> {
        let (now_by, now_direction) = K::sort_name(self.sort);
        let direction = match (now_by == by, now_direction) {
            (true, Direction::Descending) => Direction::Ascending,
            (true, Direction::Ascending) | (false, _) => Direction::Descending,
        };
        let sort = K::sort_of(by, direction)
            .ok_or_else(|| format!("{} are sorted by {}", K::NAME, K::SORTS.join(" or ")))?;
        self.sort = sort;
        self.restart(cx);
        Ok(())
    }

    fn copy(&self, action: Action, cx: &mut Cx<'_>) {
        let Some(row) = self.listing.selected() else {
            cx.note("there is no row to copy");
            return;
        };
        match action {
            Action::CopyId => cx.copy("id", K::id(row)),
            Action::CopyCell => {
                if let Some(column) = K::COLUMNS.get(self.column) {
                    let text = (column.cell)(row, cx.shared).plain();
                    cx.copy(&column.header.to_lowercase(), text);
                }
            }
            Action::CopyRow => {
                let cells: Vec<String> = K::COLUMNS
                    .iter()
                    .map(|column| (column.cell)(row, cx.shared).plain())
                    .collect();
                cx.copy("row", cells.join("\t"));
            }
            _ => match serde_json::to_string_pretty(row) {
                Ok(text) => cx.copy("JSON", text),
                Err(error) => cx.note(format!("the row cannot be written as JSON: {error}")),
            },
        }
    }

    fn link(&self, then: LinkUse, cx: &mut Cx<'_>) {
        match self.listing.selected().and_then(K::object) {
            Some((provider, object)) => {
                cx.read(Read::Dashboard {
                    provider,
                    object,
                    then,
                });
            }
            None => cx.note(format!("this {} has no page at its provider", K::ONE)),
        }
    }

    pub(super) fn act_on_rows(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        match action {
            Action::Down => self.listing.move_by(1),
            Action::Up => self.listing.move_by(-1),
            Action::HalfDown => self.listing.move_pages(1),
            Action::HalfUp => self.listing.move_pages(-1),
            Action::PageDown => self.listing.move_pages(2),
            Action::PageUp => self.listing.move_pages(-2),
            Action::Top => {
                if let Some(run) = self.listing.stop() {
                    cx.cancel(run);
                }
                self.listing.go_to_start();
            }
            Action::Bottom => {
                if let Some(run) = self.listing.stop() {
                    cx.cancel(run);
                }
                if let Some((part, page)) = self.listing.go_to_end() {
                    self.begin(part, page, cx);
                }
            }
            Action::Left => self.column = self.column.saturating_sub(1),
            Action::Right => self.column = (self.column + 1).min(K::COLUMNS.len().saturating_sub(1)),
            Action::NextPane | Action::PreviousPane => self.focus = Focus::Inspector,
            Action::Mark => self.listing.toggle_mark(),
            Action::MarkRange => self.listing.mark_range(),
            Action::MarkAll => self.listing.mark_all(),
            Action::Unmark => {
                self.listing.unmark();
            }
            Action::Open => {
                if let Some(error) = self.listing.error().filter(|_| self.listing.len() == 0) {
                    let hint = error.hint.as_deref().unwrap_or_default();
                    let text = format!("{}\n\n{hint}\n\ncode {}", error.message, error.code);
                    cx.open(Message::new("Error", text));
                } else if self.listing.partial().is_some() || self.listing.has_paused() {
                    self.listing.search_on();
                } else if let Some(place) = self.listing.selected().and_then(K::place) {
                    cx.go(place);
                } else {
                    return K::act(self, action, cx);
                }
            }
            Action::Inspector => {
                if self.sheet.value.is_none() && self.sheet.since().is_none() {
                    self.sheet_due = self.sheet_row.as_ref().map(|_| cx.now());
                }
            }
            Action::Filter => cx.open(Prompt::filter(&self.filtered.text, None)),
            Action::Facets => {
                let lines = K::FACETS
                    .iter()
                    .map(|(words, text)| ((*words).to_owned(), Wish::Filter((*text).to_owned())));
                cx.open(Menu::new("Filter", lines.collect()));
            }
            Action::Sort => {
                let by = K::COLUMNS.get(self.column).and_then(|column| column.sort);
                let result = match by {
                    Some(by) => self.sort_by(by, cx),
                    None => Err(format!("{} are sorted by {}", K::NAME, K::SORTS.join(" or "))),
                };
                if let Err(why) = result {
                    cx.note(why);
                }
            }
            Action::SortMenu => {
                let lines = K::SORTS
                    .iter()
                    .map(|by| ((*by).to_owned(), Wish::Command(format!("sort {by}"))));
                cx.open(Menu::new("Sort by", lines.collect()));
            }
            Action::Export => {
                let lines = vec![
                    (
                        "CSV, for a spreadsheet".to_owned(),
                        Wish::Export(ExportFormat::Csv),
                    ),
                    ("JSON, for a program".to_owned(), Wish::Export(ExportFormat::Json)),
                ];
                cx.open(Menu::new("Export", lines));
            }
            Action::CopyId | Action::CopyCell | Action::CopyRow | Action::CopyJson => self.copy(action, cx),
            Action::CopyLink => self.link(LinkUse::Copy, cx),
            Action::OpenAtProvider => self.link(LinkUse::Open, cx),
            Action::RelatedCustomer
            | Action::RelatedSubscriptions
            | Action::RelatedEvents
            | Action::RelatedOrders => {
                if let Some(place) = self.listing.selected().and_then(|row| K::related(row, action)) {
                    cx.go(place);
                }
            }
            other => {
                if !K::act(self, other, cx) {
                    return false;
                }
            }
        }
        self.load(cx);
        true
    }
}
