//! How money, time, ids and text from outside look on a screen.

use std::io::IsTerminal;

use clap::builder::styling::{AnsiColor, Style};
use jiff::{SignedDuration, Timestamp, Unit, tz::TimeZone};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What is missing.
pub(super) const NOTHING: &str = "—";

/// Where an answer will be seen.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// Columns of the terminal; none where nothing has to fit.
    pub(super) width: Option<usize>,
    /// What relative times start from.
    pub(super) now: Timestamp,
    /// Where the reader is.
    pub(super) zone: TimeZone,
}

impl Look {
    /// For standard output: as wide as the terminal, or as wide as need be where it is none.
    pub(super) fn of_stdout() -> Self {
        let width = std::io::stdout()
            .is_terminal()
            .then(crossterm::terminal::size)
            .and_then(Result::ok)
            .map(|(columns, _)| usize::from(columns).max(20));
        Self {
            width,
            now: Timestamp::now(),
            zone: TimeZone::system(),
        }
    }

    /// A time in a table: `3m`, `5h10m`, `in 2d`, then a date.
    pub(super) fn when(&self, at: Timestamp) -> String {
        let ago = self.now.duration_since(at);
        if ago.abs() >= SignedDuration::from_hours(24) {
            return self.date(at);
        }
        let short = short(ago.abs());
        if ago.is_negative() {
            format!("in {short}")
        } else {
            short
        }
    }

    /// As [`Look::when`], for a time that may be missing.
    pub(super) fn when_some(&self, at: Option<Timestamp>) -> String {
        at.map_or_else(|| NOTHING.to_owned(), |at| self.when(at))
    }

    /// A time in a detail: with its offset, and how long ago.
    pub(super) fn exactly(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned(self.zone.clone());
        let ago = self.now.duration_since(at);
        let short = short(ago.abs());
        let relative = if ago.is_negative() {
            format!("in {short}")
        } else {
            format!("{short} ago")
        };
        format!("{} ({relative})", zoned.strftime("%Y-%m-%d %H:%M:%S %:z"))
    }

    fn date(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        let now = self.now.to_zoned(self.zone.clone());
        if at.year() == now.year() {
            at.strftime("%m-%d %H:%M").to_string()
        } else {
            at.strftime("%Y-%m-%d").to_string()
        }
    }
}

/// A length of time in two units at most: `42s`, `3m`, `5h10m`, `12d`.
pub(super) fn short(duration: SignedDuration) -> String {
    let rounded = duration.round(Unit::Second).unwrap_or(duration);
    let (days, hours) = (rounded.as_hours() / 24, rounded.as_hours() % 24);
    let (minutes, seconds) = (rounded.as_mins() % 60, rounded.as_secs() % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m"),
        (0, _, 0) => format!("{hours}h"),
        (0, _, _) => format!("{hours}h{minutes:02}m"),
        (_, _, _) => format!("{days}d"),
    }
}

/// Text from outside without anything that a terminal would act on: controls become their pictures, marks that turn the
/// writing round become a replacement sign.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
            '\u{7f}' => '\u{2421}',
            '\u{80}'..='\u{9f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{200e}'
            | '\u{200f}' => '\u{fffd}',
            other => other,
        })
        .collect()
}

/// As [`clean`], for text that may be missing.
pub(super) fn clean_some(text: Option<&str>) -> String {
    text.map_or_else(|| NOTHING.to_owned(), clean)
}

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Cuts a text to so many columns, by grapheme, with a sign where something is missing.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut taken = 0;
    for grapheme in text.graphemes(true) {
        let wide = width(grapheme);
        if taken + wide + 1 > columns {
            break;
        }
        kept.push_str(grapheme);
        taken += wide;
    }
    kept.push('…');
    kept
}

/// How a word is coloured. The word itself says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it is.
    Plain,
    /// Well.
    Good,
    /// Under way.
    Going,
    /// Will become worse if nobody looks.
    Attention,
    /// Needs a person.
    Danger,
    /// Over, or beside the point.
    Off,
}

impl Tone {
    pub(super) const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Going => AnsiColor::Cyan.on_default(),
            Self::Attention => AnsiColor::Yellow.on_default(),
            Self::Danger => AnsiColor::Red.on_default(),
            Self::Off => Style::new().dimmed(),
        }
    }

    /// The text in this tone.
    pub(super) fn paint(self, text: &str) -> String {
        if self == Self::Plain {
            return text.to_owned();
        }
        let style = self.style();
        format!("{style}{text}{style:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look() -> Look {
        Look {
            width: None,
            now: "2026-11-20T12:00:00Z".parse().unwrap(),
            zone: TimeZone::UTC,
        }
    }

    #[test]
    fn times_are_relative_for_a_day() {
        let when = |text: &str| look().when(text.parse().unwrap());
        assert_eq!(when("2026-11-20T11:59:18Z"), "42s");
        assert_eq!(when("2026-11-20T11:56:30Z"), "3m");
        assert_eq!(when("2026-11-20T06:50:00Z"), "5h10m");
        assert_eq!(when("2026-11-20T14:00:00Z"), "in 2h");
        assert_eq!(when("2026-11-18T22:44:00Z"), "11-18 22:44");
        assert_eq!(when("2025-11-18T22:44:00Z"), "2025-11-18");
    }

    #[test]
    fn text_from_outside_cannot_act() {
        assert_eq!(clean("a\u{1b}[31mb\n\u{202e}c"), "a␛[31mb␊\u{fffd}c");
    }

    #[test]
    fn text_is_cut_by_what_it_takes() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 3), "abc");
    }
}
