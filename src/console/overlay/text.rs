//! One line of text that is typed.

use ratatui::text::Span;
use tui_input::{Input, InputRequest};

use crate::console::{format, keymap::Action, shared::Shared, theme::Role};

#[derive(Clone, Debug, Default)]
pub(crate) struct TextLine {
    input: Input,
}

/// The longest text that is taken; a paste of a whole file is cut.
const LONGEST: usize = 2_000;

impl TextLine {
    pub(crate) fn of(text: &str) -> Self {
        Self {
            input: Input::new(text.to_owned()),
        }
    }

    pub(crate) fn value(&self) -> &str {
        self.input.value()
    }

    pub(crate) fn set(&mut self, text: &str) {
        self.input = Input::new(text.to_owned());
    }

    pub(crate) fn at_end(&self) -> bool {
        self.input.cursor() == self.input.value().chars().count()
    }

    /// Inserts what was typed or pasted; newlines become blanks, other control characters are dropped.
    pub(crate) fn insert(&mut self, text: &str) {
        for c in text.chars() {
            if self.input.value().chars().count() >= LONGEST {
                break;
            }
            let c = if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
            if !c.is_control() {
                self.input.handle(InputRequest::InsertChar(c));
            }
        }
    }

    /// Edits by an action of the text context; false when it is another one.
    pub(crate) fn edit(&mut self, action: Action) -> bool {
        let request = match action {
            Action::CursorStart => InputRequest::GoToStart,
            Action::CursorEnd => InputRequest::GoToEnd,
            Action::CursorLeft | Action::ChooseLeft => InputRequest::GoToPrevChar,
            Action::CursorRight | Action::ChooseRight => InputRequest::GoToNextChar,
            Action::DeleteBack => InputRequest::DeletePrevChar,
            Action::DeleteForward => InputRequest::DeleteNextChar,
            Action::DeleteWord => InputRequest::DeletePrevWord,
            Action::DeleteToEnd => InputRequest::DeleteTillEnd,
            Action::DeleteToStart => InputRequest::DeleteFromStart,
            _ => return false,
        };
        self.input.handle(request);
        true
    }

    /// The part that is visible in so many cells, the cursor as a reversed cell where the text has the focus.
    pub(crate) fn spans(&self, cells: usize, focused: bool, shared: &Shared) -> Vec<Span<'static>> {
        let scroll = self.input.visual_scroll(cells.saturating_sub(1));
        let mut before = String::new();
        let mut at = String::from(" ");
        let mut after = String::new();
        let mut column = 0;
        for (index, c) in self.input.value().chars().enumerate() {
            let shown = format::clean(c.encode_utf8(&mut [0; 4])).into_owned();
            let wide = format::width(&shown);
            column += wide;
            if column <= scroll || column - scroll > cells.saturating_sub(1) {
                continue;
            }
            match index.cmp(&self.input.cursor()) {
                std::cmp::Ordering::Less => before.push_str(&shown),
                std::cmp::Ordering::Equal => at = shown,
                std::cmp::Ordering::Greater => after.push_str(&shown),
            }
        }
        let text = shared.style(Role::Text);
        let cursor = if focused { shared.style(Role::Cursor) } else { text };
        let used = format::width(&before) + format::width(&at) + format::width(&after);
        after.push_str(&" ".repeat(cells.saturating_sub(used)));
        vec![
            Span::styled(before, text),
            Span::styled(at, cursor),
            Span::styled(after, text),
        ]
    }
}
