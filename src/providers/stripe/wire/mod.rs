//! Stripe's JSON as far as billdeck reads it. Serde types, nothing else.
//!
//! Everything is forgiving: unknown fields are passed over, every enum is a text, "absent" and `null` are one, and a
//! field that Stripe moved is looked for in both of its places (before and after 2025-03-31.basil).

pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod forms;
pub(crate) mod money;
pub(crate) mod sale;

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// Metadata of any object: text to text.
pub(crate) type Metadata = BTreeMap<String, String>;

/// An id that may come as the whole object; only the id is kept.
#[derive(Clone, Debug)]
pub(crate) struct Ref(pub(crate) String);

impl<'de> Deserialize<'de> for Ref {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RefVisitor;

        impl<'de> Visitor<'de> for RefVisitor {
            type Value = Ref;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id or an object with an id")
            }

            fn visit_str<E: serde::de::Error>(self, id: &str) -> Result<Ref, E> {
                Ok(Ref(id.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ref, A::Error> {
                let mut id = None;
                while let Some(key) = map.next_key::<Field>()? {
                    match key {
                        Field::Id => id = Some(map.next_value()?),
                        Field::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                id.map(Ref).ok_or_else(|| serde::de::Error::missing_field("id"))
            }
        }

        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "lowercase")]
        enum Field {
            Id,
            #[serde(other)]
            Other,
        }

        deserializer.deserialize_any(RefVisitor)
    }
}

/// An id, or the whole object where it was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Expandable<T> {
    /// The id alone.
    Id(String),
    /// The object.
    Object(Box<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Expandable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExpandableVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ExpandableVisitor<T> {
            type Value = Expandable<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id or an object")
            }

            fn visit_str<E: serde::de::Error>(self, id: &str) -> Result<Self::Value, E> {
                Ok(Expandable::Id(id.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
                    .map(|object| Expandable::Object(Box::new(object)))
            }
        }

        deserializer.deserialize_any(ExpandableVisitor(PhantomData))
    }
}

/// A list, or the first page of one.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct List<T> {
    pub(crate) data: Vec<T>,
    pub(crate) has_more: Option<bool>,
}

/// What a search endpoint answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Found<T> {
    pub(crate) data: Vec<T>,
    pub(crate) next_page: Option<String>,
}

/// What every object has, and what stands in place of one that was deleted.
#[derive(Debug, Deserialize)]
pub(crate) struct Stub {
    pub(crate) id: String,
    pub(crate) deleted: Option<bool>,
}
