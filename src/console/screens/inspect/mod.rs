//! Lines in which objects are told, shared by inspectors and detail screens so that both say the same.

use ratatui::text::{Line, Span};

use crate::console::{
    format,
    shared::Shared,
    theme::{Role, Tone},
};

mod change;
mod customer;
mod document;
mod event;
mod order;
mod subscription;

pub(crate) use change::{change_rows, set_by_lines};
pub(crate) use customer::{customer_head, timeline_line};
pub(crate) use document::{document, node_line};
pub(crate) use event::{attempt_rows, event_head, event_log, event_tries, event_would, newest_first};
pub(crate) use order::{order_head, order_line, order_lines};
pub(crate) use subscription::{
    has_object, item_lines, subscription_head, subscription_line, subscription_lines,
};

pub(super) fn span(text: impl Into<String>, role: Role, shared: &Shared) -> Span<'static> {
    Span::styled(text.into(), shared.style(role))
}

/// Sign and word of a state.
pub(crate) fn status(tone: Tone, word: &str, shared: &Shared) -> Span<'static> {
    Span::styled(format!("{} {word}", shared.glyphs.sign(tone)), shared.tone(tone))
}

pub(crate) fn titled(title: &str, shared: &Shared) -> Vec<Line<'static>> {
    vec![Line::styled(title.to_owned(), shared.style(Role::Title))]
}

pub(super) fn cleaned(text: &str) -> String {
    format::clean(text).into_owned()
}
