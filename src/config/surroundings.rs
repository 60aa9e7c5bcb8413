//! Everything that is read from outside the files: environment variables, folders, the person at the keyboard.
//!
//! The environment is read here and nowhere else, once; the rest of billdeck sees this value. Tests make their own,
//! since a process has one environment and many tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;

/// What surrounds the process.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// Variables whose value is no UTF-8.
    pub unreadable: BTreeSet<String>,
    /// The folder that relative paths start from.
    pub working_dir: PathBuf,
    /// The person's own folder.
    pub home: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME`, or what stands for it.
    pub config_home: Option<PathBuf>,
    /// `$XDG_DATA_HOME`, or what stands for it.
    pub data_home: Option<PathBuf>,
    /// The operating system's name of the person.
    pub os_user: Option<String>,
}

impl Surroundings {
    /// Reads them.
    pub fn read() -> Self {
        let mut variables = BTreeMap::new();
        let mut unreadable = BTreeSet::new();
        for (name, value) in std::env::vars_os() {
            // A name that is no text is none of ours.
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => {
                    variables.insert(name, value);
                }
                Err(_) => {
                    unreadable.insert(name);
                }
            }
        }
        let folders = etcetera::choose_base_strategy().ok();
        Self {
            variables,
            unreadable,
            working_dir: std::env::current_dir().unwrap_or_default(),
            home: folders.as_ref().map(|folders| folders.home_dir().to_owned()),
            config_home: folders.as_ref().map(BaseStrategy::config_dir),
            data_home: folders.as_ref().map(BaseStrategy::data_dir),
            os_user: nix::unistd::User::from_uid(nix::unistd::Uid::current())
                .ok()
                .flatten()
                .map(|user| user.name),
        }
    }

    /// A variable's value. An empty one counts as not set, as shells have no other way to take one back for a command.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.trim().is_empty())
    }

    /// Who acts, for the audit: `BILLDECK_OPERATOR`, else the operating system's user.
    pub fn operator(&self) -> String {
        self.variable("BILLDECK_OPERATOR")
            .map(|name| name.trim().to_owned())
            .or_else(|| self.os_user.clone())
            .unwrap_or_else(|| "unknown".to_owned())
    }

    /// A path as typed, made absolute: `~/` is the person's own folder, relative ones start from `base`.
    pub(super) fn path(&self, typed: &str, base: &Path) -> PathBuf {
        match (typed.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.working_dir.join(base).join(typed),
        }
    }

    /// A path as people would name it: relative where it lies below the working folder.
    pub(super) fn shown<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.working_dir).unwrap_or(path)
    }
}

impl std::fmt::Debug for Surroundings {
    /// Names of variables only: their values hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings")
            .field("variables", &self.variables.keys())
            .field("working_dir", &self.working_dir)
            .finish_non_exhaustive()
    }
}
