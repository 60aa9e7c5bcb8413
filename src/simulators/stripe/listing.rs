//! Lists: pages by id, newest first.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::ApiError;
use super::objects::Record;
use super::params::Params;
use super::tables::Table;

#[derive(Debug)]
pub(crate) struct Page {
    limit: usize,
    starting_after: Option<String>,
    ending_before: Option<String>,
}

impl Page {
    pub(crate) fn take(params: &mut Params) -> Result<Self, ApiError> {
        let limit = match params.integer("limit")? {
            None => 10,
            Some(limit) => usize::try_from(limit)
                .ok()
                .filter(|limit| (1..=100).contains(limit))
                .ok_or_else(|| params.invalid("limit", "This value must be between 1 and 100."))?,
        };
        let starting_after = params.text("starting_after")?;
        let ending_before = params.text("ending_before")?;
        if starting_after.is_some() && ending_before.is_some() {
            return Err(params.invalid(
                "ending_before",
                "Use either starting_after or ending_before, not both.",
            ));
        }
        Ok(Self {
            limit,
            starting_after,
            ending_before,
        })
    }

    /// One page of the rows that `keep` accepts.
    pub(crate) fn of<T: Record>(
        &self,
        table: &Table<T>,
        url: &str,
        keep: impl Fn(&T) -> bool,
        render: impl Fn(&T) -> Value,
    ) -> Result<Value, ApiError> {
        let missing = |id: &str, param: &str| ApiError::no_such("object", id, param);
        let mut rows: Vec<&T> = match (&self.starting_after, &self.ending_before) {
            (Some(id), _) => {
                let older = table
                    .older_than(id)
                    .ok_or_else(|| missing(id, "starting_after"))?;
                older.filter(|row| keep(row)).take(self.limit + 1).collect()
            }
            (None, Some(id)) => {
                let newer = table.newer_than(id).ok_or_else(|| missing(id, "ending_before"))?;
                newer.filter(|row| keep(row)).take(self.limit + 1).collect()
            }
            (None, None) => table
                .newest_first()
                .filter(|row| keep(row))
                .take(self.limit + 1)
                .collect(),
        };
        let has_more = rows.len() > self.limit;
        rows.truncate(self.limit);
        if self.ending_before.is_some() {
            rows.reverse();
        }
        let data: Vec<Value> = rows.into_iter().map(render).collect();
        Ok(json!({ "object": "list", "url": url, "has_more": has_more, "data": data }))
    }

    /// One page of a list that belongs to a single object, in its own order.
    pub(crate) fn of_values(&self, values: Vec<Value>, url: &str) -> Value {
        let place = |id: &Option<String>| {
            id.as_ref()
                .and_then(|id| values.iter().position(|value| value["id"] == id.as_str()))
        };
        let (from, until) = match (place(&self.starting_after), place(&self.ending_before)) {
            (Some(after), _) => (after + 1, (after + 1 + self.limit).min(values.len())),
            (None, Some(before)) => (before.saturating_sub(self.limit), before),
            (None, None) => (0, self.limit.min(values.len())),
        };
        let has_more = if self.ending_before.is_some() {
            from > 0
        } else {
            until < values.len()
        };
        let data: Vec<Value> = values.into_iter().skip(from).take(until - from).collect();
        json!({ "object": "list", "url": url, "has_more": has_more, "data": data })
    }
}

/// A filter on an instant: an exact second, or bounds.
#[derive(Debug, Default)]
pub(crate) struct Span {
    from: Option<i64>,
    until: Option<i64>,
}

impl Span {
    pub(crate) fn take(params: &mut Params, key: &str) -> Result<Self, ApiError> {
        let Ok(Some(mut bounds)) = params.clone().object(key) else {
            let exact = params.integer(key)?;
            return Ok(Self {
                from: exact,
                until: exact,
            });
        };
        params.ignore(&[key]);
        let mut span = Self::default();
        if let Some(bound) = bounds.integer("gt")? {
            span.from = Some(bound.saturating_add(1));
        }
        if let Some(bound) = bounds.integer("gte")? {
            span.from = span.from.max(Some(bound));
        }
        if let Some(bound) = bounds.integer("lt")? {
            span.until = Some(bound.saturating_sub(1));
        }
        if let Some(bound) = bounds.integer("lte")? {
            span.until = Some(span.until.map_or(bound, |until| until.min(bound)));
        }
        bounds.finish()?;
        Ok(span)
    }

    pub(crate) fn holds(&self, instant: Timestamp) -> bool {
        let second = instant.as_second();
        self.from.is_none_or(|from| second >= from) && self.until.is_none_or(|until| second <= until)
    }
}
