//! One event: what it says, what was tried, what it changed.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};
use uuid::Uuid;

use super::{Again, Banner, Screen, events, inspect};
use crate::{
    console::{
        desk::{DeskError, News},
        effect::{ExportList, LinkUse, Read, RunId},
        format,
        keymap::{Action, Context},
        msg::{Answer, EventSheet},
        nav::{EventPart, Place},
        shared::{Cx, Loaded, Shared},
        theme::Role,
        verbs,
        widgets::{
            json::{Document, Tree},
            sections::{self, Detail, Parts, Row, Section},
            table::{RETRY, error_lines},
        },
    },
    domain::{
        ids::EventId,
        views::{action::ReplayItem, event::EventRow},
    },
};

pub(crate) struct EventScreen {
    id: EventId,
    sheet: Loaded<EventSheet>,
    document: Arc<Document>,
    tree: Tree,
    parts: Parts,
    /// What a replay would do: a read of its own, because it may have to ask the provider.
    would: Loaded<Vec<ReplayItem>>,
    /// The event as it stood when that was asked.
    would_row: Option<EventRow>,
}

const ATTEMPTS: usize = 1;
const WOULD: usize = 2;

impl EventScreen {
    pub(crate) fn new(id: EventId, part: EventPart) -> Self {
        let focus = match part {
            EventPart::Payload => 0,
            EventPart::Attempts => ATTEMPTS,
        };
        Self {
            id,
            sheet: Loaded::default(),
            document: Arc::default(),
            tree: Tree::default(),
            parts: Parts::at(focus),
            would: Loaded::default(),
            would_row: None,
        }
    }

    fn row(&self) -> Option<&EventRow> {
        self.sheet.value.as_ref().map(|sheet| &sheet.detail.row)
    }

    fn load(&mut self, cx: &mut Cx<'_>) {
        cx.load(&mut self.sheet, Read::Event(self.id));
    }

    /// Asks what a replay would do, once for each way the event stands.
    fn load_would(&mut self, cx: &mut Cx<'_>) {
        let row = self.row().cloned();
        if row == self.would_row {
            return;
        }
        self.would.forget(cx);
        if let Some(read) = row.as_ref().and_then(events::would) {
            cx.load(&mut self.would, read);
        }
        self.would_row = row;
    }
}

impl Detail for EventScreen {
    fn parts(&self) -> &Parts {
        &self.parts
    }

    fn parts_mut(&mut self) -> &mut Parts {
        &mut self.parts
    }

    fn head(&self, width: u16, shared: &Shared) -> Vec<Line<'static>> {
        let Some(sheet) = &self.sheet.value else {
            return waiting(self.sheet.error.as_ref(), self.sheet.since(), "event", shared);
        };
        let mut lines = inspect::event_head(&sheet.detail.row, width, shared);
        for alarm in &sheet.detail.alarms {
            let text = format!("{} {}", shared.glyphs.danger, format::clean(alarm));
            lines.push(Line::styled(text, shared.style(Role::Danger)));
        }
        if sheet.detail.open_alarms > 0 {
            let text = "A settles it, with the reason why it is all right";
            lines.push(Line::styled(text, shared.style(Role::Dim)));
        }
        lines
    }

    fn sections(&self, shared: &Shared) -> Vec<Section> {
        let Some(sheet) = &self.sheet.value else {
            return Vec::new();
        };
        let detail = &sheet.detail;
        let attempts = inspect::attempt_rows(detail, shared)
            .into_iter()
            .zip(inspect::newest_first(detail))
            .map(|(line, attempt)| Row {
                line,
                open: None,
                value: attempt
                    .error
                    .as_ref()
                    .map(|error| format!("{}: {}", error.code, error.message)),
            })
            .collect();
        let changes = inspect::change_rows(&detail.changes, shared)
            .into_iter()
            .map(Row::plain)
            .collect();
        let mut headers: Vec<Row> = detail
            .headers
            .iter()
            .map(|(name, value)| Row {
                line: Line::from(vec![
                    Span::styled(
                        format!("{}  ", format::pad(&format::clean(name), 24)),
                        shared.style(Role::JsonKey),
                    ),
                    Span::styled(format::clean(value).into_owned(), shared.style(Role::Text)),
                ]),
                open: None,
                value: Some(value.clone()),
            })
            .collect();
        let facts = [
            ("source", Some(detail.row.source.to_string())),
            ("API version", detail.api_version.clone()),
            ("billdeck id", Some(detail.row.id.to_string())),
            (
                "created there",
                detail.row.provider_created_at.map(|at| shared.clock.long(at)),
            ),
        ];
        for (name, value) in facts {
            let Some(value) = value else { continue };
            headers.push(Row {
                line: Line::from(vec![
                    Span::styled(format!("{}  ", format::pad(name, 24)), shared.style(Role::Dim)),
                    Span::styled(format::clean(&value).into_owned(), shared.style(Role::Text)),
                ]),
                open: None,
                value: Some(value),
            });
        }
        let mut sections = vec![
            Section::tree("Payload"),
            Section::rows(tries_title(detail.attempt_log.len()), attempts),
            Section::rows(format!("Changes {}", detail.changes.len()), changes),
            Section::rows("Headers", headers),
        ];
        if let Some(item) = self.would.value.iter().flatten().next() {
            let rows = inspect::event_would(item, shared)
                .into_iter()
                .map(Row::plain)
                .collect();
            sections.insert(WOULD, Section::rows("A replay", rows));
        }
        sections
    }

    fn tree(&self) -> Option<(&Document, &Tree)> {
        Some((&self.document, &self.tree))
    }

    fn tree_mut(&mut self) -> Option<(&Document, &mut Tree)> {
        Some((&self.document, &mut self.tree))
    }

    fn source(&self) -> Option<&serde_json::Value> {
        self.sheet.value.as_ref().map(|sheet| &sheet.detail.payload)
    }
}

fn tries_title(number: usize) -> String {
    match number {
        0 | 1 => format!("Tries {number}"),
        _ => format!("Tries {number}, newest first"),
    }
}

/// What stands where a detail will be: an error, or that it is being read.
pub(crate) fn waiting(
    error: Option<&DeskError>,
    since: Option<Timestamp>,
    what: &str,
    shared: &Shared,
) -> Vec<Line<'static>> {
    if let Some(error) = error {
        return error_lines(
            error,
            &format!("The {what} could not be read"),
            RETRY,
            shared.size.0.saturating_sub(4),
            shared,
        );
    }
    if !shared.is_slow(since) {
        return Vec::new();
    }
    vec![
        Line::default(),
        Line::styled(
            format!("{} reading the {what}", shared.spinner()),
            shared.style(Role::Pending),
        ),
    ]
}

impl Screen for EventScreen {
    fn is_at(&self, place: &Place) -> bool {
        matches!(place, Place::Event(id, _) if *id == self.id)
    }

    fn banner(&self, shared: &Shared) -> Banner {
        let name = self.row().map_or_else(
            || format::id(&self.id.to_string(), shared.glyphs),
            |row| format::id(&row.provider_event_id, shared.glyphs),
        );
        Banner {
            crumbs: vec!["Events".to_owned(), name],
            filter: None,
            right: freshness(&self.sheet, shared),
        }
    }

    fn contexts(&self, _: &Shared) -> &'static [Context] {
        &[Context::Event, Context::Object, Context::Detail, Context::Move]
    }

    fn enter(&mut self, cx: &mut Cx<'_>) {
        // What was being asked when the screen was left has been given up.
        if self.would.value.is_none() {
            self.would_row = None;
        }
        self.load(cx);
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        if sections::act(self, action, cx) {
            return true;
        }
        if action == Action::Attempts {
            self.parts.focus = ATTEMPTS;
            return true;
        }
        let Some(sheet) = &self.sheet.value else {
            return false;
        };
        let row = &sheet.detail.row;
        match action {
            Action::Replay => verbs::replay(&[row], cx),
            Action::Discard => verbs::discard(&[row], cx),
            Action::VerifyObject => verbs::verify_object(row, cx),
            Action::SettleAlarms => verbs::settle_alarms(row, cx),
            Action::CopyId => cx.copy("id", row.provider_event_id.clone()),
            Action::CopyJson => copy_json(&sheet.detail.payload, cx),
            Action::CopyLink | Action::OpenAtProvider => {
                let then = if action == Action::CopyLink {
                    LinkUse::Copy
                } else {
                    LinkUse::Open
                };
                link(events::object(row), then, cx);
            }
            other => match events::related(row, other) {
                Some(place) => cx.go(place),
                None => return false,
            },
        }
        true
    }

    fn answer(&mut self, run: RunId, answer: Answer, cx: &mut Cx<'_>) {
        match answer {
            Answer::Event(result) => {
                if self.sheet.take(run, result.map(|sheet| *sheet), cx.now())
                    && let Some(sheet) = &self.sheet.value
                {
                    let document = sheet.document.clone();
                    self.tree.follow(&self.document, &document);
                    self.document = document;
                    self.load_would(cx);
                }
            }
            // An extra: where it cannot be told, nothing is said.
            Answer::ReplayPreview(result) => {
                self.would.take(run, result, cx.now());
            }
            _ => {}
        }
    }

    fn again(&mut self, why: Again, cx: &mut Cx<'_>) {
        if why == Again::Asked {
            self.would_row = None;
        }
        if is_due(why, News::Events, self.sheet.at, cx.shared) {
            self.load(cx);
        }
    }

    fn why_not(&self, action: Action, shared: &Shared) -> Result<(), String> {
        let rows: Vec<&EventRow> = self.row().into_iter().collect();
        match action {
            Action::Replay => verbs::can_replay(&rows),
            Action::Discard => verbs::can_discard(&rows),
            Action::VerifyObject => verbs::can_verify_object(self.row()),
            Action::SettleAlarms => {
                let open = self.sheet.value.as_ref().map(|sheet| sheet.detail.open_alarms);
                verbs::can_settle(self.row(), open)
            }
            Action::RelatedCustomer
            | Action::RelatedSubscriptions
            | Action::RelatedEvents
            | Action::RelatedOrders => match self.row().and_then(|row| events::related(row, action)) {
                Some(_) => Ok(()),
                None => Err("this event leads to none".to_owned()),
            },
            Action::Inspector => Err("the inspector stands beside lists".to_owned()),
            _ if self.row().is_none() && needs_object(action) => {
                let _ = shared;
                Err("the event has not been read yet".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn set_filter(&mut self, text: &str, cx: &mut Cx<'_>) -> Result<(), String> {
        sections::search(self, text, cx)
    }

    fn filter(&self) -> String {
        self.tree.needle().to_owned()
    }

    fn sort(&mut self, _: &str, _: &mut Cx<'_>) -> Result<(), String> {
        Err("only lists are sorted".to_owned())
    }

    fn export(&self) -> Option<(ExportList, Option<BTreeSet<Uuid>>, &'static str)> {
        None
    }

    fn deadline(&self, _: &Shared) -> Option<Timestamp> {
        None
    }

    fn tick(&mut self, _: &mut Cx<'_>) {}

    fn escape(&mut self, cx: &mut Cx<'_>) -> bool {
        !self.tree.needle().is_empty() && sections::search(self, "", cx).is_ok()
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        sections::draw(self, frame, area, shared);
    }
}

/// Error and age of what a detail screen shows.
pub(crate) fn freshness<T>(loaded: &Loaded<T>, shared: &Shared) -> Vec<(String, Role)> {
    let mut right = Vec::new();
    if loaded.value.is_some()
        && let Some(error) = &loaded.error
    {
        right.push((
            format!("{} {}", shared.glyphs.danger, format::clean(&error.code)),
            Role::Danger,
        ));
    }
    right.extend(shared.freshness(loaded.since(), loaded.at));
    right
}

/// Whether a detail screen has a reason to read again.
pub(crate) fn is_due(why: Again, concerns: News, at: Option<Timestamp>, shared: &Shared) -> bool {
    match why {
        Again::News(news) => news == concerns || matches!(news, News::Link { up: true }),
        Again::Poll => at.is_none_or(|at| shared.now().duration_since(at) >= shared.poll),
        Again::Asked => true,
    }
}

/// Actions for which the object has to be there.
pub(crate) const fn needs_object(action: Action) -> bool {
    matches!(
        action,
        Action::CopyId
            | Action::CopyJson
            | Action::CopyLink
            | Action::CopyPath
            | Action::CopyValue
            | Action::OpenAtProvider
            | Action::Open
            | Action::Search
    )
}

pub(crate) fn copy_json(value: &impl serde::Serialize, cx: &mut Cx<'_>) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => cx.copy("JSON", text),
        Err(error) => cx.note(format!("it cannot be written as JSON: {error}")),
    }
}

pub(crate) fn link(
    object: Option<(
        crate::domain::provider::ProviderName,
        crate::domain::provider::ObjectRef,
    )>,
    then: LinkUse,
    cx: &mut Cx<'_>,
) {
    match object {
        Some((provider, object)) => {
            cx.read(Read::Dashboard {
                provider,
                object,
                then,
            });
        }
        None => cx.note("there is no page for it at its provider"),
    }
}
