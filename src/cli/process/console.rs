//! `console`, and what `billdeck` does without a command.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use jiff::tz::TimeZone;

use crate::{
    billing::checkout::ReturnUrls,
    cli::{answer::Answer, context::Context, error::CliError},
    config::{self, Config, ProfileColor, Settings},
    console::{
        self, ConsoleOptions, Keymap, Theme,
        desk::BadgeTone,
        live_desk::{LiveDesk, LiveDeskOptions},
    },
    domain::provider::Environment,
    postgres::Bar,
    runtime::{LogTarget, Process, Role},
};

/// `billdeck console`
#[derive(Debug, Default, Args)]
pub(in crate::cli) struct ConsoleArgs {
    /// Console command to begin with, such as `events state:failed`
    #[arg(value_name = "COMMAND", num_args = 0.., trailing_var_arg = true)]
    start: Vec<String>,
}

impl ConsoleArgs {
    pub(in crate::cli) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let config = context.config()?;
        let options = ConsoleOptions {
            start: (!self.start.is_empty()).then(|| self.start.join(" ")),
            ..options(&config)?
        };
        context.log(&config, LogTarget::Console)?;
        let process = Process::start(config, Role::Console, Arc::new(Bar::default())).await?;
        let read_only = process.settings().read_only;
        let shown = show(&process, options, read_only).await;
        process.close().await?;
        shown?;
        Ok(Answer::said())
    }
}

/// Opens the console on a process, until the person leaves it.
pub(super) async fn show(
    process: &Process,
    options: ConsoleOptions,
    read_only: bool,
) -> Result<(), CliError> {
    let (badge, tone) = badge(process.settings(), process.is_demo());
    let desk = LiveDesk::new(
        process.billing().clone(),
        process.reads().clone(),
        LiveDeskOptions {
            badge,
            tone,
            read_only,
            operator: process.settings().operator.clone(),
            returns: ReturnUrls::from(&process.settings().app),
        },
    );
    Ok(console::run(Arc::new(desk), options).await?)
}

/// The word on the badge and how loud it is: money is loud, whatever the profile is called.
fn badge(settings: &Settings, is_demo: bool) -> (String, BadgeTone) {
    let profile = settings.profile.as_ref();
    let name = profile.map_or_else(|| "LOCAL".to_owned(), |profile| profile.name.to_uppercase());
    if is_demo {
        return ("DEMO".to_owned(), BadgeTone::Local);
    }
    let tone = match (settings.environment, profile.and_then(|profile| profile.color)) {
        (Environment::Live, _) | (Environment::Test, Some(ProfileColor::Red)) => BadgeTone::Production,
        (Environment::Test, Some(ProfileColor::Yellow | ProfileColor::Magenta)) => BadgeTone::Staging,
        (Environment::Test, Some(ProfileColor::Green | ProfileColor::Blue | ProfileColor::Cyan)) => {
            BadgeTone::Local
        }
        (Environment::Test, None) if name.starts_with("PROD") => BadgeTone::Production,
        (Environment::Test, None) if name.starts_with("STAG") => BadgeTone::Staging,
        (Environment::Test, None) => BadgeTone::Local,
    };
    (name, tone)
}

/// How the console is opened, from the settings and the files beside them. All that is wrong with those is told at once.
pub(in crate::cli) fn options(config: &Config) -> Result<ConsoleOptions, CliError> {
    let settings = &config.settings.console;
    let mut problems = Vec::new();
    let keymap = keymap(config, &mut problems);
    let themes = themes(config, &mut problems);
    let default = Theme::default();
    let theme = match settings.theme.as_str() {
        "default" => Some(default),
        name => std::iter::once(default)
            .chain(themes.iter().cloned())
            .find(|theme| theme.name() == name),
    };
    if theme.is_none() {
        problems.push(format!("console.theme: there is no theme `{}`", settings.theme));
    }
    match (keymap, theme) {
        (Some(keymap), Some(theme)) if problems.is_empty() => Ok(ConsoleOptions {
            theme,
            themes,
            ascii: settings.ascii,
            no_color: !settings.color,
            keymap,
            start: None,
            mouse: settings.mouse,
            time: match settings.time {
                config::TimeStyle::Relative => console::TimeStyle::Relative,
                config::TimeStyle::Local => console::TimeStyle::Local,
                config::TimeStyle::Utc => console::TimeStyle::Utc,
            },
            zone: TimeZone::system(),
            refresh: settings.refresh,
        }),
        _ => Err(CliError::Usage {
            message: format!("the console's files have problems\n  {}", problems.join("\n  ")),
            hint: Some("mend them, or take them away to have the defaults".to_owned()),
        }),
    }
}

fn keymap(config: &Config, problems: &mut Vec<String>) -> Option<Keymap> {
    let Some(path) = config.files.keymap().filter(|path| path.is_file()) else {
        return Some(Keymap::default());
    };
    let text = read(&path, problems)?;
    Keymap::from_toml(&text)
        .map_err(|found| {
            problems.extend(
                found
                    .iter()
                    .map(|problem| format!("{}: {problem}", shown(&path).display())),
            );
        })
        .ok()
}

fn themes(config: &Config, problems: &mut Vec<String>) -> Vec<Theme> {
    let mut files: Vec<PathBuf> = config
        .files
        .themes()
        .and_then(|folder| std::fs::read_dir(folder).ok())
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let mut themes = Vec::new();
    for path in files {
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else {
            continue;
        };
        let Some(text) = read(&path, problems) else {
            continue;
        };
        match Theme::from_toml(name, &text) {
            Ok(theme) => themes.push(theme),
            Err(found) => problems.extend(
                found
                    .iter()
                    .map(|problem| format!("{}: {problem}", shown(&path).display())),
            ),
        }
    }
    themes
}

fn read(path: &Path, problems: &mut Vec<String>) -> Option<String> {
    std::fs::read_to_string(path)
        .map_err(|error| problems.push(format!("{}: cannot be read: {error}", shown(path).display())))
        .ok()
}

/// Relative where it lies below the working folder.
fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_owned()
}
