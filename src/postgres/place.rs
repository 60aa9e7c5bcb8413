//! Where a cluster's files lie, and how the unprivileged server reaches them.
//!
//! Everything lies below the data directory that was asked for, so removing that directory removes the cluster. As
//! root this directory may lie below somebody's private (mode 0700) one. The server's user cannot walk there, but a
//! descriptor of the directory, opened by root and inherited, serves it as well: `/proc/self/fd/N` leads straight to
//! the cluster without asking the directories above. No privilege is kept and no file lies elsewhere.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use nix::unistd::geteuid;

use super::command::{Session, command};
use super::error::{AtPath, PostgresError};
use super::user::ServerUser;

/// The folder `postgres` in a data directory.
#[derive(Debug, Clone)]
pub(super) struct Home {
    dir: PathBuf,
}

impl Home {
    /// The home in `data_dir`, whether it is there or not.
    pub(super) fn of(data_dir: &Path) -> Self {
        // relative paths would mean something else to the server, which runs in another directory
        let data_dir = data_dir
            .canonicalize()
            .or_else(|_| std::path::absolute(data_dir))
            .unwrap_or_else(|_| data_dir.to_path_buf());
        Self {
            dir: data_dir.join("postgres"),
        }
    }

    /// The home in `data_dir`, made if it is missing.
    pub(super) fn make(data_dir: &Path) -> Result<Self, PostgresError> {
        // Root's directories let others pass, not look: the server's user has to walk through them.
        let mode = if geteuid().is_root() { 0o711 } else { 0o700 };
        let make = |dir: &Path| {
            DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(dir)
                .at("create", dir)
        };
        make(data_dir)?;
        let home = Self::of(data_dir);
        make(&home.dir)?;
        Ok(home)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The cluster itself. It appears by a rename: if it is there, it is whole.
    pub(super) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    pub(super) fn record(&self) -> PathBuf {
        self.dir.join("cluster.json")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    pub(super) fn users_lock(&self) -> PathBuf {
        self.dir.join("users.lock")
    }

    pub(super) fn start_lock(&self) -> PathBuf {
        self.dir.join("start.lock")
    }

    /// The major version that made the cluster; none when there is no cluster.
    pub(super) fn major(&self) -> Result<Option<u32>, PostgresError> {
        let data = self.data();
        if !data.try_exists().at("look at", &data)? {
            return Ok(None);
        }
        let path = data.join("PG_VERSION");
        let text = std::fs::read_to_string(&path).at("read", &path)?;
        text.trim()
            .parse()
            .map(Some)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
            .at("read a version from", &path)
    }

    /// Gives `file`, just made in this home, to the owner of the home: root that joins a person's cluster must not
    /// leave files there that lock the person out.
    pub(super) fn settle(&self, file: &File, path: &Path) -> Result<(), PostgresError> {
        if !geteuid().is_root() {
            return Ok(());
        }
        let owner = std::fs::metadata(&self.dir).at("look at", &self.dir)?;
        std::os::unix::fs::fchown(file, Some(owner.uid()), Some(owner.gid())).at("change the owner of", path)
    }
}

/// A way for the server's user to a file or directory.
#[derive(Debug)]
pub(super) struct Reach {
    path: PathBuf,
    opened: Option<File>,
}

impl Reach {
    /// The way for `user` to the cluster directory `dir`, which belongs to it. `postgres` is a program that it can
    /// run: the kernel's answer is asked for, not guessed from modes.
    pub(super) fn to(dir: &Path, user: &ServerUser, postgres: &Path) -> Result<Self, PostgresError> {
        let by_path = Self {
            path: dir.to_path_buf(),
            opened: None,
        };
        if *user == ServerUser::Ourselves {
            return Ok(by_path);
        }
        let attempt = command(postgres, user, Session::Ours, &[])
            .arg("--version")
            .current_dir(dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match attempt {
            Ok(_) => Ok(by_path),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Self::by_descriptor(dir)?
                .ok_or_else(|| PostgresError::Unreachable {
                    dir: dir.to_path_buf(),
                    user: user.name(),
                }),
            Err(error) => Err(error).at("enter", dir),
        }
    }

    /// The same kind of way to another file in the same home.
    pub(super) fn beside(&self, file: &Path) -> Result<Self, PostgresError> {
        match self.opened {
            None => Ok(Self {
                path: file.to_path_buf(),
                opened: None,
            }),
            Some(_) => Self::by_descriptor(file)?
                .ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))
                .at("pass on", file),
        }
    }

    fn by_descriptor(path: &Path) -> Result<Option<Self>, PostgresError> {
        if !Path::new("/proc/self/fd").exists() {
            return Ok(None);
        }
        let opened = File::open(path).at("open", path)?;
        Ok(Some(Self {
            path: format!("/proc/self/fd/{}", opened.as_raw_fd()).into(),
            opened: Some(opened),
        }))
    }

    /// The path that leads there in a program that inherits [`Reach::kept`].
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn kept(&self) -> Option<&File> {
        self.opened.as_ref()
    }
}
