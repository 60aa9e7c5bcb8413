//! Colours and signs by meaning. Screens ask for a role, never for a colour.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Serialize};

use crate::domain::{
    event::EventState, order::OrderStatus, provider::words, subscription::SubscriptionStatus,
};

mod parse;
pub use parse::ThemeProblem;
pub(crate) use parse::{line_of, nearest};

/// What a piece of the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Less important text.
    Dim,
    /// Titles and headings.
    Title,
    /// The title of the focused pane, and its bar.
    Focus,
    /// Borders.
    Border,
    /// The row under the cursor.
    Cursor,
    /// Marked rows.
    Mark,
    /// Keys in hints.
    Key,
    /// Healthy, paid, applied.
    Ok,
    /// Under way.
    Pending,
    /// Will become worse if nobody looks.
    Attention,
    /// Failed.
    Danger,
    /// Over, put aside, disabled.
    Off,
    /// Not known.
    Unknown,
    /// Older than it promises.
    Stale,
    /// The badge of production, and the frame of every dialog there.
    Production,
    /// The badge of staging.
    Staging,
    /// The badge of a developer's own place.
    Local,
    /// `RW` in the status line.
    ReadWrite,
    /// A cell that has just changed.
    Flash,
    /// What a search found.
    Match,
    /// Names of fields in a document.
    JsonKey,
    /// Texts in a document.
    JsonText,
    /// Numbers in a document.
    JsonNumber,
    /// `true`, `false`, `null` in a document.
    JsonWord,
}

words!(Role, "role", {
    Text => "text", Dim => "dim", Title => "title", Focus => "focus", Border => "border", Cursor => "cursor",
    Mark => "mark", Key => "key", Ok => "ok", Pending => "pending", Attention => "attention", Danger => "danger",
    Off => "off", Unknown => "unknown", Stale => "stale", Production => "production", Staging => "staging",
    Local => "local", ReadWrite => "read_write", Flash => "flash", Match => "match", JsonKey => "json_key",
    JsonText => "json_text", JsonNumber => "json_number", JsonWord => "json_word",
});

/// A style for each role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    name: String,
    styles: BTreeMap<Role, Style>,
}

impl Default for Theme {
    fn default() -> Self {
        Self::ansi()
    }
}

impl Theme {
    /// The sixteen colours of the terminal, no backgrounds: readable on dark and on light.
    pub fn ansi() -> Self {
        let fg = |color| Style::new().fg(color);
        let badge = |color| {
            Style::new()
                .fg(color)
                .add_modifier(Modifier::REVERSED | Modifier::BOLD)
        };
        let style = |role| match role {
            Role::Text => Style::new(),
            Role::Dim | Role::Border | Role::Off => Style::new().add_modifier(Modifier::DIM),
            Role::Title => Style::new().add_modifier(Modifier::BOLD),
            Role::Focus => fg(Color::Cyan).add_modifier(Modifier::BOLD),
            Role::Cursor => Style::new().add_modifier(Modifier::REVERSED),
            Role::Mark => fg(Color::Yellow).add_modifier(Modifier::BOLD),
            Role::Key => fg(Color::Cyan),
            Role::Ok => fg(Color::Green),
            Role::Pending => fg(Color::Cyan),
            Role::Attention => fg(Color::Yellow),
            Role::Danger => fg(Color::Red),
            Role::Unknown => fg(Color::Magenta),
            Role::Stale => Style::new().add_modifier(Modifier::DIM | Modifier::ITALIC),
            Role::Production => badge(Color::Red),
            Role::Staging => badge(Color::Yellow),
            Role::Local => badge(Color::Green),
            Role::ReadWrite => Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
            Role::Flash => Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            Role::Match => fg(Color::Yellow).add_modifier(Modifier::REVERSED),
            Role::JsonKey => fg(Color::Cyan),
            Role::JsonText => fg(Color::Green),
            Role::JsonNumber => fg(Color::Yellow),
            Role::JsonWord => fg(Color::Magenta),
        };
        Self {
            name: "default".to_owned(),
            styles: Role::ALL.iter().map(|&role| (role, style(role))).collect(),
        }
    }

    /// The theme's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(&role).copied().unwrap_or_default()
    }

    /// The same theme without colours: bold, dim, reversed and underlined stay (<https://no-color.org>).
    #[must_use]
    pub fn without_colour(&self) -> Self {
        let strip = |style: &Style| Style {
            fg: None,
            bg: None,
            underline_color: None,
            ..*style
        };
        Self {
            name: self.name.clone(),
            styles: self
                .styles
                .iter()
                .map(|(&role, style)| (role, strip(style)))
                .collect(),
        }
    }
}

/// How a thing stands, which decides sign and colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Ok,
    Pending,
    Attention,
    Danger,
    Off,
    Unknown,
}

impl Tone {
    pub(crate) const fn role(self) -> Role {
        match self {
            Self::Ok => Role::Ok,
            Self::Pending => Role::Pending,
            Self::Attention => Role::Attention,
            Self::Danger => Role::Danger,
            Self::Off => Role::Off,
            Self::Unknown => Role::Unknown,
        }
    }

    pub(crate) const fn of_event(state: EventState) -> Self {
        match state {
            EventState::Pending | EventState::Processing => Self::Pending,
            EventState::Processed => Self::Ok,
            EventState::Ignored | EventState::Discarded => Self::Off,
            EventState::Failed => Self::Attention,
            EventState::Dead | EventState::Quarantined => Self::Danger,
        }
    }

    pub(crate) const fn of_subscription(status: SubscriptionStatus) -> Self {
        match status {
            SubscriptionStatus::Incomplete | SubscriptionStatus::Trialing => Self::Pending,
            SubscriptionStatus::Active => Self::Ok,
            SubscriptionStatus::PastDue => Self::Attention,
            SubscriptionStatus::Unpaid => Self::Danger,
            SubscriptionStatus::Paused | SubscriptionStatus::Canceled | SubscriptionStatus::Expired => {
                Self::Off
            }
        }
    }

    pub(crate) const fn of_order(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Pending => Self::Pending,
            OrderStatus::Paid => Self::Ok,
            OrderStatus::Failed | OrderStatus::Disputed => Self::Danger,
            OrderStatus::PartiallyRefunded => Self::Attention,
            OrderStatus::Refunded | OrderStatus::Expired => Self::Off,
        }
    }

    pub(crate) fn of_verification(word: &str) -> Self {
        match word {
            "verified" => Self::Ok,
            "pending" => Self::Pending,
            "mismatch" => Self::Attention,
            _ => Self::Unknown,
        }
    }
}

/// The signs, in Unicode or in ASCII.
#[derive(Debug)]
pub(crate) struct Glyphs {
    pub(crate) ok: &'static str,
    pub(crate) pending: &'static str,
    pub(crate) attention: &'static str,
    pub(crate) danger: &'static str,
    pub(crate) off: &'static str,
    pub(crate) unknown: &'static str,
    pub(crate) stale: &'static str,
    pub(crate) ellipsis: &'static str,
    pub(crate) missing: &'static str,
    pub(crate) bar: &'static str,
    pub(crate) mark: &'static str,
    pub(crate) open: &'static str,
    pub(crate) closed: &'static str,
    pub(crate) arrow: &'static str,
    pub(crate) crumb: &'static str,
    pub(crate) reload: &'static str,
    pub(crate) above: &'static str,
    pub(crate) descending: &'static str,
    pub(crate) ascending: &'static str,
    pub(crate) dot: &'static str,
    pub(crate) dash: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) times: &'static str,
    pub(crate) levels: [&'static str; 9],
    pub(crate) spinner: [&'static str; 4],
    pub(crate) ascii: bool,
}

static UNICODE: Glyphs = Glyphs {
    ok: "●",
    pending: "◐",
    attention: "▲",
    danger: "✖",
    off: "○",
    unknown: "?",
    stale: "≈",
    ellipsis: "…",
    missing: "—",
    bar: "▌",
    mark: "✓",
    open: "▾",
    closed: "▸",
    arrow: "→",
    crumb: "›",
    reload: "↻",
    above: "▴",
    descending: "▼",
    ascending: "▲",
    dot: "·",
    dash: "—",
    rule: "─",
    times: "×",
    levels: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    spinner: ["◐", "◓", "◑", "◒"],
    ascii: false,
};

static ASCII: Glyphs = Glyphs {
    ok: "+",
    pending: "~",
    attention: "!",
    danger: "x",
    off: "-",
    unknown: "?",
    stale: "=",
    ellipsis: "..",
    missing: "-",
    bar: ">",
    mark: "*",
    open: "v",
    closed: ">",
    arrow: "->",
    crumb: ">",
    reload: "~",
    above: "^",
    descending: "v",
    ascending: "^",
    dot: "|",
    dash: "-",
    rule: "-",
    times: "x",
    levels: [" ", ".", ":", "-", "=", "+", "*", "#", "@"],
    spinner: ["|", "/", "-", "\\"],
    ascii: true,
};

impl Glyphs {
    pub(crate) fn unicode() -> &'static Self {
        &UNICODE
    }

    pub(crate) fn ascii() -> &'static Self {
        &ASCII
    }

    pub(crate) const fn sign(&self, tone: Tone) -> &'static str {
        match tone {
            Tone::Ok => self.ok,
            Tone::Pending => self.pending,
            Tone::Attention => self.attention,
            Tone::Danger => self.danger,
            Tone::Off => self.off,
            Tone::Unknown => self.unknown,
        }
    }
}
