//! Fields and two buttons, of which the harmless one has the focus at first.

use ratatui::text::{Line, Span};

use super::text::TextLine;
use crate::{
    console::{format, keymap::Action, shared::Shared, theme::Role},
    domain::views::event::EventRow,
};

/// `name, before, after`.
pub(crate) type Change = (String, String, String);

pub(crate) struct Field {
    pub(crate) label: &'static str,
    kind: Kind,
}

enum Kind {
    Text {
        line: TextLine,
        required: bool,
    },
    Number {
        line: TextLine,
    },
    Choice {
        options: Vec<(String, Vec<Change>)>,
        chosen: usize,
    },
    Typed {
        line: TextLine,
        expected: String,
        prompt: String,
    },
}

impl Field {
    pub(crate) fn text(label: &'static str, required: bool) -> Self {
        let line = TextLine::default();
        Self {
            label,
            kind: Kind::Text { line, required },
        }
    }

    pub(crate) fn number(label: &'static str, value: &str) -> Self {
        let line = TextLine::of(value);
        Self {
            label,
            kind: Kind::Number { line },
        }
    }

    pub(crate) fn choice(label: &'static str, options: Vec<(String, Vec<Change>)>) -> Self {
        Self {
            label,
            kind: Kind::Choice { options, chosen: 0 },
        }
    }

    pub(crate) fn typed(expected: String, prompt: String) -> Self {
        Self {
            label: "",
            kind: Kind::Typed {
                line: TextLine::default(),
                expected,
                prompt,
            },
        }
    }

    pub(crate) fn choose(&mut self, index: usize) {
        if let Kind::Choice { options, chosen } = &mut self.kind {
            *chosen = index.min(options.len().saturating_sub(1));
        }
    }

    pub(crate) fn set(&mut self, text: &str) {
        if let Some(line) = self.line_mut() {
            line.set(text);
        }
    }

    fn line(&self) -> Option<&TextLine> {
        match &self.kind {
            Kind::Text { line, .. } | Kind::Number { line } | Kind::Typed { line, .. } => Some(line),
            Kind::Choice { .. } => None,
        }
    }

    fn line_mut(&mut self) -> Option<&mut TextLine> {
        match &mut self.kind {
            Kind::Text { line, .. } | Kind::Number { line } | Kind::Typed { line, .. } => Some(line),
            Kind::Choice { .. } => None,
        }
    }

    /// What is still wrong with it.
    fn wrong(&self) -> Option<String> {
        match &self.kind {
            Kind::Text { line, required: true } if line.value().trim().is_empty() => {
                Some(format!("{} is needed", self.label.to_lowercase()))
            }
            Kind::Number { line } if line.value().trim().parse::<u32>().is_err() => {
                Some(format!("{} is a number", self.label.to_lowercase()))
            }
            Kind::Typed { line, expected, .. } if line.value().trim() != expected => {
                Some(format!("that is not {expected}"))
            }
            Kind::Text { .. } | Kind::Number { .. } | Kind::Typed { .. } | Kind::Choice { .. } => None,
        }
    }
}

/// How much is asked of a person before something is done.
pub(crate) enum Risk {
    /// A button.
    Button,
    /// Something that has to be typed.
    Typed { expected: String, prompt: String },
}

impl Risk {
    /// One object in production: the last four of its id.
    pub(crate) fn of_object(id: &str, shared: &Shared) -> Self {
        if !shared.is_production() {
            return Self::Button;
        }
        let expected = format::last_four(id);
        let prompt = format!("Type {}'s last four to go on:", format::id(id, shared.glyphs));
        Self::Typed { expected, prompt }
    }

    /// Events in production: one by the last four of its id, many by how many they are.
    pub(crate) fn of_events(rows: &[&EventRow], shared: &Shared) -> Self {
        match rows {
            [one] => Self::of_object(&one.provider_event_id, shared),
            many if shared.is_production() => {
                let expected = many.len().to_string();
                let prompt = format!("Type {expected}, the number of events, to go on:");
                Self::Typed { expected, prompt }
            }
            _ => Self::Button,
        }
    }
}

/// Where the focus is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Focus {
    Back,
    Field(usize),
    Button,
}

/// What pressing Enter came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    Nothing,
    Back,
    Button,
}

pub(crate) struct Form {
    pub(crate) fields: Vec<Field>,
    pub(crate) back: String,
    /// None: there is nothing to confirm, only to close.
    pub(crate) button: Option<String>,
    focus: Focus,
    pub(crate) error: Option<String>,
}

impl Form {
    pub(crate) fn new(back: &str, button: Option<&str>) -> Self {
        Self {
            fields: Vec::new(),
            back: back.to_owned(),
            button: button.map(ToOwned::to_owned),
            focus: Focus::Back,
            error: None,
        }
    }

    pub(crate) fn risk(&mut self, risk: Risk) {
        if let Risk::Typed { expected, prompt } = risk {
            self.fields.push(Field::typed(expected, prompt));
        }
    }

    /// Whether a single key may stand for the button: nothing has to be typed.
    fn is_simple(&self) -> bool {
        self.fields.iter().all(|field| field.wrong().is_none())
            && !self
                .fields
                .iter()
                .any(|field| matches!(field.kind, Kind::Typed { .. }))
    }

    pub(crate) fn wants_text(&self) -> bool {
        match self.focus {
            Focus::Field(index) => self.fields.get(index).is_some_and(|field| field.line().is_some()),
            Focus::Back | Focus::Button => false,
        }
    }

    pub(crate) fn insert(&mut self, text: &str) {
        if let Focus::Field(index) = self.focus
            && let Some(line) = self.fields.get_mut(index).and_then(Field::line_mut)
        {
            line.insert(text);
            self.error = None;
        }
    }

    /// The order of the focus: back, the fields from the top, the button. Forward from Back leads through all that has
    /// to be filled in before the button.
    fn step(&mut self, forward: bool) {
        let fields = self.fields.len();
        let has_button = self.button.is_some();
        self.focus = match (self.focus, forward) {
            (Focus::Back, true) if fields > 0 => Focus::Field(0),
            (Focus::Field(index), true) if index + 1 < fields => Focus::Field(index + 1),
            (Focus::Field(index), false) if index > 0 => Focus::Field(index - 1),
            (Focus::Button, false) if fields > 0 => Focus::Field(fields - 1),
            (Focus::Back, _) | (Focus::Field(_), true) if has_button => Focus::Button,
            (Focus::Back | Focus::Field(_) | Focus::Button, _) => Focus::Back,
        };
    }

    fn choose(&mut self, right: bool) {
        match self.focus {
            Focus::Back if right && self.button.is_some() => self.focus = Focus::Button,
            Focus::Button if !right => self.focus = Focus::Back,
            Focus::Back | Focus::Button => {}
            Focus::Field(index) => {
                if let Some(field) = self.fields.get_mut(index)
                    && let Kind::Choice { options, chosen } = &mut field.kind
                {
                    let last = options.len().saturating_sub(1);
                    *chosen = if right {
                        (*chosen + 1).min(last)
                    } else {
                        chosen.saturating_sub(1)
                    };
                }
            }
        }
    }

    pub(crate) fn act(&mut self, action: Action) -> Pressed {
        if self.wants_text()
            && let Focus::Field(index) = self.focus
            && let Some(line) = self.fields.get_mut(index).and_then(Field::line_mut)
            && line.edit(action)
        {
            self.error = None;
            return Pressed::Nothing;
        }
        match action {
            Action::NextField => self.step(true),
            Action::PreviousField => self.step(false),
            Action::ChooseLeft => self.choose(false),
            Action::ChooseRight => self.choose(true),
            Action::Dismiss => return Pressed::Back,
            Action::Yes if self.button.is_some() && self.is_simple() => return Pressed::Button,
            Action::Yes => self.error = Some("Tab leads through what has to be filled in".to_owned()),
            Action::Press => match self.focus {
                Focus::Back => return Pressed::Back,
                Focus::Field(_) => self.step(true),
                Focus::Button => {
                    let wrong = self
                        .fields
                        .iter()
                        .enumerate()
                        .find_map(|(index, field)| Some((index, field.wrong()?)));
                    match wrong {
                        None => return Pressed::Button,
                        Some((index, why)) => {
                            self.focus = Focus::Field(index);
                            self.error = Some(why);
                        }
                    }
                }
            },
            _ => {}
        }
        Pressed::Nothing
    }

    fn field(&self, label: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.label == label)
    }

    pub(crate) fn value(&self, label: &str) -> Option<String> {
        let line = self.field(label)?.line()?;
        Some(line.value().trim().to_owned())
    }

    pub(crate) fn choice(&self, label: &str) -> usize {
        match self.field(label).map(|field| &field.kind) {
            Some(Kind::Choice { chosen, .. }) => *chosen,
            Some(Kind::Text { .. } | Kind::Number { .. } | Kind::Typed { .. }) | None => 0,
        }
    }

    /// What the chosen options change.
    pub(crate) fn changes(&self) -> Vec<Change> {
        self.fields
            .iter()
            .filter_map(|field| match &field.kind {
                Kind::Choice { options, chosen } => options.get(*chosen).map(|(_, changes)| changes.clone()),
                Kind::Text { .. } | Kind::Number { .. } | Kind::Typed { .. } => None,
            })
            .flatten()
            .collect()
    }

    /// Fields, error and buttons.
    pub(crate) fn lines(&self, width: usize, shared: &Shared) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        for (index, field) in self.fields.iter().enumerate() {
            let focused = self.focus == Focus::Field(index);
            lines.push(field_line(field, focused, width, shared));
        }
        lines.push(match &self.error {
            Some(error) => Line::styled(
                format!("{} {}", shared.glyphs.danger, format::clean(error)),
                shared.style(Role::Danger),
            ),
            None => Line::default(),
        });
        lines.push(self.buttons(width, shared));
        lines
    }

    fn buttons(&self, width: usize, shared: &Shared) -> Line<'static> {
        let button = |text: &str, focused: bool| {
            let bar = if focused { shared.glyphs.bar } else { " " };
            let style = if focused {
                shared.style(Role::Cursor)
            } else {
                shared.style(Role::Title)
            };
            vec![
                Span::styled(bar, shared.style(Role::Focus)),
                Span::styled(format!(" {text} "), style),
            ]
        };
        let mut spans = button(&self.back, self.focus == Focus::Back);
        if let Some(text) = &self.button {
            spans.push(Span::raw("   "));
            spans.extend(button(text, self.focus == Focus::Button));
        }
        let used: usize = spans.iter().map(|span| format::width(&span.content)).sum();
        spans.insert(0, Span::raw(" ".repeat(width.saturating_sub(used))));
        Line::from(spans)
    }
}

fn field_line(field: &Field, focused: bool, width: usize, shared: &Shared) -> Line<'static> {
    let bar = if focused { shared.glyphs.bar } else { " " };
    let label_style = if focused {
        shared.style(Role::Title)
    } else {
        shared.style(Role::Dim)
    };
    let mut spans = vec![Span::styled(bar, shared.style(Role::Focus))];
    let bracketed = |line: &TextLine, cells: usize| {
        let mut spans = vec![Span::styled("[", shared.style(Role::Dim))];
        spans.extend(line.spans(cells, focused, shared));
        spans.push(Span::styled("]", shared.style(Role::Dim)));
        spans
    };
    match &field.kind {
        Kind::Text { line, required } => {
            let label = if *required {
                format!("{} *", field.label)
            } else {
                field.label.to_owned()
            };
            spans.push(Span::styled(format::pad(&label, 9), label_style));
            spans.extend(bracketed(line, width.saturating_sub(13)));
        }
        Kind::Number { line } => {
            spans.push(Span::styled(format::pad(field.label, 9), label_style));
            spans.extend(bracketed(line, 8));
        }
        Kind::Typed {
            line,
            prompt,
            expected,
        } => {
            spans.push(Span::styled(format!("{prompt} "), label_style));
            spans.extend(bracketed(line, format::width(expected).max(4) + 1));
        }
        Kind::Choice { options, chosen } => {
            spans.push(Span::styled(format::pad(field.label, 9), label_style));
            let (on, off) = if shared.glyphs.ascii {
                ("(*)", "( )")
            } else {
                ("(●)", "( )")
            };
            for (index, (text, _)) in options.iter().enumerate() {
                let is = index == *chosen;
                let style = if is {
                    shared.style(Role::Title)
                } else {
                    shared.style(Role::Dim)
                };
                spans.push(Span::styled(
                    format!("{} {}   ", if is { on } else { off }, format::clean(text)),
                    style,
                ));
            }
        }
    }
    Line::from(spans)
}
