//! Keyset cursors: the sort values of a row and its id, with the list's name and the filter's fingerprint, opaque to
//! whoever carries them. A cursor serves the list, the order and the filter that gave it, and no other: elsewhere it
//! would skip rows without a word.
//!
//! A cursor holds no secret and grants nothing: it only names a place in a list, so it is not signed. What is in it is
//! parsed as typed values and bound as parameters.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::StoreError;

const VERSION: u8 = 2;

/// What a filter comes to in a cursor. Two filters are taken for the same when they say the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of a filter without the start of its range: that is often said as a span (`2h`) and so moves on from page to
    /// page, which makes the list longer or shorter but never another one.
    pub fn of(filter: &impl fmt::Debug) -> Self {
        let whole = digest(&SHA256, format!("{filter:?}").as_bytes());
        Self(URL_SAFE_NO_PAD.encode(whole.as_ref().get(..9).unwrap_or_default()))
    }
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor<K> {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "l")]
    list: String,
    #[serde(rename = "f", default)]
    filter: Fingerprint,
    /// The value that the list is sorted by; `()` where that is the id itself.
    #[serde(rename = "k")]
    pub key: K,
    /// The row's id.
    #[serde(rename = "i")]
    pub id: Uuid,
}

impl<K: Serialize + DeserializeOwned> Cursor<K> {
    /// The place of a row in the list of this name ("events", "customers by email"), under this filter.
    pub fn new(list: &str, filter: Fingerprint, key: K, id: Uuid) -> Self {
        Self {
            version: VERSION,
            list: list.to_owned(),
            filter,
            key,
            id,
        }
    }

    /// As it is given away.
    pub fn encode(&self) -> String {
        // A struct of plain values always serialises.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a cursor that was given away by the list of this name, under this filter.
    pub fn decode(text: &str, list: &str, filter: &Fingerprint) -> Result<Self, StoreError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| StoreError::Cursor("it is no cursor"))?;
        let cursor: Self = serde_json::from_slice(&bytes)
            .map_err(|_| StoreError::Cursor("it is of another list or order"))?;
        if cursor.version != VERSION {
            return Err(StoreError::Cursor("it is of another version"));
        }
        if cursor.list != list {
            return Err(StoreError::Cursor("it is of another list or order"));
        }
        if cursor.filter != *filter {
            return Err(StoreError::Cursor(
                "it was given under another filter; begin again without it",
            ));
        }
        Ok(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<K: Serialize + DeserializeOwned + fmt::Debug>(
        text: &str,
        list: &str,
        filter: &Fingerprint,
    ) -> &'static str {
        match Cursor::<K>::decode(text, list, filter) {
            Err(StoreError::Cursor(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_cursor_serves_its_own_list_and_filter_only() {
        let filter = Fingerprint::of(&["failed"]);
        let cursor = Cursor::new("events", filter.clone(), (), Uuid::from_u128(7));
        let text = cursor.encode();
        assert_eq!(Cursor::decode(&text, "events", &filter).unwrap(), cursor);
        let elsewhere = "it is of another list or order";
        assert_eq!(refusal::<()>(&text, "customers", &filter), elsewhere);
        assert_eq!(refusal::<String>(&text, "events", &filter), elsewhere);
        assert_eq!(
            refusal::<()>("not a cursor", "events", &filter),
            "it is no cursor"
        );
        assert_eq!(
            refusal::<()>(&text, "events", &Fingerprint::of(&["dead"])),
            "it was given under another filter; begin again without it"
        );
        // As the version before wrote it, which knew of no filter.
        let older = URL_SAFE_NO_PAD
            .encode(r#"{"v":1,"l":"events","k":null,"i":"00000000-0000-0000-0000-000000000007"}"#);
        assert_eq!(
            refusal::<()>(&older, "events", &filter),
            "it is of another version"
        );
    }
}
