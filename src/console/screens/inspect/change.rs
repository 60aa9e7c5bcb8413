//! Fields that changed, and what set them.

use jiff::Timestamp;
use ratatui::text::{Line, Span};

use crate::{
    console::{format, shared::Shared, theme::Role, widgets::pane::change},
    domain::{subscription::Difference, views::event::ChangeView},
};

use super::{cleaned, span};

/// The row that changes belong to.
pub(super) fn row_line(table: &str, key: &str, at: Option<Timestamp>, shared: &Shared) -> Line<'static> {
    let mut spans = vec![
        span(format!("{} ", cleaned(table)), Role::Dim, shared),
        span(cleaned(key), Role::Title, shared),
    ];
    spans.extend(at.map(|at| span(format!("  {}", shared.clock.time_of_day(at)), Role::Dim, shared)));
    Line::from(spans)
}

pub(super) fn difference_line(difference: &Difference, shared: &Shared) -> Line<'static> {
    let mut spans = vec![Span::raw("  ")];
    spans.extend(change(&difference.field, &difference.before, &difference.after, shared).spans);
    Line::from(spans)
}

/// Every change, grouped by row.
pub(crate) fn change_rows(changes: &[ChangeView], shared: &Shared) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut row: Option<(&str, &str)> = None;
    for shown in changes {
        let this = (shown.table.as_str(), shown.row_key.as_str());
        if row != Some(this) {
            row = Some(this);
            lines.push(row_line(this.0, this.1, Some(shown.at), shared));
        }
        lines.push(difference_line(&shown.difference, shared));
    }
    lines
}

/// For each field, what set it last.
pub(crate) fn set_by_lines(changes: &[ChangeView], shared: &Shared) -> Vec<Line<'static>> {
    if changes.is_empty() {
        return vec![Line::from(span("nothing has been recorded", Role::Dim, shared))];
    }
    changes
        .iter()
        .map(|shown| {
            let value = format::value(&shown.difference.after, &shared.clock, shared.glyphs);
            let name = format::cut(&format::clean(&shown.difference.field), 21, shared.glyphs).into_owned();
            let value = format::cut(&value, 24, shared.glyphs).into_owned();
            Line::from(vec![
                span(format::pad(&name, 22), Role::Text, shared),
                span(format::pad(&value, 25), Role::Title, shared),
                span(
                    format!("{}  ", format::pad(&shared.clock.short(shown.at), 11)),
                    Role::Dim,
                    shared,
                ),
                span(source(&shown.source, shared), Role::Dim, shared),
            ])
        })
        .collect()
}

/// `event evt_1Qx…7fA2`, `read`, `person ops-1`.
pub(super) fn source(source: &str, shared: &Shared) -> String {
    match source.split_once(' ') {
        Some(("event", id)) => format!("event {}", format::id(id, shared.glyphs)),
        _ => cleaned(source),
    }
}
