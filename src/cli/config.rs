//! `config show` and `config check`.

use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;

use super::{
    answer::{Answer, Report},
    context::Context,
    error::CliError,
    process,
    table::{Cell, Column, Table},
    text::{Look, NOTHING, clean},
};
use crate::config::{Effective, EffectiveFiles};

/// `billdeck config …`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub(super) enum ConfigCommand {
    /// Every value and where it comes from; secrets are masked
    Show,
    /// Check all files, variables and profiles
    Check,
}

impl ConfigCommand {
    pub(super) fn run(self, context: &Context) -> Result<Answer, CliError> {
        let config = context.config()?;
        if self == Self::Check {
            process::console::options(&config)?;
        }
        Ok(match self {
            Self::Show => Answer::new(Shown(config.effective)),
            Self::Check => Answer::new(Checked {
                ok: true,
                environment: config.settings.environment.as_str(),
                files: config.effective.files,
                profile: config.effective.profile,
                plans: config.catalog.catalog.plans().len(),
            }),
        })
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Shown(Effective);

impl Report for Shown {
    fn human(&self, look: &Look) -> String {
        let mut table = Table::new([
            Column::new("KEY").whole(),
            Column::new("VALUE"),
            Column::new("FROM").optional(1),
        ]);
        for value in &self.0.values {
            let text = match &value.value {
                Value::Null => NOTHING.to_owned(),
                Value::String(text) => clean(text),
                other => other.to_string(),
            };
            table.row([
                Cell::from(value.key.as_str()),
                text.into(),
                value.origin.to_string().into(),
            ]);
        }
        format!("{}\n\n{}", files(&self.0.files), table.render(look))
    }
}

#[derive(Debug, Serialize)]
struct Checked {
    ok: bool,
    environment: &'static str,
    files: EffectiveFiles,
    profile: Option<String>,
    plans: usize,
}

impl Report for Checked {
    fn human(&self, _: &Look) -> String {
        let profile = self
            .profile
            .as_ref()
            .map(|name| format!("profile {name}, "))
            .unwrap_or_default();
        format!(
            "{}\nthe configuration is sound: {profile}{} environment, {} plans",
            files(&self.files),
            self.environment,
            self.plans
        )
    }
}

fn files(files: &EffectiveFiles) -> String {
    let name = |path: &Option<std::path::PathBuf>| {
        path.as_ref().map_or_else(
            || "built-in defaults".to_owned(),
            |path| path.display().to_string(),
        )
    };
    format!(
        "settings   {}\ncatalogue  {}",
        name(&files.settings),
        name(&files.catalog)
    )
}
