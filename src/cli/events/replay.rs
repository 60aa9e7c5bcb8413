//! `events replay`: the plan is shown first, then the result per event.

use clap::Args;
use serde::Serialize;

use super::select::SelectArgs;
use crate::{
    cli::{
        answer::{Answer, Report},
        changes::{notes, row_diffs},
        confirm::Confirm,
        context::Context,
        error::CliError,
        exit::Exit,
        text::{Look, Tone, clean},
    },
    domain::{
        audit::Face,
        event::ReplayMode,
        views::action::{ReplayItem, ReplayOutcome},
    },
    webhooks::replay,
};

/// How many events are looked at one by one before the question; looking may mean a call to the provider for each.
const LOOKED_AT: usize = 20;

#[derive(Debug, Args)]
pub(in crate::cli) struct ReplayArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// Use the stored body, instead of what the provider says now
    #[arg(long)]
    as_recorded: bool,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    confirm: Confirm,
}

impl ReplayArgs {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        self.select.check()?;
        let config = if self.dry_run {
            context.config()?
        } else {
            let config = context.writable_config()?;
            self.confirm.is_possible()?;
            config
        };
        let mode = if self.as_recorded {
            ReplayMode::AsRecorded
        } else {
            ReplayMode::Converge
        };
        let items = context
            .on_database(config, async |process| {
                let billing = process.billing();
                let ids = self.select.ids(process).await?;
                if self.dry_run {
                    return Ok(replay::preview(billing, &ids, mode).await?);
                }
                if self.confirm.asks() && !ids.is_empty() {
                    let printer = context.printer();
                    if ids.len() <= LOOKED_AT {
                        let planned = replay::preview(billing, &ids, mode).await?;
                        printer.remark(&in_prose(&planned, true));
                    }
                    let question = match ids.len() {
                        1 => "Replay this event?".to_owned(),
                        many => format!("Replay these {many} events?"),
                    };
                    self.confirm.ask(printer, &question).await?;
                }
                let actor = process.actor(Face::Cli);
                Ok(replay::replay(billing, &ids, mode, &actor, self.reason.as_deref()).await?)
            })
            .await?;
        Ok(Answer::new(Replayed {
            items,
            dry_run: self.dry_run,
        }))
    }
}

#[derive(Debug, Serialize)]
struct Replayed {
    items: Vec<ReplayItem>,
    dry_run: bool,
}

impl Report for Replayed {
    fn human(&self, _: &Look) -> String {
        if self.items.is_empty() {
            return "no events found".to_owned();
        }
        in_prose(&self.items, self.dry_run)
    }

    /// A replay that did not bring an event to its end has failed, whatever became of the others.
    fn exit(&self) -> Exit {
        if self.dry_run {
            return Exit::Done;
        }
        let exits = self.items.iter().map(|item| match &item.outcome {
            ReplayOutcome::Applied
            | ReplayOutcome::AlreadyInEffect
            | ReplayOutcome::Stale
            | ReplayOutcome::Ignored { .. } => Exit::Done,
            ReplayOutcome::Waiting { .. } | ReplayOutcome::Failed { .. } => Exit::Failed,
            ReplayOutcome::Refused { .. } => Exit::Refused,
        });
        exits
            .filter(|exit| *exit != Exit::Done)
            .min()
            .unwrap_or(Exit::Done)
    }
}

fn in_prose(items: &[ReplayItem], planned: bool) -> String {
    let mut lines = Vec::new();
    for item in items {
        let (tone, word, why) = outcome(&item.outcome, planned);
        let why = if why.is_empty() {
            String::new()
        } else {
            format!(": {}", clean(why))
        };
        lines.push(format!("{}  {}{why}", item.event_id, tone.paint(word)));
        if !item.changes.is_empty() {
            lines.push(row_diffs(&item.changes));
        }
        lines.extend(notes(&item.notes));
    }
    lines.join("\n")
}

fn outcome(outcome: &ReplayOutcome, planned: bool) -> (Tone, &'static str, &str) {
    match (outcome, planned) {
        (ReplayOutcome::Applied, true) => (Tone::Going, "would be applied", ""),
        (ReplayOutcome::Applied, false) => (Tone::Good, "applied", ""),
        (ReplayOutcome::AlreadyInEffect, _) => (Tone::Off, "already in effect", ""),
        (ReplayOutcome::Stale, _) => (Tone::Off, "stale", "newer state is in place"),
        (ReplayOutcome::Ignored { why }, _) => (Tone::Off, "ignored", why),
        (ReplayOutcome::Waiting { problem }, true) => (Tone::Attention, "would wait", &problem.message),
        (ReplayOutcome::Waiting { problem }, false) => (Tone::Attention, "waits", &problem.message),
        (ReplayOutcome::Failed { problem }, true) => (Tone::Danger, "would fail", &problem.message),
        (ReplayOutcome::Failed { problem }, false) => (Tone::Danger, "failed", &problem.message),
        (ReplayOutcome::Refused { why }, _) => (Tone::Attention, "not replayed", why),
    }
}
