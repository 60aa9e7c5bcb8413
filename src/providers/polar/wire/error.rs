//! The body of an error.

use serde::{Deserialize, de::IgnoredAny};

#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody {
    /// A stable word; absent where a path does not exist.
    pub(crate) error: Option<String>,
    /// The sentence of errors about the token.
    pub(crate) error_description: Option<String>,
    pub(crate) detail: Option<Detail>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Detail {
    Text(String),
    Faults(Vec<Fault>),
    Other(IgnoredAny),
}

/// One field that is not accepted. What was sent (`input`) is not read: it may be personal.
#[derive(Debug, Deserialize)]
pub(crate) struct Fault {
    #[serde(default)]
    pub(crate) loc: Vec<serde_json::Value>,
    pub(crate) msg: Option<String>,
}
