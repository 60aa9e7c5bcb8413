//! The endpoint of one provider: its room, its path, and which of its secrets are in use.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::IntakeError;
use crate::{
    domain::provider::{Book, ProviderName},
    providers::{Provider, Registry},
};

/// The endpoint of one provider.
pub struct Door {
    pub(super) room: Arc<dyn Provider>,
    pub(super) book: Book,
    /// The path, without a path secret.
    pub(super) endpoint: Arc<str>,
    path_secret: Option<SecretString>,
    /// One bit per secret that matched since the bits were last taken.
    used_secrets: AtomicU64,
}

impl Door {
    fn new(room: Arc<dyn Provider>, path_secret: Option<SecretString>) -> Self {
        let book = room.book();
        Self {
            book,
            endpoint: format!("/webhooks/{}", book.provider).into(),
            room,
            path_secret,
            used_secrets: AtomicU64::new(0),
        }
    }

    /// Which provider, in which environment.
    pub const fn book(&self) -> Book {
        self.book
    }

    pub(super) fn note_secret(&self, index: usize) {
        if index < 64 {
            self.used_secrets.fetch_or(1 << index, Ordering::Relaxed);
        }
    }

    /// The secrets that matched since this was last asked.
    pub(super) fn take_used_secrets(&self) -> u64 {
        self.used_secrets.swap(0, Ordering::Relaxed)
    }

    fn opens_for(&self, given: Option<&str>) -> bool {
        let Some(wanted) = &self.path_secret else {
            // Nothing was agreed on, so the path proves nothing; the signature does.
            return true;
        };
        given.is_some_and(|given| given.as_bytes().ct_eq(wanted.expose_secret().as_bytes()).into())
    }
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door")
            .field("book", &self.book)
            .finish_non_exhaustive()
    }
}

/// All endpoints of this process.
pub(super) struct Doors(BTreeMap<ProviderName, Arc<Door>>);

impl Doors {
    pub(super) fn new(registry: &Registry, path_secret: Option<&SecretString>) -> Self {
        let doors = registry.iter().map(|room| {
            let provider = room.book().provider;
            let door = Door::new(Arc::clone(room), path_secret.cloned());
            (provider, Arc::new(door))
        });
        Self(doors.collect())
    }

    pub(super) fn get(&self, provider: ProviderName) -> Result<&Arc<Door>, IntakeError> {
        self.0.get(&provider).ok_or(IntakeError::ProviderOff(provider))
    }

    pub(super) fn find(&self, provider: &str, path_secret: Option<&str>) -> Result<&Arc<Door>, IntakeError> {
        let provider = match provider.parse() {
            Ok(ProviderName::Legacy) | Err(_) => return Err(IntakeError::UnknownEndpoint),
            Ok(provider) => provider,
        };
        let door = self.get(provider)?;
        if door.opens_for(path_secret) {
            Ok(door)
        } else {
            Err(IntakeError::UnknownEndpoint)
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Door>> {
        self.0.values()
    }
}
