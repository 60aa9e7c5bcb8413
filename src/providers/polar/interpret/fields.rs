//! Single fields, parsed once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::{domain::subscription::Period, providers::polar::wire::Metadata};

pub(in crate::providers::polar) use crate::providers::fields::{Flaw, object_id, parse};
pub(super) use crate::providers::fields::{country, metadata, money, object_ref, text};

/// A time as RFC 3339 writes it.
pub(in crate::providers::polar) fn moment(
    found: Option<String>,
    place: &str,
) -> Result<Option<Timestamp>, Flaw> {
    found
        .map(|text| text.parse().map_err(|_| Flaw(format!("`{place}` is no time"))))
        .transpose()
}

/// A stretch of time; none unless both ends are there and it has a length.
pub(super) fn span(start: Option<String>, end: Option<String>, place: &str) -> Result<Option<Period>, Flaw> {
    let (Some(start), Some(end)) = (moment(start, place)?, moment(end, place)?) else {
        return Ok(None);
    };
    Ok((start < end).then_some(Period { start, end }))
}

/// Metadata as texts: numbers and truth values as JSON writes them, and nothing for what Polar says cannot be there.
pub(in crate::providers::polar) fn labels(found: Option<Metadata>) -> BTreeMap<String, String> {
    let texts = found.unwrap_or_default().into_iter().filter_map(|(key, value)| {
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some((key, text))
    });
    metadata(Some(texts.collect()))
}
