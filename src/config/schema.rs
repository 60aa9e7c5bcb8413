//! Which keys there are and what kind of value each takes, derived from the raw structs.
//!
//! Raw structs use five types only: text, optional text, whole numbers, switches and lists of texts. So a wrong type is
//! found for each key by itself, with its line, and building the structs afterwards cannot fail.

use serde::de::DeserializeOwned;
use toml::{Table, Value, de::DeValue};

/// What kind of value a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A whole number of 0 or more.
    Whole,
    /// True or false.
    Switch,
    /// A list of texts.
    Texts,
}

/// A key's place in the tree of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A value.
    Leaf(Kind),
    /// A section, its keys in the order of the struct.
    Table(Vec<(&'static str, Node)>),
}

/// A type that says which keys it has.
pub(super) trait Schema {
    /// The tree below it.
    fn node() -> Node;
}

impl Schema for String {
    fn node() -> Node {
        Node::Leaf(Kind::Text)
    }
}

impl Schema for u64 {
    fn node() -> Node {
        Node::Leaf(Kind::Whole)
    }
}

impl Schema for bool {
    fn node() -> Node {
        Node::Leaf(Kind::Switch)
    }
}

impl Schema for Vec<String> {
    fn node() -> Node {
        Node::Leaf(Kind::Texts)
    }
}

impl<T: Schema> Schema for Option<T> {
    fn node() -> Node {
        T::node()
    }
}

/// Declares a raw struct: per key a doc comment with unit and meaning, a type and the built-in default.
macro_rules! raw {
    (
        $(#[$meta:meta])*
        struct $name:ident { $( $(#[$field_meta:meta])* $field:ident: $type:ty = $default:expr, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(in crate::config) struct $name {
            $( $(#[$field_meta])* pub(in crate::config) $field: $type, )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }

        impl $crate::config::schema::Schema for $name {
            fn node() -> $crate::config::schema::Node {
                $crate::config::schema::Node::Table(vec![
                    $( (stringify!($field), <$type as $crate::config::schema::Schema>::node()), )+
                ])
            }
        }
    };
}
pub(super) use raw;

impl Node {
    /// The keys right below; none below a value.
    pub(super) fn children(&self) -> &[(&'static str, Node)] {
        match self {
            Self::Leaf(_) => &[],
            Self::Table(children) => children,
        }
    }

    /// The key of this name right below.
    pub(super) fn child(&self, name: &str) -> Option<&Node> {
        self.children()
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, node)| node)
    }

    /// All values below, by dotted key, in the order of the structs.
    pub(super) fn leaves(&self) -> Vec<(String, Kind)> {
        let mut leaves = Vec::new();
        for (name, node) in self.children() {
            match node {
                Self::Leaf(kind) => leaves.push(((*name).to_owned(), *kind)),
                Self::Table(_) => leaves.extend(
                    node.leaves()
                        .into_iter()
                        .map(|(key, kind)| (format!("{name}.{key}"), kind)),
                ),
            }
        }
        leaves
    }
}

impl Kind {
    const fn expected(self) -> &'static str {
        match self {
            Self::Text => "text in quotes",
            Self::Whole => "a whole number of 0 or more",
            Self::Switch => "true or false",
            Self::Texts => "a list of texts",
        }
    }

    /// Takes a value out of a file, or says what was expected. The value itself is not repeated: it may be a secret.
    pub(super) fn in_file(self, value: &DeValue<'_>) -> Result<Value, String> {
        let fits = match (self, value) {
            (Self::Text, DeValue::String(text)) => Some(Value::String(text.to_string())),
            (Self::Whole, DeValue::Integer(number)) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .filter(|number| *number >= 0)
                .map(Value::Integer),
            (Self::Switch, DeValue::Boolean(switch)) => Some(Value::Boolean(*switch)),
            (Self::Texts, DeValue::Array(items)) => items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(text) => Some(Value::String(text.to_string())),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()
                .map(Value::Array),
            _ => None,
        };
        fits.ok_or_else(|| format!("expected {}, found {}", self.expected(), found(self, value)))
    }

    /// Takes a value out of an environment variable. Lists are separated by commas.
    pub(super) fn in_variable(self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        let fits = match self {
            Self::Text => Some(Value::String(text.to_owned())),
            Self::Whole => text
                .parse::<i64>()
                .ok()
                .filter(|number| *number >= 0)
                .map(Value::Integer),
            Self::Switch => match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(Value::Boolean(true)),
                "false" | "0" | "no" | "off" => Some(Value::Boolean(false)),
                _ => None,
            },
            Self::Texts => Some(Value::Array(
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(|item| Value::String(item.to_owned()))
                    .collect(),
            )),
        };
        fits.ok_or_else(|| format!("expected {}, found `{text}`", self.expected()))
    }
}

fn found(kind: Kind, value: &DeValue<'_>) -> &'static str {
    match (kind, value) {
        (_, DeValue::String(_)) => "text",
        (Kind::Whole, DeValue::Integer(number)) if number.as_str().starts_with('-') => "a negative number",
        (Kind::Whole, DeValue::Integer(_)) => "a number that is too large",
        (_, DeValue::Integer(_)) => "a whole number",
        (_, DeValue::Float(_)) => "a decimal number",
        (_, DeValue::Boolean(_)) => "true or false",
        (_, DeValue::Datetime(_)) => "a date",
        (Kind::Texts, DeValue::Array(_)) => "a list with something else in it",
        (_, DeValue::Array(_)) => "a list",
        (_, DeValue::Table(_)) => "a section",
    }
}

/// Builds a raw struct from values by dotted key; keys that are missing take their default.
pub(super) fn assemble<'a, T: DeserializeOwned>(
    leaves: impl IntoIterator<Item = (&'a str, &'a Value)>,
) -> Result<T, toml::de::Error> {
    let mut root = Table::new();
    for (key, value) in leaves {
        insert(&mut root, key, value.clone());
    }
    root.try_into()
}

fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            let below = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(below) = below {
                insert(below, rest, value);
            }
        }
    }
}
