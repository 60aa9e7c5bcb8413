//! `events stats`.

use clap::Args;
use jiff::SignedDuration;
use serde::Serialize;

use super::list::tone;
use crate::{
    cli::{
        answer::{Answer, Report},
        context::Context,
        error::CliError,
        table::{Cell, Column, Table, fields},
        text::{Look, NOTHING, short},
    },
    domain::views::event::EventStats,
    store::event_stats::event_stats,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct StatsArgs {}

impl StatsArgs {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let stats = context
            .on_database(context.config()?, async |process| {
                let mut tx = process.reads().begin_read_only().await?;
                Ok(event_stats(&mut tx, process.settings().environment).await?)
            })
            .await?;
        Ok(Answer::new(Stats(stats)))
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Stats(EventStats);

impl Report for Stats {
    fn human(&self, look: &Look) -> String {
        let mut states = Table::new([
            Column::new("STATE").whole(),
            Column::new("EVENTS").right().whole(),
        ]);
        for (state, events) in &self.0.by_state {
            states.row([
                Cell::toned(state.as_str(), tone(*state)),
                events.to_string().into(),
            ]);
        }
        let mut providers = Table::new([
            Column::new("PROVIDER").whole(),
            Column::new("NOT DONE").right().whole(),
        ]);
        for (provider, events) in &self.0.by_provider {
            providers.row([Cell::from(provider.as_str()), events.to_string().into()]);
        }
        let oldest = self
            .0
            .oldest_pending_seconds
            .map_or_else(|| NOTHING.to_owned(), |age| short(SignedDuration::from_secs(age)));
        let figures = fields([
            ("oldest pending", oldest),
            (
                "processed in the last minute",
                self.0.processed_last_minute.to_string(),
            ),
        ]);
        [states.render(look), providers.render(look), figures].join("\n\n")
    }
}
