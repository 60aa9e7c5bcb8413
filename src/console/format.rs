//! How values look on the screen: times, counts, ids and text from outside, measured in terminal cells.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::theme::Glyphs;

mod value;

pub(crate) use value::value;

/// How times are written in tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeStyle {
    /// `3m`, `5h10m`, `in 4m`; older ones as a date.
    #[default]
    Relative,
    /// The person's own time zone.
    Local,
    /// UTC.
    Utc,
}

impl TimeStyle {
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Relative => Self::Local,
            Self::Local => Self::Utc,
            Self::Utc => Self::Relative,
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Relative => "relative",
            Self::Local => "local time",
            Self::Utc => "UTC",
        }
    }
}

/// What is needed to write a time.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
    pub(crate) style: TimeStyle,
}

impl Clock {
    /// The short form for tables.
    pub(crate) fn short(&self, at: Timestamp) -> String {
        match self.style {
            TimeStyle::Relative => relative(at, self.now).unwrap_or_else(|| self.date(at, &self.zone)),
            TimeStyle::Local => self.today_or_date(at, &self.zone),
            TimeStyle::Utc => {
                let mut text = self.today_or_date(at, &TimeZone::UTC);
                text.push('Z');
                text
            }
        }
    }

    /// Absolute with its offset, and how far away it is.
    pub(crate) fn long(&self, at: Timestamp) -> String {
        let absolute = self.moment(at);
        let distance = span(at, self.now);
        if at > self.now {
            format!("{absolute} (in {distance})")
        } else {
            format!("{absolute} ({distance} ago)")
        }
    }

    /// Absolute with its offset.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        let zone = match self.style {
            TimeStyle::Utc => &TimeZone::UTC,
            TimeStyle::Relative | TimeStyle::Local => &self.zone,
        };
        let absolute = at.to_zoned(zone.clone());
        absolute.strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
    }

    /// The day alone.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d").to_string()
    }

    /// The time of day, for a log that is read line by line.
    pub(crate) fn time_of_day(&self, at: Timestamp) -> String {
        let zone = match self.style {
            TimeStyle::Utc => &TimeZone::UTC,
            TimeStyle::Relative | TimeStyle::Local => &self.zone,
        };
        self.today_or_date(at, zone)
    }

    fn today_or_date(&self, at: Timestamp, zone: &TimeZone) -> String {
        let (there, here) = (at.to_zoned(zone.clone()), self.now.to_zoned(zone.clone()));
        if there.date() == here.date() {
            there.strftime("%H:%M:%S").to_string()
        } else {
            self.date(at, zone)
        }
    }

    fn date(&self, at: Timestamp, zone: &TimeZone) -> String {
        let (there, here) = (at.to_zoned(zone.clone()), self.now.to_zoned(zone.clone()));
        let pattern = if there.year() == here.year() {
            "%m-%d %H:%M"
        } else {
            "%Y-%m-%d"
        };
        there.strftime(pattern).to_string()
    }
}

/// `3m`, `5h10m`, `in 4m`; none when it is a day away or more.
fn relative(at: Timestamp, now: Timestamp) -> Option<String> {
    let seconds = now.as_second() - at.as_second();
    if seconds.abs() >= 86_400 {
        return None;
    }
    let text = span(at, now);
    Some(if seconds < 0 { format!("in {text}") } else { text })
}

/// The distance between two moments in at most two units.
pub(crate) fn span(one: Timestamp, other: Timestamp) -> String {
    duration(one.as_second().abs_diff(other.as_second()))
}

/// A number of seconds in at most two units; below a minute `<1m`, for an age is only counted by the minute.
pub(crate) fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    if minutes == 0 {
        "<1m".to_owned()
    } else if hours == 0 {
        format!("{minutes}m")
    } else if days == 0 {
        match minutes % 60 {
            0 => format!("{hours}h"),
            rest => format!("{hours}h{rest:02}m"),
        }
    } else {
        format!("{days}d")
    }
}

/// Like [`duration`], with seconds where they matter (a delay, an elapsed time that is counted while one looks).
pub(crate) fn exact_duration(seconds: u64) -> String {
    if seconds < 60 {
        format!("{seconds}s")
    } else {
        duration(seconds)
    }
}

/// `1,204,551`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 event`, `14 events`.
pub(crate) fn counted(number: usize, one: &str) -> String {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{} {one}s", count(number))
    }
}

/// Text from outside, made safe: control characters become visible symbols, characters that turn the direction of
/// writing or have no width become a replacement character.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| !c.is_control() && !is_invisible(c);
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(|c| match c {
            '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
            '\u{7f}' => '\u{2421}',
            c if harmless(c) => c,
            _ => '\u{fffd}',
        })
        .collect::<String>()
        .into()
}

const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// How many cells a text takes.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The start of a text that fits, by grapheme, with an ellipsis where something was cut.
pub(crate) fn cut<'a>(text: &'a str, cells: usize, glyphs: &Glyphs) -> Cow<'a, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    let room = cells.saturating_sub(width(glyphs.ellipsis));
    let mut kept = take(text, room);
    if cells >= width(glyphs.ellipsis) {
        kept.push_str(glyphs.ellipsis);
    }
    Cow::Owned(kept)
}

fn take(text: &str, cells: usize) -> String {
    let mut used = 0;
    text.graphemes(true)
        .take_while(|grapheme| {
            used += width(grapheme);
            used <= cells
        })
        .collect()
}

/// An id that keeps its prefix, three characters of what follows and its last four: `evt_3Nq…x7Qa`.
pub(crate) fn short_id(id: &str, cells: usize, glyphs: &Glyphs) -> String {
    let id = clean(id);
    let length = width(&id);
    if length <= cells {
        return id.into_owned();
    }
    let prefix = id.rfind('_').map_or(0, |at| at + 1);
    let graphemes: Vec<&str> = id.graphemes(true).collect();
    let tail: String = graphemes[graphemes.len().saturating_sub(4)..].concat();
    let wanted = width(&id[..prefix]) + if prefix == 0 { 4 } else { 3 };
    let room = cells.saturating_sub(width(&tail) + width(glyphs.ellipsis));
    if room == 0 {
        return cut(&id, cells, glyphs).into_owned();
    }
    format!("{}{}{tail}", take(&id, wanted.min(room)), glyphs.ellipsis)
}

/// A dotted name that fits by writing the words of its first parts as letters: `c.subscription.updated`,
/// `pi.succeeded`.
pub(crate) fn dotted(name: &str, cells: usize) -> String {
    let mut name = clean(name).into_owned();
    let parts = name.split('.').count();
    for short in 1..parts {
        if width(&name) <= cells {
            break;
        }
        let abbreviated = name.split('.').enumerate().map(|(index, part)| {
            if index < short {
                part.split('_').filter_map(|word| word.chars().next()).collect()
            } else {
                part.to_owned()
            }
        });
        name = abbreviated.collect::<Vec<String>>().join(".");
    }
    name
}

/// The usual short form of an id, for sentences and titles.
pub(crate) fn id(id: &str, glyphs: &Glyphs) -> String {
    short_id(id, 16, glyphs)
}

/// The last four characters, which a person types to confirm.
pub(crate) fn last_four(id: &str) -> String {
    let chars: Vec<char> = id.chars().collect();
    chars[chars.len().saturating_sub(4)..].iter().collect()
}

/// Text padded with blanks to so many cells.
pub(crate) fn pad(text: &str, cells: usize) -> String {
    let missing = cells.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Text broken at blanks into lines of at most so many cells; longer words are broken anywhere.
pub(crate) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in clean(paragraph).split(' ') {
            let mut word = word.to_owned();
            if !line.is_empty() && width(&line) + 1 + width(&word) > cells {
                lines.push(std::mem::take(&mut line));
            }
            while width(&word) > cells {
                let head = take(&word, cells);
                if head.is_empty() {
                    break;
                }
                word.drain(..head.len());
                lines.push(head);
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(style: TimeStyle) -> Clock {
        Clock {
            now: "2026-11-20T23:41:07Z".parse().unwrap(),
            zone: TimeZone::fixed(jiff::tz::offset(-6)),
            style,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_relative_for_a_day_and_dates_after() {
        let clock = clock(TimeStyle::Relative);
        assert_eq!(clock.short(at("2026-11-20T23:41:00Z")), "<1m");
        assert_eq!(clock.short(at("2026-11-20T23:38:00Z")), "3m");
        assert_eq!(clock.short(at("2026-11-20T18:31:00Z")), "5h10m");
        assert_eq!(clock.short(at("2026-11-20T23:45:10Z")), "in 4m");
        assert_eq!(clock.short(at("2026-11-18T04:44:00Z")), "11-17 22:44");
        assert_eq!(clock.short(at("2025-11-20T12:00:00Z")), "2025-11-20");
    }

    #[test]
    fn other_styles_name_the_moment() {
        assert_eq!(
            clock(TimeStyle::Local).short(at("2026-11-20T23:38:02Z")),
            "17:38:02"
        );
        assert_eq!(
            clock(TimeStyle::Utc).short(at("2026-11-20T23:38:02Z")),
            "23:38:02Z"
        );
        assert_eq!(
            clock(TimeStyle::Utc).long(at("2026-11-20T23:38:02Z")),
            "2026-11-20 23:38:02 +00:00 (3m ago)"
        );
    }

    #[test]
    fn text_from_outside_is_shown_and_never_obeyed() {
        assert_eq!(clean("a\u{1b}[31mb\n"), "a\u{241b}[31mb\u{240a}");
        assert_eq!(clean("a\u{202e}b"), "a\u{fffd}b");
        assert!(matches!(clean("plain é 漢"), Cow::Borrowed(_)));
    }

    #[test]
    fn cuts_by_grapheme_and_measures_cells() {
        let glyphs = Glyphs::unicode();
        assert_eq!(cut("漢字漢字", 5, glyphs), "漢字…");
        assert_eq!(cut("漢字漢字", 4, glyphs), "漢…");
        assert_eq!(cut("👨‍👩‍👧x", 2, glyphs), "…");
        assert_eq!(cut("abc", 0, glyphs), "");
        assert_eq!(short_id("evt_3NqABCDEFGHx7Qa", 16, glyphs), "evt_3Nq…x7Qa");
        assert_eq!(
            short_id("0192f7c0-1111-7000-8000-0000000077aa", 16, glyphs),
            "0192…77aa"
        );
        assert_eq!(short_id("漢漢漢漢漢漢漢漢漢漢", 9, glyphs), "漢漢漢漢…");
    }

    #[test]
    fn dotted_names_keep_their_ends() {
        let name = "customer.subscription.updated";
        assert_eq!(dotted(name, 29), name);
        assert_eq!(dotted(name, 28), "c.subscription.updated");
        assert_eq!(dotted(name, 12), "c.s.updated");
        assert_eq!(dotted("payment_intent.succeeded", 22), "pi.succeeded");
        assert_eq!(dotted("charge", 3), "charge");
    }

    #[test]
    fn wraps_at_blanks_and_breaks_long_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
    }
}
