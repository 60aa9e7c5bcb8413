//! The terminal face: one loop, pure updates, effects as values.
//!
//! ```text
//! event → keymap → Msg → update(&mut state, Msg, now) → effects → runner → Msg → …
//! ```
//!
//! [`run`] is the way in. [`App`] is the same console without a terminal: messages in, effects and pictures out; it knows
//! no clock, does no I/O, and so can be driven by a test. Everything outside is reached through [`desk::Desk`].

mod app;
mod clipboard;
mod command;
pub mod desk;
mod effect;
mod event_loop;
mod export;
mod filter;
mod format;
pub mod keymap;
mod layout;
pub mod live_desk;
mod msg;
mod nav;
mod operations;
mod overlay;
mod runner;
mod screens;
mod shared;
mod terminal;
pub mod theme;
mod verbs;
mod widgets;

pub use app::App;
pub use effect::{Access, Effect, Export, ExportFormat, ExportList, LinkUse, Read, RunId, Write};
pub use format::TimeStyle;
pub use keymap::Keymap;
pub use msg::{Answer, EventSheet, Exported, Msg, SubscriptionSheet};
pub use runner::Runner;
pub use theme::Theme;
pub use widgets::json::Document;

use desk::SharedDesk;
use jiff::{SignedDuration, tz::TimeZone};

/// How the console is opened.
#[derive(Clone, Debug)]
pub struct ConsoleOptions {
    /// The colours.
    pub theme: Theme,
    /// Further themes, for `:theme NAME`.
    pub themes: Vec<Theme>,
    /// Signs that every terminal can show.
    pub ascii: bool,
    /// No colours at all (`NO_COLOR`, `--no-color`).
    pub no_color: bool,
    /// The keys: [`Keymap::default`], or [`Keymap::from_toml`] of `config/keymap.toml`.
    pub keymap: Keymap,
    /// The first command, as if it had been typed after `:`.
    pub start: Option<String>,
    /// The wheel scrolls; the terminal's own selection then needs Shift.
    pub mouse: bool,
    /// How times are shown at first.
    pub time: TimeStyle,
    /// The person's time zone.
    pub zone: TimeZone,
    /// Time between looks for news that nobody announced.
    pub refresh: SignedDuration,
}

impl Default for ConsoleOptions {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            themes: Vec::new(),
            ascii: false,
            no_color: false,
            keymap: Keymap::default(),
            start: None,
            mouse: false,
            time: TimeStyle::Relative,
            zone: TimeZone::UTC,
            refresh: SignedDuration::from_secs(30),
        }
    }
}

/// Why the console ended otherwise than by a person's wish.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// There is nothing to draw on.
    #[error(
        "the console needs a terminal; the same things can be done with `billdeck events`, `customers`, …"
    )]
    NoTerminal,
    /// The terminal did not do what it was told.
    #[error("the terminal cannot be used")]
    Terminal(#[from] std::io::Error),
    /// Something broke inside; the message stands above.
    #[error("billdeck met an error of its own and closed the console; nothing that was stored is affected")]
    Panicked,
}

/// Opens the console and returns when the person leaves it, or on SIGTERM, SIGHUP or SIGINT.
///
/// # Errors
/// There is no terminal, it fails, or a task panicked. The terminal has been given back in every case.
pub async fn run(desk: SharedDesk, options: ConsoleOptions) -> Result<(), ConsoleError> {
    event_loop::run(desk, options).await
}
