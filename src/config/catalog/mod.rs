//! `catalog.toml`: the plans and their prices, with the line of each.

mod price;
mod reader;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use self::reader::Reader;
use super::{
    ConfigErrors, DEFAULT_CATALOG,
    document::Source,
    problems::{ConfigProblem, Origin},
};
use crate::domain::{catalog::Catalog, provider::ProviderName};

/// A catalogue and the file it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedCatalog {
    /// The plans.
    pub catalog: Catalog,
    /// Where they stand.
    pub file: CatalogFile,
}

/// Where the catalogue stands, for hints that name the place to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogFile {
    path: Option<PathBuf>,
    shown: PathBuf,
    text: Arc<str>,
    plans: BTreeMap<String, PlanLines>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct PlanLines {
    plan: u32,
    prices: BTreeMap<ProviderName, u32>,
}

impl CatalogFile {
    /// The file; none for the built-in catalogue.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The text that was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line (from 1) where a plan's prices of a provider begin, else where the plan does.
    pub fn line(&self, plan: &str, provider: ProviderName) -> Option<u32> {
        let lines = self.plans.get(plan)?;
        Some(lines.prices.get(&provider).copied().unwrap_or(lines.plan))
    }

    /// `DIR/catalog.toml:42`: the place where a price of this provider would be added to a plan; the file alone when the
    /// plan is not known.
    pub fn place(&self, plan: Option<&str>, provider: ProviderName) -> String {
        match plan.and_then(|plan| self.line(plan, provider)) {
            Some(line) => format!("{}:{line}", self.shown.display()),
            None => self.shown.display().to_string(),
        }
    }
}

impl LoadedCatalog {
    /// Reads a file. `shown` is its name for people.
    pub fn read(path: &Path, shown: &Path) -> Result<Self, ConfigErrors> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(Some(path), shown, &text),
            Err(error) => {
                let origin = Origin::File {
                    path: Arc::from(shown),
                    line: None,
                };
                Err(ConfigErrors::one(ConfigProblem::whole(
                    origin,
                    format!("cannot be read: {error}"),
                )))
            }
        }
    }

    /// The shipped catalogue.
    pub fn built_in() -> Result<Self, ConfigErrors> {
        Self::parse(None, Path::new("built-in catalog.toml"), DEFAULT_CATALOG)
    }

    /// Checks a text; all problems at once.
    pub fn parse(path: Option<&Path>, shown: &Path, text: &str) -> Result<Self, ConfigErrors> {
        let source = Source::new(shown, text);
        let mut reader = Reader::new(&source);
        match source.parse(text) {
            Ok(table) => reader.root(&table),
            Err(problems) => reader.problems = problems,
        }
        let Reader {
            plans,
            lines,
            mut problems,
            ..
        } = reader;
        let catalog = if problems.is_empty() {
            // The reader names both places of a price that stands twice; this is the domain's own look.
            Catalog::new(plans)
                .map_err(|clash| {
                    let origin = Origin::File {
                        path: Arc::from(shown),
                        line: None,
                    };
                    problems.push(ConfigProblem::whole(origin, clash.to_string()));
                })
                .ok()
        } else {
            None
        };
        let loaded = catalog.map(|catalog| Self {
            catalog,
            file: CatalogFile {
                path: path.map(Path::to_owned),
                shown: shown.to_owned(),
                text: Arc::from(text),
                plans: lines,
            },
        });
        ConfigErrors::unless_empty(loaded, problems)
    }
}
