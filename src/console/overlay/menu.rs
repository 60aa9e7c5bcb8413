//! A list to choose from.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Fate, Overlay, framed, moved, window, write_lines};
use crate::console::{
    format,
    keymap::{Action, Context},
    shared::{Cx, Shared, Todo},
    theme::Role,
};

pub(crate) struct Menu {
    title: String,
    /// What stands above the choices.
    pub(crate) lines: Vec<String>,
    choices: Vec<(String, Option<Todo>)>,
    cursor: usize,
}

impl Menu {
    pub(crate) fn new(title: &str, choices: Vec<(String, Todo)>) -> Self {
        Self {
            title: title.to_owned(),
            lines: Vec::new(),
            choices: choices
                .into_iter()
                .map(|(text, todo)| (text, Some(todo)))
                .collect(),
            cursor: 0,
        }
    }
}

impl Overlay for Menu {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Panel, Context::Move]
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> Fate {
        match action {
            Action::Dismiss => return Fate::Close,
            Action::Press => {
                if let Some(todo) = self
                    .choices
                    .get_mut(self.cursor)
                    .and_then(|(_, todo)| todo.take())
                {
                    cx.todo.push(todo);
                }
                return Fate::Close;
            }
            _ => {}
        }
        if let Some(cursor) = moved(action, self.cursor, self.choices.len()) {
            self.cursor = cursor;
        }
        Fate::Stay
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        let widest = self
            .choices
            .iter()
            .map(|(text, _)| format::width(text))
            .max()
            .unwrap_or(0)
            + 8;
        let widest = self
            .lines
            .iter()
            .map(|line| format::width(line) + 4)
            .max()
            .unwrap_or(0)
            .max(widest)
            .max(32);
        let width = u16::try_from(widest).unwrap_or(u16::MAX).min(area.width);
        let inner = usize::from(width.saturating_sub(4));
        let mut lines: Vec<Line<'_>> = Vec::new();
        for text in &self.lines {
            lines.extend(format::wrap(text, inner).into_iter().map(Line::from));
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        let wanted = lines.len() + self.choices.len() + 2;
        let height = u16::try_from(wanted).unwrap_or(u16::MAX).min(area.height);
        let inside = framed(frame, area, &self.title, (width, height), false, shared);
        let rows = usize::from(inside.height).saturating_sub(lines.len());
        let top = window(self.cursor, rows);
        for (index, (text, _)) in self.choices.iter().enumerate().skip(top).take(rows) {
            let here = index == self.cursor;
            let bar = if here { shared.glyphs.bar } else { " " };
            let style = if here {
                shared.style(Role::Cursor)
            } else {
                shared.style(Role::Text)
            };
            let text = format::cut(&format::clean(text), inner.saturating_sub(3), shared.glyphs).into_owned();
            lines.push(Line::from(vec![
                Span::styled(bar, shared.style(Role::Focus)),
                Span::styled(
                    format!(" {} ", format::pad(&text, inner.saturating_sub(3))),
                    style,
                ),
            ]));
        }
        write_lines(frame, inside, &lines);
    }
}
