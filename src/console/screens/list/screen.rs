//! A list as a screen.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use ratatui::{Frame, layout::Rect, text::Line};
use uuid::Uuid;

use super::super::{Again, Banner, Screen};
use crate::{
    console::{
        desk::News,
        effect::{ExportList, RunId},
        format,
        keymap::{Action, Context},
        layout::{self},
        msg::Answer,
        nav::Place,
        shared::{Cx, Shared},
        theme::Role,
        widgets::{pane, table::Table},
    },
    domain::views::{Direction, Total},
};

use super::{Focus, Kind, List, RECOUNT, inspector_split};

impl<K: Kind> Screen for List<K> {
    fn is_at(&self, place: &Place) -> bool {
        // Lists stand on the stack once, unless they were opened for something particular.
        let unfiltered = self.filtered.base.is_none();
        unfiltered && K::place_is(place)
    }

    fn banner(&self, shared: &Shared) -> Banner {
        let mut filter = self
            .filtered
            .base
            .as_ref()
            .map(|(_, words)| words.clone())
            .unwrap_or_default();
        if !self.filtered.text.is_empty() {
            if !filter.is_empty() {
                filter.push(' ');
            }
            filter.push_str(&format::clean(&self.filtered.text));
        }
        let mut right = Vec::new();
        let (waiting, cut) = self.listing.waiting_above();
        if waiting > 0 {
            let more = if cut { "+" } else { "" };
            right.push((
                format!("{waiting}{more} new {}", shared.glyphs.above),
                Role::Attention,
            ));
        }
        let marks = self.listing.marks().len();
        if marks > 0 {
            right.push((format!("{marks} marked"), Role::Mark));
        }
        if let Some(remark) = &self.remark {
            right.push((remark.clone(), Role::Attention));
        }
        if self.listing.follows() {
            right.push(("following".to_owned(), Role::Pending));
        }
        if let Some(total) = self.total.value
            && self.listing.narrow().is_none()
        {
            let text = match total {
                Total::Exactly(number) => format::count(number),
                Total::AtLeast(number) => format!("{}+", format::count(number)),
            };
            right.push((text, Role::Text));
        }
        let (by, direction) = K::sort_name(self.sort);
        let arrow = match direction {
            Direction::Ascending => shared.glyphs.ascending,
            Direction::Descending => shared.glyphs.descending,
        };
        right.push((format!("by {by} {arrow}"), Role::Dim));
        if self.listing.len() > 0
            && let Some(error) = self.listing.error()
        {
            right.push((
                format!("{} {}", shared.glyphs.danger, format::clean(&error.code)),
                Role::Danger,
            ));
        }
        right.extend(shared.freshness(self.listing.loading_since(), self.listing.loaded_at()));
        Banner {
            crumbs: vec![K::NAME.to_owned()],
            filter: (!filter.is_empty()).then_some(filter),
            right,
        }
    }

    fn contexts(&self, _: &Shared) -> &'static [Context] {
        match self.focus {
            Focus::List => K::CONTEXTS,
            Focus::Inspector => K::INSPECTOR_CONTEXTS,
        }
    }

    fn enter(&mut self, cx: &mut Cx<'_>) {
        // What was being read when the screen was left has been given up.
        if let Some(run) = self.listing.stop() {
            cx.cancel(run);
        }
        let old = self
            .seen_at
            .is_some_and(|at| cx.now().duration_since(at) > SignedDuration::from_secs(2));
        if old {
            self.again(Again::Asked, cx);
        } else if self.listing.loaded_at().is_none() {
            self.load(cx);
            self.count(cx);
        }
        self.seen_at = Some(cx.now());
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        if inspector_split(cx.shared).is_none() {
            self.focus = Focus::List;
        }
        if self.focus == Focus::Inspector {
            match action {
                Action::Down => self.scroll_by(1),
                Action::Up => self.scroll_by(-1),
                Action::HalfDown | Action::PageDown => self.scroll_by(10),
                Action::HalfUp | Action::PageUp => self.scroll_by(-10),
                Action::Top => self.scroll = 0,
                Action::Bottom => self.scroll_by(400),
                Action::NextPane | Action::PreviousPane => self.focus = Focus::List,
                _ => return self.act_on_rows(action, cx),
            }
            return true;
        }
        self.act_on_rows(action, cx)
    }

    fn answer(&mut self, run: RunId, answer: Answer, cx: &mut Cx<'_>) {
        let now = cx.now();
        let answer = match answer {
            Answer::EventsTotal(result) => {
                self.total.take(run, result, now);
                return;
            }
            answer => answer,
        };
        match K::page(answer) {
            Ok(result) => {
                if self.listing.take(run, result, now) {
                    self.load(cx);
                }
            }
            Err(answer) => self.take_sheet(run, answer, now),
        }
    }

    fn again(&mut self, why: Again, cx: &mut Cx<'_>) {
        let concerns = match why {
            Again::News(news) => news == K::NEWS || matches!(news, News::Link { up: true }),
            Again::Poll => self
                .listing
                .loaded_at()
                .is_none_or(|at| cx.now().duration_since(at) >= cx.shared.poll),
            Again::Asked => true,
        };
        if concerns {
            self.listing.ask_again(why == Again::Asked);
            self.load(cx);
            let counted = self
                .total
                .at
                .is_some_and(|at| cx.now().duration_since(at) < RECOUNT);
            if self.listing.narrow().is_none() && (why == Again::Asked || !counted) {
                self.count(cx);
            }
            if why == Again::Asked {
                self.load_sheet(cx);
            }
        }
    }

    fn why_not(&self, action: Action, shared: &Shared) -> Result<(), String> {
        let needs_row = matches!(
            action,
            Action::Open
                | Action::OpenAtProvider
                | Action::CopyId
                | Action::CopyCell
                | Action::CopyRow
                | Action::CopyJson
                | Action::CopyLink
                | Action::Mark
                | Action::MarkRange
                | Action::MarkAll
                | Action::Export
        );
        let explains = action == Action::Open && self.listing.error().is_some();
        if needs_row && self.listing.selected().is_none() && !explains {
            return Err(if self.listing.loading_since().is_some() {
                format!("the {} are still being read", K::NAME.to_lowercase())
            } else {
                format!("there is no {} here", K::ONE)
            });
        }
        match action {
            Action::Unmark if self.listing.marks().is_empty() => Err("nothing is marked".to_owned()),
            Action::RelatedCustomer
            | Action::RelatedSubscriptions
            | Action::RelatedEvents
            | Action::RelatedOrders => match self.listing.selected() {
                Some(row) if K::related(row, action).is_some() => Ok(()),
                _ => Err(format!("this {} leads to none", K::ONE)),
            },
            Action::NextPane | Action::PreviousPane if inspector_split(shared).is_none() => {
                Err("there is one pane only; `i` shows the inspector where there is room".to_owned())
            }
            other => K::why_not(self, other, shared),
        }
    }

    fn set_filter(&mut self, text: &str, cx: &mut Cx<'_>) -> Result<(), String> {
        let running = self.listing.stop();
        match self.compile(text.trim(), cx.now()) {
            Ok(()) => {
                if let Some(run) = running {
                    cx.cancel(run);
                }
                self.restart(cx);
                Ok(())
            }
            Err(error) => {
                if let Some(run) = running {
                    cx.cancel(run);
                    self.load(cx);
                }
                Err(error.0)
            }
        }
    }

    fn filter(&self) -> String {
        self.filtered.text.clone()
    }

    fn sort(&mut self, by: &str, cx: &mut Cx<'_>) -> Result<(), String> {
        self.sort_by(by, cx)
    }

    fn export(&self) -> Option<(ExportList, Option<BTreeSet<Uuid>>, &'static str)> {
        let marks = self.listing.marks();
        let only = (!marks.is_empty()).then(|| marks.clone());
        Some((K::export(&self.filter, self.sort), only, K::NAME))
    }

    fn deadline(&self, _: &Shared) -> Option<Timestamp> {
        [self.sheet_due, self.further_due, self.listing.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn tick(&mut self, cx: &mut Cx<'_>) {
        self.listing.tick(cx.now());
        if self.sheet_due.is_some_and(|due| due <= cx.now()) {
            self.load_sheet(cx);
        }
        if self.further_due.is_some_and(|due| due <= cx.now()) {
            self.load_further(cx);
        }
        self.seen_at = Some(cx.now());
    }

    fn escape(&mut self, cx: &mut Cx<'_>) -> bool {
        if cx.shared.is_slow(self.listing.loading_since())
            && let Some(run) = self.listing.stop()
        {
            cx.cancel(run);
            return true;
        }
        if self.focus == Focus::Inspector {
            self.focus = Focus::List;
            return true;
        }
        if self.listing.unmark() {
            return true;
        }
        if !self.filtered.text.is_empty() {
            return self.set_filter("", cx).is_ok();
        }
        false
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        let split = inspector_split(shared);
        let areas = layout::list_areas(area, split);
        let table = Table {
            listing: &self.listing,
            columns: K::COLUMNS,
            column: self.column,
            sort: K::sort_name(self.sort),
            focused: self.focus == Focus::List || split.is_none(),
            name: K::NAME.to_lowercase(),
            empty: self.empty_text(),
        };
        crate::console::widgets::table::draw(frame, areas.list, &table, shared);
        let Some(inspector) = areas.inspector else { return };
        let focused = self.focus == Focus::Inspector;
        let Some(row) = self.listing.selected() else {
            pane::draw(frame, inspector, "Inspector", focused, &[], 0, shared);
            return;
        };
        let text_width = inspector.width.saturating_sub(3).min(layout::TEXT_MAX);
        let mut shown = K::inspector(row, self.sheet.value.as_ref(), text_width, shared);
        if let Some(error) = &self.sheet.error {
            shown.main.extend(crate::console::widgets::table::error_lines(
                error,
                "The details could not be read",
                crate::console::widgets::table::RETRY,
                text_width,
                shared,
            ));
        }
        match (areas.related, shown.related.take()) {
            (Some(third), Some((title, lines))) => {
                pane::draw(frame, third, title, false, &lines, 0, shared);
            }
            (None, Some((title, lines))) => {
                shown.main.push(Line::default());
                shown.main.push(Line::styled(title, shared.style(Role::Title)));
                shown.main.extend(lines);
            }
            (_, None) => {}
        }
        pane::draw(
            frame,
            inspector,
            "Inspector",
            focused,
            &shown.main,
            self.scroll,
            shared,
        );
    }
}
