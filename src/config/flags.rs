//! What the command line says about the configuration.

use std::path::PathBuf;

use toml::Value;

use super::{
    document::Leaf,
    problems::{ConfigProblem, Origin},
    schema::{Kind, Node},
};

/// The flags that bear on the configuration. They win over everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config FILE`.
    pub config: Option<PathBuf>,
    /// `--profile NAME`.
    pub profile: Option<String>,
    settings: Vec<(&'static str, &'static str, Value)>,
}

impl Flags {
    /// `flag` (with its dashes) gives `key` (dotted) this value: text, a whole number or a switch.
    #[must_use]
    pub fn set(mut self, flag: &'static str, key: &'static str, value: impl Into<Value>) -> Self {
        self.settings.push((flag, key, value.into()));
        self
    }

    /// As [`Flags::set`], for a flag that may be missing.
    #[must_use]
    pub fn set_some(self, flag: &'static str, key: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.set(flag, key, value),
            None => self,
        }
    }

    /// The values, each held against its key's kind.
    pub(super) fn leaves(&self, root: &Node) -> (Vec<Leaf>, Vec<ConfigProblem>) {
        let known = root.leaves();
        let mut leaves = Vec::new();
        let mut problems = Vec::new();
        for (flag, key, value) in &self.settings {
            let origin = Origin::Flag((*flag).to_owned());
            let kind = known.iter().find(|(name, _)| name == key).map(|(_, kind)| *kind);
            let fits = match (kind, value) {
                (Some(Kind::Whole), Value::Integer(number)) => *number >= 0,
                (Some(Kind::Text), Value::String(_))
                | (Some(Kind::Switch), Value::Boolean(_))
                | (Some(Kind::Texts), Value::Array(_)) => true,
                _ => false,
            };
            if fits {
                leaves.push(Leaf {
                    key: (*key).to_owned(),
                    value: value.clone(),
                    origin,
                });
            } else {
                problems.push(ConfigProblem::at(origin, *key, "takes no such value"));
            }
        }
        (leaves, problems)
    }
}
