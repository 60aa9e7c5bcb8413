//! A text in full: an error with its causes, a long value.

use std::cell::Cell;

use ratatui::{Frame, layout::Rect, text::Line};

use super::{Fate, Overlay, framed, moved, write_lines};
use crate::console::{
    format,
    keymap::{Action, Context},
    shared::{Cx, Shared},
    theme::Role,
};

pub(crate) struct Message {
    title: String,
    text: String,
    scroll: usize,
    /// Lines below the last one on the screen when it was last drawn.
    rest: Cell<usize>,
}

impl Message {
    pub(crate) fn new(title: &str, text: String) -> Self {
        Self {
            title: title.to_owned(),
            text,
            scroll: 0,
            rest: Cell::new(0),
        }
    }
}

impl Overlay for Message {
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
        let width = area.width.saturating_sub(4).min(100);
        let wrapped = format::wrap(&self.text, usize::from(width.saturating_sub(4)));
        let height = u16::try_from(wrapped.len() + 2)
            .unwrap_or(u16::MAX)
            .min(area.height);
        let inside = framed(frame, area, &self.title, (width, height), false, shared);
        let rows = usize::from(inside.height);
        self.rest.set(wrapped.len().saturating_sub(self.scroll + rows));
        let lines: Vec<Line<'_>> = wrapped
            .into_iter()
            .skip(self.scroll)
            .take(rows)
            .map(|line| Line::styled(line, shared.style(Role::Text)))
            .collect();
        write_lines(frame, inside, &lines);
    }
}
