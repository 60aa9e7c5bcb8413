//! The demo's data directory: its own, marked as such, held by one demo at a time.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::postgres::{Cluster, PostgresError};

const MARK: &str = "billdeck-demo";
const LOCK: &str = "demo.lock";
const CATALOG: &str = "catalog.toml";

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It holds something else: a real billdeck's data, perhaps.
    #[error("{} holds something that no demo made", .0.display())]
    NotADemo(PathBuf),
    /// Another demo is using it.
    #[error("a demo is running on {} already", .0.display())]
    InUse(PathBuf),
    /// It cannot be read or written.
    #[error("cannot use {}", .path.display())]
    Io {
        /// What cannot be used.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Its cluster cannot be removed.
    #[error("cannot remove the cluster in {}", .path.display())]
    Cluster {
        /// The directory.
        path: PathBuf,
        /// Why not.
        source: PostgresError,
    },
    /// The listener's address is not known.
    #[error("the demo cannot listen on loopback")]
    Socket(#[source] io::Error),
}

impl FolderError {
    pub(super) fn socket(source: io::Error) -> Self {
        Self::Socket(source)
    }

    /// What the person can do.
    pub fn hint(&self) -> String {
        match self {
            Self::NotADemo(_) | Self::InUse(_) => "choose another directory with --data-dir".to_owned(),
            Self::Io { .. } => "check its owner and mode, or choose another one with --data-dir".to_owned(),
            Self::Cluster { .. } => "stop whatever uses it, then try again".to_owned(),
            Self::Socket(_) => "check that the loopback interface is up".to_owned(),
        }
    }
}

/// The directory, held until dropped.
#[derive(Debug)]
pub(super) struct DemoFolder {
    path: PathBuf,
    _lock: File,
}

impl DemoFolder {
    /// Opens the directory, made if need be; `fresh` empties it first, if a demo made it.
    pub(super) async fn open(path: &Path, fresh: bool) -> Result<Self, FolderError> {
        let failed = |source| FolderError::Io {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(path).map_err(failed)?;
        let marked = path.join(MARK).is_file();
        let empty = fs::read_dir(path).map_err(failed)?.next().is_none();
        if !marked && !empty {
            return Err(FolderError::NotADemo(path.to_owned()));
        }
        fs::write(
            path.join(MARK),
            "made by billdeck demo; --fresh may empty this directory\n",
        )
        .map_err(failed)?;
        let lock = hold(path)?;
        if fresh && marked {
            Cluster::remove(path)
                .await
                .map_err(|source| FolderError::Cluster {
                    path: path.to_owned(),
                    source,
                })?;
            for entry in fs::read_dir(path).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                if entry.file_name() == MARK || entry.file_name() == LOCK {
                    continue;
                }
                let done = if entry.file_type().map_err(failed)?.is_dir() {
                    fs::remove_dir_all(entry.path())
                } else {
                    fs::remove_file(entry.path())
                };
                done.map_err(failed)?;
            }
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The demo's own copy of the catalogue, written if it is not there yet.
    pub(super) fn catalog(&self, text: &str) -> Result<PathBuf, FolderError> {
        let path = self.path.join(CATALOG);
        if !path.exists() {
            fs::write(&path, text).map_err(|source| FolderError::Io {
                path: path.clone(),
                source,
            })?;
        }
        Ok(path)
    }
}

fn hold(folder: &Path) -> Result<File, FolderError> {
    let path = folder.join(LOCK);
    let failed = |source| FolderError::Io {
        path: path.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FolderError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
