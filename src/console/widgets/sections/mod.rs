//! The parts of a detail screen: tabs where the screen is small, tiles where it is large.

use std::cell::Cell;

use ratatui::text::Line;

use super::json::{Document, Tree};
use crate::console::{nav::Place, shared::Shared};

mod act;
mod draw;

pub(crate) use act::{act, search, selected};
pub(crate) use draw::draw;

/// A line of a part, and what it leads to.
pub(crate) struct Row {
    pub(crate) line: Line<'static>,
    pub(crate) open: Option<Place>,
    /// What is copied as its value.
    pub(crate) value: Option<String>,
}

impl Row {
    pub(crate) fn plain(line: Line<'static>) -> Self {
        Self {
            line,
            open: None,
            value: None,
        }
    }

    fn text(&self) -> String {
        let text: String = self.line.spans.iter().map(|span| span.content.as_ref()).collect();
        text.trim().to_owned()
    }
}

pub(crate) enum Body {
    Rows(Vec<Row>),
    /// The document of the screen.
    Tree,
}

pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) body: Body,
}

impl Section {
    pub(crate) fn rows(title: impl Into<String>, rows: Vec<Row>) -> Self {
        Self {
            title: title.into(),
            body: Body::Rows(rows),
        }
    }

    pub(crate) fn tree(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            body: Body::Tree,
        }
    }

    fn len(&self, tree: Option<&Tree>) -> usize {
        match &self.body {
            Body::Rows(rows) => rows.len(),
            Body::Tree => tree.map_or(0, Tree::len),
        }
    }
}

/// Which part has the focus, and where the cursor is in each.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) focus: usize,
    cursors: Vec<usize>,
    viewport: Cell<u16>,
}

impl Parts {
    pub(crate) fn at(focus: usize) -> Self {
        Self {
            focus,
            ..Self::default()
        }
    }

    fn cursor(&self, section: usize) -> usize {
        self.cursors.get(section).copied().unwrap_or(0)
    }

    fn set_cursor(&mut self, section: usize, cursor: usize) {
        if self.cursors.len() <= section {
            self.cursors.resize(section + 1, 0);
        }
        if let Some(slot) = self.cursors.get_mut(section) {
            *slot = cursor;
        }
    }
}

/// A screen that is told in parts.
pub(crate) trait Detail {
    fn parts(&self) -> &Parts;
    fn parts_mut(&mut self) -> &mut Parts;
    fn head(&self, width: u16, shared: &Shared) -> Vec<Line<'static>>;
    fn sections(&self, shared: &Shared) -> Vec<Section>;
    fn tree(&self) -> Option<(&Document, &Tree)>;
    fn tree_mut(&mut self) -> Option<(&Document, &mut Tree)>;
    /// The value that the document was made from.
    fn source(&self) -> Option<&serde_json::Value>;
}
