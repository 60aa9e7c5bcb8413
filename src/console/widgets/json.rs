//! A JSON document laid out as lines that can be folded and searched. Laying out is done once, off the loop; folding and
//! drawing then touch only lines.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::console::format;

/// A document in lines, parents before children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    pub(crate) nodes: Vec<Node>,
}

/// One line of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) depth: u16,
    /// The name in its object, or the place in its array.
    pub(crate) key: Key,
    pub(crate) kind: Kind,
    /// The scalar as text; of a container, what it holds (`3 keys`).
    pub(crate) text: String,
    /// One past the last line below this one.
    pub(crate) end: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Root,
    Name(String),
    Index(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Word,
    Container,
}

impl Document {
    /// Lays a value out. Deep nesting costs no stack.
    pub fn of(value: &Value) -> Self {
        enum Step<'a> {
            Enter(Key, u16, &'a Value),
            Leave(usize),
        }
        let mut nodes: Vec<Node> = Vec::new();
        let mut steps = Vec::new();
        match value {
            // The root's own line says nothing when its members can stand for it.
            Value::Object(members) if !members.is_empty() => {
                steps.extend(
                    members
                        .iter()
                        .rev()
                        .map(|(key, value)| Step::Enter(Key::Name(key.clone()), 0, value)),
                );
            }
            Value::Null => {}
            other => steps.push(Step::Enter(Key::Root, 0, other)),
        }
        while let Some(step) = steps.pop() {
            let (key, depth, value) = match step {
                Step::Enter(key, depth, value) => (key, depth, value),
                Step::Leave(index) => {
                    nodes[index].end = nodes.len();
                    continue;
                }
            };
            let index = nodes.len();
            let (kind, text) = match value {
                Value::Null => (Kind::Word, "null".to_owned()),
                Value::Bool(word) => (Kind::Word, word.to_string()),
                Value::Number(number) => (Kind::Number, number.to_string()),
                Value::String(text) => (Kind::Text, text.clone()),
                Value::Array(items) => (
                    Kind::Container,
                    format!("[{}]", format::counted(items.len(), "item")),
                ),
                Value::Object(members) => (
                    Kind::Container,
                    format!("{{{}}}", format::counted(members.len(), "key")),
                ),
            };
            nodes.push(Node {
                depth,
                key,
                kind,
                text,
                end: index + 1,
            });
            let below = depth.saturating_add(1);
            match value {
                Value::Array(items) => {
                    steps.push(Step::Leave(index));
                    let items = items.iter().enumerate().rev();
                    steps.extend(items.map(|(place, item)| Step::Enter(Key::Index(place), below, item)));
                }
                Value::Object(members) => {
                    steps.push(Step::Leave(index));
                    let members = members.iter().rev();
                    steps.extend(
                        members.map(|(key, value)| Step::Enter(Key::Name(key.clone()), below, value)),
                    );
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        Self { nodes }
    }

    /// The path of a line: `data.object.items[0].id`.
    pub(crate) fn path(&self, index: usize) -> String {
        let Some(node) = self.nodes.get(index) else {
            return String::new();
        };
        let mut parts = vec![&node.key];
        let mut depth = node.depth;
        for ancestor in self.nodes[..index].iter().rev() {
            if depth == 0 {
                break;
            }
            if ancestor.depth < depth {
                depth = ancestor.depth;
                parts.push(&ancestor.key);
            }
        }
        let mut path = String::new();
        for key in parts.into_iter().rev() {
            match key {
                Key::Root => path.push('$'),
                Key::Name(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Key::Index(place) => path.push_str(&format!("[{place}]")),
            }
        }
        path
    }

    /// The part of the value that the document was made from which a line shows.
    pub(crate) fn value<'a>(&self, root: &'a Value, index: usize) -> Option<&'a Value> {
        let mut keys = vec![&self.nodes.get(index)?.key];
        let mut at = index;
        while let Some(parent) = self.parent(at) {
            keys.push(&self.nodes[parent].key);
            at = parent;
        }
        keys.into_iter().rev().try_fold(root, |value, key| match key {
            Key::Root => Some(value),
            Key::Name(name) => value.get(name),
            Key::Index(place) => value.get(place),
        })
    }

    fn parent(&self, index: usize) -> Option<usize> {
        let depth = self.nodes.get(index)?.depth;
        (0..index).rev().find(|&above| self.nodes[above].depth < depth)
    }
}

/// How a document is looked at: what is folded, where the cursor is, what was searched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    folded: BTreeSet<usize>,
    /// Indexes of the lines that are not inside something folded.
    lines: Vec<usize>,
    cursor: usize,
    needle: String,
}

/// Containers deeper than this, or larger than [`LARGE`], begin folded.
const DEEP: u16 = 2;
const LARGE: usize = 40;

impl Tree {
    pub(crate) fn of(document: &Document) -> Self {
        let folded = document
            .nodes
            .iter()
            .enumerate()
            .filter(|(index, node)| {
                node.end > index + 1 && (node.depth >= DEEP || node.end - index > LARGE && node.depth > 1)
            })
            .map(|(index, _)| index)
            .collect();
        let mut tree = Self {
            folded,
            ..Self::default()
        };
        tree.lay_out(document);
        tree
    }

    /// Keeps folds, cursor and search when the same document is read again.
    pub(crate) fn follow(&mut self, old: &Document, new: &Document) {
        if old != new {
            let needle = std::mem::take(&mut self.needle);
            let cursor = self.cursor;
            *self = Self::of(new);
            self.needle = needle;
            self.cursor = cursor.min(self.lines.len().saturating_sub(1));
        }
    }

    fn lay_out(&mut self, document: &Document) {
        self.lines.clear();
        let mut index = 0;
        while index < document.nodes.len() {
            self.lines.push(index);
            index = if self.folded.contains(&index) {
                document.nodes[index].end
            } else {
                index + 1
            };
        }
        self.cursor = self.cursor.min(self.lines.len().saturating_sub(1));
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(crate) fn set_cursor(&mut self, line: usize) {
        self.cursor = line.min(self.lines.len().saturating_sub(1));
    }

    pub(crate) fn lines(&self) -> &[usize] {
        &self.lines
    }

    pub(crate) fn is_folded(&self, node: usize) -> bool {
        self.folded.contains(&node)
    }

    pub(crate) fn needle(&self) -> &str {
        &self.needle
    }

    /// The document's line under the cursor.
    pub(crate) fn node(&self) -> Option<usize> {
        self.lines.get(self.cursor).copied()
    }

    pub(crate) fn set_folded(&mut self, document: &Document, node: usize, folded: bool) {
        let holds = document.nodes.get(node).is_some_and(|line| line.end > node + 1);
        if holds {
            if folded {
                self.folded.insert(node);
            } else {
                self.folded.remove(&node);
            }
            self.lay_out(document);
            self.go_to(node);
        }
    }

    /// Folds the part under the cursor; if it is folded or holds nothing, goes to what holds it.
    pub(crate) fn fold(&mut self, document: &Document) {
        let Some(node) = self.node() else { return };
        let holds = document.nodes[node].end > node + 1;
        if holds && !self.folded.contains(&node) {
            self.set_folded(document, node, true);
        } else if let Some(parent) = document.parent(node) {
            self.go_to(parent);
        }
    }

    pub(crate) fn fold_all(&mut self, document: &Document, folded: bool) {
        let node = self.node().unwrap_or(0);
        self.folded.clear();
        if folded {
            let holding = document
                .nodes
                .iter()
                .enumerate()
                .filter(|(index, node)| node.end > index + 1);
            self.folded.extend(holding.map(|(index, _)| index));
        }
        self.lay_out(document);
        self.go_to(node);
    }

    /// Puts the cursor on a line of the document, or on the folded part that hides it.
    fn go_to(&mut self, node: usize) {
        self.cursor = match self.lines.binary_search(&node) {
            Ok(line) => line,
            Err(line) => line.saturating_sub(1),
        };
    }

    /// Sets what is searched for and goes to the first match at or after the cursor; how many lines match.
    pub(crate) fn search(&mut self, document: &Document, needle: &str) -> usize {
        needle.clone_into(&mut self.needle);
        let found = self.matches(document).len();
        if found > 0 {
            self.step(document, true, true);
        }
        found
    }

    /// Goes to the next or previous match, round the end; false when there is none.
    pub(crate) fn step(&mut self, document: &Document, forward: bool, here: bool) -> bool {
        let matches = self.matches(document);
        let at = self.node().unwrap_or(0);
        let next = if forward {
            let after = matches.iter().find(|&&node| node > at || here && node == at);
            after.or(matches.first())
        } else {
            matches.iter().rev().find(|&&node| node < at).or(matches.last())
        };
        let Some(&node) = next else { return false };
        let mut above = document.parent(node);
        while let Some(parent) = above {
            self.folded.remove(&parent);
            above = document.parent(parent);
        }
        self.lay_out(document);
        self.go_to(node);
        true
    }

    fn matches(&self, document: &Document) -> Vec<usize> {
        if self.needle.is_empty() {
            return Vec::new();
        }
        let needle = self.needle.to_lowercase();
        let has = |text: &str| contains(text, &needle);
        document
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| has(&node.text) || matches!(&node.key, Key::Name(name) if has(name)))
            .map(|(index, _)| index)
            .collect()
    }

    pub(crate) fn is_match(&self, node: &Node) -> bool {
        let needle = self.needle.to_lowercase();
        !needle.is_empty()
            && (contains(&node.text, &needle)
                || matches!(&node.key, Key::Name(name) if contains(name, &needle)))
    }
}

fn contains(text: &str, lower_needle: &str) -> bool {
    text.to_lowercase().contains(lower_needle)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Document {
        Document::of(&json!({
            "id": "evt_1",
            "data": {"object": {"id": "sub_1", "items": {"data": [{"price": "price_new"}]}}},
            "livemode": false,
        }))
    }

    #[test]
    fn lays_out_members_in_their_own_order_with_paths() {
        let document = document();
        let paths: Vec<String> = (0..document.nodes.len())
            .map(|index| document.path(index))
            .collect();
        assert_eq!(
            paths,
            [
                "id",
                "data",
                "data.object",
                "data.object.id",
                "data.object.items",
                "data.object.items.data",
                "data.object.items.data[0]",
                "data.object.items.data[0].price",
                "livemode"
            ]
        );
        assert_eq!(document.nodes[1].end, 8);
    }

    #[test]
    fn folds_and_finds_what_is_folded_away() {
        let document = document();
        let mut tree = Tree::of(&document);
        assert_eq!(tree.lines(), [0, 1, 2, 3, 4, 8]);
        assert_eq!(tree.search(&document, "PRICE_NEW"), 1);
        assert_eq!(tree.node(), Some(7));
        tree.fold_all(&document, true);
        assert_eq!(tree.lines(), [0, 1, 8]);
        assert_eq!(tree.node(), Some(1));
        tree.fold_all(&document, false);
        assert_eq!(tree.len(), 9);
        tree.set_cursor(3);
        tree.fold(&document);
        assert_eq!(tree.node(), Some(2), "a scalar's fold goes to what holds it");
    }

    #[test]
    fn a_body_nested_ten_thousand_deep_is_laid_out() {
        let mut value = json!(1);
        for _ in 0..10_000 {
            value = Value::Array(vec![value]);
        }
        let document = Document::of(&value);
        assert_eq!(document.nodes.len(), 10_001);
        // Dropping such a value recurses; serde_json itself refuses to read one, so only the test makes it.
        std::mem::forget(value);
    }

    #[test]
    fn scalars_and_empty_bodies_have_a_line_or_none() {
        assert_eq!(Document::of(&json!("no JSON")).nodes.len(), 1);
        assert_eq!(Document::of(&Value::Null).nodes.len(), 0);
        let mut tree = Tree::of(&Document::default());
        tree.fold(&Document::default());
        assert!(!tree.step(&Document::default(), true, false));
    }
}
