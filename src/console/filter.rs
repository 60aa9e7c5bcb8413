//! The language of `/` and of the list commands: words, `field:value`, `!not`, `"exact"`, `/pattern/`.
//!
//! Every term is answered by an index where the list has one for it. What no index answers (patterns, quoted texts and
//! negations) only narrows what other terms, or a day's range, have found.

use jiff::{SignedDuration, Timestamp};
use regex::{Regex, RegexBuilder};

/// One term as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    Word { text: String, not: bool },
    Field { name: String, value: String, not: bool },
    Exact { text: String, not: bool },
    Pattern { source: String, not: bool },
}

/// What is wrong with a filter, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct FilterError(pub(crate) String);

/// Splits a filter into its terms. `field=value` is the same as `field:value`.
pub(crate) fn terms(text: &str) -> Result<Vec<Term>, FilterError> {
    let mut terms = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let not = first == '!';
        let body = if not { &rest[1..] } else { rest };
        let (term, after) = if let Some(quoted) = body.strip_prefix('"') {
            let (text, after) = until(quoted, '"')?;
            (Term::Exact { text, not }, after)
        } else if let Some(pattern) = body.strip_prefix('/') {
            let (source, after) = until(pattern, '/')?;
            (Term::Pattern { source, not }, after)
        } else {
            let end = body.find(char::is_whitespace).unwrap_or(body.len());
            let word = &body[..end];
            if word.is_empty() {
                return Err(FilterError(
                    "`!` stands before the term that it turns round, as in `!state:processed`".to_owned(),
                ));
            }
            match word.split_once([':', '=']) {
                Some((name, value)) if !name.is_empty() && !value.is_empty() => {
                    let (value, after) = match value.strip_prefix('"') {
                        Some(_) => {
                            let start = word.len() - value.len() + 1;
                            until(&body[start..], '"')?
                        }
                        None => (value.to_owned(), &body[end..]),
                    };
                    (
                        Term::Field {
                            name: name.to_lowercase(),
                            value,
                            not,
                        },
                        after,
                    )
                }
                Some((name, _)) => {
                    return Err(FilterError(format!(
                        "`{name}:` needs a value, as in `{name}:value`"
                    )));
                }
                None => (
                    Term::Word {
                        text: word.to_owned(),
                        not,
                    },
                    &body[end..],
                ),
            }
        };
        terms.push(term);
        rest = after.trim_start();
    }
    Ok(terms)
}

fn until(text: &str, end: char) -> Result<(String, &str), FilterError> {
    match text.split_once(end) {
        Some((inside, after)) if !inside.is_empty() => Ok((inside.to_owned(), after)),
        Some(_) => Err(FilterError(format!("there is nothing between {end} and {end}"))),
        None => Err(FilterError(format!("the closing {end} is missing"))),
    }
}

/// `2h`, `3d`, `90m`, `1w`, or a date: a moment in the past.
pub(crate) fn since(text: &str, now: Timestamp) -> Result<Timestamp, FilterError> {
    let wrong = || {
        FilterError(format!(
            "`{text}` is no time; use `30m`, `2h`, `7d` or a date such as `2026-11-20`"
        ))
    };
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        return date
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map(|zoned| zoned.timestamp())
            .map_err(|_| wrong());
    }
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let number: i64 = text[..text.len() - unit.len_utf8()]
        .parse()
        .map_err(|_| wrong())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let back = number
        .checked_mul(seconds)
        .filter(|seconds| *seconds >= 0)
        .ok_or_else(wrong)?;
    now.checked_sub(SignedDuration::from_secs(back))
        .map_err(|_| wrong())
}

/// Terms that no index answers; a row has to satisfy all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Narrow {
    tests: Vec<(Test, bool)>,
}

#[derive(Clone, Debug)]
enum Test {
    Has(String),
    Matches(Regex),
}

impl Narrow {
    pub(crate) fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Takes a text that the row has to hold, or not to hold.
    pub(crate) fn text(&mut self, text: &str, not: bool) {
        self.tests.push((Test::Has(text.to_lowercase()), not));
    }

    pub(crate) fn pattern(&mut self, source: &str, not: bool) -> Result<(), FilterError> {
        let pattern = RegexBuilder::new(source)
            .case_insensitive(true)
            .size_limit(1 << 20)
            .build()
            .map_err(|error| FilterError(format!("`/{source}/` is no pattern: {error}")))?;
        self.tests.push((Test::Matches(pattern), not));
        Ok(())
    }

    pub(crate) fn matches(&self, words: &str) -> bool {
        let lower = words.to_lowercase();
        self.tests.iter().all(|(test, not)| {
            let hit = match test {
                Test::Has(text) => lower.contains(text),
                Test::Matches(pattern) => pattern.is_match(words),
            };
            hit != *not
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_words_fields_quotes_and_negations() {
        let found = terms(r#"failed provider=stripe !type:"a b" "exact words" !/in_.*/ error:unknown_price"#)
            .unwrap();
        let field = |name: &str, value: &str, not| Term::Field {
            name: name.to_owned(),
            value: value.to_owned(),
            not,
        };
        assert_eq!(
            found,
            [
                Term::Word {
                    text: "failed".to_owned(),
                    not: false
                },
                field("provider", "stripe", false),
                field("type", "a b", true),
                Term::Exact {
                    text: "exact words".to_owned(),
                    not: false
                },
                Term::Pattern {
                    source: "in_.*".to_owned(),
                    not: true
                },
                field("error", "unknown_price", false),
            ]
        );
        for wrong in ["!", "state:", "\"open", "//"] {
            assert!(terms(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_count_back_from_now() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let is = |text: &str, wanted: &str| assert_eq!(since(text, now).unwrap(), wanted.parse().unwrap());
        is("2h", "2026-11-20T10:00:00Z");
        is("7d", "2026-11-13T12:00:00Z");
        is("2026-11-01", "2026-11-01T00:00:00Z");
        for wrong in [
            "",
            "h",
            "-3h",
            "99999999999999999999h",
            "9223372036854775807w",
            "soon",
        ] {
            assert!(since(wrong, now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn narrowing_needs_every_test() {
        let mut narrow = Narrow::default();
        narrow.text("Globex", false);
        narrow.pattern("^in_", true).unwrap();
        assert!(narrow.matches("sub_1 ops@globex.com"));
        assert!(!narrow.matches("in_1 ops@globex.com"));
        assert!(!narrow.matches("sub_1 acme"));
        assert!(narrow.pattern("(", false).is_err());
    }
}
