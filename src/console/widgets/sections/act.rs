//! The keys that all detail screens share.

use crate::console::{
    format,
    keymap::Action,
    overlay::{message::Message, moved, prompt::Prompt},
    shared::{Cx, Shared},
};

use super::{Body, Detail, Row};

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
