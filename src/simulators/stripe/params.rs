//! Parameters of a call: form-encoded names in brackets, read into a tree and then taken out name by name.
//!
//! What nobody took is an unknown parameter, which the API refuses, so every operation ends its reading with
//! [`Params::finish`]. An empty text stands for null: it clears what can be cleared.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::error::ApiError;
use super::objects::{Address, Metadata};

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    List(Vec<Node>),
    Object(BTreeMap<String, Node>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a parameter")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Text(String::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((name, node)) = map.next_entry()? {
            fields.insert(name, node);
        }
        Ok(Node::Object(fields))
    }
}

/// What a caller wants of a field that can also be cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Update<T> {
    Keep,
    Clear,
    Set(T),
}

impl<T> Update<T> {
    pub(crate) fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }

    pub(crate) fn set(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

/// What a caller wants of the metadata: merged by key, an empty value removes one, an empty whole removes all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MetadataChange {
    Keep,
    Clear,
    Merge(Metadata),
}

impl MetadataChange {
    pub(crate) fn apply(self, metadata: &mut Metadata) {
        match self {
            Self::Keep => {}
            Self::Clear => metadata.clear(),
            Self::Merge(changes) => {
                for (name, value) in changes {
                    if value.is_empty() {
                        metadata.remove(&name);
                    } else {
                        metadata.insert(name, value);
                    }
                }
            }
        }
    }

    pub(crate) fn fresh(self) -> Metadata {
        let mut metadata = Metadata::new();
        self.apply(&mut metadata);
        metadata
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    /// Name of the parameter that these stand inside of; empty at the top.
    inside: String,
    fields: BTreeMap<String, Node>,
}

impl Params {
    pub(crate) fn parse(encoded: &[u8]) -> Result<Self, ApiError> {
        if encoded.is_empty() {
            return Ok(Self::default());
        }
        let config = serde_qs::Config::new().use_form_encoding(true).max_depth(8);
        let fields = config
            .deserialize_bytes(encoded)
            .map_err(|error| ApiError::unreadable(format!("Invalid request body: {error}")))?;
        Ok(Self {
            inside: String::new(),
            fields,
        })
    }

    fn name(&self, key: &str) -> String {
        if self.inside.is_empty() {
            key.to_owned()
        } else {
            format!("{}[{key}]", self.inside)
        }
    }

    /// Any text, the empty one too.
    fn raw(&mut self, key: &str) -> Result<Option<String>, ApiError> {
        match self.fields.remove(key) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(Node::List(_) | Node::Object(_)) => {
                Err(ApiError::invalid_param(self.name(key), "Invalid string"))
            }
        }
    }

    pub(crate) fn text(&mut self, key: &str) -> Result<Option<String>, ApiError> {
        Ok(self.raw(key)?.filter(|text| !text.is_empty()))
    }

    pub(crate) fn required(&mut self, key: &str) -> Result<String, ApiError> {
        self.text(key)?
            .ok_or_else(|| ApiError::missing_param(self.name(key)))
    }

    pub(crate) fn update(&mut self, key: &str) -> Result<Update<String>, ApiError> {
        Ok(match self.raw(key)? {
            None => Update::Keep,
            Some(text) if text.is_empty() => Update::Clear,
            Some(text) => Update::Set(text),
        })
    }

    pub(crate) fn integer(&mut self, key: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|_| ApiError::invalid_integer(self.name(key), &text))
    }

    /// An integer that must not be negative.
    pub(crate) fn count(&mut self, key: &str) -> Result<Option<i64>, ApiError> {
        match self.integer(key)? {
            Some(count) if count < 0 => Err(ApiError::invalid_integer(self.name(key), &count.to_string())),
            count => Ok(count),
        }
    }

    pub(crate) fn boolean(&mut self, key: &str) -> Result<Option<bool>, ApiError> {
        match self.text(key)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(ApiError::invalid_param(
                self.name(key),
                format!("Invalid boolean: {other}"),
            )),
        }
    }

    pub(crate) fn instant(&mut self, key: &str) -> Result<Option<Timestamp>, ApiError> {
        let Some(seconds) = self.integer(key)? else {
            return Ok(None);
        };
        Timestamp::from_second(seconds)
            .map(Some)
            .map_err(|_| ApiError::invalid_integer(self.name(key), &seconds.to_string()))
    }

    /// One of these words.
    pub(crate) fn choice<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value);
        found.map(Some).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let message = format!("Invalid {}: must be one of {}", self.name(key), known.join(", "));
            ApiError::invalid_param(self.name(key), message)
        })
    }

    /// The parameters inside this one. An empty text counts as absent.
    pub(crate) fn object(&mut self, key: &str) -> Result<Option<Self>, ApiError> {
        let inside = self.name(key);
        match self.fields.remove(key) {
            None => Ok(None),
            Some(Node::Text(text)) if text.is_empty() => Ok(None),
            Some(Node::Object(fields)) => Ok(Some(Self { inside, fields })),
            Some(Node::Text(_) | Node::List(_)) => Err(ApiError::invalid_param(inside, "Invalid object")),
        }
    }

    /// An object that an empty text clears.
    pub(crate) fn object_update(&mut self, key: &str) -> Result<Update<Self>, ApiError> {
        let cleared = self
            .fields
            .get(key)
            .is_some_and(|node| *node == Node::Text(String::new()));
        Ok(match self.object(key)? {
            Some(inner) => Update::Set(inner),
            None if cleared => Update::Clear,
            None => Update::Keep,
        })
    }

    /// A list of objects, written with indices.
    pub(crate) fn objects(&mut self, key: &str) -> Result<Vec<Self>, ApiError> {
        let inside = self.name(key);
        let list = match self.fields.remove(key) {
            None => return Ok(Vec::new()),
            Some(Node::List(list)) => list,
            Some(Node::Text(text)) if text.is_empty() => return Ok(Vec::new()),
            Some(Node::Text(_) | Node::Object(_)) => {
                return Err(ApiError::invalid_param(inside, "Invalid array"));
            }
        };
        let numbered = list.into_iter().enumerate();
        numbered
            .map(|(index, node)| match node {
                Node::Object(fields) => Ok(Self {
                    inside: format!("{inside}[{index}]"),
                    fields,
                }),
                Node::Text(_) | Node::List(_) => Err(ApiError::invalid_param(
                    format!("{inside}[{index}]"),
                    "Invalid object",
                )),
            })
            .collect()
    }

    /// A list of texts, written with empty brackets or indices.
    pub(crate) fn texts(&mut self, key: &str) -> Result<Vec<String>, ApiError> {
        let name = self.name(key);
        match self.fields.remove(key) {
            None => Ok(Vec::new()),
            Some(Node::Text(text)) if text.is_empty() => Ok(Vec::new()),
            Some(Node::List(list)) => list
                .into_iter()
                .map(|node| match node {
                    Node::Text(text) => Ok(text),
                    Node::List(_) | Node::Object(_) => Err(ApiError::invalid_param(&*name, "Invalid array")),
                })
                .collect(),
            Some(Node::Text(_) | Node::Object(_)) => Err(ApiError::invalid_param(name, "Invalid array")),
        }
    }

    pub(crate) fn metadata(&mut self) -> Result<MetadataChange, ApiError> {
        let name = self.name("metadata");
        match self.fields.remove("metadata") {
            None => Ok(MetadataChange::Keep),
            Some(Node::Text(text)) if text.is_empty() => Ok(MetadataChange::Clear),
            Some(Node::Object(fields)) => {
                let mut metadata = Metadata::new();
                for (key, node) in fields {
                    match node {
                        Node::Text(value) if value.len() <= 2000 && key.chars().count() <= 40 => {
                            metadata.insert(key, value);
                        }
                        Node::Text(_) => {
                            let message = "Metadata names have at most 40 characters and values at most 500.";
                            return Err(ApiError::invalid_param(format!("{name}[{key}]"), message));
                        }
                        Node::List(_) | Node::Object(_) => {
                            return Err(ApiError::invalid_param(
                                format!("{name}[{key}]"),
                                "Invalid string",
                            ));
                        }
                    }
                }
                Ok(MetadataChange::Merge(metadata))
            }
            Some(Node::Text(_) | Node::List(_)) => Err(ApiError::invalid_param(name, "Invalid object")),
        }
    }

    pub(crate) fn address(&mut self, key: &str) -> Result<Update<Address>, ApiError> {
        Ok(match self.object_update(key)? {
            Update::Keep => Update::Keep,
            Update::Clear => Update::Clear,
            Update::Set(mut inner) => {
                let address = Address {
                    city: inner.text("city")?,
                    country: inner.text("country")?,
                    line1: inner.text("line1")?,
                    line2: inner.text("line2")?,
                    postal_code: inner.text("postal_code")?,
                    state: inner.text("state")?,
                };
                inner.finish()?;
                Update::Set(address)
            }
        })
    }

    /// Drops parameters that the API knows and that change nothing here.
    pub(crate) fn ignore(&mut self, keys: &[&str]) {
        for key in keys {
            self.fields.remove(*key);
        }
    }

    /// Everything has been read: what is left is unknown.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(key) => Err(ApiError::unknown_param(self.name(key))),
        }
    }

    pub(crate) fn invalid(&self, key: &str, message: impl Into<String>) -> ApiError {
        ApiError::invalid_param(self.name(key), message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_brackets_raw_and_encoded() {
        for body in [
            "items[0][price]=price_1&items[0][quantity]=4&expand[]=a&expand[]=b.c&metadata[k]=&name=Ana+Reyes",
            "items%5B0%5D%5Bprice%5D=price_1&items%5B0%5D%5Bquantity%5D=4&expand%5B%5D=a&expand%5B%5D=b.c\
             &metadata%5Bk%5D=&name=Ana%20Reyes",
        ] {
            let mut params = Params::parse(body.as_bytes()).unwrap();
            let mut items = params.objects("items").unwrap();
            assert_eq!(items.len(), 1);
            assert_eq!(items[0].text("price").unwrap().as_deref(), Some("price_1"));
            assert_eq!(items[0].integer("quantity").unwrap(), Some(4));
            assert_eq!(params.texts("expand").unwrap(), ["a", "b.c"]);
            assert_eq!(params.text("name").unwrap().as_deref(), Some("Ana Reyes"));
            let mut metadata = Metadata::from([("k".to_owned(), "old".to_owned())]);
            params.metadata().unwrap().apply(&mut metadata);
            assert!(metadata.is_empty());
            params.finish().unwrap();
        }
    }

    #[test]
    fn an_empty_text_clears_and_a_bare_name_too() {
        let mut params = Params::parse(b"cancel_at=&pause_collection=&discounts").unwrap();
        assert_eq!(params.update("cancel_at").unwrap(), Update::Clear);
        assert!(matches!(
            params.object_update("pause_collection").unwrap(),
            Update::Clear
        ));
        assert!(params.objects("discounts").unwrap().is_empty());
    }

    #[test]
    fn names_the_unknown_parameter_in_full() {
        let mut params = Params::parse(b"items[0][prize]=1").unwrap();
        let item = params.objects("items").unwrap().remove(0);
        let error = item.finish().unwrap_err();
        assert_eq!(error.message(), "Received unknown parameter: items[0][prize]");
    }
}
