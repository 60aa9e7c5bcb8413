//! A titled pane of lines that can be scrolled.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::console::{
    format,
    shared::Shared,
    theme::{Glyphs, Role},
};

/// The title line of a pane: a bar and bold when it has the focus, a rule to the end.
pub(crate) fn title(text: &str, focused: bool, width: u16, shared: &Shared) -> Line<'static> {
    let glyphs = shared.glyphs;
    let text = format::cut(text, usize::from(width.saturating_sub(4)), glyphs).into_owned();
    let (bar, role) = if focused {
        (glyphs.bar, Role::Focus)
    } else {
        (glyphs.rule, Role::Dim)
    };
    let used = 1 + 1 + format::width(&text) + 1;
    let bar_style = shared.style(if focused { Role::Focus } else { Role::Border });
    let rest = glyphs.rule.repeat(usize::from(width).saturating_sub(used));
    Line::from(vec![
        Span::styled(bar, bar_style),
        Span::raw(" "),
        Span::styled(text, shared.style(role)),
        Span::raw(" "),
        Span::styled(rest, shared.style(Role::Border)),
    ])
}

/// A line cut to so many cells, with an ellipsis where something is missing.
pub(crate) fn fitted<'a>(line: &Line<'a>, cells: u16, glyphs: &Glyphs) -> Line<'a> {
    let cells = usize::from(cells);
    let total: usize = line.spans.iter().map(|span| format::width(&span.content)).sum();
    if total <= cells {
        return line.clone();
    }
    let mut left = cells.saturating_sub(format::width(glyphs.ellipsis));
    let mut spans = Vec::new();
    for span in &line.spans {
        let wide = format::width(&span.content);
        if wide <= left {
            spans.push(span.clone());
            left -= wide;
            continue;
        }
        // `cut` keeps room for an ellipsis of its own, which is what stands here.
        let text = format::cut(&span.content, left + format::width(glyphs.ellipsis), glyphs).into_owned();
        spans.push(Span::styled(text, span.style));
        break;
    }
    Line::from(spans).style(line.style)
}

/// Draws a title line and as many of the lines as fit, from the scrolled one on.
pub(crate) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    name: &str,
    focused: bool,
    lines: &[Line<'_>],
    scroll: usize,
    shared: &Shared,
) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let rows = usize::from(area.height - 1);
    let scroll = scroll.min(lines.len().saturating_sub(rows));
    let more = lines.len().saturating_sub(scroll + rows);
    let name = if more > 0 {
        format!("{name} ({more} more below)")
    } else {
        name.to_owned()
    };
    let buffer = frame.buffer_mut();
    buffer.set_line(
        area.x,
        area.y,
        &title(&name, focused, area.width, shared),
        area.width,
    );
    for (offset, line) in lines.iter().skip(scroll).take(rows).enumerate() {
        let y = area.y + 1 + u16::try_from(offset).unwrap_or(u16::MAX);
        let room = area.width.saturating_sub(2);
        buffer.set_line(area.x + 1, y, &fitted(line, room, shared.glyphs), room);
    }
}

/// `Label     value`, the value wrapped under itself.
pub(crate) fn field(label: &str, value: Vec<Span<'static>>, shared: &Shared) -> Line<'static> {
    let mut spans = vec![Span::styled(format::pad(label, LABEL), shared.style(Role::Dim))];
    spans.extend(value);
    Line::from(spans)
}

/// Width of the labels in front of fields.
pub(crate) const LABEL: usize = 12;

/// A field whose text may need several lines.
pub(crate) fn long_field(
    label: &str,
    text: &str,
    role: Role,
    width: u16,
    shared: &Shared,
) -> Vec<Line<'static>> {
    let room = usize::from(width).saturating_sub(LABEL).max(10);
    format::wrap(text, room)
        .into_iter()
        .enumerate()
        .map(|(index, part)| {
            let label = if index == 0 { label } else { "" };
            field(label, vec![Span::styled(part, shared.style(role))], shared)
        })
        .collect()
}

/// `before → after`, for a field that changes.
pub(crate) fn change(
    field: &str,
    before: &serde_json::Value,
    after: &serde_json::Value,
    shared: &Shared,
) -> Line<'static> {
    let glyphs: &Glyphs = shared.glyphs;
    let before = short_value(before, shared);
    let after = short_value(after, shared);
    let name = format::cut(&format::clean(field), 22, glyphs).into_owned();
    Line::from(vec![
        Span::styled(format::pad(&name, 23), shared.style(Role::Text)),
        Span::styled(before, shared.style(Role::Dim)),
        Span::styled(format!("  {}  ", glyphs.arrow), shared.style(Role::Dim)),
        Span::styled(after, shared.style(Role::Title)),
    ])
}

fn short_value(value: &serde_json::Value, shared: &Shared) -> String {
    let text = format::value(value, &shared.clock, shared.glyphs);
    format::cut(&text, 44, shared.glyphs).into_owned()
}
