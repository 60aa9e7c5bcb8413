//! The configuration as its callers see it: loading, problems, secrets, the catalogue and its reload.

mod catalog;
mod live;
mod precedence;
mod problems;
mod secrets;
mod shipped;

use std::{collections::BTreeMap, path::PathBuf};

use billdeck::config::{Config, ConfigErrors, Effective, EffectiveValue, Flags, Purpose, Surroundings};

/// A folder with configuration files, and surroundings that know nothing but it.
struct Place {
    dir: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    flags: Flags,
    purpose: Purpose,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            variables: BTreeMap::new(),
            flags: Flags::default(),
            purpose: Purpose::Ordinary,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn settings(self, text: &str) -> Self {
        self.file("config/billdeck.toml", text)
    }

    fn catalog(self, text: &str) -> Self {
        self.settings("").file("config/catalog.toml", text)
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }

    fn named(mut self, name: &str) -> Self {
        self.flags.config = Some(name.into());
        self
    }

    fn profile(mut self, name: &str) -> Self {
        self.flags.profile = Some(name.to_owned());
        self
    }

    fn demo(mut self) -> Self {
        self.purpose = Purpose::Demo;
        self
    }

    fn around(&self) -> Surroundings {
        Surroundings {
            variables: self.variables.clone(),
            working_dir: self.dir.path().to_owned(),
            home: Some("/home/ana".into()),
            config_home: Some(self.path("xdg")),
            data_home: Some("/home/ana/data".into()),
            os_user: Some("ana".to_owned()),
            ..Surroundings::default()
        }
    }

    fn load(&self) -> Result<Config, ConfigErrors> {
        Config::load(&self.flags, &self.around(), self.purpose)
    }

    fn loaded(&self) -> Config {
        self.load().unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// The problems as people read them, the folder's own name left out.
    fn problems(&self) -> String {
        let errors = self.load().expect_err("a configuration with problems");
        errors
            .to_string()
            .replace(self.dir.path().to_str().unwrap(), "DIR")
    }
}

fn find<'a>(effective: &'a Effective, key: &str) -> &'a EffectiveValue {
    effective
        .values
        .iter()
        .find(|value| value.key == key)
        .unwrap_or_else(|| panic!("no key {key}"))
}

/// `value (origin)` of a key.
fn shown(config: &Config, key: &str) -> String {
    let found = find(&config.effective, key);
    let value = found
        .value
        .as_str()
        .map_or_else(|| found.value.to_string(), str::to_owned);
    format!("{value} ({})", found.origin)
}
