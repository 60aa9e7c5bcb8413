//! `[console]`: the terminal console.

use jiff::SignedDuration;

use crate::{
    config::{
        check::{Check, words_of},
        schema::raw,
    },
    domain::provider::words,
};

raw! {
    /// `[console]`
    struct RawConsole {
        /// Name of the theme, built in or a file in `themes/`. Default: `default`.
        theme: String = "default".to_owned(),
        /// Colours. Default: true. Variable: `NO_COLOR` (set to anything: none).
        color: bool = true,
        /// Only ASCII signs and borders. Default: false.
        ascii: bool = false,
        /// How times are shown first: `relative`, `local` or `utc`. Default: `relative`.
        time: String = "relative".to_owned(),
        /// The mouse selects and scrolls; text is then marked with Shift held. Default: false.
        mouse: bool = false,
        /// Milliseconds between looks for news that nobody announced. Default: 30000.
        refresh_ms: u64 = 30_000,
    }
}

/// How times are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeStyle {
    /// `3m`, then a date.
    Relative,
    /// In the terminal's time zone.
    Local,
    /// In UTC.
    Utc,
}

words!(TimeStyle, "time style", { Relative => "relative", Local => "local", Utc => "utc" });

/// The terminal console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleSettings {
    /// Name of the theme.
    pub theme: String,
    /// Colours.
    pub color: bool,
    /// Only ASCII signs.
    pub ascii: bool,
    /// How times are shown first.
    pub time: TimeStyle,
    /// The mouse is captured.
    pub mouse: bool,
    /// Time between looks for news that nobody announced.
    pub refresh: SignedDuration,
}

impl RawConsole {
    pub(super) fn check(&self, check: &mut Check<'_>) -> Option<ConsoleSettings> {
        let time = check.word("console.time", &self.time, words_of!(TimeStyle));
        let refresh: Option<u32> = check.number("console.refresh_ms", self.refresh_ms, 100..=3_600_000);
        Some(ConsoleSettings {
            theme: self.theme.clone(),
            color: self.color,
            ascii: self.ascii,
            time: time?,
            mouse: self.mouse,
            refresh: SignedDuration::from_millis(refresh?.into()),
        })
    }
}
