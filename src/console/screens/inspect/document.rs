//! Documents, line by line.

use ratatui::text::{Line, Span};

use crate::console::{
    format,
    shared::Shared,
    theme::Role,
    widgets::json::{Document, Key, Kind, Tree},
};

use super::{cleaned, span};

pub(crate) fn document(document: &Document, most: usize, shared: &Shared) -> Vec<Line<'static>> {
    let tree = Tree::of(document);
    if tree.len() == 0 {
        return vec![Line::from(span("The body is no longer kept", Role::Dim, shared))];
    }
    tree.lines()
        .iter()
        .take(most)
        .map(|&node| node_line(document, node, &tree, shared))
        .collect()
}

/// One line of a document.
pub(crate) fn node_line(document: &Document, index: usize, tree: &Tree, shared: &Shared) -> Line<'static> {
    let Some(node) = document.nodes.get(index) else {
        return Line::default();
    };
    let glyphs = shared.glyphs;
    let folded = tree.is_folded(index);
    let holds = node.end > index + 1;
    let sign = match (holds, folded) {
        (true, true) => glyphs.closed,
        (true, false) => glyphs.open,
        (false, _) => " ",
    };
    let indent = "  ".repeat(usize::from(node.depth).min(40));
    let mut spans = vec![span(format!("{indent}{sign} "), Role::Dim, shared)];
    let key = match &node.key {
        Key::Root => None,
        Key::Name(name) => Some(cleaned(name)),
        Key::Index(place) => Some(format!("[{place}]")),
    };
    if let Some(key) = key {
        let name = format::cut(&key, 60, glyphs).into_owned();
        spans.push(span(name, Role::JsonKey, shared));
        spans.push(Span::raw("  "));
    }
    let (text, role) = match node.kind {
        // A long text is shown in part; Enter opens the whole of it.
        Kind::Text => (format!("\"{}\"", cleaned(head(&node.text))), Role::JsonText),
        Kind::Number => (node.text.clone(), Role::JsonNumber),
        Kind::Word => (node.text.clone(), Role::JsonWord),
        Kind::Container if holds && !folded => (String::new(), Role::Dim),
        Kind::Container => (node.text.clone(), Role::Dim),
    };
    let style = if tree.is_match(node) {
        shared.style(Role::Match)
    } else {
        shared.style(role)
    };
    spans.push(Span::styled(text, style));
    Line::from(spans)
}

/// As much of a text as can be on a screen.
fn head(text: &str) -> &str {
    match text.char_indices().nth(400) {
        Some((at, _)) => &text[..at],
        None => text,
    }
}
