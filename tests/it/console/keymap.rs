//! The table of keys: what the footer, the help, the palette and the file are made from.

use std::collections::BTreeMap;

use billdeck::console::keymap::{Action, Context, Found, Keymap, Sequence, TABLE, TOGETHER};

use super::{fake, fake::FakeDesk, harness::Harness};

#[test]
fn every_default_key_is_a_key_and_resolves_to_its_row() {
    let keymap = Keymap::default();
    for row in TABLE {
        assert!(!row.keys.is_empty(), "{} has no key", row.action);
        for keys in row.keys {
            let sequence: Sequence = keys
                .parse()
                .unwrap_or_else(|error| panic!("{}: {error}", row.action));
            assert_eq!(
                keymap.find(&[row.context], &sequence.0),
                Found::Action(row.action, row.context),
                "{keys} in [{}]",
                row.context
            );
        }
    }
}

#[test]
fn a_key_means_one_thing_where_contexts_are_active_together() {
    for set in TOGETHER {
        let mut seen: BTreeMap<String, Action> = BTreeMap::new();
        for row in TABLE.iter().filter(|row| set.contains(&row.context)) {
            for keys in row.keys {
                if let Some(other) = seen.insert((*keys).to_owned(), row.action) {
                    panic!("{keys} is {other} and {} in {set:?}", row.action);
                }
            }
        }
        for long in seen.keys() {
            for short in seen.keys().filter(|short| *short != long) {
                assert!(
                    !long.starts_with(&format!("{short} ")),
                    "{short} hides {long} in {set:?}"
                );
            }
        }
    }
}

#[test]
fn every_context_belongs_to_a_set_that_is_checked() {
    for context in Context::ALL {
        assert!(TOGETHER.iter().any(|set| set.contains(context)), "{context}");
    }
}

#[test]
fn no_write_lies_on_a_bare_lower_case_letter_or_a_key_of_multiplexers() {
    let reserved = [
        "Ctrl-a", "Ctrl-b", "Ctrl-s", "Ctrl-q", "Ctrl-d", "Ctrl-k", "d", "x", "Enter", "Esc", "Space",
    ];
    for row in TABLE.iter().filter(|row| row.write) {
        for keys in row.keys {
            assert!(!reserved.contains(keys), "{} on {keys}", row.action);
            assert!(
                !keys.chars().all(|c| c.is_ascii_lowercase()),
                "{} on {keys}",
                row.action
            );
        }
    }
    for row in TABLE.iter().filter(|row| row.context != Context::Text) {
        for keys in row.keys {
            assert!(
                !["Ctrl-a", "Ctrl-b", "Ctrl-s", "Ctrl-q", "Ctrl-Space"].contains(keys),
                "{} on {keys}",
                row.action
            );
        }
    }
}

#[test]
fn the_help_of_the_backlog_names_every_action_that_works_there() {
    let mut harness = Harness::new(FakeDesk::full(fake::setting()), (110, 200));
    harness.press("3");
    harness.press("?");
    let shown = harness.text();
    let active = [
        Context::Event,
        Context::Events,
        Context::Object,
        Context::Table,
        Context::Move,
        Context::Global,
        Context::Text,
        Context::Dialog,
        Context::Replay,
        Context::Panel,
    ];
    for row in TABLE.iter().filter(|row| active.contains(&row.context)) {
        assert!(
            shown.contains(row.long),
            "{} is missing: {}",
            row.action,
            row.long
        );
    }
}

#[test]
fn the_help_says_why_a_key_does_nothing() {
    let mut harness = Harness::new(FakeDesk::full(fake::production()), (110, 200));
    harness.press("3");
    harness.press("?");
    assert!(
        harness.shows("not now: read-only; `:rw` allows writing"),
        "{}",
        harness.text()
    );
}

#[test]
fn the_shipped_file_holds_exactly_the_defaults() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/keymap.toml");
    let wanted = Keymap::default().to_toml();
    if std::env::var_os("UPDATE_KEYMAP").is_some() {
        std::fs::write(path, &wanted).unwrap();
    }
    let shipped = std::fs::read_to_string(path).unwrap();
    assert_eq!(shipped, wanted, "run this test once with UPDATE_KEYMAP=1");
    assert_eq!(Keymap::from_toml(&shipped).unwrap(), Keymap::default());
}

#[test]
fn the_shipped_themes_can_be_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config/themes");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        billdeck::console::Theme::from_toml(&name, &text)
            .unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        names.push(name);
    }
    names.sort();
    assert_eq!(names, ["contrast", "midnight", "paper"]);
}

#[test]
fn a_persons_own_key_works_beside_the_default() {
    let keymap = Keymap::from_toml("[global]\n\"F5\" = \"events\"\n").unwrap();
    let options = billdeck::console::ConsoleOptions {
        keymap,
        ..billdeck::console::ConsoleOptions::default()
    };
    let mut harness = Harness::with_options(FakeDesk::full(fake::setting()), (80, 24), options, false);
    harness.press("F5");
    assert!(harness.shows("Events"));
    harness.press("0");
    harness.press("3");
    assert!(harness.shows("by received"));
}
