//! `events ingest`: bodies from a file, through intake, as imports.

use std::{io::Read, path::PathBuf};

use bytes::Bytes;
use clap::Args;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    cli::{
        answer::{Answer, Report},
        context::Context,
        error::CliError,
        exit::Exit,
        text::{Look, clean},
    },
    domain::{ids::EventId, provider::ProviderName},
    runtime::Role,
    webhooks::intake::{Intake, IntakeError, IntakeOptions, Origin, ReceiptStatus},
};

/// How many bodies are on their way at a time; they share commits.
const AT_ONCE: usize = 64;

#[derive(Debug, Args)]
pub(in crate::cli) struct IngestArgs {
    /// File with one JSON document, or with one per line; `-` reads standard input
    file: PathBuf,
    /// The provider whose events they are
    #[arg(long)]
    provider: ProviderName,
}

impl IngestArgs {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let config = context.writable_config()?;
        let bodies = bodies(&self.read()?);
        let report = context
            .on_database(config, async |process| {
                let options =
                    IntakeOptions::from_settings(Role::Command.process_name(), &process.settings().server);
                let intake = Intake::start(process.store().clone(), process.billing().providers(), options);
                let provider = self.provider;
                let mut taken = stream::iter(bodies)
                    .map(|(line, body)| {
                        let intake = intake.clone();
                        async move { (line, intake.import(provider, body, Origin::Import).await) }
                    })
                    .buffered(AT_ONCE);
                let mut report = Ingested::default();
                let mut away = None;
                while let Some((line, outcome)) = taken.next().await {
                    match outcome {
                        // What comes after would fail in the same way.
                        Err(error @ (IntakeError::Unavailable { .. } | IntakeError::ProviderOff(_))) => {
                            away = Some(error);
                            break;
                        }
                        outcome => report.add(line, outcome),
                    }
                }
                drop(taken);
                intake.shutdown().await;
                match away {
                    Some(error) => Err(error.into()),
                    None => Ok(report),
                }
            })
            .await?;
        Ok(Answer::new(report))
    }

    fn read(&self) -> Result<Vec<u8>, CliError> {
        let mut text = Vec::new();
        let read = if self.file.as_os_str() == "-" {
            std::io::stdin().lock().read_to_end(&mut text).map(|_| text)
        } else {
            std::fs::read(&self.file)
        };
        read.map_err(|source| CliError::File {
            action: "read",
            path: self.file.display().to_string(),
            source,
        })
    }
}

/// The bodies with the line that each begins on: the whole text where it is one document, else every line that is not
/// blank. They are taken as they stand, byte for byte.
fn bodies(text: &[u8]) -> Vec<(usize, Bytes)> {
    let whole = text.trim_ascii();
    if serde_json::from_slice::<&RawValue>(whole).is_ok() {
        return vec![(1, Bytes::copy_from_slice(whole))];
    }
    text.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(index, line)| (index + 1, Bytes::copy_from_slice(line)))
        .collect()
}

#[derive(Debug, Default, Serialize)]
struct Ingested {
    items: Vec<Item>,
    accepted: usize,
    duplicates: usize,
    failed: usize,
}

#[derive(Debug, Serialize)]
struct Item {
    /// The line that the body begins on.
    line: usize,
    /// `accepted`, `duplicate` or `failed`.
    status: &'static str,
    /// The event.
    id: Option<EventId>,
    /// Why it was not taken.
    error: Option<ItemError>,
}

#[derive(Debug, Serialize)]
struct ItemError {
    code: &'static str,
    message: String,
}

impl Ingested {
    fn add(&mut self, line: usize, outcome: Result<crate::webhooks::intake::Receipt, IntakeError>) {
        let item = match outcome {
            Ok(receipt) => {
                let status = match receipt.status {
                    ReceiptStatus::Accepted => {
                        self.accepted += 1;
                        "accepted"
                    }
                    ReceiptStatus::Duplicate => {
                        self.duplicates += 1;
                        "duplicate"
                    }
                };
                Item {
                    line,
                    status,
                    id: Some(receipt.id),
                    error: None,
                }
            }
            Err(error) => {
                self.failed += 1;
                let code = error.code();
                Item {
                    line,
                    status: "failed",
                    id: None,
                    error: Some(ItemError {
                        code,
                        message: CliError::from(error).sentences().join(": "),
                    }),
                }
            }
        };
        self.items.push(item);
    }
}

impl Report for Ingested {
    fn human(&self, _: &Look) -> String {
        let mut lines: Vec<String> = self
            .items
            .iter()
            .filter_map(|item| {
                let error = item.error.as_ref()?;
                Some(format!("line {}: {}", item.line, clean(&error.message)))
            })
            .collect();
        lines.push(format!(
            "{} accepted, {} known already, {} not taken",
            self.accepted, self.duplicates, self.failed
        ));
        lines.join("\n")
    }

    fn exit(&self) -> Exit {
        if self.failed > 0 { Exit::Failed } else { Exit::Done }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(usize, String)> {
        bodies(text.as_bytes())
            .into_iter()
            .map(|(line, body)| (line, String::from_utf8(body.to_vec()).unwrap()))
            .collect()
    }

    #[test]
    fn a_document_may_span_lines_and_lines_may_hold_documents() {
        assert_eq!(lines("{\n \"a\": 1\n}\n"), [(1, "{\n \"a\": 1\n}".to_owned())]);
        assert_eq!(
            lines("{\"a\":1}\n\n  {\"b\":2}\r\nnonsense\n"),
            [
                (1, "{\"a\":1}".to_owned()),
                (3, "{\"b\":2}".to_owned()),
                (4, "nonsense".to_owned())
            ]
        );
        assert!(lines("\n \n").is_empty());
    }
}
