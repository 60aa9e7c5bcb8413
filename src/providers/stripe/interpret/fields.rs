//! Single fields, parsed once. What is wrong with one is said without quoting it: bodies hold personal data.

use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    domain::{
        ids::ObjectId,
        money::{Currency, Money, UnknownCurrency},
        provider::{ObjectKind, ObjectRef},
        subscription::Period,
    },
    providers::stripe::wire::{Metadata, Ref},
};

/// Why a Stripe object cannot be read, in words that quote no value of it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::providers::stripe) struct Flaw(pub(in crate::providers::stripe) String);

/// Reads one object, and says where it cannot be read without quoting what stands there.
pub(in crate::providers::stripe) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Flaw> {
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

pub(in crate::providers::stripe) fn object_id(text: String, place: &str) -> Result<ObjectId, Flaw> {
    ObjectId::new(text).map_err(|error| Flaw(format!("`{place}`: {error}")))
}

pub(super) fn reference(found: Option<Ref>, place: &str) -> Result<Option<ObjectId>, Flaw> {
    found.map(|found| object_id(found.0, place)).transpose()
}

pub(super) fn object_ref(kind: ObjectKind, id: &ObjectId) -> ObjectRef {
    ObjectRef::new(kind, id.clone())
}

pub(super) fn time(seconds: Option<i64>, place: &str) -> Result<Option<Timestamp>, Flaw> {
    seconds
        .map(|seconds| {
            Timestamp::from_second(seconds)
                .map_err(|_| Flaw(format!("`{place}` is outside the range of times")))
        })
        .transpose()
}

/// A stretch of time; none unless both ends are there and it has a length.
pub(super) fn period(start: Option<i64>, end: Option<i64>, place: &str) -> Result<Option<Period>, Flaw> {
    let (Some(start), Some(end)) = (time(start, place)?, time(end, place)?) else {
        return Ok(None);
    };
    Ok((start < end).then_some(Period { start, end }))
}

pub(super) fn money(minor: i64, currency: &str) -> Result<Money, Flaw> {
    Ok(Money::new(minor, self::currency(currency)?))
}

fn currency(code: &str) -> Result<Currency, Flaw> {
    code.parse()
        .map_err(|_: UnknownCurrency| Flaw("`currency` is no ISO 4217 currency code".to_owned()))
}

/// Text for people. Postgres cannot hold NUL, and nobody can read one.
pub(super) fn text(found: Option<String>) -> Option<String> {
    found.map(|text| {
        if text.contains('\0') {
            text.replace('\0', "\u{fffd}")
        } else {
            text
        }
    })
}

pub(super) fn metadata(found: Option<Metadata>) -> Metadata {
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
pub(super) fn country(code: Option<&str>) -> Option<String> {
    code.filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .map(str::to_ascii_uppercase)
}
