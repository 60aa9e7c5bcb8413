//! PayMongo's JSON as far as billdeck reads it. Serde types, nothing else.
//!
//! A resource comes in three forms: full (`{id, type, attributes}`), flat (`{id, status, …}`) and wrapped (`{data: …}`).
//! [`Flat`] reads all of them as the flat one. Everything is forgiving: unknown fields are passed over, every enum is a text,
//! "absent" and `null` are one.

pub(crate) mod error;
pub(crate) mod forms;
pub(crate) mod money;
pub(crate) mod sale;
pub(crate) mod setup;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::Value;

use crate::providers::fields::Flaw;

/// A resource in whichever of its forms.
#[derive(Clone, Debug)]
pub(crate) struct Flat<T>(pub(crate) T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Flat<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        read(value)
            .map(Flat)
            .map_err(|flaw| D::Error::custom(format_args!("{INNER}{}", flaw.0)))
    }
}

/// Begins the message of a flaw that was put into words already.
const INNER: &str = "within it, ";

/// Reads a resource, and says where it cannot be read without quoting what stands there.
pub(crate) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Flaw> {
    let value = flattened(value);
    if !value.is_object() {
        // A list would be read as a struct by position.
        return Err(Flaw("it is no object".to_owned()));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        let place = if path == "." {
            "the object".to_owned()
        } else {
            format!("`{path}`")
        };
        if let Some(inner) = message.strip_prefix(INNER) {
            Flaw(format!("in {place}: {inner}"))
        } else if message.starts_with("missing field") {
            Flaw(format!("{place} lacks a field: {message}"))
        } else if let Some((_, expected)) = message.rsplit_once(", expected ") {
            Flaw(format!("{place} is not {expected}"))
        } else {
            Flaw(format!("{place} cannot be read"))
        }
    })
}

/// The flat form. An id alone becomes a resource that says no more than its id.
pub(crate) fn flattened(value: Value) -> Value {
    match value {
        Value::String(id) => serde_json::json!({ "id": id }),
        Value::Object(mut fields) => {
            if !fields.contains_key("id") && fields.get("data").is_some_and(Value::is_object) {
                return fields.remove("data").map_or(Value::Null, flattened);
            }
            match fields.remove("attributes") {
                Some(Value::Object(mut attributes)) => {
                    if let Some(id) = fields.remove("id") {
                        attributes.insert("id".to_owned(), id);
                    }
                    Value::Object(attributes)
                }
                Some(other) => {
                    fields.insert("attributes".to_owned(), other);
                    Value::Object(fields)
                }
                None => Value::Object(fields),
            }
        }
        other => other,
    }
}

/// Metadata of any object: text to whatever PayMongo takes.
pub(crate) type Metadata = BTreeMap<String, Value>;

/// A page of a list; each element still in its own form.
#[derive(Debug, Deserialize)]
pub(crate) struct List {
    pub(crate) data: Vec<Value>,
    pub(crate) has_more: Option<bool>,
}

/// What every resource has.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Stub {
    pub(crate) id: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Thing {
        id: String,
        amount: Option<i64>,
        parts: Option<Vec<Part>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Part {
        count: i64,
    }

    #[derive(Debug, Deserialize)]
    struct Holder {
        thing: Option<Flat<Thing>>,
    }

    #[test]
    fn a_resource_is_one_in_all_its_forms() {
        for form in [
            json!({"id": "x_1", "amount": 5}),
            json!({"id": "x_1", "type": "x", "attributes": {"amount": 5}}),
            json!({"data": {"id": "x_1", "type": "x", "attributes": {"amount": 5}}}),
            json!({"data": {"id": "x_1", "amount": 5}}),
        ] {
            let read: Thing = read(form.clone()).unwrap();
            assert_eq!((read.id.as_str(), read.amount), ("x_1", Some(5)), "{form}");
        }
        let bare: Thing = read(json!("x_1")).unwrap();
        assert_eq!((bare.id.as_str(), bare.amount), ("x_1", None));
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_place_and_never_quoted() {
        let flaw = |value| read::<Holder>(value).unwrap_err().0;
        assert_eq!(
            flaw(json!({"thing": {"id": "x_1", "amount": "secret"}})),
            "in `thing`: `amount` is not i64"
        );
        assert_eq!(
            flaw(json!({"thing": {"id": "x_1", "attributes": {"parts": [{"count": "secret"}]}}})),
            "in `thing`: `parts[0].count` is not i64"
        );
        assert_eq!(
            flaw(json!({"thing": {"amount": 5}})),
            "in `thing`: the object lacks a field: missing field `id`"
        );
        assert!(read::<Holder>(json!({"thing": null})).unwrap().thing.is_none());
        assert!(read::<Thing>(json!([])).is_err());
    }
}
