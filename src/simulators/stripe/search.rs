//! Search: `field:'text'`, `field~'part'`, `number>1`, `-negated`, `metadata['name']:'text'`, all joined by AND or all by OR.

use serde_json::{Value, json};

use super::error::ApiError;
use super::params::Params;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Is,
    Contains,
    Above,
    AtLeast,
    Below,
    AtMost,
}

#[derive(Debug, PartialEq, Eq)]
struct Clause {
    negated: bool,
    field: String,
    comparison: Comparison,
    value: String,
}

#[derive(Debug)]
pub(crate) struct Search {
    clauses: Vec<Clause>,
    any: bool,
    limit: usize,
    offset: usize,
}

impl Search {
    pub(crate) fn take(params: &mut Params) -> Result<Self, ApiError> {
        let query = params.required("query")?;
        let limit = params.integer("limit")?.unwrap_or(10);
        let limit = usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| params.invalid("limit", "This value must be between 1 and 100."))?;
        let offset = match params.text("page")? {
            None => 0,
            Some(page) => page
                .strip_prefix("page_")
                .and_then(|offset| offset.parse().ok())
                .ok_or_else(|| params.invalid("page", "Invalid page token."))?,
        };
        let (clauses, any) = parse(&query).ok_or_else(|| {
            params.invalid(
                "query",
                "We were unable to parse your search query. Use field:'value' clauses joined by AND or OR.",
            )
        })?;
        Ok(Self {
            clauses,
            any,
            limit,
            offset,
        })
    }

    /// One page of the objects, given newest first.
    pub(crate) fn among(&self, objects: impl Iterator<Item = Value>, url: &str) -> Value {
        let mut found: Vec<Value> = objects
            .filter(|object| self.accepts(object))
            .skip(self.offset)
            .take(self.limit + 1)
            .collect();
        let has_more = found.len() > self.limit;
        found.truncate(self.limit);
        let next_page = has_more.then(|| format!("page_{}", self.offset + self.limit));
        json!({ "object": "search_result", "url": url, "has_more": has_more, "next_page": next_page, "data": found })
    }

    fn accepts(&self, object: &Value) -> bool {
        let mut verdicts = self
            .clauses
            .iter()
            .map(|clause| clause.accepts(object) != clause.negated);
        if self.any {
            verdicts.any(|verdict| verdict)
        } else {
            verdicts.all(|verdict| verdict)
        }
    }
}

impl Clause {
    fn accepts(&self, object: &Value) -> bool {
        let mut actual = object;
        for part in self.field.split('.') {
            actual = &actual[part];
        }
        let text = match actual {
            Value::Null => return self.value == "null",
            Value::String(text) => text.to_lowercase(),
            other => other.to_string(),
        };
        let wanted = self.value.to_lowercase();
        let numbers = || Some((text.parse::<i64>().ok()?, wanted.parse::<i64>().ok()?));
        match self.comparison {
            Comparison::Is => text == wanted,
            Comparison::Contains => text.contains(&wanted),
            Comparison::Above => numbers().is_some_and(|(left, right)| left > right),
            Comparison::AtLeast => numbers().is_some_and(|(left, right)| left >= right),
            Comparison::Below => numbers().is_some_and(|(left, right)| left < right),
            Comparison::AtMost => numbers().is_some_and(|(left, right)| left <= right),
        }
    }
}

fn parse(query: &str) -> Option<(Vec<Clause>, bool)> {
    let mut rest = query.trim_start();
    let mut clauses = Vec::new();
    let mut joined_by = None;
    loop {
        let (clause, after) = parse_clause(rest)?;
        clauses.push(clause);
        rest = after.trim_start();
        if rest.is_empty() {
            return Some((clauses, joined_by == Some("OR")));
        }
        let (word, after) = rest.split_once(char::is_whitespace)?;
        let word = ["AND", "OR"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(word))?;
        if joined_by.is_some_and(|before| before != word) {
            return None;
        }
        joined_by = Some(word);
        rest = after.trim_start();
    }
}

fn parse_clause(text: &str) -> Option<(Clause, &str)> {
    let (negated, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))?;
    let (mut field, mut rest) = (text[..end].to_owned(), &text[end..]);
    if let Some(bracket) = rest.strip_prefix('[') {
        let (key, after) = parse_quoted(bracket)?;
        field = format!("{field}.{key}");
        rest = after.strip_prefix(']')?;
    }
    let comparisons = [
        (">=", Comparison::AtLeast),
        ("<=", Comparison::AtMost),
        (":", Comparison::Is),
        ("~", Comparison::Contains),
        (">", Comparison::Above),
        ("<", Comparison::Below),
    ];
    let (comparison, rest) = comparisons
        .into_iter()
        .find_map(|(sign, comparison)| Some((comparison, rest.strip_prefix(sign)?)))?;
    let (value, rest) = if rest.starts_with(['\'', '"']) {
        parse_quoted(rest)?
    } else {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        (rest[..end].to_owned(), &rest[end..])
    };
    (!field.is_empty()).then_some((
        Clause {
            negated,
            field,
            comparison,
            value,
        },
        rest,
    ))
}

fn parse_quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            c if c == quote => return Some((value, &text[at + c.len_utf8()..])),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str) -> Option<bool> {
        let object =
            json!({ "email": "Ana@example.com", "created": 100, "metadata": { "workspace_id": "ws_42" } });
        let (clauses, any) = parse(query)?;
        Some(
            Search {
                clauses,
                any,
                limit: 1,
                offset: 0,
            }
            .accepts(&object),
        )
    }

    #[test]
    fn clauses_and_joins() {
        assert_eq!(finds("email:'ana@example.com'"), Some(true));
        assert_eq!(
            finds("email:'ana@example.com' AND metadata['workspace_id']:'ws_42'"),
            Some(true)
        );
        assert_eq!(finds("email:\"x@example.com\" OR created>=100"), Some(true));
        assert_eq!(finds("email~'example' AND -created>99"), Some(false));
        assert_eq!(finds("metadata['other']:null"), Some(true));
        assert_eq!(finds("email='x'"), None);
        assert_eq!(finds("email:'a' AND created>1 OR created<1"), None);
        assert_eq!(finds("email:'open"), None);
    }
}
