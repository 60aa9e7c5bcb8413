//! Putting it together: flags over profile over environment over file over built-in defaults, all problems at once.

use std::{path::PathBuf, sync::Arc};

use secrecy::SecretString;
use toml::Value;

use super::{
    AccessSettings, ActiveProfile, AppSettings, ConfigErrors, ConfigFiles, ConsoleSettings, DatabaseSettings,
    Flags, LoadedCatalog, LogSettings, ServerSettings, StripeSettings, Surroundings, WorkerSettings,
    check::{Check, Layers},
    document::{Leaf, Source, Walk},
    files::read_if_there,
    problems::{ConfigProblem, Origin, nearest},
    profiles::{self, Profile},
    schema::{Node, Schema, assemble},
    secrets::{DATABASE_URL, Secrets},
    sections::Raw,
    show::{self, Decided, Effective, EffectiveFiles},
    variables,
};
use crate::domain::{customer::LinkingRules, provider::Environment};

/// What the configuration is loaded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Everything but the demo.
    Ordinary,
    /// The demo: takes database, provider credentials and environment from nowhere, and a data directory from a flag only,
    /// so that it can never act on real accounts.
    Demo,
}

impl Purpose {
    fn data_folder(self) -> &'static str {
        match self {
            Self::Ordinary => "billdeck",
            Self::Demo => "billdeck-demo",
        }
    }

    fn takes(self, key: &str) -> bool {
        match self {
            Self::Ordinary => true,
            Self::Demo => {
                !matches!(key, "database.url" | "database.data_dir" | "environment")
                    && !key.starts_with("providers.")
            }
        }
    }
}

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which books this process serves.
    pub environment: Environment,
    /// No writes.
    pub read_only: bool,
    /// The profile, where one is in force.
    pub profile: Option<ActiveProfile>,
    /// Who acts, for the audit.
    pub operator: String,
    /// The database.
    pub database: DatabaseSettings,
    /// The webhook listener.
    pub server: ServerSettings,
    /// The worker.
    pub worker: WorkerSettings,
    /// How a provider's customer finds its owner.
    pub linking: LinkingRules,
    /// Who has access.
    pub access: AccessSettings,
    /// The application.
    pub app: AppSettings,
    /// Stripe.
    pub stripe: StripeSettings,
    /// The console.
    pub console: ConsoleSettings,
    /// Logs.
    pub log: LogSettings,
    /// For signed links, where one is given. Nothing signs any yet.
    pub signing_key: Option<SecretString>,
}

/// The configuration: settings, catalogue, and where they come from.
#[derive(Clone, Debug)]
pub struct Config {
    /// The settings in force.
    pub settings: Settings,
    /// The files.
    pub files: ConfigFiles,
    /// The catalogue as it was at the start.
    pub catalog: Arc<LoadedCatalog>,
    /// Everything, for `config show`.
    pub effective: Effective,
}

impl Config {
    /// Loads everything. With problems there is no configuration, only all of them.
    pub fn load(flags: &Flags, around: &Surroundings, purpose: Purpose) -> Result<Self, ConfigErrors> {
        let mut problems = Vec::new();
        let loaded = Loader {
            flags,
            around,
            purpose,
            root: Raw::node(),
            problems: &mut problems,
        }
        .load();
        ConfigErrors::unless_empty(loaded, problems)
    }

    /// The built-in configuration with nothing around it, for tests and examples: data in `data_home`.
    pub fn built_in(data_home: impl Into<PathBuf>) -> Result<Self, ConfigErrors> {
        let around = Surroundings {
            data_home: Some(data_home.into()),
            ..Surroundings::default()
        };
        Self::load(&Flags::default(), &around, Purpose::Ordinary)
    }
}

struct Loader<'a> {
    flags: &'a Flags,
    around: &'a Surroundings,
    purpose: Purpose,
    root: Node,
    problems: &'a mut Vec<ConfigProblem>,
}

impl Loader<'_> {
    fn load(mut self) -> Option<Config> {
        let files = ConfigFiles::find(self.flags, self.around).unwrap_or_else(|problem| {
            self.problems.push(problem);
            ConfigFiles::default()
        });
        let dir = files.dir.clone().unwrap_or_default();

        let (in_file, profiles) = self.file(&files);
        let (in_environment, found) =
            variables::leaves(self.around, &self.root, |key| self.purpose.takes(key));
        self.problems.extend(found);
        self.spare_profiles(&files, &in_file, &profiles);
        let profile = self.profile(profiles);
        let (in_flags, found) = self.flags.leaves(&self.root);
        self.problems.extend(found);

        let mut layers = Layers::default();
        layers.lay(self.taken(in_file));
        layers.lay(in_environment);
        let mut credentials = Vec::new();
        let active = profile.map(|profile| {
            layers.lay(self.taken(profile.leaves));
            credentials = profile.credentials;
            profile.active
        });
        if self.purpose.takes("database.url") {
            for credential in credentials.iter().filter(|one| one.name == DATABASE_URL) {
                match credential.value(self.around, &dir) {
                    Ok(url) => layers.lay([Leaf {
                        key: "database.url".to_owned(),
                        value: Value::String(url),
                        origin: credential.origin.clone(),
                    }]),
                    Err(problem) => self.problems.push(problem),
                }
            }
        }
        layers.lay(in_flags);

        let raw: Raw = match assemble(layers.values()) {
            Ok(raw) => raw,
            Err(error) => {
                self.problems
                    .push(ConfigProblem::whole(Origin::Default, error.message()));
                return None;
            }
        };
        let secrets = match self.purpose {
            Purpose::Ordinary => Secrets::read(self.around, &credentials, &dir, self.problems),
            Purpose::Demo => Secrets::default(),
        };
        let mut check = Check::new(&layers, self.around, &files);
        let set = raw.environment(&mut check);
        let sections = raw.check(&mut check, self.purpose.data_folder(), secrets.stripe());
        self.problems.append(&mut check.problems);
        let set = set.map(|environment| (environment, layers.origin("environment")));
        let environment = secrets.environment(set, self.problems);

        let catalog = self.catalog(&files)?;
        let sections = sections?;
        let decided = Decided {
            environment,
            data_dir: sections.database.data_dir.clone(),
        };
        let effective = Effective {
            profile: active.as_ref().map(|profile| profile.name.clone()),
            files: EffectiveFiles {
                settings: files.settings.clone(),
                catalog: catalog.file.path().map(std::borrow::ToOwned::to_owned),
            },
            values: show::values(&raw, &layers, &decided, &secrets),
        };
        Some(Config {
            settings: Settings {
                environment: decided.environment.0,
                read_only: raw.read_only,
                profile: active,
                operator: self.around.operator(),
                database: sections.database,
                server: sections.server,
                worker: sections.worker,
                linking: sections.linking,
                access: sections.access,
                app: sections.app,
                stripe: sections.stripe,
                console: sections.console,
                log: sections.log,
                signing_key: secrets.signing_key(),
            },
            files,
            catalog: Arc::new(catalog),
            effective,
        })
    }

    /// Checks the profiles that were not asked for, each as if it had been, but for its credentials: those may exist on
    /// other machines only. What is wrong without the profile too is told elsewhere.
    fn spare_profiles(&mut self, files: &ConfigFiles, in_file: &[Leaf], profiles: &[Profile]) {
        let spare = |profile: &&Profile| Some(&profile.active.name) != self.flags.profile.as_ref();
        for profile in profiles.iter().filter(spare) {
            let mut layers = Layers::default();
            layers.lay(in_file.iter().chain(&profile.leaves).cloned());
            let Ok(raw) = assemble::<Raw>(layers.values()) else {
                continue;
            };
            let mut check = Check::new(&layers, self.around, files);
            raw.environment(&mut check);
            raw.check(
                &mut check,
                self.purpose.data_folder(),
                Secrets::default().stripe(),
            );
            let found = check.problems.into_iter();
            self.problems
                .extend(found.filter(|problem| matches!(problem.origin, Origin::Profile { .. })));
        }
    }

    fn taken(&self, leaves: Vec<Leaf>) -> impl Iterator<Item = Leaf> + use<> {
        let purpose = self.purpose;
        leaves.into_iter().filter(move |leaf| purpose.takes(&leaf.key))
    }

    fn file(&mut self, files: &ConfigFiles) -> (Vec<Leaf>, Vec<Profile>) {
        let nothing = (Vec::new(), Vec::new());
        let Some(path) = &files.settings else {
            return nothing;
        };
        let shown = self.around.shown(path);
        let text = match read_if_there(path) {
            Ok(text) => text.unwrap_or_default(),
            Err(error) => {
                let origin = Origin::File {
                    path: Arc::from(shown),
                    line: None,
                };
                self.problems
                    .push(ConfigProblem::whole(origin, format!("cannot be read: {error}")));
                return nothing;
            }
        };
        let source = Source::new(shown, &text);
        let table = match source.parse(&text) {
            Ok(table) => table,
            Err(found) => {
                self.problems.extend(found);
                return nothing;
            }
        };
        let mut walk = Walk::new(&source, &self.root);
        walk.table(&table, &["profiles"]);
        self.problems.append(&mut walk.problems);
        let mut profiles = Vec::new();
        if let Some((key, value)) = table.get_key_value("profiles") {
            let (read, found) = profiles::read(value.get_ref(), &source, key.span().start, &self.root);
            self.problems.extend(found);
            profiles = read;
        }
        (walk.leaves, profiles)
    }

    fn profile(&mut self, profiles: Vec<Profile>) -> Option<Profile> {
        let wanted = self.flags.profile.as_ref()?;
        let nearest = nearest(
            wanted,
            profiles.iter().map(|profile| profile.active.name.as_str()),
        );
        let found = profiles
            .into_iter()
            .find(|profile| profile.active.name == *wanted);
        if found.is_none() {
            let message = format!("no profile `{wanted}` in the configuration");
            let origin = Origin::Flag("--profile".to_owned());
            self.problems
                .push(ConfigProblem::whole(origin, message).nearest(nearest));
        }
        found
    }

    fn catalog(&mut self, files: &ConfigFiles) -> Option<LoadedCatalog> {
        let loaded = match files.catalog().filter(|path| path.is_file()) {
            Some(path) => LoadedCatalog::read(&path, self.around.shown(&path)),
            None => LoadedCatalog::built_in(),
        };
        match loaded {
            Ok(loaded) => Some(loaded),
            Err(errors) => {
                self.problems.extend_from_slice(errors.problems());
                None
            }
        }
    }
}
