//! The line at the foot in which a filter or a search is typed.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Widget},
};

use super::{Fate, Overlay, text::TextLine};
use crate::console::{
    format,
    keymap::{Action, Context},
    shared::{Cx, Shared, Todo},
    theme::Role,
};

pub(crate) struct Prompt {
    line: TextLine,
    sign: &'static str,
    help: &'static str,
    error: Option<String>,
    /// Which of the older texts is shown, counted back from the newest.
    older: usize,
}

impl Prompt {
    pub(crate) fn filter(text: &str, error: Option<String>) -> Self {
        Self {
            line: TextLine::of(text),
            sign: "/",
            help: "words  field:value  !not  \"exact\"  /pattern/  since:2h",
            error,
            older: 0,
        }
    }

    pub(crate) fn search(text: &str) -> Self {
        Self {
            line: TextLine::of(text),
            sign: "find",
            help: "names and values; n and N go on",
            error: None,
            older: 0,
        }
    }
}

impl Overlay for Prompt {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Text]
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> Fate {
        if self.line.edit(action) {
            self.error = None;
            return Fate::Stay;
        }
        match action {
            Action::Dismiss => return Fate::Close,
            Action::Accept => {
                let text = self.line.value().trim().to_owned();
                if !text.is_empty() && cx.shared.filters.last() != Some(&text) {
                    cx.shared.filters.push(text.clone());
                }
                cx.todo.push(Todo::Filter(text));
                return Fate::Close;
            }
            Action::HistoryOlder | Action::HistoryNewer => {
                let history = &cx.shared.filters;
                self.older = if action == Action::HistoryOlder {
                    (self.older + 1).min(history.len())
                } else {
                    self.older.saturating_sub(1)
                };
                let text = history
                    .len()
                    .checked_sub(self.older)
                    .and_then(|index| history.get(index));
                self.line.set(text.map_or("", String::as_str));
            }
            _ => {}
        }
        Fate::Stay
    }

    fn wants_text(&self) -> bool {
        true
    }

    fn insert(&mut self, text: &str, _: &mut Cx<'_>) {
        self.error = None;
        self.line.insert(text);
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        if area.height < 3 {
            return;
        }
        let row = |up: u16| Rect {
            y: area.y + area.height - up,
            height: 1,
            ..area
        };
        // The status row is the second from below; the row above it explains.
        let (above, here) = (row(3), row(2));
        Clear.render(above, frame.buffer_mut());
        Clear.render(here, frame.buffer_mut());
        let (text, role) = match &self.error {
            Some(error) => (
                format!(" {} {}", shared.glyphs.danger, format::clean(error)),
                Role::Danger,
            ),
            None => (format!(" {}", self.help), Role::Dim),
        };
        let text = format::cut(&text, usize::from(area.width), shared.glyphs).into_owned();
        frame.buffer_mut().set_line(
            above.x,
            above.y,
            &Line::styled(text, shared.style(role)),
            area.width,
        );
        let mut spans = vec![Span::styled(format!(" {} ", self.sign), shared.style(Role::Key))];
        let cells = usize::from(area.width).saturating_sub(self.sign.len() + 4);
        spans.extend(self.line.spans(cells, true, shared));
        frame
            .buffer_mut()
            .set_line(here.x, here.y, &Line::from(spans), area.width);
    }
}
