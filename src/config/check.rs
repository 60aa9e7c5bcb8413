//! Helpers for turning raw values into checked ones: each failure is noted with its origin, and the rest goes on.

use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::Url;
use toml::Value;

use super::{
    document::Leaf,
    files::ConfigFiles,
    problems::{ConfigProblem, Origin, nearest},
    surroundings::Surroundings,
};

/// The values that were given, by dotted key; a later one wins over an earlier one.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers(BTreeMap<String, (Value, Origin)>);

impl Layers {
    /// Lays values over those that are there.
    pub(super) fn lay(&mut self, leaves: impl IntoIterator<Item = Leaf>) {
        for leaf in leaves {
            self.0.insert(leaf.key, (leaf.value, leaf.origin));
        }
    }

    /// Where the value in force comes from.
    pub(super) fn origin(&self, key: &str) -> Origin {
        self.0
            .get(key)
            .map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// The values that are not the defaults.
    pub(super) fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, (value, _))| (key.as_str(), value))
    }
}

/// Checks values and gathers what is wrong with them.
pub(super) struct Check<'a> {
    layers: &'a Layers,
    around: &'a Surroundings,
    dir: PathBuf,
    /// What is wrong.
    pub problems: Vec<ConfigProblem>,
}

impl<'a> Check<'a> {
    /// A check of these values.
    pub(super) fn new(layers: &'a Layers, around: &'a Surroundings, files: &ConfigFiles) -> Self {
        Self {
            layers,
            around,
            dir: files.dir.clone().unwrap_or_default(),
            problems: Vec::new(),
        }
    }

    /// What surrounds the process.
    pub(super) fn around(&self) -> &'a Surroundings {
        self.around
    }

    /// Notes that a key's value cannot be used.
    pub(super) fn fail(&mut self, key: &str, message: impl Into<String>) {
        self.fail_with(key, message, None);
    }

    fn fail_with(&mut self, key: &str, message: impl Into<String>, nearest: Option<String>) {
        let origin = self.layers.origin(key);
        let written = match &origin {
            Origin::Profile { name, .. } => format!("profiles.{name}.{key}"),
            Origin::File { .. } | Origin::Variable(_) | Origin::Flag(_) | Origin::Default => key.to_owned(),
        };
        self.problems
            .push(ConfigProblem::at(origin, written, message).nearest(nearest));
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, key: &str, text: &str, words: &[(&'static str, T)]) -> Option<T> {
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value);
        if found.is_none() {
            let (message, nearest) = no_such_word(text, words.iter().map(|(word, _)| *word));
            self.fail_with(key, message, nearest);
        }
        found
    }

    /// A number within bounds.
    pub(super) fn number<T: TryFrom<u64>>(
        &mut self,
        key: &str,
        number: u64,
        bounds: RangeInclusive<u64>,
    ) -> Option<T> {
        let fits = bounds
            .contains(&number)
            .then(|| T::try_from(number).ok())
            .flatten();
        if fits.is_none() {
            let message = format!(
                "must be from {} to {}, found {number}",
                bounds.start(),
                bounds.end()
            );
            self.fail(key, message);
        }
        fits
    }

    /// A time in milliseconds: at least one, at most an hour.
    pub(super) fn millis(&mut self, key: &str, number: u64) -> Option<Duration> {
        self.number(key, number, 1..=3_600_000).map(Duration::from_millis)
    }

    /// A time in seconds.
    pub(super) fn seconds(
        &mut self,
        key: &str,
        number: u64,
        bounds: RangeInclusive<u64>,
    ) -> Option<Duration> {
        self.number(key, number, bounds).map(Duration::from_secs)
    }

    /// A path, made absolute. One from the file starts from the file's folder, another from the working folder.
    pub(super) fn path(&self, key: &str, typed: &str) -> PathBuf {
        match self.layers.origin(key) {
            Origin::File { .. } | Origin::Profile { .. } => self.around.path(typed, &self.dir),
            Origin::Variable(_) | Origin::Flag(_) | Origin::Default => self.around.path(typed, Path::new("")),
        }
    }

    /// A URL with one of these schemes. The value is not repeated: it may hold a password.
    pub(super) fn url(&mut self, key: &str, text: &str, schemes: &[&str]) -> Option<Url> {
        let url = Url::parse(text.trim())
            .ok()
            .filter(|url| schemes.contains(&url.scheme()));
        if url.is_none() {
            let schemes: Vec<_> = schemes.iter().map(|scheme| format!("`{scheme}://…`")).collect();
            self.fail(key, format!("expected a URL such as {}", schemes.join(" or ")));
        }
        url
    }
}

/// What to say of a word that is none of those allowed.
pub(super) fn no_such_word<'w>(
    text: &str,
    words: impl Iterator<Item = &'w str> + Clone,
) -> (String, Option<String>) {
    let allowed: Vec<_> = words.clone().map(|word| format!("`{word}`")).collect();
    let allowed = match allowed.as_slice() {
        [one, other] => format!("{one} or {other}"),
        many => format!("one of {}", many.join(", ")),
    };
    (
        format!("expected {allowed}, found `{text}`"),
        nearest(text, words),
    )
}

/// The words of one of the domain's enums, for [`Check::word`].
macro_rules! words_of {
    ($type:ty) => {
        &<$type>::ALL
            .iter()
            .map(|word| (word.as_str(), *word))
            .collect::<Vec<_>>()
    };
}
pub(super) use words_of;
