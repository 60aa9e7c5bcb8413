//! One key with its modifiers, as it is written in the key-binding file.

use std::{fmt, str::FromStr};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key that was pressed. Shift is part of the character; Alt is never used, since multiplexers and window managers
/// take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    ctrl: bool,
}

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no key; keys are written like `R`, `Ctrl-d`, `S-Tab`, `F1`, `Enter`, `g g`")]
pub struct UnknownKey(pub String);

const NAMED: [(&str, KeyCode); 15] = [
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("S-Tab", KeyCode::BackTab),
    ("Space", KeyCode::Char(' ')),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
];

impl Chord {
    /// The chord of a terminal's key event; none for keys that billdeck does not use.
    pub fn of(event: KeyEvent) -> Option<Self> {
        if event
            .modifiers
            .intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META | KeyModifiers::HYPER)
        {
            return None;
        }
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let code = match event.code {
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            KeyCode::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        Some(Self { code, ctrl })
    }

    /// The bare character, where the key is one that a text field would take.
    pub fn character(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl => Some(c),
            _ => None,
        }
    }

    /// The event that a terminal would send for it.
    pub fn event(self) -> KeyEvent {
        let modifiers = if self.ctrl {
            KeyModifiers::CONTROL
        } else {
            KeyModifiers::NONE
        };
        KeyEvent::new(self.code, modifiers)
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            other => write!(f, "{other}"),
        }
    }
}

impl FromStr for Chord {
    type Err = UnknownKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownKey(text.to_owned());
        let (ctrl, name) = match text.strip_prefix("Ctrl-") {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, text),
        };
        if let Some((_, code)) = NAMED.iter().find(|(named, _)| *named == name) {
            return Ok(Self { code: *code, ctrl });
        }
        if let Some(number) = name.strip_prefix('F').and_then(|digits| digits.parse().ok()) {
            return Ok(Self {
                code: KeyCode::F(number),
                ctrl,
            });
        }
        let mut chars = name.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() => {
                let c = if ctrl { c.to_ascii_lowercase() } else { c };
                Ok(Self {
                    code: KeyCode::Char(c),
                    ctrl,
                })
            }
            _ => Err(unknown()),
        }
    }
}

/// Keys that are pressed one after the other: `g g`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sequence(pub Vec<Chord>);

impl FromStr for Sequence {
    type Err = UnknownKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let chords: Vec<Chord> = text
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        if chords.is_empty() {
            Err(UnknownKey(text.to_owned()))
        } else {
            Ok(Self(chords))
        }
    }
}

impl fmt::Display for Sequence {
    /// `gg`, `Ctrl-d`, `Ctrl-w s`: bare characters stand together.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separate = self
            .0
            .iter()
            .any(|chord| chord.character().is_none_or(|c| c == ' '));
        for (index, chord) in self.0.iter().enumerate() {
            if index > 0 && separate {
                f.write_str(" ")?;
            }
            write!(f, "{chord}")?;
        }
        Ok(())
    }
}

impl Sequence {
    /// As it is written in the key-binding file: `g g`.
    pub fn in_file(&self) -> String {
        self.0.iter().map(Chord::to_string).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_and_read_alike() {
        for text in [
            "R", "Ctrl-d", "S-Tab", "F1", "Enter", "g g", "Space", "[", "PgDn", "-", "Ctrl-c", "?",
        ] {
            let sequence: Sequence = text.parse().unwrap();
            assert_eq!(sequence.in_file(), text);
        }
        assert_eq!("g g".parse::<Sequence>().unwrap().to_string(), "gg");
        assert!("Ctrl-".parse::<Sequence>().is_err());
        assert!("Alt-x".parse::<Sequence>().is_err());
        assert!("".parse::<Sequence>().is_err());
    }

    #[test]
    fn shift_is_part_of_the_character_and_alt_is_nobodys() {
        let press = |code, modifiers| Chord::of(KeyEvent::new(code, modifiers));
        assert_eq!(press(KeyCode::Char('R'), KeyModifiers::SHIFT), "R".parse().ok());
        assert_eq!(press(KeyCode::Tab, KeyModifiers::SHIFT), "S-Tab".parse().ok());
        assert_eq!(
            press(KeyCode::Char('D'), KeyModifiers::CONTROL),
            "Ctrl-d".parse().ok()
        );
        assert_eq!(press(KeyCode::Char('x'), KeyModifiers::ALT), None);
    }
}
