//! What all list screens have in common: the table, its filter and order, marks, the inspector beside it.

use jiff::{SignedDuration, Timestamp};
use ratatui::text::Line;

use crate::{
    console::{
        desk::{DeskResult, News},
        effect::{ExportList, Read, RunId},
        filter::FilterError,
        format,
        keymap::{Action, Context},
        layout::{self, Split},
        msg::Answer,
        nav::{Filtered, Place},
        shared::{Cx, Loaded, Shared},
        widgets::{
            listing::{Listing, Part, Record},
            table::Column,
        },
    },
    domain::{
        provider::{ObjectRef, ProviderName},
        views::{Direction, Page, PageRequest, Total},
    },
};

mod act;
mod filter;
mod screen;

pub(crate) use filter::compile;

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
    /// What the inspector asks once it shows the sheet and the cursor stays: it may take long and cost a provider's call.
    fn further(_: &Self::Sheet) -> Option<Read> {
        None
    }
    /// Puts the answer to that into the sheet.
    fn add(_: &mut Self::Sheet, _: Answer) {}
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

/// How long it stays before the inspector asks further.
const STAY: SignedDuration = SignedDuration::from_millis(700);

/// A title's count may be this old while rows come and go.
const RECOUNT: SignedDuration = SignedDuration::from_secs(5);

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
    /// The row that the inspector is for, as it was when it was read.
    sheet_row: Option<K::Row>,
    sheet_due: Option<Timestamp>,
    further: Option<RunId>,
    further_due: Option<Timestamp>,
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
            sheet_row: None,
            sheet_due: None,
            further: None,
            further_due: None,
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
        let row = self.listing.selected();
        if row == self.sheet_row.as_ref() {
            return;
        }
        let is_other = row.map(Record::key) != self.sheet_row.as_ref().map(Record::key);
        self.sheet_due = row.map(|_| cx.now() + REST);
        self.sheet_row = row.cloned();
        if is_other {
            self.sheet.forget(cx);
            self.forget_further(cx);
            self.scroll = 0;
        }
    }

    fn begin(&mut self, part: Part, page: PageRequest, cx: &mut Cx<'_>) {
        let run = cx.read(K::read(&self.filter, self.sort, page.clone()));
        self.listing.begin(run, part, page, cx.now());
    }

    fn load_sheet(&mut self, cx: &mut Cx<'_>) {
        self.sheet_due = None;
        if inspector_split(cx.shared).is_some()
            && let Some(read) = self.listing.selected().and_then(K::inspect)
        {
            cx.load(&mut self.sheet, read);
            self.forget_further(cx);
        }
    }

    fn take_sheet(&mut self, run: RunId, answer: Answer, now: Timestamp) {
        if self.further == Some(run) {
            self.further = None;
            if let Some(sheet) = &mut self.sheet.value {
                K::add(sheet, answer);
            }
        } else if let Some(result) = K::sheet(answer)
            && self.sheet.take(run, result, now)
        {
            let further = self.sheet.value.as_ref().and_then(K::further);
            self.further_due = further.map(|_| now + STAY);
        }
    }

    fn load_further(&mut self, cx: &mut Cx<'_>) {
        self.further_due = None;
        let read = self.sheet.value.as_ref().and_then(K::further);
        self.further = read.map(|read| cx.read(read));
    }

    fn forget_further(&mut self, cx: &mut Cx<'_>) {
        self.further_due = None;
        if let Some(run) = self.further.take() {
            cx.cancel(run);
        }
    }

    pub(crate) fn selected(&self) -> Option<&K::Row> {
        self.listing.selected()
    }

    /// What the inspector has read of the selected row.
    pub(crate) fn looked(&self) -> Option<&K::Sheet> {
        self.sheet.value.as_ref()
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

fn inspector_split(shared: &Shared) -> Option<Split> {
    layout::inspector(shared.size, shared.inspector, shared.zoom)
}
