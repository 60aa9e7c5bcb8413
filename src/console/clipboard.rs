//! The clipboard, by way of the terminal (OSC 52): it works over ssh and inside multiplexers, and needs no program.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The longest text that is sent. Terminals cut or drop longer sequences (xterm's limit for the encoded text is 100,000).
pub(crate) const LONGEST: usize = 74_000;

/// What stands between billdeck and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    Nothing,
    Tmux,
    Screen,
}

impl Between {
    /// Read from the variables that multiplexers set.
    pub(crate) fn of_environment() -> Self {
        if std::env::var_os("TMUX").is_some() {
            Self::Tmux
        } else if std::env::var_os("STY").is_some() {
            Self::Screen
        } else {
            Self::Nothing
        }
    }
}

/// The sequence that puts a text on the clipboard.
///
/// # Errors
/// The text is too long for a terminal to take.
pub(crate) fn sequence(text: &str, between: Between) -> Result<String, String> {
    if text.len() > LONGEST {
        return Err(format!(
            "{} are too many for the terminal's clipboard; `:export json` writes a file",
            super::format::counted(text.len(), "byte")
        ));
    }
    let plain = format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(text));
    Ok(match between {
        Between::Nothing => plain,
        // The bare sequence for a tmux that handles it itself, and one wrapped for the terminal outside.
        Between::Tmux => format!(
            "{plain}\u{1b}Ptmux;{}\u{1b}\\",
            plain.replace('\u{1b}', "\u{1b}\u{1b}")
        ),
        // GNU screen passes at most 768 bytes at a time.
        Between::Screen => {
            let mut wrapped = String::with_capacity(plain.len() + plain.len() / 128);
            let bytes: Vec<char> = plain.chars().collect();
            for part in bytes.chunks(700) {
                wrapped.push_str("\u{1b}P");
                wrapped.extend(part);
                wrapped.push_str("\u{1b}\\");
            }
            wrapped
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_for_what_stands_between() {
        assert_eq!(sequence("hi", Between::Nothing).unwrap(), "\u{1b}]52;c;aGk=\u{7}");
        let tmux = sequence("hi", Between::Tmux).unwrap();
        assert!(
            tmux.ends_with("\u{1b}Ptmux;\u{1b}\u{1b}]52;c;aGk=\u{7}\u{1b}\\"),
            "{tmux:?}"
        );
        let long = sequence(&"x".repeat(1_000), Between::Screen).unwrap();
        assert_eq!(long.matches("\u{1b}P").count(), 2);
        assert!(sequence(&"x".repeat(LONGEST + 1), Between::Nothing).is_err());
    }
}
