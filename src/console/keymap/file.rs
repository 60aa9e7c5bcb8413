//! `config/keymap.toml`: a person's own keys. They are added to the defaults; `noop` takes a key away.

use std::{collections::BTreeMap, fmt::Write as _};

use toml::de::DeTable;

use super::{Action, Context, Keymap, Sequence, TABLE, TOGETHER};
use crate::console::theme::{ThemeProblem, line_of, nearest};

/// One thing that is wrong with the key bindings.
pub type KeymapProblem = ThemeProblem;

/// The word that unbinds a key.
const NOOP: &str = "noop";

impl Keymap {
    /// Reads a person's key bindings and puts them on top of the defaults.
    ///
    /// # Errors
    /// Every problem in the file, each with its line: unknown contexts, actions and keys, and keys that would mean two
    /// things in places that are active together.
    pub fn from_toml(text: &str) -> Result<Self, Vec<KeymapProblem>> {
        let table = DeTable::parse(text).map_err(|error| {
            vec![KeymapProblem {
                line: line_of(text, error.span().map_or(0, |span| span.start)),
                message: error.message().to_owned(),
            }]
        })?;
        let mut problems = Vec::new();
        let mut report = |offset: usize, message: String| {
            problems.push(KeymapProblem {
                line: line_of(text, offset),
                message,
            });
        };
        let mut wanted: Vec<(Context, Sequence, Option<Action>, usize)> = Vec::new();
        for (name, section) in table.get_ref() {
            let Ok(context) = name.get_ref().parse::<Context>() else {
                let hint = nearest(
                    name.get_ref(),
                    Context::ALL.iter().map(|context| context.as_str()),
                );
                report(
                    name.span().start,
                    format!("there is no context `{}`{hint}", name.get_ref()),
                );
                continue;
            };
            let Some(rows) = section.get_ref().as_table() else {
                report(
                    section.span().start,
                    format!("`{context}` is a table of keys: `[{context}]`"),
                );
                continue;
            };
            for (key, action) in rows {
                let at = key.span().start;
                let sequence = match key.get_ref().parse::<Sequence>() {
                    Ok(sequence) => sequence,
                    Err(error) => {
                        report(at, error.to_string());
                        continue;
                    }
                };
                match action.get_ref().as_str() {
                    Some(NOOP) => wanted.push((context, sequence, None, at)),
                    Some(word) => match action_in(context, word) {
                        Ok(action) => wanted.push((context, sequence, Some(action), at)),
                        Err(message) => report(action.span().start, message),
                    },
                    None => report(
                        action.span().start,
                        "a key is bound to the name of an action".to_owned(),
                    ),
                }
            }
        }
        let mut keymap = Self::default();
        for (context, sequence, action, _) in &wanted {
            let keys = keymap.keys.entry(*context).or_default();
            match action {
                // A default in the same context stays where it is, so that the check below finds the clash.
                Some(action) => {
                    if !keys.iter().any(|(bound, _)| bound == sequence) {
                        keys.push((sequence.clone(), *action));
                    }
                }
                None => {
                    keys.retain(|(bound, _)| bound != sequence);
                }
            }
        }
        for (context, sequence, action, at) in &wanted {
            if let Some(action) = action {
                for other in clashes(&keymap, *context, sequence, *action) {
                    report(*at, other);
                }
            }
        }
        if problems.is_empty() {
            Ok(keymap)
        } else {
            problems.sort_by_key(|problem| problem.line);
            Err(problems)
        }
    }

    /// All bindings as a file, with what each action does.
    pub fn to_toml(&self) -> String {
        let mut text = String::from(
            "# Key bindings of the console. Every default is listed; a line that is added binds a further key, a line\n\
             # that is removed changes nothing, and a key bound to \"noop\" is taken away. A key that would mean two things\n\
             # in contexts that are active together is an error. `billdeck config check` reads this file.\n",
        );
        let mut by_context: BTreeMap<Context, Vec<&super::Binding>> = BTreeMap::new();
        for binding in TABLE {
            by_context.entry(binding.context).or_default().push(binding);
        }
        for (context, bindings) in by_context {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n[{context}]\n");
            for binding in bindings {
                for keys in self.keys_of(context, binding.action) {
                    let line = format!("{:<14} = \"{}\"", format!("{:?}", keys.in_file()), binding.action);
                    let _ = writeln!(text, "{line:<40} # {}", binding.long);
                }
            }
        }
        text
    }
}

fn action_in(context: Context, word: &str) -> Result<Action, String> {
    let here = || TABLE.iter().filter(|row| row.context == context);
    if let Some(row) = here().find(|row| row.action.as_str() == word) {
        return Ok(row.action);
    }
    let hint = nearest(word, here().map(|row| row.action.as_str()));
    Err(match word.parse::<Action>() {
        Ok(action) => {
            let places: Vec<&str> = TABLE
                .iter()
                .filter(|row| row.action == action)
                .map(|row| row.context.as_str())
                .collect();
            format!(
                "`{word}` belongs to `[{}]`, not to `[{context}]`",
                places.join("]` or `[")
            )
        }
        Err(_) => format!("there is no action `{word}`{hint}"),
    })
}

/// What else the key means where it counts, or begins, or is begun by.
fn clashes(keymap: &Keymap, context: Context, sequence: &Sequence, action: Action) -> Vec<String> {
    let mut found = Vec::new();
    let neighbours = Context::ALL.iter().filter(|other| {
        TOGETHER
            .iter()
            .any(|set| set.contains(&context) && set.contains(other))
    });
    for &other in neighbours {
        for (keys, bound) in keymap.keys.get(&other).into_iter().flatten() {
            let same = keys == sequence && *bound != action;
            let shadows = keys.0.len() != sequence.0.len()
                && (keys.0.starts_with(&sequence.0) || sequence.0.starts_with(&keys.0));
            if same {
                found.push(format!(
                    "`{}` is `{bound}` in `[{other}]` already; bind that to \"noop\" first, or take another key",
                    sequence.in_file()
                ));
            } else if shadows {
                found.push(format!(
                    "`{}` cannot be told from `{}`, which is `{bound}` in `[{other}]`",
                    sequence.in_file(),
                    keys.in_file()
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::keymap::{Chord, Found};

    fn chords(text: &str) -> Vec<Chord> {
        text.parse::<Sequence>().unwrap().0
    }

    #[test]
    fn adds_keys_and_keeps_the_defaults() {
        let keymap = Keymap::from_toml("[event]\n\"F5\" = \"replay\"\n").unwrap();
        for key in ["F5", "R"] {
            assert_eq!(
                keymap.find(&[Context::Event], &chords(key)),
                Found::Action(Action::Replay, Context::Event)
            );
        }
    }

    #[test]
    fn noop_takes_a_key_away_and_makes_room() {
        let keymap = Keymap::from_toml("[table]\n\"e\" = \"noop\"\n[global]\n\"e\" = \"refresh\"\n");
        assert!(keymap.is_err(), "detail has an e as well");
        let keymap = Keymap::from_toml(
            "[table]\n\"e\" = \"noop\"\n[detail]\n\"e\" = \"noop\"\n[global]\n\"e\" = \"refresh\"\n",
        )
        .unwrap();
        assert_eq!(
            keymap.find(&[Context::Table, Context::Global], &chords("e")),
            Found::Action(Action::Refresh, Context::Global)
        );
    }

    #[test]
    fn names_clashes_and_misspellings_with_their_lines() {
        let problems = Keymap::from_toml(
            "[event]\n\"j\" = \"replay\"\n\"F6\" = \"repaly\"\n\"g\" = \"discard\"\n[evnt]\n[table]\n\"Alt-x\" = \"sort\"\n",
        )
        .unwrap_err();
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(
            text.iter()
                .any(|line| line.starts_with("line 2: `j` is `down` in `[move]` already")),
            "{text:?}"
        );
        assert!(
            text.iter()
                .any(|line| line.contains("line 3: there is no action `repaly`; did you mean `replay`?"))
        );
        assert!(
            text.iter()
                .any(|line| line.starts_with("line 4: `g` cannot be told from `g g`"))
        );
        assert!(
            text.iter()
                .any(|line| line.contains("line 5: there is no context `evnt`; did you mean `event`?"))
        );
        assert!(
            text.iter()
                .any(|line| line.contains("line 7: `Alt-x` names no key"))
        );
    }
}
