//! Which events are meant: filters, or ids and filters.

use clap::Args;

use super::event_of_id;
use crate::{
    cli::{
        error::CliError,
        filters::{CustomerArgs, Since},
    },
    domain::{
        event::EventState,
        ids::EventId,
        provider::ProviderName,
        views::{
            PageRequest,
            event::{EventFilter, EventRow, EventSort},
        },
    },
    runtime::Process,
    store::event_list::event_list,
};

/// Filters, named like the columns.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct FilterArgs {
    /// In any of these states; several with commas
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    state: Vec<EventState>,
    /// Of this provider
    #[arg(long)]
    provider: Option<ProviderName>,
    /// Of exactly this type, or of all types under a prefix that ends in `.*`
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Received since then: `2h`, `7d`, a date or an RFC 3339 time
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    #[command(flatten)]
    customer: CustomerArgs,
    /// About the provider's object with this id
    #[arg(long, value_name = "ID")]
    object: Option<String>,
    /// Stopped by the error with this code
    #[arg(long, value_name = "CODE")]
    error: Option<String>,
}

impl FilterArgs {
    fn is_given(&self) -> bool {
        !self.state.is_empty()
            || self.provider.is_some()
            || self.event_type.is_some()
            || self.since.is_some()
            || self.customer.is_given()
            || self.object.is_some()
            || self.error.is_some()
    }

    /// As the store takes it.
    pub(super) async fn filter(&self, process: &Process) -> Result<EventFilter, CliError> {
        Ok(EventFilter {
            states: self.state.clone(),
            provider: self.provider,
            event_type: self.event_type.clone(),
            since: self.since.map(|since| since.0),
            customer: self.customer.find(process).await?,
            object: self.object.clone(),
            error_code: self.error.clone(),
        })
    }
}

/// Events by id, or all that filters find.
#[derive(Clone, Debug, Args)]
pub(super) struct SelectArgs {
    /// Events: billdeck's ids or the provider's
    ids: Vec<String>,
    #[command(flatten)]
    filter: FilterArgs,
}

impl SelectArgs {
    /// Refuses a command line that means everything or two things at once.
    pub(super) fn check(&self) -> Result<(), CliError> {
        match (self.ids.is_empty(), self.filter.is_given()) {
            (true, false) => Err(CliError::usage(
                "no event is named",
                "name events by their ids, or narrow them down with a filter such as `--state dead`",
            )),
            (false, true) => Err(CliError::usage(
                "events are named and filters are given",
                "give ids or filters, not both",
            )),
            (true, true) | (false, false) => Ok(()),
        }
    }

    /// The events, those that filters find oldest first.
    pub(super) async fn rows(&self, process: &Process) -> Result<Vec<EventRow>, CliError> {
        if !self.ids.is_empty() {
            let mut rows: Vec<EventRow> = Vec::with_capacity(self.ids.len());
            for id in &self.ids {
                let row = event_of_id(process, id).await?.row;
                if rows.iter().all(|known| known.id != row.id) {
                    rows.push(row);
                }
            }
            return Ok(rows);
        }
        let filter = self.filter.filter(process).await?;
        let mut rows = every(process, &filter).await?;
        rows.reverse();
        Ok(rows)
    }
}

/// All events that pass the filter, newest first, as they are at one moment.
async fn every(process: &Process, filter: &EventFilter) -> Result<Vec<EventRow>, CliError> {
    let mut tx = process.reads().begin_read_only().await?;
    let mut page = PageRequest::first(PageRequest::MAX_LIMIT);
    let mut rows = Vec::new();
    loop {
        let environment = process.settings().environment;
        let found = event_list(&mut tx, environment, filter, EventSort::default(), &page).await?;
        rows.extend(found.items);
        match found.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => return Ok(rows),
        }
    }
}

/// The ids of events.
pub(super) fn ids(rows: &[EventRow]) -> Vec<EventId> {
    rows.iter().map(|row| row.id).collect()
}
