//! What changes a subscription, replays or discards is asked for once more; without a terminal it needs `--yes`.

use std::io::{self, IsTerminal, Write};

use clap::Args;

use super::{error::CliError, printer::Printer};

/// Whether to ask.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Confirm {
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

impl Confirm {
    /// Refuses at once where nobody could be asked.
    pub(super) fn is_possible(self) -> Result<(), CliError> {
        if self.yes || (io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Ok(());
        }
        Err(CliError::Refused {
            code: "confirmation_missing",
            message: "this asks for a confirmation, and there is no terminal to ask on".to_owned(),
            hint: Some("add `--yes`, or look first with `--dry-run` where there is one".to_owned()),
        })
    }

    /// Somebody will be asked.
    pub(super) const fn asks(self) -> bool {
        !self.yes
    }

    /// Asks, unless that was answered beforehand.
    pub(super) async fn ask(self, printer: &Printer, question: &str) -> Result<(), CliError> {
        if self.yes {
            return Ok(());
        }
        self.is_possible()?;
        printer.ask(&format!("{question} [y/N] "));
        let answer = tokio::task::spawn_blocking(|| {
            let mut answer = String::new();
            io::stdin().read_line(&mut answer).map(|_| answer)
        });
        let answer = answer
            .await
            .map_err(|error| CliError::Io(io::Error::other(error)))?;
        match answer.map_err(CliError::Io)?.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(CliError::Refused {
                code: "not_confirmed",
                message: "nothing was done".to_owned(),
                hint: None,
            }),
        }
    }
}

impl Printer {
    /// A question on standard error, with the cursor left behind it.
    fn ask(&self, question: &str) {
        let mut stream = anstream::stderr().lock();
        // Where it cannot be shown it will not be answered with yes.
        let _ = write!(stream, "{question}");
        let _ = stream.flush();
    }
}
