//! The keys that work here, made from the keymap.

use std::cell::Cell;

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Fate, Overlay, framed, moved, write_lines};
use crate::console::{
    format,
    keymap::{Action, Binding, Context, Keymap, TABLE},
    shared::{Cx, Shared},
    theme::Role,
};

pub(crate) struct Help {
    /// Headings, and rows of keys, what they do, and why they do not do it just now.
    rows: Vec<Row>,
    scroll: usize,
    rest: Cell<usize>,
}

enum Row {
    Heading(&'static str),
    Key {
        keys: String,
        text: &'static str,
        possible: bool,
    },
    WhyNot(String),
}

/// Width of the column of keys.
const KEYS: usize = 14;

const fn heading(context: Context) -> &'static str {
    match context {
        Context::Global => "Everywhere",
        Context::Move => "Moving",
        Context::Table => "Lists",
        Context::Detail => "Documents",
        Context::Object => "What the cursor is on",
        Context::Event => "Events",
        Context::Events => "The backlog",
        Context::Subscription => "Subscriptions",
        Context::Customer => "Customers",
        Context::Text => "Typing",
        Context::Dialog => "Dialogs",
        Context::Replay => "The replay dialog",
        Context::Panel => "Panels",
    }
}

/// The keys of a row as they are shown: `j Down`.
pub(crate) fn keys_of(binding: &Binding, keymap: &Keymap) -> String {
    let keys: Vec<String> = keymap
        .keys_of(binding.context, binding.action)
        .into_iter()
        .map(ToString::to_string)
        .collect();
    keys.join(" ")
}

impl Help {
    /// The help for where one is: the contexts in force first, then the ones that come with dialogs.
    pub(crate) fn new(
        contexts: &[Context],
        keymap: &Keymap,
        why_not: impl Fn(&Binding) -> Option<String>,
    ) -> Self {
        let mut rows = Vec::new();
        let beside = [Context::Text, Context::Dialog, Context::Replay, Context::Panel];
        for &context in contexts.iter().chain(&beside) {
            rows.push(Row::Heading(heading(context)));
            for binding in TABLE.iter().filter(|binding| binding.context == context) {
                let keys = keys_of(binding, keymap);
                let keys = if keys.is_empty() {
                    format!(":{}", binding.action)
                } else {
                    keys
                };
                let why_not = if beside.contains(&context) {
                    None
                } else {
                    why_not(binding)
                };
                rows.push(Row::Key {
                    keys,
                    text: binding.long,
                    possible: why_not.is_none(),
                });
                rows.extend(why_not.map(Row::WhyNot));
            }
        }
        Self {
            rows,
            scroll: 0,
            rest: Cell::new(0),
        }
    }
}

impl Overlay for Help {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Panel, Context::Move]
    }

    fn act(&mut self, action: Action, _: &mut Cx<'_>) -> Fate {
        match action {
            Action::Dismiss | Action::Press => return Fate::Close,
            _ => {}
        }
        let last = self.scroll + self.rest.get();
        if let Some(scroll) = moved(action, self.scroll, last + 1) {
            self.scroll = scroll;
        }
        Fate::Stay
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        let width = area.width.min(96);
        let height = area
            .height
            .min(u16::try_from(self.rows.len() + 2).unwrap_or(u16::MAX));
        let inside = framed(frame, area, "Help", (width, height), false, shared);
        let rows = usize::from(inside.height);
        let scroll = self.scroll.min(self.rows.len().saturating_sub(rows));
        self.rest.set(self.rows.len().saturating_sub(scroll + rows));
        let lines: Vec<Line<'_>> = self
            .rows
            .iter()
            .skip(scroll)
            .take(rows)
            .map(|row| line(row, shared))
            .collect();
        write_lines(frame, inside, &lines);
        if self.rest.get() > 0 && inside.height > 0 {
            let more = format!(" {} more below ", self.rest.get());
            let x = inside.x
                + inside
                    .width
                    .saturating_sub(u16::try_from(more.len()).unwrap_or(0));
            frame.buffer_mut().set_line(
                x,
                inside.y + inside.height,
                &Line::styled(more, shared.style(Role::Dim)),
                inside.width,
            );
        }
    }
}

fn line(row: &Row, shared: &Shared) -> Line<'static> {
    match row {
        Row::Heading(text) => Line::styled(*text, shared.style(Role::Title)),
        Row::Key { keys, text, possible } => {
            let role = if *possible { Role::Text } else { Role::Dim };
            Line::from(vec![
                Span::styled(format!("  {} ", format::pad(keys, KEYS)), shared.style(Role::Key)),
                Span::styled(*text, shared.style(role)),
            ])
        }
        Row::WhyNot(why) => {
            let indent = " ".repeat(KEYS + 5);
            Line::styled(
                format!("{indent}not now: {}", format::clean(why)),
                shared.style(Role::Attention),
            )
        }
    }
}
