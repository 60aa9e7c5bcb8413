//! The dialog before something is done: what, to what, before and after, and how sure one has to be.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

pub(crate) use super::form::{Change, Field, Risk};
use super::{
    Fate, Overlay,
    form::{Form, Pressed},
    framed, write_lines,
};
use crate::{
    console::{
        format,
        keymap::{Action, Context},
        operations::Owner,
        shared::{Cx, Shared, Wish},
        theme::Role,
        verbs,
    },
    domain::ids::{CustomerId, EventId, SubscriptionId},
};

/// What is done when the button is pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    Discard(Vec<EventId>),
    SettleAlarms(EventId),
    Cancel(SubscriptionId),
    Resume(SubscriptionId),
    LinkOwner(CustomerId),
    Checkout(CustomerId),
    Portal(CustomerId),
    AllowWrites,
}

pub(crate) struct Dialog {
    title: String,
    pub(crate) target: String,
    pub(crate) intent: Intent,
    pub(crate) lines: Vec<String>,
    pub(crate) changes: Vec<Change>,
    pub(crate) fields: Vec<Field>,
    pub(crate) button: String,
    pub(crate) back: String,
    form: Form,
}

impl Dialog {
    pub(crate) fn new(title: &str, target: String, intent: Intent) -> Self {
        Self {
            title: title.to_owned(),
            target,
            intent,
            lines: Vec::new(),
            changes: Vec::new(),
            fields: Vec::new(),
            button: "Do it".to_owned(),
            back: "Cancel".to_owned(),
            form: Form::new("Cancel", None),
        }
    }

    pub(crate) fn risk(&mut self, risk: Risk) {
        if let Risk::Typed { expected, prompt } = risk {
            self.fields.push(Field::typed(expected, prompt));
        }
    }

    pub(crate) fn value(&self, label: &str) -> Option<String> {
        self.form.value(label)
    }

    pub(crate) fn choice(&self, label: &str) -> usize {
        self.form.choice(label)
    }

    fn carry_out(&mut self, cx: &mut Cx<'_>) -> Fate {
        if self.intent == Intent::AllowWrites {
            cx.wishes.push(Wish::AllowWrites);
            return Fate::Close;
        }
        if let Err(why) = cx.shared.may_write() {
            self.form.error = Some(why);
            return Fate::Stay;
        }
        match verbs::write_of(self, cx.shared) {
            Ok(Some((write, what, target))) => {
                // The dialog is gone when the answer comes.
                cx.owner = Owner::Root;
                cx.write(write, what, &target);
                Fate::Close
            }
            Ok(None) => Fate::Close,
            Err(why) => {
                self.form.error = Some(why);
                Fate::Stay
            }
        }
    }
}

impl Overlay for Dialog {
    fn contexts(&self) -> &'static [Context] {
        if self.form.wants_text() {
            &[Context::Dialog, Context::Text]
        } else {
            &[Context::Dialog]
        }
    }

    fn enter(&mut self, _: &mut Cx<'_>) {
        self.form = Form::new(&self.back, Some(&self.button));
        self.form.fields = std::mem::take(&mut self.fields);
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> Fate {
        match self.form.act(action) {
            Pressed::Nothing => Fate::Stay,
            Pressed::Back => Fate::Close,
            Pressed::Button => self.carry_out(cx),
        }
    }

    fn wants_text(&self) -> bool {
        self.form.wants_text()
    }

    fn insert(&mut self, text: &str, _: &mut Cx<'_>) {
        self.form.insert(text);
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        let width = area.width.min(80);
        let inner = usize::from(width.saturating_sub(4));
        let mut lines = vec![
            Line::styled(
                format::cut(&self.target, inner, shared.glyphs).into_owned(),
                shared.style(Role::Title),
            ),
            Line::default(),
        ];
        for (name, before, after) in self.changes.iter().cloned().chain(self.form.changes()) {
            lines.push(change_line(&name, &before, &after, shared));
        }
        for text in &self.lines {
            lines.extend(
                format::wrap(text, inner)
                    .into_iter()
                    .map(|line| Line::styled(line, shared.style(Role::Text))),
            );
        }
        if lines.len() > 2 {
            lines.push(Line::default());
        }
        lines.extend(self.form.lines(inner, shared));
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
        let inside = framed(frame, area, &self.title, (width, height), true, shared);
        // On a very small screen the buttons stay, what is above them goes.
        let fits = usize::from(inside.height);
        let skip = lines.len().saturating_sub(fits);
        write_lines(frame, inside, &lines[skip..]);
    }
}

fn change_line(name: &str, before: &str, after: &str, shared: &Shared) -> Line<'static> {
    Line::from(vec![
        Span::styled(
            format!("  {} ", format::pad(&format::clean(name), 22)),
            shared.style(Role::Text),
        ),
        Span::styled(format::clean(before).into_owned(), shared.style(Role::Dim)),
        Span::styled(format!("  {}  ", shared.glyphs.arrow), shared.style(Role::Dim)),
        Span::styled(format::clean(after).into_owned(), shared.style(Role::Title)),
    ])
}

/// The dialog of `:rw`. In production the badge's word has to be typed.
pub(crate) fn allow_writes(shared: &Shared) -> Dialog {
    let (badge, _) = shared.badge();
    let mut dialog = Dialog::new(
        "Allow writing",
        format!("{badge}   as {}", format::clean(&shared.setting.operator)),
        Intent::AllowWrites,
    );
    "Allow it".clone_into(&mut dialog.button);
    dialog
        .lines
        .push("Every change is real, and is recorded with your name.".to_owned());
    dialog
        .lines
        .push("It ends by itself after 10 minutes, or with :ro.".to_owned());
    dialog
        .fields
        .push(Field::typed(badge.clone(), format!("Type {badge} to go on:")));
    dialog
}
