//! Single fields, parsed once. What is wrong with one is said without quoting it: bodies hold personal data.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::{
    ids::ObjectId,
    money::{Currency, Money, UnknownCurrency},
    provider::{ObjectKind, ObjectRef},
    subscription::Period,
};

/// Why a provider's object cannot be read, in words that quote no value of it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::providers) struct Flaw(pub(in crate::providers) String);

/// Reads one object, and says where it cannot be read without quoting what stands there.
pub(in crate::providers) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Flaw> {
    serde_json::from_str(text).map_err(|_| {
        // Only a body that is refused pays for learning the place.
        let mut json = serde_json::Deserializer::from_str(text);
        match serde_path_to_error::deserialize::<_, T>(&mut json) {
            Ok(_) => Flaw("there is more than one object".to_owned()),
            Err(error) => {
                let path = error.path().to_string();
                let message = error.inner().to_string();
                let place = if path == "." {
                    "the object".to_owned()
                } else {
                    format!("`{path}`")
                };
                let message = message.split(" at line ").next().unwrap_or_default();
                if message.starts_with("missing field") {
                    Flaw(format!("{place} lacks a field: {message}"))
                } else if let Some((_, expected)) = message.rsplit_once(", expected ") {
                    Flaw(format!("{place} is not {expected}"))
                } else {
                    Flaw(format!("{place} cannot be read"))
                }
            }
        }
    })
}

/// An id of a provider's object.
pub(in crate::providers) fn object_id(text: String, place: &str) -> Result<ObjectId, Flaw> {
    ObjectId::new(text).map_err(|error| Flaw(format!("`{place}`: {error}")))
}

/// Names an object.
pub(in crate::providers) fn object_ref(kind: ObjectKind, id: &ObjectId) -> ObjectRef {
    ObjectRef::new(kind, id.clone())
}

/// Seconds since 1970.
pub(in crate::providers) fn time(seconds: Option<i64>, place: &str) -> Result<Option<Timestamp>, Flaw> {
    seconds
        .map(|seconds| {
            Timestamp::from_second(seconds)
                .map_err(|_| Flaw(format!("`{place}` is outside the range of times")))
        })
        .transpose()
}

/// A stretch of time; none unless both ends are there and it has a length.
pub(in crate::providers) fn period(
    start: Option<i64>,
    end: Option<i64>,
    place: &str,
) -> Result<Option<Period>, Flaw> {
    let (Some(start), Some(end)) = (time(start, place)?, time(end, place)?) else {
        return Ok(None);
    };
    Ok((start < end).then_some(Period { start, end }))
}

/// Minor units of a currency, whose code may be in lower case.
pub(in crate::providers) fn money(minor: i64, currency: &str) -> Result<Money, Flaw> {
    Ok(Money::new(minor, self::currency(currency)?))
}

fn currency(code: &str) -> Result<Currency, Flaw> {
    code.parse()
        .map_err(|_: UnknownCurrency| Flaw("`currency` is no ISO 4217 currency code".to_owned()))
}

/// Text for people. Postgres cannot hold NUL, and nobody can read one.
pub(in crate::providers) fn text(found: Option<String>) -> Option<String> {
    found.map(|text| {
        if text.contains('\0') {
            text.replace('\0', "\u{fffd}")
        } else {
            text
        }
    })
}

/// Keys and texts that name an owner, mostly.
pub(in crate::providers) fn metadata(found: Option<BTreeMap<String, String>>) -> BTreeMap<String, String> {
    let found = found.unwrap_or_default();
    let has_nul = |(key, value): (&String, &String)| key.contains('\0') || value.contains('\0');
    if !found.iter().any(has_nul) {
        return found;
    }
    found
        .into_iter()
        .filter_map(|(key, value)| Some((text(Some(key))?, text(Some(value))?)))
        .collect()
}

/// An ISO 3166-1 alpha-2 code, or nothing.
pub(in crate::providers) fn country(code: Option<&str>) -> Option<String> {
    code.filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .map(str::to_ascii_uppercase)
}
