//! The console: on the configured database, or on top of a demo.

use std::{fs, path::Path, sync::Arc};

use clap::Args;
use jiff::tz::TimeZone;

use crate::{
    cli::{answer::Answer, context::Context, error::CliError},
    config::{self, Config, ProfileColor, Purpose, Settings},
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
        let config = context.config_with(&context.flags(), Purpose::Ordinary)?;
        let mut options = options(&config)?;
        options.start = (!self.start.is_empty()).then(|| self.start.join(" "));
        context.log(&config, LogTarget::Console)?;
        let process = Process::start(config, Role::Console, Arc::new(Bar::default())).await?;
        let badge = badge(process.settings(), process.is_demo());
        let outcome = open(&process, options, badge).await;
        process.close().await?;
        outcome?;
        Ok(Answer::said())
    }
}

/// The word on the badge, and how loud it is. Live credentials are production, whatever the profile is called.
pub(super) struct Badge {
    word: String,
    tone: BadgeTone,
}

pub(super) fn badge(settings: &Settings, is_demo: bool) -> Badge {
    let profile = settings.profile.as_ref();
    let word =
        |fallback: &str| profile.map_or_else(|| fallback.to_owned(), |profile| profile.name.to_uppercase());
    if is_demo {
        return Badge {
            word: "DEMO".to_owned(),
            tone: BadgeTone::Local,
        };
    }
    if settings.environment == Environment::Live {
        return Badge {
            word: "LIVE".to_owned(),
            tone: BadgeTone::Production,
        };
    }
    let tone = match profile.and_then(|profile| profile.color) {
        Some(ProfileColor::Red) => BadgeTone::Production,
        Some(ProfileColor::Yellow | ProfileColor::Magenta) => BadgeTone::Staging,
        Some(ProfileColor::Green | ProfileColor::Blue | ProfileColor::Cyan) | None => BadgeTone::Local,
    };
    Badge {
        word: word("LOCAL"),
        tone,
    }
}

/// Opens the console on a process, and returns when the person leaves it.
pub(super) async fn open(process: &Process, options: ConsoleOptions, badge: Badge) -> Result<(), CliError> {
    let settings = process.settings();
    let desk = LiveDesk::new(
        process.billing().clone(),
        LiveDeskOptions {
            badge: badge.word,
            tone: badge.tone,
            read_only: settings.read_only,
            operator: settings.operator.clone(),
            returns: (&settings.app).into(),
        },
    );
    Ok(console::run(Arc::new(desk), options).await?)
}

/// How the configuration wants the console to look and to be driven.
pub(super) fn options(config: &Config) -> Result<ConsoleOptions, CliError> {
    let settings = &config.settings.console;
    let keymap = match config.files.keymap().filter(|path| path.is_file()) {
        Some(path) => {
            let text = read(&path)?;
            Keymap::from_toml(&text).map_err(|problems| broken(&path, &problems))?
        }
        None => Keymap::default(),
    };
    let themes = match config.files.themes().filter(|path| path.is_dir()) {
        Some(folder) => themes(&folder)?,
        None => Vec::new(),
    };
    let theme = themes
        .iter()
        .find(|theme| theme.name() == settings.theme)
        .cloned();
    let theme = match theme {
        Some(theme) => theme,
        None if settings.theme == Theme::ansi().name() => Theme::ansi(),
        None => {
            let known: Vec<&str> = themes.iter().map(Theme::name).collect();
            return Err(CliError::Usage {
                message: format!("there is no theme `{}`", settings.theme),
                hint: Some(format!("known are {} {}", Theme::ansi().name(), known.join(" "))),
            });
        }
    };
    Ok(ConsoleOptions {
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
    })
}

fn themes(folder: &Path) -> Result<Vec<Theme>, CliError> {
    let failed = |source| CliError::File {
        action: "read",
        path: folder.display().to_string(),
        source,
    };
    let mut paths: Vec<_> = fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<_, _>>()
        })
        .map_err(failed)?;
    paths.retain(|path: &std::path::PathBuf| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            Theme::from_toml(&name, &read(path)?).map_err(|problems| broken(path, &problems))
        })
        .collect()
}

fn read(path: &Path) -> Result<String, CliError> {
    fs::read_to_string(path).map_err(|source| CliError::File {
        action: "read",
        path: path.display().to_string(),
        source,
    })
}

/// All that is wrong with a file of the console's, each with its place.
fn broken(path: &Path, problems: &[impl std::fmt::Display]) -> CliError {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}: {problem}", path.display()))
        .collect();
    CliError::Usage {
        message: lines.join("\n"),
        hint: Some("mend the file, or move it away for the defaults".to_owned()),
    }
}
