//! What all list screens have in common: the table, its filter and order, marks, the inspector beside it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use ratatui::{Frame, layout::Rect, text::Line};
use uuid::Uuid;

use super::{Again, Banner, Screen};
use crate::{
    console::{
        desk::{DeskResult, News},
        effect::{ExportFormat, ExportList, LinkUse, Read, RunId},
        filter::{FilterError, Narrow, Term, since, terms},
        format,
        keymap::{Action, Context},
        layout::{self, Split},
        msg::Answer,
        nav::{Filtered, Place},
        overlay::{menu::Menu, prompt::Prompt},
        shared::{Cx, Loaded, POLL, Shared, Todo},
        theme::Role,
        widgets::{
            listing::{Listing, Part, Record},
            pane,
            table::{Column, Table},
        },
    },
    domain::{
        provider::{ObjectRef, ProviderName},
        views::{Direction, Page, PageRequest, Total},
    },
};

/// What makes one list differ from another.
pub(crate) trait Kind: Sized + 'static {
    type Row: Record + serde::Serialize;
    type Filter: Clone + Default + PartialEq;
    type Sort: Copy + Default + PartialEq;
    /// What the inspector reads for a row.
    type Sheet;

    /// The crumb: `Events`.
    const NAME: &'static str;
    /// `event`.
    const ONE: &'static str;
    const COLUMNS: &'static [Column<Self::Row>];
    const CONTEXTS: &'static [Context];
    /// Same, while the inspector has the focus.
    const INSPECTOR_CONTEXTS: &'static [Context];
    /// Ready filters, by what they are called.
    const FACETS: &'static [(&'static str, &'static str)];
    /// Orders that the list offers, by name.
    const SORTS: &'static [&'static str];
    /// What to say when there is nothing at all.
    const EMPTY: &'static [&'static str];
    /// Which news make it worth reading again.
    const NEWS: News;

    fn read(filter: &Self::Filter, sort: Self::Sort, page: PageRequest) -> Read;
    fn page(answer: Answer) -> Result<DeskResult<Page<Self::Row>>, Answer>;
    fn count(filter: &Self::Filter) -> Option<Read>;
    fn export(filter: &Self::Filter, sort: Self::Sort) -> ExportList;

    /// Takes a word or a field into the filter; false when the list has no index for it.
    fn term(
        filter: &mut Self::Filter,
        name: Option<&str>,
        value: &str,
        not: bool,
        now: Timestamp,
    ) -> Result<bool, FilterError>;
    /// The start of the filter's range, to be set where nothing else bounds it; none when the list is never bounded.
    fn since(filter: &mut Self::Filter) -> &mut Option<Timestamp>;

    fn sort_of(by: &str, direction: Direction) -> Option<Self::Sort>;
    fn sort_name(sort: Self::Sort) -> (&'static str, Direction);

    fn place(row: &Self::Row) -> Option<Place>;
    /// Whether the place is this list.
    fn place_is(place: &Place) -> bool;
    /// The id that a person copies and talks about.
    fn id(row: &Self::Row) -> String;
    /// The object in the provider's dashboard.
    fn object(row: &Self::Row) -> Option<(ProviderName, ObjectRef)>;
    fn related(row: &Self::Row, action: Action) -> Option<Place>;

    fn act(list: &mut List<Self>, action: Action, cx: &mut Cx<'_>) -> bool;
    fn why_not(list: &List<Self>, action: Action, shared: &Shared) -> Result<(), String>;

    fn inspect(row: &Self::Row) -> Option<Read>;
    fn sheet(answer: Answer) -> Option<DeskResult<Self::Sheet>>;
    /// The inspector's lines, and on wide screens those of the third column.
    fn inspector(row: &Self::Row, sheet: Option<&Self::Sheet>, width: u16, shared: &Shared) -> Inspected;
}

/// What the inspector shows.
#[derive(Default)]
pub(crate) struct Inspected {
    pub(crate) main: Vec<Line<'static>>,
    /// The third column's title and lines; below the main part where there is no third column.
    pub(crate) related: Option<(&'static str, Vec<Line<'static>>)>,
}

/// How long the cursor rests before the inspector reads.
const REST: SignedDuration = SignedDuration::from_millis(120);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Focus {
    List,
    Inspector,
}

pub(crate) struct List<K: Kind> {
    pub(crate) listing: Listing<K::Row>,
    filtered: Filtered<K::Filter>,
    filter: K::Filter,
    /// What the filter had to add or cannot do.
    remark: Option<String>,
    sort: K::Sort,
    column: usize,
    total: Loaded<Total>,
    focus: Focus,
    scroll: usize,
    sheet: Loaded<K::Sheet>,
    sheet_for: Option<Uuid>,
    sheet_due: Option<Timestamp>,
    seen_at: Option<Timestamp>,
}

impl<K: Kind> List<K> {
    pub(crate) fn new(filtered: Filtered<K::Filter>, shared: &Shared) -> Self {
        let mut list = Self {
            listing: Listing::default(),
            filter: K::Filter::default(),
            filtered,
            remark: None,
            sort: K::Sort::default(),
            column: 0,
            total: Loaded::default(),
            focus: Focus::List,
            scroll: 0,
            sheet: Loaded::default(),
            sheet_for: None,
            sheet_due: None,
            seen_at: None,
        };
        let text = list.filtered.text.clone();
        // A place's text comes from a command that was checked before.
        if let Err(error) = list.compile(&text, shared.now()) {
            list.remark = Some(error.0);
        }
        list
    }

    /// Makes the filter of a text; on an error the one in force stays.
    fn compile(&mut self, text: &str, now: Timestamp) -> Result<(), FilterError> {
        let (filter, narrow, remark) =
            compile::<K>(self.filtered.base.as_ref().map(|(base, _)| base), text, now)?;
        self.filter = filter;
        self.remark = remark;
        self.listing = Listing::narrowed((!narrow.is_empty()).then_some(narrow));
        text.clone_into(&mut self.filtered.text);
        Ok(())
    }

    fn restart(&mut self, cx: &mut Cx<'_>) {
        if let Some(run) = self.listing.stop() {
            cx.cancel(run);
        }
        let narrow = self.listing.narrow().cloned();
        self.listing = Listing::narrowed(narrow);
        self.total.forget(cx);
        self.load(cx);
        self.count(cx);
    }

    fn count(&mut self, cx: &mut Cx<'_>) {
        if let Some(read) = K::count(&self.filter) {
            cx.load(&mut self.total, read);
        }
    }

    /// Starts what the list wants next, and has the inspector follow the cursor.
    fn load(&mut self, cx: &mut Cx<'_>) {
        if let Some((part, page)) = self.listing.wanted() {
            self.begin(part, page, cx);
        }
        let key = self.listing.selected().map(Record::key);
        if key != self.sheet_for {
            self.sheet.forget(cx);
            self.sheet_for = key;
            self.scroll = 0;
            self.sheet_due = key.map(|_| cx.now() + REST);
        }
    }

    fn begin(&mut self, part: Part, page: PageRequest, cx: &mut Cx<'_>) {
        let run = cx.read(K::read(&self.filter, self.sort, page.clone()));
        self.listing.begin(run, part, page, cx.now());
    }

    fn load_sheet(&mut self, cx: &mut Cx<'_>) {
        self.sheet_due = None;
        if inspector_split(cx.shared).is_some()
            && let Some(row) = self.listing.selected()
        {
            if let Some(read) = K::inspect(row) {
                cx.load(&mut self.sheet, read);
            }
        }
    }

    pub(crate) fn selected(&self) -> Option<&K::Row> {
        self.listing.selected()
    }

    fn sort_by(&mut self, by: &str, cx: &mut Cx<'_>) -> Result<(), String> {
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

    fn moved(&mut self, cx: &mut Cx<'_>) {
        self.load(cx);
    }

    fn empty_text(&self) -> Vec<String> {
        if self.filtered.text.is_empty() {
            K::EMPTY.iter().map(|&line| line.to_owned()).collect()
        } else {
            vec![
                format!(
                    "No {} matches the filter  {}",
                    K::ONE,
                    format::clean(&self.filtered.text)
                ),
                "Esc clears the filter, / changes it".to_owned(),
            ]
        }
    }

    fn scroll_by(&mut self, lines: isize) {
        self.scroll = self.scroll.saturating_add_signed(lines).min(400);
    }
}

/// The filter that a text makes on top of a base, what only narrows it, and a remark for the person.
pub(crate) fn compile<K: Kind>(
    base: Option<&K::Filter>,
    text: &str,
    now: Timestamp,
) -> Result<(K::Filter, Narrow, Option<String>), FilterError> {
    let mut filter = base.cloned().unwrap_or_default();
    let unbounded = filter.clone();
    let mut narrow = Narrow::default();
    for term in terms(text)? {
        match term {
            Term::Word { text, not } => {
                if !K::term(&mut filter, None, &text, not, now)? {
                    narrow.text(&text, not);
                }
            }
            Term::Field { name, value, not } => {
                if name == "since" && !not {
                    *K::since(&mut filter) = Some(since(&value, now)?);
                } else if !K::term(&mut filter, Some(&name), &value, not, now)? {
                    narrow.text(&value, not);
                }
            }
            Term::Exact { text, not } => narrow.text(&text, not),
            Term::Pattern { source, not } => narrow.pattern(&source, not)?,
        }
    }
    let mut remark = None;
    if !narrow.is_empty() {
        remark = Some("a pattern narrows what the rest finds".to_owned());
        if filter == unbounded && base.is_none() {
            *K::since(&mut filter) = Some(since("1d", now)?);
            remark = Some("a pattern alone searches the last day; add since:7d for more".to_owned());
        }
    }
    Ok((filter, narrow, remark))
}

fn inspector_split(shared: &Shared) -> Option<Split> {
    layout::inspector(shared.size, shared.inspector, shared.zoom)
}

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
            Err(answer) => {
                if let Some(result) = K::sheet(answer) {
                    self.sheet.take(run, result, now);
                }
            }
        }
    }

    fn again(&mut self, why: Again, cx: &mut Cx<'_>) {
        let concerns = match why {
            Again::News(news) => news == K::NEWS || matches!(news, News::Link { up: true }),
            Again::Poll => self
                .listing
                .loaded_at()
                .is_none_or(|at| cx.now().duration_since(at) >= POLL),
            Again::Asked => true,
        };
        if concerns {
            self.listing.ask_again(why == Again::Asked);
            self.load(cx);
            if self.listing.narrow().is_none() {
                self.count(cx);
            }
            self.load_sheet(cx);
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
        if needs_row
            && self.listing.selected().is_none()
            && !(action == Action::Open && self.listing.partial().is_some())
        {
            return Err(format!("there is no {} here", K::ONE));
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
        [self.sheet_due, self.listing.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn tick(&mut self, cx: &mut Cx<'_>) {
        self.listing.tick(cx.now());
        if self.sheet_due.is_some_and(|due| due <= cx.now()) {
            self.load_sheet(cx);
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
            name: K::NAME,
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

impl<K: Kind> List<K> {
    fn act_on_rows(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
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
                self.listing.to_start();
            }
            Action::Bottom => {
                if let Some(run) = self.listing.stop() {
                    cx.cancel(run);
                }
                if let Some((part, page)) = self.listing.to_end() {
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
                if self.listing.partial().is_some() || self.listing.has_paused() {
                    self.listing.search_on();
                } else if let Some(place) = self.listing.selected().and_then(K::place) {
                    cx.go(place);
                } else {
                    return K::act(self, action, cx);
                }
            }
            Action::Inspector => {
                if self.sheet.value.is_none() && self.sheet.since().is_none() {
                    self.sheet_due = self.sheet_for.map(|_| cx.now());
                }
            }
            Action::Filter => cx.open(Prompt::filter(&self.filtered.text, None)),
            Action::Facets => {
                let lines = K::FACETS
                    .iter()
                    .map(|(words, text)| ((*words).to_owned(), Todo::Filter((*text).to_owned())));
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
                    .map(|by| ((*by).to_owned(), Todo::Command(format!("sort {by}"))));
                cx.open(Menu::new("Sort by", lines.collect()));
            }
            Action::Export => {
                let lines = vec![
                    (
                        "CSV, for a spreadsheet".to_owned(),
                        Todo::Export(ExportFormat::Csv),
                    ),
                    ("JSON, for a program".to_owned(), Todo::Export(ExportFormat::Json)),
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
        self.moved(cx);
        true
    }
}
