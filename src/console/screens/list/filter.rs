//! From a filter's text to what is asked for.

use jiff::Timestamp;

use crate::console::filter::{FilterError, Narrow, Term, since, terms};

use super::Kind;

/// The filter that a text makes on top of a base, what only narrows it, and a remark for the person.
pub(crate) fn compile<K: Kind>(
    base: Option<&K::Filter>,
    text: &str,
    now: Timestamp,
) -> Result<(K::Filter, Narrow, Option<String>), FilterError> {
    let mut filter = base.cloned().unwrap_or_default();
    let unbounded = filter.clone();
    let mut narrow = Narrow::default();
    for term in terms(text)? {
        match term {
            Term::Word { text, not } => {
                if !K::term(&mut filter, None, &text, not, now)? {
                    narrow.text(&text, not);
                }
            }
            Term::Field { name, value, not } => {
                if name == "since" && !not {
                    *K::since(&mut filter) = Some(since(&value, now)?);
                } else if !K::term(&mut filter, Some(&name), &value, not, now)? {
                    narrow.text(&value, not);
                }
            }
            Term::Exact { text, not } => narrow.text(&text, not),
            Term::Pattern { source, not } => narrow.pattern(&source, not)?,
        }
    }
    let mut remark = None;
    if !narrow.is_empty() {
        remark = Some("a pattern narrows what the rest finds".to_owned());
        if filter == unbounded && base.is_none() {
            *K::since(&mut filter) = Some(since("1d", now)?);
            remark = Some("a pattern alone searches the last day; add since:7d for more".to_owned());
        }
    }
    Ok((filter, narrow, remark))
}
