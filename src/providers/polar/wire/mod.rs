//! Polar's JSON as far as billdeck reads it. Serde types, nothing else.
//!
//! Everything is forgiving: unknown fields are passed over, every enum is a text, "absent" and `null` are one.

pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod forms;
pub(crate) mod money;
pub(crate) mod sale;
pub(crate) mod usage;
pub(crate) mod webhook;

use std::collections::BTreeMap;

use serde::Deserialize;

/// Metadata of any object: texts, numbers and truth values.
pub(crate) type Metadata = BTreeMap<String, serde_json::Value>;

/// One page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) pagination: Option<Pagination>,
}

/// Where a page stands among the others.
#[derive(Debug, Deserialize)]
pub(crate) struct Pagination {
    pub(crate) max_page: Option<u64>,
}
