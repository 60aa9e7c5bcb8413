//! `events discard`.

use clap::Args;
use serde::Serialize;

use super::select::SelectArgs;
use crate::{
    billing::{By, events::discard},
    cli::{
        answer::{Answer, Report},
        confirm::Confirm,
        context::Context,
        error::CliError,
        exit::Exit,
        text::{Look, Tone},
    },
    domain::{audit::Face, event::EventState, ids::EventId},
    store::event_list::events_of_ids,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct DiscardArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// Only show what would be put aside
    #[arg(long)]
    dry_run: bool,
    /// Why; the audit keeps it
    #[arg(long, value_name = "TEXT", required_unless_present = "dry_run", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: Option<String>,
    #[command(flatten)]
    confirm: Confirm,
}

impl DiscardArgs {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        self.select.check()?;
        let config = if self.dry_run {
            context.config()?
        } else {
            let config = context.writable_config()?;
            self.confirm.is_possible()?;
            config
        };
        let report = context
            .on_database(config, async |process| {
                let ids = self.select.ids(process).await?;
                if self.dry_run {
                    let mut tx = process.reads().begin_read_only().await?;
                    let rows = events_of_ids(&mut tx, &ids).await?;
                    let items = rows.iter().map(|row| Item {
                        event_id: row.id,
                        discarded: row.state.can_discard(),
                        state: row.state,
                    });
                    return Ok(Discarded {
                        items: items.collect(),
                        dry_run: true,
                    });
                }
                if !ids.is_empty() {
                    let question = match ids.len() {
                        1 => "Put this event aside for good?".to_owned(),
                        many => format!("Put these {many} events aside for good?"),
                    };
                    self.confirm.ask(context.printer(), &question).await?;
                }
                let actor = process.actor(Face::Cli);
                let by = By {
                    actor: &actor,
                    reason: self.reason.as_deref(),
                };
                let done = discard(process.billing(), &ids, by).await?;
                let discarded = done.discarded.into_iter().map(|event_id| Item {
                    event_id,
                    discarded: true,
                    state: EventState::Discarded,
                });
                let kept = done.kept.into_iter().map(|(event_id, state)| Item {
                    event_id,
                    discarded: false,
                    state,
                });
                Ok(Discarded {
                    items: discarded.chain(kept).collect(),
                    dry_run: false,
                })
            })
            .await?;
        Ok(Answer::new(report))
    }
}

#[derive(Debug, Serialize)]
struct Discarded {
    items: Vec<Item>,
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct Item {
    event_id: EventId,
    /// It was put aside, or would be.
    discarded: bool,
    /// Its state, afterwards where something was done.
    state: EventState,
}

impl Report for Discarded {
    fn human(&self, _: &Look) -> String {
        if self.items.is_empty() {
            return "no events found".to_owned();
        }
        let line = |item: &Item| {
            let (tone, word) = match (item.discarded, self.dry_run) {
                (true, true) => (Tone::Going, "would be discarded".to_owned()),
                (true, false) => (Tone::Good, "discarded".to_owned()),
                (false, _) => (
                    Tone::Attention,
                    format!("kept: an event that is {} cannot be discarded", item.state),
                ),
            };
            format!("{}  {}", item.event_id, tone.paint(&word))
        };
        self.items.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Refused where nothing at all could be put aside.
    fn exit(&self) -> Exit {
        let nothing = !self.items.is_empty() && self.items.iter().all(|item| !item.discarded);
        if nothing && !self.dry_run {
            Exit::Refused
        } else {
            Exit::Done
        }
    }
}
