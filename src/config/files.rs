//! Which files there are.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    Flags,
    problems::{ConfigProblem, Origin},
    surroundings::Surroundings,
};

/// The configuration's files. What is none takes the built-in default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigFiles {
    /// `billdeck.toml`.
    pub settings: Option<PathBuf>,
    /// The folder it lies in.
    pub dir: Option<PathBuf>,
}

/// The configuration file's name in the folders where it is looked for.
const SETTINGS: &str = "billdeck.toml";

impl ConfigFiles {
    /// Looks at `--config`, `$BILLDECK_CONFIG`, `./config/billdeck.toml`, `$XDG_CONFIG_HOME/billdeck/billdeck.toml`. A
    /// file that was named must exist.
    pub(super) fn find(flags: &Flags, around: &Surroundings) -> Result<Self, ConfigProblem> {
        let named = flags
            .config
            .as_ref()
            .map(|path| (path.clone(), Origin::Flag("--config".to_owned())))
            .or_else(|| {
                let path = around.variable("BILLDECK_CONFIG")?;
                Some((
                    around.path(path, Path::new("")),
                    Origin::Variable("BILLDECK_CONFIG".to_owned()),
                ))
            });
        if let Some((path, origin)) = named {
            let path = around.working_dir.join(path);
            if !path.is_file() {
                let message = format!("no file {}", around.shown(&path).display());
                return Err(ConfigProblem::whole(origin, message));
            }
            return Ok(Self::at(path));
        }
        let beside = around.working_dir.join("config").join(SETTINGS);
        let own = around
            .config_home
            .as_ref()
            .map(|folder| folder.join("billdeck").join(SETTINGS));
        Ok(std::iter::once(beside)
            .chain(own)
            .find(|path| path.is_file())
            .map_or_else(Self::default, Self::at))
    }

    fn at(settings: PathBuf) -> Self {
        Self {
            dir: settings.parent().map(Path::to_owned),
            settings: Some(settings),
        }
    }

    /// Where the catalogue lies, or would lie.
    pub fn catalog(&self) -> Option<PathBuf> {
        self.beside("catalog.toml")
    }

    /// Where the key bindings lie, or would lie.
    pub fn keymap(&self) -> Option<PathBuf> {
        self.beside("keymap.toml")
    }

    /// The folder that themes of one's own lie in, or would lie in.
    pub fn themes(&self) -> Option<PathBuf> {
        self.beside("themes")
    }

    fn beside(&self, name: &str) -> Option<PathBuf> {
        self.dir.as_ref().map(|dir| dir.join(name))
    }
}

/// Reads a text file that may be missing.
pub(super) fn read_if_there(path: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
