//! `@`: what runs, what ran, and how it ended.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Fate, Overlay, framed, message::Message, moved, window, write_lines};
use crate::console::{
    format,
    keymap::{Action, Context},
    operations::{Operation, State},
    shared::{Cx, Shared},
    theme::{Role, Tone},
};

#[derive(Default)]
pub(crate) struct OperationsPanel {
    cursor: usize,
}

impl Overlay for OperationsPanel {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Panel, Context::Move]
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> Fate {
        match action {
            Action::Dismiss => return Fate::Close,
            Action::Press => {
                let shared = &*cx.shared;
                let entry = shared.operations.newest_first().nth(self.cursor);
                if let Some(text) = entry.map(|entry| in_full(entry, shared)) {
                    cx.open(Message::new("Operation", text));
                }
                return Fate::Stay;
            }
            _ => {}
        }
        if let Some(cursor) = moved(action, self.cursor, cx.shared.operations.len()) {
            self.cursor = cursor;
        }
        Fate::Stay
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        let width = area.width.min(110);
        let height = area.height.saturating_sub(2).min(30);
        let inside = framed(frame, area, "Operations", (width, height), false, shared);
        let mut lines = Vec::new();
        if shared.operations.len() == 0 {
            lines.push(Line::styled("Nothing has run yet", shared.style(Role::Dim)));
        }
        let rows = usize::from(inside.height);
        let top = window(self.cursor, rows);
        for (index, entry) in shared.operations.newest_first().enumerate().skip(top).take(rows) {
            lines.push(line(
                entry,
                index == self.cursor,
                usize::from(inside.width),
                shared,
            ));
        }
        write_lines(frame, inside, &lines);
    }
}

fn state(entry: &Operation) -> (Tone, String) {
    match &entry.state {
        State::Running => (Tone::Pending, "running".to_owned()),
        State::Done => (Tone::Ok, "done".to_owned()),
        State::Failed(error) => (Tone::Danger, error.message.clone()),
        State::Unknown(error) => (Tone::Unknown, format!("outcome unknown: {}", error.message)),
        State::Cancelled => (Tone::Off, "cancelled".to_owned()),
    }
}

fn took(entry: &Operation, shared: &Shared) -> String {
    let until = entry.ended.unwrap_or_else(|| shared.now());
    let millis = u64::try_from(until.duration_since(entry.started).as_millis()).unwrap_or(0);
    if millis < 1_000 {
        format!("{millis} ms")
    } else {
        format::exact_duration(millis / 1_000)
    }
}

fn line(entry: &Operation, here: bool, width: usize, shared: &Shared) -> Line<'static> {
    let (tone, words) = state(entry);
    let bar = if here { shared.glyphs.bar } else { " " };
    let what = if entry.target.is_empty() {
        entry.what.clone()
    } else {
        format!("{} {}", entry.what, format::clean(&entry.target))
    };
    let what = format::cut(&what, 44, shared.glyphs).into_owned();
    let rest = width.saturating_sub(72);
    let words = format::cut(&format::clean(&words), rest.max(12), shared.glyphs).into_owned();
    Line::from(vec![
        Span::styled(bar, shared.style(Role::Focus)),
        Span::styled(
            format!("{}  ", format::pad(&shared.clock.time_of_day(entry.started), 11)),
            shared.style(Role::Dim),
        ),
        Span::styled(format!("{} ", shared.glyphs.sign(tone)), shared.tone(tone)),
        Span::styled(
            format!("{} ", format::pad(&what, 44)),
            shared.style(if here { Role::Title } else { Role::Text }),
        ),
        Span::styled(format!("{:>7}  ", took(entry, shared)), shared.style(Role::Dim)),
        Span::styled(words, shared.tone(tone)),
    ])
}

/// Everything known of an operation, causes and hint included.
fn in_full(entry: &Operation, shared: &Shared) -> String {
    let mut text = format!(
        "{} {}\nstarted {}\ntook {}\n",
        entry.what,
        entry.target,
        shared.clock.long(entry.started),
        took(entry, shared)
    );
    match &entry.state {
        State::Running => text.push_str("running"),
        State::Done => text.push_str("done"),
        State::Cancelled => text.push_str("cancelled"),
        State::Failed(error) | State::Unknown(error) => {
            text.push_str(&format!("code {}\n\n{}", error.code, error.message));
            if let Some(hint) = &error.hint {
                text.push_str(&format!("\n\n{hint}"));
            }
        }
    }
    text
}
