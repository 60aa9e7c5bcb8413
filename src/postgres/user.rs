//! As whom the server programs run: as ourselves, or, when we are root, as an unprivileged user, because PostgreSQL
//! refuses to run as root.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Uid, User, geteuid};

use super::error::{AtPath, PostgresError};

/// Who runs the server programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ServerUser {
    /// We do.
    Ourselves,
    /// We are root; this user does.
    Other(Account),
}

/// An entry of the user database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl ServerUser {
    /// Who runs the server of the cluster in `data`, or of the one that is about to be made there.
    ///
    /// As root an existing cluster's owner runs it, whoever that is: `sudo billdeck` on a person's data directory
    /// joins in, and a machine where `postgres` appeared after `nobody` made the cluster goes on.
    pub(super) fn for_cluster(data: &Path) -> Result<Self, PostgresError> {
        let us = geteuid();
        let owner = match std::fs::metadata(data) {
            Ok(metadata) => Some(metadata.uid()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).at("look at", data),
        };
        let foreign = |owner| PostgresError::Foreign {
            dir: data.to_path_buf(),
            owner,
            us: us.as_raw(),
        };
        if !us.is_root() {
            return match owner {
                Some(owner) if owner != us.as_raw() => Err(foreign(owner)),
                Some(_) | None => account(us).map(|_| Self::Ourselves),
            };
        }
        match owner {
            Some(0) => Err(foreign(0)),
            Some(owner) => account(Uid::from_raw(owner)).map(Self::Other),
            None => ["postgres", "nobody"]
                .into_iter()
                .filter_map(|name| User::from_name(name).ok().flatten())
                .find(|user| !user.uid.is_root())
                .map(|user| Self::Other(user.into()))
                .ok_or(PostgresError::NoServerUser),
        }
    }

    /// The name to use in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Ourselves => {
                account(geteuid()).map_or_else(|_| geteuid().to_string(), |account| account.name)
            }
            Self::Other(account) => account.name.clone(),
        }
    }

    /// Gives a file or directory that we made to the user.
    pub(super) fn take_over(&self, path: &Path) -> Result<(), PostgresError> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other(account) => std::os::unix::fs::chown(path, Some(account.uid), Some(account.gid))
                .at("change the owner of", path),
        }
    }
}

fn account(uid: Uid) -> Result<Account, PostgresError> {
    match User::from_uid(uid) {
        Ok(Some(user)) => Ok(user.into()),
        Ok(None) | Err(_) => Err(PostgresError::NoUserEntry { uid: uid.as_raw() }),
    }
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        }
    }
}
