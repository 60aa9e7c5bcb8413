//! Profiles: `[profiles.NAME]` lays values over the file's and the environment's, when `--profile NAME` asks for it.
//!
//! A profile may set every key of the file, a colour by which its console is told from another's, and, by the name of a
//! variable or of a file, the credentials to use. Credentials themselves never stand in a file of ours.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::{
    check::{no_such_word, words_of},
    document::{Leaf, Source, Walk},
    problems::{ConfigProblem, Origin, nearest},
    schema::Node,
    secrets, variables,
};
use crate::{config::surroundings::Surroundings, domain::provider::words};

/// The colour that marks a profile in the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileColor {
    /// Red.
    Red,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Blue.
    Blue,
    /// Magenta.
    Magenta,
    /// Cyan.
    Cyan,
}

words!(ProfileColor, "colour", {
    Red => "red", Green => "green", Yellow => "yellow", Blue => "blue", Magenta => "magenta", Cyan => "cyan",
});

/// The profile that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveProfile {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub color: Option<ProfileColor>,
}

/// Where a profile's credential is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whereabouts {
    Variable(String),
    File(String),
}

/// A credential that a profile names.
#[derive(Clone, Debug)]
pub(super) struct Credential {
    /// Which: the name that the variable has without profiles, such as `STRIPE_SECRET_KEY`.
    pub name: String,
    whereabouts: Whereabouts,
    /// The profile's line.
    pub origin: Origin,
}

impl Credential {
    /// Fetches it. Relative paths start from the configuration's folder.
    pub(super) fn value(&self, around: &Surroundings, dir: &Path) -> Result<String, ConfigProblem> {
        let fail = |message: String| ConfigProblem::whole(self.origin.clone(), message);
        match &self.whereabouts {
            Whereabouts::File(path) => variables::read_value(&around.path(path, dir)).map_err(fail),
            Whereabouts::Variable(name) => variables::read(around, name, true)?
                .map(|(value, _)| value)
                .ok_or_else(|| {
                    fail(format!(
                        "takes `{}` from the variable `{name}`, which is not set",
                        self.name
                    ))
                }),
        }
    }
}

/// A profile as the file has it.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// Name and colour.
    pub active: ActiveProfile,
    /// The settings it lays over others.
    pub leaves: Vec<Leaf>,
    /// The credentials it names.
    pub credentials: Vec<Credential>,
}

const COLOR: &str = "color";
const CREDENTIALS: &str = "credentials";

/// Reads all profiles, those not asked for too: a mistake is found before the day the profile is needed.
pub(super) fn read(
    profiles: &DeValue<'_>,
    source: &Source,
    at: usize,
    root: &Node,
) -> (Vec<Profile>, Vec<ConfigProblem>) {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    let DeValue::Table(profiles) = profiles else {
        let problem = ConfigProblem::at(source.origin(at), "profiles", "expected a section, found a value");
        return (found, vec![problem]);
    };
    for (name, value) in profiles {
        match value.get_ref() {
            DeValue::Table(table) => found.push(profile(name.get_ref(), table, source, root, &mut problems)),
            _ => problems.push(ConfigProblem::at(
                source.origin(name.span().start),
                format!("profiles.{}", name.get_ref()),
                "expected a section, found a value",
            )),
        }
    }
    (found, problems)
}

fn profile(
    name: &str,
    table: &DeTable<'_>,
    source: &Source,
    root: &Node,
    problems: &mut Vec<ConfigProblem>,
) -> Profile {
    let mut walk = Walk::new(source, root).in_profile(name);
    walk.table(table, &[COLOR, CREDENTIALS]);
    problems.append(&mut walk.problems);
    let mut color = None;
    let mut credentials = Vec::new();
    for (key, value) in table {
        let origin = Origin::Profile {
            name: name.to_owned(),
            path: source.path(),
            line: source.line(key.span().start),
        };
        let place = format!("profiles.{name}.{}", key.get_ref());
        match (key.get_ref().as_ref(), value.get_ref()) {
            (COLOR, DeValue::String(word)) => {
                let words: &[(&str, ProfileColor)] = words_of!(ProfileColor);
                color = words
                    .iter()
                    .find(|(known, _)| known == word)
                    .map(|(_, color)| *color);
                if color.is_none() {
                    let (message, nearest) = no_such_word(word, words.iter().map(|(word, _)| *word));
                    problems.push(ConfigProblem::at(origin, place, message).nearest(nearest));
                }
            }
            (COLOR, _) => problems.push(ConfigProblem::at(origin, place, "expected the name of a colour")),
            (CREDENTIALS, DeValue::Table(table)) => {
                credentials = named(name, table, source, problems);
            }
            (CREDENTIALS, _) => {
                problems.push(ConfigProblem::at(
                    origin,
                    place,
                    "expected a section, found a value",
                ));
            }
            _ => {}
        }
    }
    Profile {
        active: ActiveProfile {
            name: name.to_owned(),
            color,
        },
        leaves: walk.leaves,
        credentials,
    }
}

fn named(
    profile: &str,
    table: &DeTable<'_>,
    source: &Source,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Credential> {
    let mut credentials = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let origin = Origin::Profile {
            name: profile.to_owned(),
            path: source.path(),
            line: source.line(key.span().start),
        };
        let place = format!("profiles.{profile}.{CREDENTIALS}.{name}");
        if !secrets::names().any(|known| known == name) {
            let nearest = nearest(name, secrets::names());
            problems.push(ConfigProblem::at(origin, place, "no such credential").nearest(nearest));
            continue;
        }
        match whereabouts(value.get_ref()) {
            Some(whereabouts) => credentials.push(Credential {
                name: name.to_owned(),
                whereabouts,
                origin,
            }),
            None => problems.push(ConfigProblem::at(
                origin,
                place,
                "expected `{ env = \"VARIABLE\" }` or `{ file = \"PATH\" }`, as no secret is written into this file",
            )),
        }
    }
    credentials
}

fn whereabouts(value: &DeValue<'_>) -> Option<Whereabouts> {
    let DeValue::Table(table) = value else {
        return None;
    };
    let mut entries = table.iter();
    let (Some((key, value)), None) = (entries.next(), entries.next()) else {
        return None;
    };
    match (key.get_ref().as_ref(), value.get_ref()) {
        ("env", DeValue::String(name)) => Some(Whereabouts::Variable(name.to_string())),
        ("file", DeValue::String(path)) => Some(Whereabouts::File(path.to_string())),
        _ => None,
    }
}
