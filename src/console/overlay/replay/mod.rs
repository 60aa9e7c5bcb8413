//! Replay: the plan first, then one line per event with its result. Nothing is hidden behind a toast.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ratatui::{Frame, layout::Rect, text::Line};

use super::{
    Fate, Overlay,
    form::{Field, Form, Pressed, Risk},
    framed, write_lines,
};
use crate::{
    console::{
        desk::DeskError,
        effect::{Read, RunId, Write},
        format,
        keymap::{Action, Context},
        msg::Answer,
        shared::{Cx, Loaded, Shared, Wish},
        theme::Role,
        widgets::table::error_lines,
    },
    domain::{
        event::ReplayMode,
        ids::EventId,
        views::{action::ReplayItem, event::EventRow},
    },
};

mod lines;

pub(crate) use lines::{outcome, would};

/// Events per request, so that results come in as they are there and Esc can stop between.
const CHUNK: usize = 20;

struct Subject {
    id: EventId,
    label: String,
    event_type: String,
}

enum Stage {
    Planning,
    Running { run: RunId, asked: BTreeSet<EventId> },
    Done,
}

pub(crate) struct ReplayDialog {
    subjects: Vec<Subject>,
    mode: ReplayMode,
    /// What is planned so far, and the request for more of it.
    planned: BTreeMap<EventId, ReplayItem>,
    plan: Loaded<Vec<ReplayItem>>,
    stage: Stage,
    results: BTreeMap<EventId, ReplayItem>,
    /// Why events have no result: the request failed, or nobody knows.
    errors: BTreeMap<EventId, DeskError>,
    form: Form,
    scroll: usize,
    reason: Option<String>,
}

impl ReplayDialog {
    pub(crate) fn new(rows: &[&EventRow], shared: &Shared) -> Self {
        let mut form = Form::new("Back", Some(&button(rows.len())));
        form.fields.push(Field::text("Reason", false));
        form.risk(Risk::of_events(rows, shared));
        Self {
            subjects: rows
                .iter()
                .map(|row| Subject {
                    id: row.id,
                    label: row.provider_event_id.clone(),
                    event_type: row.event_type.clone(),
                })
                .collect(),
            mode: ReplayMode::Converge,
            planned: BTreeMap::new(),
            plan: Loaded::default(),
            stage: Stage::Planning,
            results: BTreeMap::new(),
            errors: BTreeMap::new(),
            form,
            scroll: 0,
            reason: None,
        }
    }

    /// Plans from the start.
    fn plan_again(&mut self, cx: &mut Cx<'_>) {
        self.planned.clear();
        self.plan.error = None;
        self.plan_more(cx);
    }

    /// Asks for the plan of the next events: each may need a read of the provider, so not for all at once.
    fn plan_more(&mut self, cx: &mut Cx<'_>) {
        let ids: Vec<EventId> = self
            .subjects
            .iter()
            .map(|subject| subject.id)
            .filter(|id| !self.planned.contains_key(id))
            .take(CHUNK)
            .collect();
        if !ids.is_empty() {
            let mode = self.mode;
            cx.load(&mut self.plan, Read::ReplayPreview { ids, mode });
        }
    }

    fn take_plan(&mut self, cx: &mut Cx<'_>) {
        let before = self.planned.len();
        let items = self.plan.value.take().unwrap_or_default();
        self.planned
            .extend(items.into_iter().map(|item| (item.event_id, item)));
        // An answer that says nothing new would be asked for without end.
        if self.planned.len() > before {
            self.plan_more(cx);
        }
    }

    fn is_planned(&self) -> bool {
        self.plan.error.is_none() && self.plan.since().is_none() && !self.planned.is_empty()
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        self.reason = self.form.value("Reason").filter(|reason| !reason.is_empty());
        self.form.fields.clear();
        self.form = Form::new("Close", None);
        self.scroll = 0;
        self.next_chunk(cx);
    }

    fn next_chunk(&mut self, cx: &mut Cx<'_>) {
        let ids: Vec<EventId> = self
            .subjects
            .iter()
            .map(|subject| subject.id)
            .filter(|id| !self.results.contains_key(id) && !self.errors.contains_key(id))
            .take(CHUNK)
            .collect();
        if ids.is_empty() {
            self.stage = Stage::Done;
            cx.wishes.push(Wish::ReadAgain);
            return;
        }
        let write = Write::Replay {
            ids: ids.clone(),
            mode: self.mode,
            reason: self.reason.clone(),
        };
        let run = cx.write(write, "replay", &format::counted(ids.len(), "event"));
        self.stage = Stage::Running {
            run,
            asked: ids.into_iter().collect(),
        };
    }

    fn take_results(
        &mut self,
        asked: &BTreeSet<EventId>,
        result: Result<Vec<ReplayItem>, DeskError>,
        cx: &mut Cx<'_>,
    ) {
        match result {
            Ok(items) => {
                self.results
                    .extend(items.into_iter().map(|item| (item.event_id, item)));
                for &id in asked {
                    if !self.results.contains_key(&id) {
                        self.errors.insert(id, no_answer());
                    }
                }
                self.next_chunk(cx);
            }
            Err(error) => {
                // What could not be asked for is not asked for again by itself.
                let rest = self.subjects.iter().map(|subject| subject.id);
                let rest: Vec<EventId> = rest.filter(|id| !self.results.contains_key(id)).collect();
                for id in rest {
                    let was_asked = asked.contains(&id);
                    self.errors
                        .insert(id, if was_asked { error.clone() } else { not_tried() });
                }
                self.stage = Stage::Done;
                cx.wishes.push(Wish::ReadAgain);
            }
        }
    }
}

fn button(count: usize) -> String {
    if count == 1 {
        "Replay it".to_owned()
    } else {
        format!("Replay {count}")
    }
}

fn no_answer() -> DeskError {
    DeskError {
        code: "no_answer".to_owned(),
        message: "nothing was said about this event".to_owned(),
        hint: None,
        outcome_unknown: true,
        link_lost: false,
    }
}

fn not_tried() -> DeskError {
    DeskError {
        code: "not_tried".to_owned(),
        message: "not tried, since an earlier one could not be asked for".to_owned(),
        hint: None,
        outcome_unknown: false,
        link_lost: false,
    }
}

impl Overlay for ReplayDialog {
    fn contexts(&self) -> &'static [Context] {
        if self.form.wants_text() {
            &[Context::Dialog, Context::Text]
        } else if matches!(self.stage, Stage::Planning) {
            &[Context::Replay, Context::Dialog]
        } else {
            &[Context::Dialog]
        }
    }

    fn enter(&mut self, cx: &mut Cx<'_>) {
        self.plan_again(cx);
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> Fate {
        match action {
            Action::ToggleMode if matches!(self.stage, Stage::Planning) => {
                self.mode = match self.mode {
                    ReplayMode::Converge => ReplayMode::AsRecorded,
                    ReplayMode::AsRecorded => ReplayMode::Converge,
                };
                self.scroll = 0;
                self.plan_again(cx);
                return Fate::Stay;
            }
            Action::ScrollDown => {
                self.scroll = self.scroll.saturating_add(8).min(4_000);
                return Fate::Stay;
            }
            Action::ScrollUp => {
                self.scroll = self.scroll.saturating_sub(8);
                return Fate::Stay;
            }
            // With nothing to choose, the arrows scroll.
            Action::NextField | Action::PreviousField if !matches!(self.stage, Stage::Planning) => {
                let step = if action == Action::NextField { 1 } else { -1 };
                self.scroll = self.scroll.saturating_add_signed(step);
                return Fate::Stay;
            }
            _ => {}
        }
        match self.form.act(action) {
            Pressed::Nothing => Fate::Stay,
            Pressed::Back => Fate::Close,
            Pressed::Button => {
                if let Err(why) = cx.shared.may_write() {
                    self.form.error = Some(why);
                } else if !self.is_planned() {
                    self.form.error = Some("the plan is not there yet".to_owned());
                } else {
                    self.start(cx);
                }
                Fate::Stay
            }
        }
    }

    fn wants_text(&self) -> bool {
        self.form.wants_text()
    }

    fn insert(&mut self, text: &str, _: &mut Cx<'_>) {
        self.form.insert(text);
    }

    fn answer(&mut self, run: RunId, answer: Answer, cx: &mut Cx<'_>) -> Fate {
        match answer {
            Answer::ReplayPreview(result) => {
                let is_ours = self.plan.take(run, result, cx.now());
                if is_ours && self.plan.error.is_none() {
                    self.take_plan(cx);
                }
            }
            Answer::Replay(result) => {
                if let Stage::Running { run: waiting, asked } = &self.stage
                    && *waiting == run
                {
                    let asked = asked.clone();
                    self.take_results(&asked, result, cx);
                }
            }
            _ => {}
        }
        Fate::Stay
    }

    fn deadline(&self, _: &Shared) -> Option<Timestamp> {
        None
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        let width = area.width.min(100);
        let inner = usize::from(width.saturating_sub(4));
        let mut list = match (&self.stage, self.planned.is_empty(), &self.plan.error) {
            (Stage::Planning, _, Some(error)) => error_lines(
                error,
                "The plan could not be made",
                "m and m again try once more",
                width.saturating_sub(4),
                shared,
            ),
            (Stage::Planning, true, None) => vec![
                Line::default(),
                Line::styled(
                    format!("{} working out what would change", shared.spinner()),
                    shared.style(Role::Pending),
                ),
            ],
            _ => self.list(inner, shared),
        };
        let foot = self.form.lines(inner, shared);
        let wanted = list.len() + foot.len() + 4;
        let height = u16::try_from(wanted)
            .unwrap_or(u16::MAX)
            .min(area.height.saturating_sub(1))
            .max(8);
        let inside = framed(frame, area, &self.title(), (width, height), true, shared);
        let rows = usize::from(inside.height).saturating_sub(foot.len() + 2);
        let scroll = self.scroll.min(list.len().saturating_sub(rows));
        let more = list.len().saturating_sub(scroll + rows);
        let mut lines = vec![self.head(shared), Line::default()];
        list = list.split_off(scroll);
        list.truncate(rows);
        if more > 0
            && let Some(last) = list.last_mut()
        {
            *last = Line::styled(
                format!("{} {} more lines, PgDn", shared.glyphs.ellipsis, more + 1),
                shared.style(Role::Dim),
            );
        }
        let blank = rows.saturating_sub(list.len());
        lines.extend(list);
        lines.extend((0..blank).map(|_| Line::default()));
        lines.extend(foot);
        write_lines(frame, inside, &lines);
    }
}
