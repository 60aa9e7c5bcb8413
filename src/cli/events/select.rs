//! Which events are meant: filters, or ids and filters.

use clap::Args;

use super::event_of_id;
use crate::{
    cli::{
        error::CliError,
        filters::{CustomerArgs, Since},
    },
    domain::{event::EventState, ids::EventId, provider::ProviderName, views::event::EventFilter},
    runtime::Process,
    store::event_list::event_ids,
};

/// So many events are taken by one command.
const MOST: usize = 10_000;

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

    /// The events' ids, those that filters find oldest first.
    pub(super) async fn ids(&self, process: &Process) -> Result<Vec<EventId>, CliError> {
        if self.ids.is_empty() {
            let filter = self.filter.filter(process).await?;
            return found(process, &filter, MOST).await;
        }
        let mut ids: Vec<EventId> = Vec::with_capacity(self.ids.len());
        for id in &self.ids {
            let id = event_of_id(process, id).await?.row.id;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }
}

/// All events that pass the filter, oldest first, as they are at one moment; refused where there are more than `most`.
async fn found(process: &Process, filter: &EventFilter, most: usize) -> Result<Vec<EventId>, CliError> {
    let mut tx = process.reads().begin_read_only().await?;
    let ids = event_ids(&mut tx, process.settings().environment, filter, most + 1).await?;
    if ids.len() > most {
        return Err(CliError::Refused {
            code: "too_many_events",
            message: format!("the filters find more than {most} events, and one command takes no more"),
            hint: Some(
                "narrow them, for example with `--since`, `--type`, `--provider` or `--error`, and go on in parts"
                    .to_owned(),
            ),
        });
    }
    Ok(ids)
}
