//! What lies over a screen. The top one gets the keys, all are drawn. An overlay carries what is to be done as a value.

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::Rect,
    symbols::border,
    text::{Line, Span},
    widgets::{Block, Clear, Widget},
};

use super::{
    effect::RunId,
    format,
    keymap::{Action, Context},
    msg::Answer,
    shared::{Cx, Shared},
    theme::Role,
};

pub(crate) mod dialog;
pub(crate) mod form;
pub(crate) mod help;
pub(crate) mod menu;
pub(crate) mod message;
pub(crate) mod operations;
pub(crate) mod palette;
pub(crate) mod prompt;
pub(crate) mod replay;
pub(crate) mod text;
pub(crate) mod verify;

/// Whether an overlay stays after what just happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Stay,
    Close,
}

pub(crate) trait Overlay {
    /// The keys that count while it is on top.
    fn contexts(&self) -> &'static [Context];

    /// It has been put on top.
    fn enter(&mut self, _: &mut Cx<'_>) {}

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> Fate;

    /// Bare characters go into a text.
    fn wants_text(&self) -> bool {
        false
    }

    /// Characters that were typed or pasted.
    fn insert(&mut self, _: &str, _: &mut Cx<'_>) {}

    fn answer(&mut self, _: RunId, _: Answer, _: &mut Cx<'_>) -> Fate {
        Fate::Stay
    }

    fn deadline(&self, _: &Shared) -> Option<Timestamp> {
        None
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared);
}

const ASCII: border::Set<'_> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Draws a frame in the middle of the area, clears what is under it, and gives the room inside. In production every
/// frame wears the colour of the badge.
pub(crate) fn framed(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    (width, height): (u16, u16),
    writes: bool,
    shared: &Shared,
) -> Rect {
    let width = width.min(area.width);
    let height = height.min(area.height);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    let (badge, badge_role) = shared.badge();
    let mut head = Vec::new();
    let mut style = shared.style(Role::Focus);
    if writes || shared.is_production() {
        head.push(Span::styled(format!(" {badge} "), shared.style(badge_role)));
    }
    if shared.is_production() {
        // The frame takes the badge's colour without its reversal.
        style = ratatui::style::Style {
            add_modifier: ratatui::style::Modifier::BOLD,
            ..shared.style(Role::Production)
        };
    }
    head.push(Span::styled(
        format!(" {} ", format::clean(title)),
        shared.style(Role::Title),
    ));
    let set = if shared.glyphs.ascii { ASCII } else { border::PLAIN };
    let block = Block::bordered()
        .border_set(set)
        .border_style(style)
        .title_top(Line::from(head));
    let inside = block.inner(place);
    Clear.render(place, frame.buffer_mut());
    block.render(place, frame.buffer_mut());
    Rect {
        x: inside.x + inside.width.min(1),
        width: inside.width.saturating_sub(2),
        ..inside
    }
}

/// Writes lines one under the other; what does not fit is left out.
pub(crate) fn write_lines(frame: &mut Frame<'_>, area: Rect, lines: &[Line<'_>]) {
    for (line, y) in lines.iter().zip(area.y..area.y.saturating_add(area.height)) {
        frame.buffer_mut().set_line(area.x, y, line, area.width);
    }
}

/// The part of a list that is on the screen, so that the cursor is in it.
pub(crate) fn window(cursor: usize, rows: usize) -> usize {
    (cursor + 1).saturating_sub(rows.max(1))
}

/// Moves a cursor in a list by a key of the move context; none when the key is another one.
pub(crate) fn moved(action: Action, cursor: usize, len: usize) -> Option<usize> {
    let last = len.saturating_sub(1);
    Some(match action {
        Action::Down | Action::HistoryNewer => (cursor + 1).min(last),
        Action::Up | Action::HistoryOlder => cursor.saturating_sub(1),
        Action::HalfDown => (cursor + 8).min(last),
        Action::HalfUp => cursor.saturating_sub(8),
        Action::PageDown => (cursor + 16).min(last),
        Action::PageUp => cursor.saturating_sub(16),
        Action::Top => 0,
        Action::Bottom => last,
        _ => return None,
    })
}
