//! A TOML file with the line of everything in it, and the walk that sorts known keys from unknown ones.

use std::{path::Path, sync::Arc};

use toml::{
    Spanned, Value,
    de::{DeTable, DeValue},
};

use super::{
    problems::{ConfigProblem, Origin, nearest},
    schema::Node,
};

/// A file's name and the places of its line breaks.
#[derive(Clone, Debug)]
pub(super) struct Source {
    path: Arc<Path>,
    breaks: Vec<usize>,
}

impl Source {
    /// `path` is the name shown to people.
    pub(super) fn new(path: &Path, text: &str) -> Self {
        Self {
            path: Arc::from(path),
            breaks: text.match_indices('\n').map(|(at, _)| at).collect(),
        }
    }

    /// The name shown to people.
    pub(super) fn path(&self) -> Arc<Path> {
        self.path.clone()
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, byte: usize) -> u32 {
        let before = self.breaks.partition_point(|at| *at < byte);
        u32::try_from(before).map_or(u32::MAX, |before| before.saturating_add(1))
    }

    /// The place of a byte.
    pub(super) fn origin(&self, byte: usize) -> Origin {
        Origin::File {
            path: self.path.clone(),
            line: Some(self.line(byte)),
        }
    }

    /// Parses the text; with mistakes in the syntax there is nothing to go on with, only the mistakes, one per line.
    pub(super) fn parse<'t>(&self, text: &'t str) -> Result<DeTable<'t>, Vec<ConfigProblem>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let mut problems: Vec<ConfigProblem> = Vec::new();
        for error in errors {
            let at = error.span().map_or(text.len(), |span| span.start);
            // The parser says "expected nothing" where it has no better idea.
            let message = error.message().trim_end_matches(", expected nothing");
            let problem = ConfigProblem::whole(self.origin(at), message.replace('\n', " "));
            if problems.iter().all(|other| other.origin != problem.origin) {
                problems.push(problem);
            }
        }
        if problems.is_empty() {
            Ok(root.into_inner())
        } else {
            Err(problems)
        }
    }
}

/// A value that was found under a known key.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// The dotted key, without the name of a profile in front.
    pub key: String,
    /// The value, of the key's kind.
    pub value: Value,
    /// Where it stands.
    pub origin: Origin,
}

/// Walks a table along the tree of known keys; gathers values and problems.
pub(super) struct Walk<'a> {
    source: &'a Source,
    root: &'a Node,
    profile: Option<&'a str>,
    place: String,
    /// What was found.
    pub leaves: Vec<Leaf>,
    /// What is wrong.
    pub problems: Vec<ConfigProblem>,
}

impl<'a> Walk<'a> {
    /// A walk along `root`.
    pub(super) fn new(source: &'a Source, root: &'a Node) -> Self {
        Self {
            source,
            root,
            profile: None,
            place: String::new(),
            leaves: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Values found are those of a profile.
    pub(super) fn in_profile(mut self, name: &'a str) -> Self {
        self.place = format!("profiles.{name}.");
        self.profile = Some(name);
        self
    }

    /// The walk starts inside a file, at this key (with its dot).
    pub(super) fn below(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }

    /// Walks everything in a table. `others` are names that are valid here beside the tree's and are passed over.
    pub(super) fn table(&mut self, table: &DeTable<'_>, others: &[&str]) {
        self.level(table, self.root, "", others);
    }

    fn level(&mut self, table: &DeTable<'_>, node: &Node, prefix: &str, others: &[&str]) {
        for (key, value) in table {
            let name: &str = key.get_ref();
            if others.contains(&name) {
                continue;
            }
            let dotted = format!("{prefix}{name}");
            match (node.child(name), value.get_ref()) {
                (None, _) => {
                    let nearest = self.instead_of(name, node, prefix, others);
                    self.problem(key, &dotted, "unknown key", nearest);
                }
                (Some(below @ Node::Table(_)), DeValue::Table(inner)) => {
                    self.level(inner, below, &format!("{dotted}."), &[]);
                }
                (Some(Node::Table(_)), _) => {
                    self.problem(key, &dotted, "expected a section, found a value", None);
                }
                (Some(Node::Leaf(kind)), found) => match kind.in_file(found) {
                    Ok(value) => {
                        let origin = self.origin(key);
                        self.leaves.push(Leaf {
                            key: dotted,
                            value,
                            origin,
                        });
                    }
                    Err(message) => self.problem(key, &dotted, message, None),
                },
            }
        }
    }

    /// A key of this name that stands in another section was misplaced rather than misspelt.
    fn instead_of(&self, name: &str, node: &Node, prefix: &str, others: &[&str]) -> Option<String> {
        let elsewhere = || {
            self.root
                .leaves()
                .into_iter()
                .map(|(key, _)| key)
                .find(|key| key.rsplit('.').next() == Some(name) && !key.starts_with(prefix))
        };
        let here = || {
            let names = node.children().iter().map(|(name, _)| *name);
            nearest(name, names.chain(others.iter().copied()))
        };
        if prefix.is_empty() {
            here().or_else(elsewhere)
        } else {
            elsewhere().or_else(here)
        }
    }

    fn origin(&self, key: &Spanned<std::borrow::Cow<'_, str>>) -> Origin {
        let line = self.source.line(key.span().start);
        let path = self.source.path.clone();
        match self.profile {
            Some(name) => Origin::Profile {
                name: name.to_owned(),
                path,
                line,
            },
            None => Origin::File {
                path,
                line: Some(line),
            },
        }
    }

    fn problem(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        dotted: &str,
        message: impl Into<String>,
        nearest: Option<String>,
    ) {
        let key_text = format!("{}{dotted}", self.place);
        self.problems
            .push(ConfigProblem::at(self.origin(key), key_text, message).nearest(nearest));
    }
}
