//! The keymap: a table of data, and the look-up of what was pressed in it.

use std::collections::BTreeMap;

mod action;
mod chord;
mod file;
mod table;

pub use action::{Action, Context};
pub use chord::{Chord, Sequence, UnknownKey};
pub use file::KeymapProblem;
pub use table::{Binding, TABLE};

/// The bindings in force: the table's, with a person's own on top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    keys: BTreeMap<Context, Vec<(Sequence, Action)>>,
}

/// What a pressed sequence means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// This action.
    Action(Action, Context),
    /// It begins these longer sequences: the next key, and what it leads to.
    Prefix(Vec<(Sequence, Action)>),
    /// Nothing.
    Nothing,
}

/// Contexts that are active together. A key means one thing in each of these sets.
pub static TOGETHER: &[&[Context]] = {
    use Context as C;
    &[
        &[C::Global, C::Object, C::Move],
        &[C::Global, C::Event, C::Events, C::Object, C::Table, C::Move],
        &[C::Global, C::Event, C::Object, C::Detail, C::Move],
        &[
            C::Global,
            C::Subscription,
            C::Customer,
            C::Object,
            C::Table,
            C::Move,
        ],
        &[
            C::Global,
            C::Subscription,
            C::Customer,
            C::Object,
            C::Detail,
            C::Move,
        ],
        &[C::Text],
        &[C::Dialog, C::Replay],
        &[C::Panel, C::Move],
    ]
};

impl Default for Keymap {
    fn default() -> Self {
        let mut keys: BTreeMap<Context, Vec<(Sequence, Action)>> = BTreeMap::new();
        for binding in TABLE {
            let context = keys.entry(binding.context).or_default();
            // A key that cannot be read is caught by the test that walks the table.
            for sequence in binding.keys.iter().filter_map(|keys| keys.parse().ok()) {
                context.push((sequence, binding.action));
            }
        }
        Self { keys }
    }
}

impl Keymap {
    /// What the sequence means where these contexts are active, the most particular first.
    pub fn find(&self, contexts: &[Context], pressed: &[Chord]) -> Found {
        let mut longer: Vec<(Sequence, Action)> = Vec::new();
        for &context in contexts {
            let Some(keys) = self.keys.get(&context) else {
                continue;
            };
            for &(ref sequence, action) in keys {
                if sequence.0 == pressed {
                    return Found::Action(action, context);
                }
                let begins = sequence.0.len() > pressed.len() && sequence.0.starts_with(pressed);
                if begins && !longer.iter().any(|(known, _)| known == sequence) {
                    longer.push((sequence.clone(), action));
                }
            }
        }
        if longer.is_empty() {
            Found::Nothing
        } else {
            Found::Prefix(longer)
        }
    }

    /// The keys of an action in a context, shortest first.
    pub fn keys_of(&self, context: Context, action: Action) -> Vec<&Sequence> {
        let mut keys: Vec<&Sequence> = self
            .keys
            .get(&context)
            .into_iter()
            .flatten()
            .filter(|(_, bound)| *bound == action)
            .map(|(sequence, _)| sequence)
            .collect();
        // The table's own order is kept for the default keys: `j` before `Down`.
        let place = |sequence: &Sequence| {
            let written = sequence.in_file();
            binding(context, action)
                .and_then(|row| row.keys.iter().position(|key| *key == written))
                .unwrap_or(usize::MAX)
        };
        keys.sort_by_key(|sequence| (place(sequence), sequence.0.len()));
        keys
    }
}

/// The table's row of an action in a context.
pub fn binding(context: Context, action: Action) -> Option<&'static Binding> {
    TABLE
        .iter()
        .find(|row| row.context == context && row.action == action)
}
