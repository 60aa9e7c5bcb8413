//! Where a setting came from, what is wrong with one, and all that is wrong at once.

use std::{fmt, path::Path, sync::Arc};

use serde::{Serialize, Serializer};

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A file, with the line counted from 1 where one can be named.
    File {
        /// The file, as the person would name it.
        path: Arc<Path>,
        /// The line.
        line: Option<u32>,
    },
    /// A profile in a file.
    Profile {
        /// The profile.
        name: String,
        /// The file, as the person would name it.
        path: Arc<Path>,
        /// The line, counted from 1.
        line: u32,
    },
    /// An environment variable, or the file that its `…_FILE` companion names.
    Variable(String),
    /// A command-line flag, with its dashes.
    Flag(String),
    /// Built in.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => in_file(f, path, *line),
            Self::Profile { name, path, line } => {
                write!(f, "profile {name} (")?;
                in_file(f, path, Some(*line))?;
                f.write_str(")")
            }
            Self::Variable(name) => write!(f, "env {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

fn in_file(f: &mut fmt::Formatter<'_>, path: &Path, line: Option<u32>) -> fmt::Result {
    match line {
        Some(line) => write!(f, "{}:{line}", path.display()),
        None => write!(f, "{}", path.display()),
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing that is wrong with the configuration. Never holds the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigProblem {
    /// Where it stands.
    pub origin: Origin,
    /// The dotted key, as written there.
    pub key: Option<String>,
    /// What is wrong and what would be right.
    pub message: String,
    /// The nearest valid name, where a name was not known.
    pub nearest: Option<String>,
}

impl ConfigProblem {
    /// A problem with a key.
    pub(super) fn at(origin: Origin, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            origin,
            key: Some(key.into()),
            message: message.into(),
            nearest: None,
        }
    }

    /// A problem with a file, a variable or a flag as a whole.
    pub(super) fn whole(origin: Origin, message: impl Into<String>) -> Self {
        Self {
            origin,
            key: None,
            message: message.into(),
            nearest: None,
        }
    }

    /// With the name that was probably meant.
    pub(super) fn nearest(mut self, nearest: Option<String>) -> Self {
        self.nearest = nearest;
        self
    }
}

impl fmt::Display for ConfigProblem {
    /// `config/billdeck.toml:12: server.lisen: unknown key; did you mean `listen`?`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::File { path, line } => in_file(f, path, *line)?,
            Origin::Profile { path, line, .. } => in_file(f, path, Some(*line))?,
            Origin::Variable(name) => write!(f, "environment variable {name}")?,
            Origin::Flag(name) => f.write_str(name)?,
            Origin::Default => f.write_str("built-in default")?,
        }
        if let Some(key) = &self.key {
            write!(f, ": {key}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with the configuration: files first, by line, then variables, then flags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigErrors(Vec<ConfigProblem>);

impl ConfigErrors {
    /// The result if nothing is wrong, else all that is.
    pub(super) fn unless_empty<T>(value: Option<T>, mut problems: Vec<ConfigProblem>) -> Result<T, Self> {
        match value {
            Some(value) if problems.is_empty() => Ok(value),
            _ => {
                problems.sort_by_key(|problem| sort_key(&problem.origin));
                Err(Self(problems))
            }
        }
    }

    /// A single problem.
    pub(super) fn one(problem: ConfigProblem) -> Self {
        Self(vec![problem])
    }

    /// The problems, in reading order; at least one.
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.0
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(f, "the configuration has a problem\n  {only}"),
            all => {
                write!(f, "the configuration has {} problems", all.len())?;
                all.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for ConfigErrors {}

fn sort_key(origin: &Origin) -> (u8, Option<Arc<Path>>, u32) {
    match origin {
        Origin::File { path, line } => (0, Some(path.clone()), line.unwrap_or(0)),
        Origin::Profile { path, line, .. } => (0, Some(path.clone()), *line),
        Origin::Variable(_) => (1, None, 0),
        Origin::Flag(_) => (2, None, 0),
        Origin::Default => (3, None, 0),
    }
}

/// How alike two names must be (Jaro-Winkler, 0 to 1) for one to be offered for the other.
const ALIKE: f64 = 0.75;

/// The candidate that is most like a name, if one is alike enough.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let name = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&name, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate.to_owned())
}
