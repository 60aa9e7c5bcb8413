//! The files in `config/` are the built-in defaults, for people.

use std::collections::BTreeSet;

use billdeck::config::{DEFAULT_CATALOG, DEFAULT_SETTINGS};

use super::Place;

/// The shipped file with its commented-out keys switched on, less the profile at its end.
fn uncommented() -> toml::Table {
    let (keys, _) = DEFAULT_SETTINGS.split_once("# A profile lays").unwrap();
    let is_key = |line: &str| {
        line.split_once(" = ")
            .is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
    };
    let lines: Vec<&str> = keys
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|rest| is_key(rest))
                .unwrap_or(line)
        })
        .collect();
    lines.join("\n").parse().unwrap()
}

fn keys(prefix: &str, table: &toml::Table, into: &mut BTreeSet<String>) {
    for (name, value) in table {
        match value {
            toml::Value::Table(below) => keys(&format!("{prefix}{name}."), below, into),
            _ => {
                into.insert(format!("{prefix}{name}"));
            }
        }
    }
}

#[test]
fn the_shipped_file_says_what_is_built_in() {
    let built_in = Place::new().loaded();
    let shipped = Place::new().settings(DEFAULT_SETTINGS).loaded();
    let values = |config: &billdeck::config::Config| -> Vec<_> {
        config
            .effective
            .values
            .iter()
            .map(|value| (value.key.clone(), value.value.clone()))
            .collect()
    };
    assert_eq!(values(&shipped), values(&built_in));
}

#[test]
fn the_shipped_file_mentions_every_key_and_a_comment_for_it() {
    let mut mentioned = BTreeSet::new();
    keys("", &uncommented(), &mut mentioned);
    let known: BTreeSet<String> = Place::new()
        .loaded()
        .effective
        .values
        .into_iter()
        .map(|value| value.key)
        .filter(|key| key.contains(|c: char| c.is_ascii_lowercase()))
        .collect();
    assert_eq!(mentioned, known);
}

#[test]
fn the_profile_shown_in_the_shipped_file_is_valid() {
    let (_, example) = DEFAULT_SETTINGS
        .split_once("`billdeck --profile production`:")
        .unwrap();
    let text: Vec<&str> = example
        .lines()
        .map(|line| line.trim_start_matches('#').trim_start())
        .collect();
    let place = Place::new().settings(&text.join("\n"));
    place.loaded();
    // Chosen, it asks for exactly the three credentials that it names.
    let problems = place.profile("production").problems();
    assert!(
        problems.starts_with("the configuration has 3 problems\n"),
        "{problems}"
    );
}

#[test]
fn the_shipped_catalogue_is_the_built_in_one() {
    let built_in = Place::new().loaded().catalog;
    let shipped = Place::new().catalog(DEFAULT_CATALOG).loaded().catalog;
    assert_eq!(shipped.catalog, built_in.catalog);
    assert_eq!(built_in.file.path(), None);
    let keys: Vec<_> = built_in
        .catalog
        .plans()
        .iter()
        .map(|plan| plan.key.as_str())
        .collect();
    assert_eq!(keys, ["starter", "pro", "team", "scale"]);
}
