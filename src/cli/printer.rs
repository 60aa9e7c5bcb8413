//! The only place that writes: answers to standard output, everything else to standard error. A reader that has gone away
//! is no error.

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
};

use anstream::{AutoStream, ColorChoice};
use clap::error::ErrorKind;
use serde_json::json;

use super::{answer::Answer, error::CliError, exit::Exit, text::Look};

/// How things are printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printer {
    json: bool,
    color: ColorChoice,
}

impl Printer {
    /// `json` prints documents instead of prose.
    pub(super) fn new(json: bool, color: bool) -> Self {
        Self {
            json,
            color: if color {
                ColorChoice::Auto
            } else {
                ColorChoice::Never
            },
        }
    }

    /// Documents are wanted.
    pub(super) const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints the answer of a command.
    pub(super) fn answer(&self, answer: &Answer) -> Exit {
        let text = if self.json {
            match answer.json(io::stdout().is_terminal()).transpose() {
                Ok(text) => text,
                Err(error) => return self.error(&CliError::Io(error.into())),
            }
        } else {
            answer.human(&Look::of_stdout())
        };
        match text.map_or(Ok(()), |text| self.out(&text)) {
            Ok(()) => answer.exit(),
            Err(error) => self.error(&CliError::Io(error)),
        }
    }

    /// Prints one line of a command that says things as they happen. False when nobody reads any more.
    pub(super) fn line(&self, text: &str) -> Result<bool, CliError> {
        match self.write_out(text) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(CliError::Io(error)),
        }
    }

    /// Prints what went wrong.
    pub(super) fn error(&self, error: &CliError) -> Exit {
        let text = if self.json {
            let mut body = json!({
                "code": error.code(),
                "message": error.sentences().join(": "),
                "hint": error.hint(),
            });
            if let Some(problems) = error.problems() {
                body["problems"] = json!(problems);
            }
            json!({ "error": body }).to_string()
        } else {
            in_prose(error)
        };
        self.err(&text);
        error.exit()
    }

    /// Prints a remark beside the answer; none with `--json`.
    pub(super) fn remark(&self, text: &str) {
        if !self.json {
            self.err(text);
        }
    }

    /// Prints what clap says of a command line: help and version, or what is wrong with it.
    pub(super) fn usage(error: &clap::Error, arguments: &[OsString]) -> Exit {
        let given = |flag: &str| arguments.iter().any(|argument| argument == flag);
        let printer = Self::new(given("--json"), !given("--no-color"));
        let rendered = error.render();
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                match printer.out(rendered.ansi().to_string().trim_end()) {
                    Ok(()) => Exit::Done,
                    Err(error) => printer.error(&CliError::Io(error)),
                }
            }
            _ if printer.json => {
                let text = rendered.to_string();
                let (message, hint) = text.split_once("\n\n").unwrap_or((text.as_str(), ""));
                let hint = match hint.trim() {
                    "" => "see `billdeck --help`",
                    hint => hint,
                };
                printer.error(&CliError::usage(
                    message.trim().trim_start_matches("error: "),
                    hint.to_owned(),
                ))
            }
            _ => {
                printer.err(rendered.ansi().to_string().trim_end());
                Exit::Usage
            }
        }
    }

    fn out(&self, text: &str) -> io::Result<()> {
        match self.write_out(text) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    fn write_out(&self, text: &str) -> io::Result<()> {
        let mut stream = AutoStream::new(io::stdout(), self.color).lock();
        writeln!(stream, "{text}")?;
        stream.flush()
    }

    /// Where standard error is gone there is nobody left to tell.
    fn err(&self, text: &str) {
        let mut stream = AutoStream::new(io::stderr(), self.color).lock();
        let _ = writeln!(stream, "{text}");
    }
}

fn in_prose(error: &CliError) -> String {
    let red = clap::builder::styling::AnsiColor::Red.on_default().bold();
    let bold = clap::builder::styling::Style::new().bold();
    let mut sentences = error.sentences().into_iter();
    let first = sentences.next().unwrap_or_default();
    let mut text = format!("{red}error{red:#}: {first}");
    for cause in sentences {
        text.push_str(&format!("\n  {bold}cause{bold:#}: {cause}"));
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\n  {bold}hint{bold:#}: {hint}"));
    }
    text
}
