//! File locks that say who starts, who stops and who uses a cluster. The system frees them when their holder dies,
//! however it dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::{AtPath, PostgresError};
use super::place::Home;
use super::progress::{Progress, Step};

const POLL: Duration = Duration::from_millis(5);

/// The right to start, stop, make and remove a cluster, until dropped.
#[derive(Debug)]
pub(super) struct StartLock {
    file: File,
}

impl StartLock {
    /// Makes the home in `data_dir` if need be and waits for its lock, however long: its holder may be downloading.
    /// Waiting can be cancelled.
    pub(super) async fn wait(
        data_dir: &Path,
        progress: &dyn Progress,
    ) -> Result<(Home, Self), PostgresError> {
        let mut told = false;
        loop {
            let home = Home::make(data_dir)?;
            if let Some(lock) = Self::try_take(&home)? {
                return Ok((home, lock));
            }
            if !std::mem::replace(&mut told, true) {
                progress.step(&Step::Waiting);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits for the lock of a home, blocking the thread, but not longer than `patience`. None when it is over, or
    /// when the home has been removed.
    pub(super) fn wait_blocking(home: &Home, patience: Duration) -> Result<Option<Self>, PostgresError> {
        let end = Instant::now() + patience;
        while home.dir().exists() {
            if let Some(lock) = Self::try_take(home)? {
                return Ok(Some(lock));
            }
            if Instant::now() > end {
                return Ok(None);
            }
            std::thread::sleep(POLL);
        }
        Ok(None)
    }

    fn try_take(home: &Home) -> Result<Option<Self>, PostgresError> {
        let path = home.start_lock();
        let file = match open(home, &path) {
            // the home was removed since it was seen
            Err(PostgresError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            opened => opened?,
        };
        if !try_exclusive(&file, &path)? {
            return Ok(None);
        }
        // a lock on a file that was removed meanwhile excludes nobody
        let still_there = match (file.metadata(), std::fs::metadata(&path)) {
            (Ok(ours), Ok(now)) => ours.ino() == now.ino() && ours.dev() == now.dev(),
            (Err(_), _) | (_, Err(_)) => false,
        };
        Ok(still_there.then_some(Self { file }))
    }
}

impl Drop for StartLock {
    fn drop(&mut self) {
        // Closing frees the lock too, but not while a child of another thread, forked and not yet exec'd, shares it.
        let _ = self.file.unlock();
    }
}

/// A place among the users of a cluster, until dropped.
#[derive(Debug)]
pub(super) struct UserLock {
    file: File,
    path: PathBuf,
}

impl UserLock {
    /// Becomes a user. Who holds the start lock never waits here: others hold this lock exclusively only under it.
    pub(super) fn enter(home: &Home, _under: &StartLock) -> Result<Self, PostgresError> {
        let path = home.users_lock();
        let file = open(home, &path)?;
        file.lock_shared().at("lock", &path)?;
        Ok(Self { file, path })
    }

    /// Stops being a user, and tells whether that was the last one.
    pub(super) fn leave(self, _under: &StartLock) -> Result<bool, PostgresError> {
        self.file.unlock().at("unlock", &self.path)?;
        try_exclusive(&self.file, &self.path)
    }

    /// Whether anybody uses the cluster.
    pub(super) fn anybody(home: &Home, _under: &StartLock) -> Result<bool, PostgresError> {
        let path = home.users_lock();
        let file = open(home, &path)?;
        try_exclusive(&file, &path).map(|free| !free)
    }
}

impl Drop for UserLock {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

fn open(home: &Home, path: &Path) -> Result<File, PostgresError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let file = options
                .create(true)
                .truncate(false)
                .open(path)
                .at("create", path)?;
            home.settle(&file, path)?;
            Ok(file)
        }
        opened => opened.at("open", path),
    }
}

fn try_exclusive(file: &File, path: &Path) -> Result<bool, PostgresError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error).at("lock", path),
    }
}
