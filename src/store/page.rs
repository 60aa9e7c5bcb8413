//! Keyset cursors: the sort values of a row and its id, with the list's name and the filter's fingerprint, opaque to
//! whoever carries them.
//!
//! A cursor holds no secret and grants nothing: it only names a place in a list, so it is not signed. What is in it is
//! parsed as typed values and bound as parameters.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::StoreError;

const VERSION: u8 = 1;

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor<K> {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "l")]
    list: String,
    /// The value that the list is sorted by; `()` where that is the id itself.
    #[serde(rename = "k")]
    pub key: K,
    /// The row's id.
    #[serde(rename = "i")]
    pub id: Uuid,
}

impl<K: Serialize + DeserializeOwned> Cursor<K> {
    /// The place of a row in the list of this name ("events", "customers by email").
    pub fn new(list: &str, key: K, id: Uuid) -> Self {
        Self {
            version: VERSION,
            list: list.to_owned(),
            key,
            id,
        }
    }

    /// As it is given away.
    pub fn encode(&self) -> String {
        // A struct of plain values always serialises.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a cursor that was given away by the list of this name.
    pub fn decode(text: &str, list: &str) -> Result<Self, StoreError> {
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
        Ok(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_serves_its_own_list_only() {
        let cursor = Cursor::new("events", (), Uuid::from_u128(7));
        assert_eq!(Cursor::decode(&cursor.encode(), "events").unwrap(), cursor);
        assert!(matches!(
            Cursor::<()>::decode(&cursor.encode(), "customers"),
            Err(StoreError::Cursor(_))
        ));
        assert!(matches!(
            Cursor::<String>::decode(&cursor.encode(), "events"),
            Err(StoreError::Cursor(_))
        ));
        assert!(matches!(
            Cursor::<()>::decode("not a cursor", "events"),
            Err(StoreError::Cursor(_))
        ));
    }
}
