//! The parts of a detail screen: tabs where the screen is small, tiles where it is large.

use std::cell::Cell;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
};

use super::{
    json::{Document, Tree},
    pane,
};
use crate::console::{
    format,
    keymap::Action,
    nav::Place,
    overlay::{message::Message, moved, prompt::Prompt},
    screens::inspect::node_line,
    shared::{Cx, Shared},
    theme::Role,
};

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

/// The row under the cursor of the focused part, if that is made of rows.
pub(crate) fn selected(detail: &impl Detail, shared: &Shared) -> Option<Row> {
    let parts = detail.parts();
    let section = detail.sections(shared).into_iter().nth(parts.focus)?;
    match section.body {
        Body::Rows(rows) => {
            let last = rows.len().checked_sub(1)?;
            rows.into_iter().nth(parts.cursor(parts.focus).min(last))
        }
        Body::Tree => None,
    }
}

fn on_tree(detail: &impl Detail, shared: &Shared) -> bool {
    let sections = detail.sections(shared);
    sections
        .get(detail.parts().focus)
        .is_some_and(|section| matches!(section.body, Body::Tree))
}

/// Carries out the keys that all detail screens share; false when it is another one.
pub(crate) fn act(detail: &mut impl Detail, action: Action, cx: &mut Cx<'_>) -> bool {
    let sections = detail.sections(cx.shared);
    let focus = detail.parts().focus.min(sections.len().saturating_sub(1));
    let tree_here = on_tree(detail, cx.shared);
    let len = sections
        .get(focus)
        .map_or(0, |section| section.len(detail.tree().map(|(_, tree)| tree)));
    let cursor = if tree_here {
        detail.tree().map_or(0, |(_, tree)| tree.cursor())
    } else {
        detail.parts().cursor(focus).min(len.saturating_sub(1))
    };
    let page = usize::from(detail.parts().viewport.get()).max(2);
    let target = match action {
        Action::HalfDown => Some((cursor + page / 2).min(len.saturating_sub(1))),
        Action::HalfUp => Some(cursor.saturating_sub(page / 2)),
        Action::PageDown => Some((cursor + page).min(len.saturating_sub(1))),
        Action::PageUp => Some(cursor.saturating_sub(page)),
        other => moved(other, cursor, len),
    };
    if let Some(target) = target {
        if tree_here {
            if let Some((_, tree)) = detail.tree_mut() {
                tree.set_cursor(target);
            }
        } else {
            detail.parts_mut().set_cursor(focus, target);
        }
        return true;
    }
    match action {
        Action::NextPane => detail.parts_mut().focus = (focus + 1) % sections.len().max(1),
        Action::PreviousPane => {
            detail.parts_mut().focus = (focus + sections.len().max(1) - 1) % sections.len().max(1);
        }
        Action::Open if tree_here => open_node(detail, cx),
        Action::Open => {
            if let Some(place) = selected(detail, cx.shared).and_then(|row| row.open) {
                cx.go(place);
            } else if let Some(row) = selected(detail, cx.shared) {
                cx.open(Message::new(
                    "In full",
                    row.value.clone().unwrap_or_else(|| row.text()),
                ));
            }
        }
        Action::Fold | Action::Unfold | Action::ExpandAll | Action::CollapseAll if tree_here => {
            if let Some((document, tree)) = detail.tree_mut() {
                match action {
                    Action::Fold => tree.fold(document),
                    Action::Unfold => {
                        if let Some(node) = tree.node() {
                            tree.set_folded(document, node, false);
                        }
                    }
                    Action::ExpandAll => tree.fold_all(document, false),
                    _ => tree.fold_all(document, true),
                }
            }
        }
        Action::Fold | Action::Unfold | Action::ExpandAll | Action::CollapseAll => {}
        Action::Search => {
            let needle = detail
                .tree()
                .map_or_else(String::new, |(_, tree)| tree.needle().to_owned());
            cx.open(Prompt::search(&needle));
        }
        Action::SearchNext | Action::SearchPrevious => {
            let forward = action == Action::SearchNext;
            let found = detail
                .tree_mut()
                .is_some_and(|(document, tree)| tree.step(document, forward, false));
            if !found {
                cx.note("no match; / searches for something else");
            }
        }
        Action::CopyPath => match detail
            .tree()
            .and_then(|(document, tree)| Some(document.path(tree.node()?)))
        {
            Some(path) if tree_here => cx.copy("path", path),
            _ => cx.note("paths belong to documents; Tab leads there"),
        },
        Action::CopyValue => copy_value(detail, tree_here, cx),
        _ => return false,
    }
    true
}

fn open_node(detail: &mut impl Detail, cx: &mut Cx<'_>) {
    let Some((document, tree)) = detail.tree_mut() else {
        return;
    };
    let Some(index) = tree.node() else { return };
    let holds = document.nodes.get(index).is_some_and(|node| node.end > index + 1);
    if holds {
        let folded = tree.is_folded(index);
        tree.set_folded(document, index, !folded);
    } else if let Some(node) = document.nodes.get(index) {
        let message = Message::new(&document.path(index), node.text.clone());
        cx.open(message);
    }
}

fn copy_value(detail: &impl Detail, tree_here: bool, cx: &mut Cx<'_>) {
    if !tree_here {
        match selected(detail, cx.shared) {
            Some(row) => cx.copy("value", row.value.clone().unwrap_or_else(|| row.text())),
            None => cx.note("there is nothing to copy here"),
        }
        return;
    }
    let value = detail.tree().and_then(|(document, tree)| {
        let value = document.value(detail.source()?, tree.node()?)?;
        Some(match value {
            serde_json::Value::String(text) => text.clone(),
            other => serde_json::to_string_pretty(other).unwrap_or_default(),
        })
    });
    match value {
        Some(value) => cx.copy("value", value),
        None => cx.note("there is nothing to copy here"),
    }
}

/// Searches the document; how many lines match.
pub(crate) fn search(detail: &mut impl Detail, text: &str, cx: &mut Cx<'_>) -> Result<(), String> {
    let sections = detail.sections(cx.shared);
    let place = sections
        .iter()
        .position(|section| matches!(section.body, Body::Tree));
    let Some((document, tree)) = detail.tree_mut() else {
        return Err("there is no document to search".to_owned());
    };
    let found = tree.search(document, text);
    if text.is_empty() {
        return Ok(());
    }
    if found == 0 {
        cx.note(format!("nothing holds {}", format::clean(text)));
    } else {
        cx.good(format!(
            "{}; n and N go on",
            format::counted(found, "match").replace("matchs", "matches")
        ));
        if let Some(place) = place {
            detail.parts_mut().focus = place;
        }
    }
    Ok(())
}

pub(crate) fn draw(detail: &impl Detail, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
    let parts = detail.parts();
    let sections = detail.sections(shared);
    let focus = parts.focus.min(sections.len().saturating_sub(1));
    if shared.zoom {
        if let Some(section) = sections.get(focus) {
            section_body(detail, section, focus, true, frame, area, shared);
        }
        return;
    }
    let head = detail.head(area.width.saturating_sub(3), shared);
    let most = if area.height >= 30 {
        area.height / 2
    } else {
        area.height * 9 / 20
    };
    let rows = u16::try_from(head.len()).unwrap_or(u16::MAX).min(most);
    let [top, rest] = Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(area);
    for (line, y) in head.iter().zip(top.y..top.y + top.height) {
        frame
            .buffer_mut()
            .set_line(top.x + 1, y, line, top.width.saturating_sub(2));
    }
    let small = area.height < 30 && area.width < 140;
    if small || sections.len() < 2 {
        let [tabs, body] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(rest);
        tab_bar(&sections, focus, frame, tabs, shared);
        if let Some(section) = sections.get(focus) {
            rows_of(detail, section, focus, true, frame, body, shared);
        }
        return;
    }
    for (index, area) in tiles(&sections, focus, detail, rest).into_iter().enumerate() {
        if let Some(section) = sections.get(index) {
            section_body(detail, section, index, index == focus, frame, area, shared);
        }
    }
}

/// Where each part stands on a large screen: the first beside the others, or all under each other with most room for
/// the one in focus.
fn tiles(sections: &[Section], focus: usize, detail: &impl Detail, area: Rect) -> Vec<Rect> {
    let tree = detail.tree().map(|(_, tree)| tree);
    let lines: Vec<u16> = sections
        .iter()
        .map(|section| u16::try_from(section.len(tree)).unwrap_or(u16::MAX))
        .collect();
    let stack = |area: Rect, from: usize, to: usize| {
        let has_focus = (from..to).contains(&focus);
        let grows = if has_focus { focus } else { from };
        let bounds = (from..to).map(|index| {
            if index == grows {
                Constraint::Fill(1)
            } else {
                Constraint::Length(lines[index].clamp(1, 6) + 1)
            }
        });
        Layout::vertical(bounds).split(area).to_vec()
    };
    let count = sections.len();
    if area.width >= 200 && count >= 3 {
        let [left, middle, right] = Layout::horizontal([
            Constraint::Percentage(45),
            Constraint::Percentage(33),
            Constraint::Fill(1),
        ])
        .spacing(1)
        .areas(area);
        let mut places = vec![left];
        places.extend(stack(middle, 1, count - 1));
        places.push(right);
        places
    } else if area.width >= 140 {
        let [left, right] = Layout::horizontal([Constraint::Percentage(52), Constraint::Fill(1)])
            .spacing(1)
            .areas(area);
        let mut places = vec![left];
        places.extend(stack(right, 1, count));
        places
    } else {
        stack(area, 0, count)
    }
}

fn tab_bar(sections: &[Section], focus: usize, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
    let glyphs = shared.glyphs;
    let mut spans = vec![Span::styled(glyphs.rule, shared.style(Role::Border))];
    for (index, section) in sections.iter().enumerate() {
        if index == focus {
            spans.push(Span::styled(
                format!("{}{} ", glyphs.bar, section.title),
                shared.style(Role::Focus),
            ));
        } else {
            spans.push(Span::styled(
                format!(" {} ", section.title),
                shared.style(Role::Dim),
            ));
        }
        spans.push(Span::styled(glyphs.rule, shared.style(Role::Border)));
    }
    if sections.len() > 1 {
        spans.push(Span::styled(" Tab ", shared.style(Role::Key)));
    }
    let used: usize = spans.iter().map(|span| format::width(&span.content)).sum();
    spans.push(Span::styled(
        glyphs.rule.repeat(usize::from(area.width).saturating_sub(used)),
        shared.style(Role::Border),
    ));
    frame
        .buffer_mut()
        .set_line(area.x, area.y, &Line::from(spans), area.width);
}

fn section_body(
    detail: &impl Detail,
    section: &Section,
    index: usize,
    focused: bool,
    frame: &mut Frame<'_>,
    area: Rect,
    shared: &Shared,
) {
    if area.height == 0 {
        return;
    }
    let title = pane::title(&section.title, focused, area.width, shared);
    frame.buffer_mut().set_line(area.x, area.y, &title, area.width);
    let body = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    rows_of(detail, section, index, focused, frame, body, shared);
}

fn rows_of(
    detail: &impl Detail,
    section: &Section,
    index: usize,
    focused: bool,
    frame: &mut Frame<'_>,
    area: Rect,
    shared: &Shared,
) {
    if area.height == 0 || area.width < 4 {
        return;
    }
    if focused {
        detail.parts().viewport.set(area.height);
    }
    let tree = detail.tree();
    let len = section.len(tree.map(|(_, tree)| tree));
    let cursor = match &section.body {
        Body::Tree => tree.map_or(0, |(_, tree)| tree.cursor()),
        Body::Rows(_) => detail.parts().cursor(index).min(len.saturating_sub(1)),
    };
    let rows = usize::from(area.height);
    // The cursor stands in the middle third, so that one sees what comes.
    let top = cursor.saturating_sub(rows * 2 / 3).min(len.saturating_sub(rows));
    if len == 0 {
        let line = Line::styled("nothing here", shared.style(Role::Dim));
        frame
            .buffer_mut()
            .set_line(area.x + 2, area.y, &line, area.width - 2);
    }
    for offset in 0..rows.min(len.saturating_sub(top)) {
        let place = top + offset;
        let line = match (&section.body, tree) {
            (Body::Rows(rows), _) => rows.get(place).map(|row| row.line.clone()),
            (Body::Tree, Some((document, tree))) => tree
                .lines()
                .get(place)
                .map(|&node| node_line(document, node, tree, shared)),
            (Body::Tree, None) => None,
        };
        let Some(line) = line else { continue };
        let y = area.y + u16::try_from(offset).unwrap_or(u16::MAX);
        let buffer = frame.buffer_mut();
        let line = pane::fitted(&line, area.width - 3, shared.glyphs);
        buffer.set_line(area.x + 2, y, &line, area.width - 2);
        if place == cursor && focused {
            buffer.set_string(area.x, y, shared.glyphs.bar, shared.style(Role::Focus));
            let row = Rect {
                x: area.x + 1,
                y,
                width: area.width - 1,
                height: 1,
            };
            buffer.set_style(row, Style::reset().patch(shared.style(Role::Cursor)));
        }
    }
    let below = len.saturating_sub(top + rows);
    if below > 0 && rows > 1 {
        let text = format!(" {below} more ");
        let wide = u16::try_from(text.len()).unwrap_or(0);
        let x = area.x + area.width.saturating_sub(wide);
        frame.buffer_mut().set_line(
            x,
            area.y + area.height - 1,
            &Line::styled(text, shared.style(Role::Dim)),
            wide,
        );
    }
}
