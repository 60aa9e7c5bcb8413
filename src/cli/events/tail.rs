//! `events tail`: events as they come in, and again when their state changes soon after.

use std::{collections::BTreeMap, time::Duration};

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::{list::tone, select::FilterArgs};
use crate::{
    cli::{
        answer::Answer,
        context::Context,
        error::CliError,
        text::{Look, clean, clean_some},
    },
    domain::{
        event::EventState,
        ids::EventId,
        views::{
            Direction, PageRequest,
            event::{EventFilter, EventRow, EventSort},
        },
    },
    runtime::Process,
    store::{
        event_list::event_list,
        notify::{Bell, Ear},
    },
};

/// How long an event is looked at again for a change of its state, and for others that were committed late.
const RECENT: SignedDuration = SignedDuration::from_secs(60);
/// How long to wait for a ring at most: notifications are a hint, looking is the truth.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(in crate::cli) struct TailArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// How many of the events before are shown first
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=500))]
    limit: u16,
}

impl TailArgs {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        context
            .on_database(context.config()?, async |process| {
                let tail = Tail {
                    context,
                    process,
                    filter: self.filter.filter(process).await?,
                    seen: BTreeMap::new(),
                };
                let stop = context.stop().gently.clone();
                match stop.run_until_cancelled(tail.follow(self.limit)).await {
                    Some(followed) => followed,
                    None => Ok(()),
                }
            })
            .await?;
        Ok(Answer::said())
    }
}

struct Tail<'a> {
    context: &'a Context,
    process: &'a Process,
    filter: EventFilter,
    /// The state that each recent event was last shown in.
    seen: BTreeMap<EventId, (EventState, Timestamp)>,
}

impl Tail<'_> {
    /// Until nobody reads any more.
    async fn follow(mut self, before: u16) -> Result<(), CliError> {
        let mut ear = Ear::listen(self.process.reads(), &[Bell::NEWS, Bell::WORK]).await?;
        let mut since = Timestamp::now();
        if before > 0 {
            let mut rows = self
                .page(&self.filter, Direction::Descending, &PageRequest::first(before))
                .await?
                .0;
            rows.reverse();
            for row in rows {
                since = since.min(row.received_at);
                if !self.show(&row)? {
                    return Ok(());
                }
            }
        }
        loop {
            if !self.look(since).await? {
                return Ok(());
            }
            let recent = Timestamp::now() - RECENT;
            self.seen.retain(|_, (_, received_at)| *received_at >= recent);
            since = since.max(recent);
            // Lost connections mend themselves; until then looking has to do.
            if let Ok(Err(error)) = tokio::time::timeout(LOOK_AGAIN, ear.hear()).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot hear of news");
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }

    /// Shows what is new or different since then. False when nobody reads any more.
    async fn look(&mut self, since: Timestamp) -> Result<bool, CliError> {
        let filter = EventFilter {
            since: Some(self.filter.since.map_or(since, |wanted| wanted.max(since))),
            ..self.filter.clone()
        };
        let mut page = PageRequest::first(PageRequest::MAX_LIMIT);
        loop {
            let (rows, next) = self.page(&filter, Direction::Ascending, &page).await?;
            for row in rows {
                let known = self.seen.get(&row.id).map(|(state, _)| *state);
                if known != Some(row.state) && !self.show(&row)? {
                    return Ok(false);
                }
            }
            match next {
                Some(cursor) => page.cursor = Some(cursor),
                None => return Ok(true),
            }
        }
    }

    async fn page(
        &self,
        filter: &EventFilter,
        direction: Direction,
        page: &PageRequest,
    ) -> Result<(Vec<EventRow>, Option<String>), CliError> {
        let mut tx = self.process.reads().begin_read_only().await?;
        let environment = self.process.settings().environment;
        let found = event_list(&mut tx, environment, filter, EventSort { direction }, page).await?;
        Ok((found.items, found.next_cursor))
    }

    fn show(&mut self, row: &EventRow) -> Result<bool, CliError> {
        self.seen.insert(row.id, (row.state, row.received_at));
        let printer = self.context.printer();
        if printer.is_json() {
            let line = serde_json::to_string(row).map_err(|error| CliError::Io(error.into()))?;
            return printer.line(&line);
        }
        printer.line(&in_prose(row, &Look::of_stdout()))
    }
}

fn in_prose(row: &EventRow, look: &Look) -> String {
    let at = row.received_at.to_zoned(look.zone.clone());
    let state = tone(row.state).paint(&format!("{:<11}", row.state.as_str()));
    let error = row.error.as_ref().map_or_else(String::new, |problem| {
        format!("  {}: {}", problem.code, clean(&problem.message))
    });
    format!(
        "{}  {state}  {}  {}  {}  {}{error}",
        at.strftime("%H:%M:%S"),
        row.provider,
        clean(&row.event_type),
        clean_some(row.customer_label.as_deref()),
        row.id,
    )
}
