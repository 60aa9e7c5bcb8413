//! The effective configuration, for people and scripts to look at: every value, where it comes from, secrets masked.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::{
    check::Layers,
    problems::Origin,
    secrets::{MASK, Secrets},
    sections::Raw,
};
use crate::domain::provider::Environment;

/// One value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectiveValue {
    /// The dotted key, or the variable's name for a secret.
    pub key: String,
    /// The value; null when nothing is set.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// The files in force; null means the built-in one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectiveFiles {
    /// `billdeck.toml`.
    pub settings: Option<PathBuf>,
    /// `catalog.toml`.
    pub catalog: Option<PathBuf>,
}

/// The effective configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// The profile in force.
    pub profile: Option<String>,
    /// The files in force.
    pub files: EffectiveFiles,
    /// Every key in the order of the shipped file, then the secrets.
    pub values: Vec<EffectiveValue>,
}

/// Keys that are secret as a whole.
const SECRET_KEYS: &[&str] = &["server.webhook_path_secret"];

/// What was decided beside the raw values.
pub(super) struct Decided {
    pub(super) environment: (Environment, Origin),
    pub(super) data_dir: PathBuf,
}

pub(super) fn values(
    raw: &Raw,
    layers: &Layers,
    decided: &Decided,
    secrets: &Secrets,
) -> Vec<EffectiveValue> {
    // Numbers, texts, switches and lists of texts: what can go wrong in JSON is not among them.
    let tree = serde_json::to_value(raw).unwrap_or_default();
    let mut values = Vec::new();
    flatten("", &tree, &mut values);
    let settings = values.into_iter().map(|(key, value)| {
        let (value, origin) = match key.as_str() {
            "environment" => (
                Value::from(decided.environment.0.as_str()),
                decided.environment.1.clone(),
            ),
            "database.data_dir" => (
                Value::from(decided.data_dir.to_string_lossy()),
                layers.origin(&key),
            ),
            _ => (shown(&key, value), layers.origin(&key)),
        };
        EffectiveValue { key, value, origin }
    });
    let secrets = secrets.masked().map(|(name, value, origin)| EffectiveValue {
        key: name.to_owned(),
        value: value.map_or(Value::Null, Value::from),
        origin,
    });
    settings.chain(secrets).collect()
}

fn flatten(prefix: &str, value: &Value, into: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let key = if prefix.is_empty() {
                    name.clone()
                } else {
                    format!("{prefix}.{name}")
                };
                flatten(&key, value, into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            into.push((prefix.to_owned(), value.clone()));
        }
    }
}

fn shown(key: &str, value: Value) -> Value {
    match value {
        Value::String(_) if SECRET_KEYS.contains(&key) => Value::from(MASK),
        Value::String(text) if text.contains("://") => Value::from(url_without_password(&text)),
        value => value,
    }
}

/// A URL as people may see it: the password masked, whether it stands before the host or among the parameters.
pub fn url_without_password(text: &str) -> String {
    let Ok(mut url) = reqwest::Url::parse(text) else {
        return MASK.to_owned();
    };
    if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
        return MASK.to_owned();
    }
    let secret = |name: &str| matches!(name, "password" | "sslpassword");
    if url.query_pairs().any(|(name, _)| secret(&name)) {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                let value = if secret(&name) {
                    MASK.to_owned()
                } else {
                    value.into_owned()
                };
                (name.into_owned(), value)
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    // A mask is more readable than its percent signs.
    let text = url.to_string();
    text.replace("%2A", "*")
}
