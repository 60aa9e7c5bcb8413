//! `completions` and `man`: billdeck for the shell.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;
use serde::Serialize;

use super::{
    answer::{Answer, Report},
    error::CliError,
    text::Look,
};

/// `billdeck completions SHELL`
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// A text for another program.
#[derive(Debug, Serialize)]
struct Script {
    text: String,
}

impl Report for Script {
    fn human(&self, _: &Look) -> String {
        self.text.trim_end().to_owned()
    }
}

impl CompletionsArgs {
    pub(super) fn run(&self) -> Answer {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "billdeck", &mut script);
        Answer::new(Script {
            text: String::from_utf8_lossy(&script).into_owned(),
        })
    }
}

/// `billdeck man`
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write one page per command into this folder instead of printing the first one
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Pages that were written.
#[derive(Debug, Serialize)]
struct Pages {
    dir: PathBuf,
}

impl Report for Pages {
    fn human(&self, _: &Look) -> String {
        format!("wrote the manual pages to {}", self.dir.display())
    }
}

impl ManArgs {
    pub(super) fn run(self) -> Result<Answer, CliError> {
        let Some(dir) = self.dir else {
            let mut page = Vec::new();
            clap_mangen::Man::new(super::command())
                .render(&mut page)
                .map_err(CliError::Io)?;
            return Ok(Answer::new(Script {
                text: String::from_utf8_lossy(&page).into_owned(),
            }));
        };
        std::fs::create_dir_all(&dir)
            .and_then(|()| clap_mangen::generate_to(super::command(), &dir))
            .map_err(|source| CliError::File {
                action: "write the manual pages to",
                path: dir.display().to_string(),
                source,
            })?;
        Ok(Answer::new(Pages { dir }))
    }
}
