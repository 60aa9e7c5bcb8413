//! `events list`.

use clap::Args;

use super::select::FilterArgs;
use crate::{
    cli::{
        answer::Answer,
        context::Context,
        error::CliError,
        filters::{PageArgs, Sort, SortColumn},
        listing::{Listing, Row},
        table::{Cell, Column},
        text::{Look, Tone, clean, clean_some},
    },
    domain::{
        event::EventState,
        views::event::{EventRow, EventSort},
    },
    store::event_list::event_list,
};

/// The one column that events are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct ReceivedAt;

impl SortColumn for ReceivedAt {
    const NAMES: &'static [(&'static str, Self)] = &[("received_at", Self)];
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// Sort by `received_at`; a `-` in front turns it round [default: -received_at]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    sort: Option<Sort<ReceivedAt>>,
    #[command(flatten)]
    page: PageArgs,
}

impl ListArgs {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let sort = self.sort.map_or_else(EventSort::default, |sort| EventSort {
            direction: sort.direction,
        });
        let page = self.page.request();
        let found = context
            .on_database(context.config()?, async |process| {
                let filter = self.filter.filter(process).await?;
                let mut tx = process.reads().begin_read_only().await?;
                let environment = process.settings().environment;
                Ok(event_list(&mut tx, environment, &filter, sort, &page).await?)
            })
            .await?;
        Ok(Answer::new(Listing(found)))
    }
}

/// An event's state, in its tone.
pub(super) const fn tone(state: EventState) -> Tone {
    match state {
        EventState::Pending | EventState::Processing => Tone::Going,
        EventState::Processed => Tone::Good,
        EventState::Failed | EventState::Quarantined => Tone::Attention,
        EventState::Dead => Tone::Danger,
        EventState::Ignored | EventState::Discarded => Tone::Off,
    }
}

/// The state in words: a failed event that waits for something says so.
pub(super) fn state(row: &EventRow) -> Cell {
    let word = if row.waiting_for.is_some() {
        "waiting"
    } else {
        row.state.as_str()
    };
    Cell::toned(word, tone(row.state))
}

impl Row for EventRow {
    const WHAT: &'static str = "events";

    fn columns() -> Vec<Column> {
        vec![
            Column::new("ID").whole(),
            Column::new("RECEIVED").whole(),
            Column::new("STATE").whole(),
            Column::new("TYPE"),
            Column::new("CUSTOMER").optional(3),
            Column::new("OBJECT").optional(4),
            Column::new("TRIES").right().whole().optional(5),
            Column::new("ERROR").optional(2),
        ]
    }

    fn cells(&self, look: &Look) -> Vec<Cell> {
        let error = self.error.as_ref().map(|problem| problem.code.as_str());
        vec![
            self.id.to_string().into(),
            look.when(self.received_at).into(),
            state(self),
            clean(&self.event_type).into(),
            clean_some(self.customer_label.as_deref()).into(),
            clean_some(self.object_id.as_deref()).into(),
            self.attempts.to_string().into(),
            clean_some(error).into(),
        ]
    }
}
