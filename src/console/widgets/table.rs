//! Draws a [`Listing`]: only the rows that are on the screen, in columns that fit.

use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::listing::{Listing, Record};
use crate::{
    console::{
        format,
        layout::TEXT_MAX,
        shared::Shared,
        theme::{Role, Tone},
    },
    domain::{money::Money, views::Direction},
};

/// A column: header, bounds, and how a row's cell is made, in one place.
pub(crate) struct Column<R> {
    pub(crate) header: &'static str,
    /// Narrower than this it is not shown.
    pub(crate) min: u16,
    /// It grows up to this; the last column that is shown takes what is left.
    pub(crate) want: u16,
    /// Columns with larger numbers go first when there is no room.
    pub(crate) rank: u8,
    /// The name of the order by this column.
    pub(crate) sort: Option<&'static str>,
    /// Amounts: right-aligned on their points.
    pub(crate) amount: bool,
    pub(crate) cell: fn(&R, &Shared) -> Cell,
}

impl<R> Column<R> {
    pub(crate) const fn new(
        header: &'static str,
        (min, want): (u16, u16),
        rank: u8,
        cell: fn(&R, &Shared) -> Cell,
    ) -> Self {
        Self {
            header,
            min,
            want,
            rank,
            sort: None,
            amount: false,
            cell,
        }
    }

    pub(crate) const fn sorted(self, by: &'static str) -> Self {
        Self {
            sort: Some(by),
            ..self
        }
    }

    pub(crate) const fn amount(self) -> Self {
        Self { amount: true, ..self }
    }
}

/// What stands in a cell, before it is cut to the column's width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Dim(String),
    /// Cut in the middle.
    Id(String),
    /// A dotted name, of which the end says most.
    Dotted(String),
    Status(Tone, String),
    Toned(Tone, String),
    Money(Money),
    Missing,
}

impl Cell {
    pub(crate) fn or_missing(text: Option<&str>) -> Self {
        text.filter(|text| !text.is_empty())
            .map_or(Self::Missing, |text| Self::Text(format::clean(text).into_owned()))
    }

    /// The whole cell as text, for the clipboard.
    pub(crate) fn plain(&self) -> String {
        match self {
            Self::Text(text)
            | Self::Dim(text)
            | Self::Id(text)
            | Self::Dotted(text)
            | Self::Status(_, text)
            | Self::Toned(_, text) => text.clone(),
            Self::Money(money) => money.to_string(),
            Self::Missing => String::new(),
        }
    }
}

/// How the table stands just now.
pub(crate) struct Table<'a, R: 'static> {
    pub(crate) listing: &'a Listing<R>,
    pub(crate) columns: &'static [Column<R>],
    pub(crate) column: usize,
    pub(crate) sort: (&'static str, Direction),
    pub(crate) focused: bool,
    /// What is read, for the placeholder.
    pub(crate) name: String,
    /// What to say when there is nothing: what is the case, and the next useful key.
    pub(crate) empty: Vec<String>,
}

const GUTTER: u16 = 3;
const GAP: u16 = 2;

/// Columns that fit, by index, with their widths.
pub(crate) fn fit<R>(columns: &[Column<R>], width: u16) -> Vec<(usize, u16)> {
    let room = width.saturating_sub(GUTTER + 1);
    let mut by_rank: Vec<usize> = (0..columns.len()).collect();
    by_rank.sort_by_key(|&index| (columns[index].rank, index));
    let mut used = 0;
    let mut shown: Vec<(usize, u16)> = Vec::new();
    for index in by_rank {
        let gap = if shown.is_empty() { 0 } else { GAP };
        let min = columns[index].min;
        if used + gap + min > room {
            if shown.is_empty() {
                shown.push((index, room));
                used = room;
            }
            break;
        }
        used += gap + min;
        shown.push((index, min));
    }
    shown.sort_by_key(|(index, _)| *index);
    // What is left goes to the most important columns first, up to what they want, and then to the last one.
    let mut left = room.saturating_sub(used);
    let mut order: Vec<usize> = (0..shown.len()).collect();
    order.sort_by_key(|&place| columns[shown[place].0].rank);
    for place in order {
        let (index, width) = shown[place];
        let more = columns[index].want.saturating_sub(width).min(left);
        shown[place].1 += more;
        left -= more;
    }
    if let Some((_, width)) = shown.last_mut() {
        *width += left;
    }
    shown
}

pub(crate) fn draw<R: Record>(frame: &mut Frame<'_>, area: Rect, table: &Table<'_, R>, shared: &Shared) {
    if area.height == 0 || area.width < GUTTER + 1 {
        return;
    }
    let widths = fit(table.columns, area.width);
    let buffer = frame.buffer_mut();
    header(table, &widths, shared).render_at(buffer, area, 0);
    let body = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    if table.listing.len() == 0 {
        nothing(table, body.width, shared)
            .iter()
            .enumerate()
            .for_each(|(row, line)| line.render_at(buffer, body, row));
        return;
    }
    let foot = foot_line(table, shared);
    let rows = usize::from(body.height).saturating_sub(usize::from(foot.is_some()));
    let top = table.listing.top(rows.max(1));
    let visible: Vec<&R> = (top..top + rows)
        .map_while(|index| table.listing.row(index))
        .collect();
    let fractions = fraction_widths(&visible, &widths, table, shared);
    for (offset, &row) in visible.iter().enumerate() {
        let at_cursor = top + offset == table.listing.cursor();
        let line = data_line(row, at_cursor, table, &widths, &fractions, shared);
        line.render_at(buffer, body, offset);
        if at_cursor && table.focused {
            let y = body.y + u16::try_from(offset).unwrap_or(u16::MAX);
            let whole = Rect {
                x: body.x + 1,
                y,
                width: body.width.saturating_sub(1),
                height: 1,
            };
            // One style for the whole row: a reversed row in several colours is hard to read.
            let style = shared.style(Role::Cursor);
            buffer.set_style(whole, Style::reset().patch(style));
        }
    }
    if let Some(foot) = foot {
        foot.render_at(
            buffer,
            body,
            visible.len().min(usize::from(body.height).saturating_sub(1)),
        );
    }
}

trait RenderAt {
    fn render_at(&self, buffer: &mut ratatui::buffer::Buffer, area: Rect, row: usize);
}

impl RenderAt for Line<'_> {
    fn render_at(&self, buffer: &mut ratatui::buffer::Buffer, area: Rect, row: usize) {
        if let Ok(row) = u16::try_from(row)
            && row < area.height
        {
            buffer.set_line(area.x, area.y + row, self, area.width);
        }
    }
}

fn header<R: Record>(table: &Table<'_, R>, widths: &[(usize, u16)], shared: &Shared) -> Line<'static> {
    let mut spans = vec![Span::raw(" ".repeat(usize::from(GUTTER)))];
    for (place, &(index, width)) in widths.iter().enumerate() {
        let column = &table.columns[index];
        let mut text = column.header.to_owned();
        let (by, direction) = table.sort;
        if column.sort == Some(by) {
            text.push(' ');
            text.push_str(match direction {
                Direction::Ascending => shared.glyphs.ascending,
                Direction::Descending => shared.glyphs.descending,
            });
        }
        let mut style = shared.style(Role::Dim);
        if index == table.column && table.focused {
            style = shared.style(Role::Title).add_modifier(Modifier::UNDERLINED);
        }
        let text = format::cut(&text, usize::from(width), shared.glyphs).into_owned();
        let blank = usize::from(width).saturating_sub(format::width(&text));
        if column.amount {
            spans.push(Span::raw(" ".repeat(blank)));
            spans.push(Span::styled(text, style));
        } else {
            spans.push(Span::styled(text, style));
            spans.push(Span::raw(" ".repeat(blank)));
        }
        if place + 1 < widths.len() {
            spans.push(Span::raw(" ".repeat(usize::from(GAP))));
        }
    }
    Line::from(spans)
}

/// The most decimals among the visible amounts, per column, so that the points stand in one line.
fn fraction_widths<R: Record>(
    rows: &[&R],
    widths: &[(usize, u16)],
    table: &Table<'_, R>,
    shared: &Shared,
) -> Vec<usize> {
    widths
        .iter()
        .map(|&(index, _)| {
            let column = &table.columns[index];
            if !column.amount {
                return 0;
            }
            rows.iter()
                .filter_map(|row| match (column.cell)(row, shared) {
                    Cell::Money(money) => Some(money.currency.exponent() as usize),
                    _ => None,
                })
                .max()
                .unwrap_or(0)
        })
        .collect()
}

fn data_line<R: Record>(
    row: &R,
    at_cursor: bool,
    table: &Table<'_, R>,
    widths: &[(usize, u16)],
    fractions: &[usize],
    shared: &Shared,
) -> Line<'static> {
    let glyphs = shared.glyphs;
    let key = row.key();
    let marked = table.listing.is_marked(key);
    let gone = table.listing.is_gone(key);
    let before = table.listing.before_change(key);
    let mut spans = vec![
        Span::styled(
            if at_cursor { glyphs.bar } else { " " },
            shared.style(Role::Focus),
        ),
        Span::styled(if marked { glyphs.mark } else { " " }, shared.style(Role::Mark)),
        Span::raw(" "),
    ];
    for (place, &(index, width)) in widths.iter().enumerate() {
        let column = &table.columns[index];
        let cell = (column.cell)(row, shared);
        let changed = before.is_some_and(|before| (column.cell)(before, shared) != cell);
        let fraction = fractions.get(place).copied().unwrap_or(0);
        let mut parts = cell_spans(&cell, usize::from(width), fraction, shared);
        if column.amount && cell == Cell::Missing {
            parts.reverse();
        }
        for part in &mut parts {
            if changed {
                part.style = part.style.patch(shared.style(Role::Flash));
            }
            if gone {
                part.style = part.style.add_modifier(Modifier::CROSSED_OUT | Modifier::DIM);
            }
            if at_cursor && !table.focused {
                part.style = part.style.add_modifier(Modifier::BOLD);
            }
        }
        spans.extend(parts);
        if place + 1 < widths.len() {
            spans.push(Span::raw(" ".repeat(usize::from(GAP))));
        }
    }
    Line::from(spans)
}

fn cell_spans(cell: &Cell, width: usize, fraction: usize, shared: &Shared) -> Vec<Span<'static>> {
    let glyphs = shared.glyphs;
    let padded = |text: String, style: Style| {
        let text = format::cut(&text, width, glyphs).into_owned();
        let blank = " ".repeat(width.saturating_sub(format::width(&text)));
        vec![Span::styled(text, style), Span::raw(blank)]
    };
    match cell {
        Cell::Text(text) => padded(text.clone(), shared.style(Role::Text)),
        Cell::Dim(text) => padded(text.clone(), shared.style(Role::Dim)),
        Cell::Dotted(name) => padded(format::dotted(name, width), shared.style(Role::Text)),
        Cell::Id(id) => padded(format::short_id(id, width, glyphs), shared.style(Role::Text)),
        Cell::Status(tone, word) => padded(format!("{} {word}", glyphs.sign(*tone)), shared.tone(*tone)),
        Cell::Toned(tone, text) => padded(text.clone(), shared.tone(*tone)),
        Cell::Money(money) => {
            let text = aligned(*money, fraction);
            let text = format::cut(&text, width, glyphs).into_owned();
            let blank = " ".repeat(width.saturating_sub(format::width(&text)));
            vec![Span::raw(blank), Span::styled(text, shared.style(Role::Text))]
        }
        Cell::Missing => padded(glyphs.missing.to_owned(), shared.style(Role::Dim)),
    }
}

/// The amount with blanks between number and code, so that points stand under each other.
fn aligned(money: Money, fraction: usize) -> String {
    let text = money.to_string();
    let own = money.currency.exponent() as usize;
    let point = usize::from(own == 0 && fraction > 0);
    let blank = " ".repeat(fraction.saturating_sub(own) + point);
    match text.rsplit_once(' ') {
        Some((number, code)) => format!("{number}{blank} {code}"),
        None => text,
    }
}

fn foot_line<R: Record>(table: &Table<'_, R>, shared: &Shared) -> Option<Line<'static>> {
    let dash = shared.glyphs.dash;
    let indent = " ".repeat(usize::from(GUTTER));
    if let Some(error) = table.listing.partial() {
        let text = format!(
            "{indent}{dash} could not load more: {} (Enter to retry)",
            format::clean(&error.message)
        );
        return Some(Line::styled(text, shared.style(Role::Danger)));
    }
    table.listing.has_paused().then(|| {
        let text = format!("{indent}{dash} read many rows without finding enough (Enter reads on)");
        Line::styled(text, shared.style(Role::Attention))
    })
}

fn nothing<R: Record>(table: &Table<'_, R>, width: u16, shared: &Shared) -> Vec<Line<'static>> {
    let indent = " ".repeat(usize::from(GUTTER));
    if let Some(error) = table.listing.error() {
        return error_lines(
            error,
            &format!("The {} could not be read", table.name),
            RETRY,
            width.saturating_sub(GUTTER + 1),
            shared,
        )
        .into_iter()
        .map(|line| indented(line, &indent))
        .collect();
    }
    let since = table.listing.loading_since();
    if table.listing.loaded_at().is_none() || since.is_some() {
        if !shared.is_slow(since) {
            return Vec::new();
        }
        let mut lines = vec![Line::styled(
            format!("{indent}{} reading {}", shared.spinner(), table.name),
            shared.style(Role::Pending),
        )];
        let bar = shared.glyphs.dash.repeat(24);
        lines.extend((0..3).map(|_| Line::styled(format!("{indent}{bar}"), shared.style(Role::Dim))));
        return lines;
    }
    let mut lines = vec![Line::default()];
    for (index, text) in table.empty.iter().enumerate() {
        let role = if index == 0 { Role::Text } else { Role::Dim };
        let room = usize::from(width.min(TEXT_MAX)).saturating_sub(indent.len() + 1);
        for part in format::wrap(text, room) {
            lines.push(Line::styled(format!("{indent}{part}"), shared.style(role)));
        }
    }
    lines
}

fn indented(mut line: Line<'static>, indent: &str) -> Line<'static> {
    line.spans.insert(0, Span::raw(indent.to_owned()));
    line
}

/// What screens say of the key that reads again.
pub(crate) const RETRY: &str = "Ctrl-r tries again";

/// An error in place of what could not be shown: one sentence, what to try, the key that retries.
pub(crate) fn error_lines(
    error: &crate::console::desk::DeskError,
    what: &str,
    retry: &str,
    width: u16,
    shared: &Shared,
) -> Vec<Line<'static>> {
    let room = usize::from(width.min(TEXT_MAX)).saturating_sub(2).max(20);
    let mut lines = vec![Line::default()];
    let text = format!("{what}: {}", error.message);
    for (index, part) in format::wrap(&text, room).into_iter().enumerate() {
        let sign = if index == 0 { shared.glyphs.danger } else { " " };
        lines.push(Line::styled(format!("{sign} {part}"), shared.style(Role::Danger)));
    }
    for part in error.hint.iter().flat_map(|hint| format::wrap(hint, room)) {
        lines.push(Line::styled(format!("  {part}"), shared.style(Role::Text)));
    }
    lines.push(Line::styled(
        format!("  {retry}   (code {})", format::clean(&error.code)),
        shared.style(Role::Dim),
    ));
    lines
}
