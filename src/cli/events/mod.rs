//! `events list|show|stats|tail|replay|discard|ingest`.

mod discard;
mod ingest;
mod list;
mod replay;
mod select;
mod show;
mod stats;
mod tail;

use clap::Subcommand;

use super::{answer::Answer, context::Context, error::CliError};
use crate::{
    domain::{
        ids::EventId,
        views::{event::EventDetail, found::Found},
    },
    runtime::Process,
    store::{event_detail::event_detail, find::find},
};

/// `billdeck events …`
#[derive(Debug, Subcommand)]
pub(super) enum EventsCommand {
    /// List events, newest first
    List(list::ListArgs),
    /// Show one event with its body, tries and changes
    Show(show::ShowArgs),
    /// Count the backlog
    Stats(stats::StatsArgs),
    /// Follow events as they come in
    Tail(tail::TailArgs),
    /// Have events judged again: those named, or all that filters find
    Replay(replay::ReplayArgs),
    /// Put events aside for good: those named, or all that filters find
    Discard(discard::DiscardArgs),
    /// Take event bodies in without a signature, as source `import`
    Ingest(ingest::IngestArgs),
}

impl EventsCommand {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        match self {
            Self::List(args) => args.run(context).await,
            Self::Show(args) => args.run(context).await,
            Self::Stats(args) => args.run(context).await,
            Self::Tail(args) => args.run(context).await,
            Self::Replay(args) => args.run(context).await,
            Self::Discard(args) => args.run(context).await,
            Self::Ingest(args) => args.run(context).await,
        }
    }

    /// It listens to signals itself and ends in order.
    pub(super) const fn stops_by_itself(&self) -> bool {
        match self {
            Self::Tail(_) => true,
            Self::List(_)
            | Self::Show(_)
            | Self::Stats(_)
            | Self::Replay(_)
            | Self::Discard(_)
            | Self::Ingest(_) => false,
        }
    }
}

/// What any id means in the environment served.
pub(super) async fn find_id(process: &Process, id: &str) -> Result<Option<Found>, CliError> {
    let mut tx = process.reads().begin_read_only().await?;
    Ok(find(&mut tx, process.settings().environment, id).await?)
}

/// The event with this id, billdeck's or the provider's. An id of what an event is about names no event.
async fn event_of_id(process: &Process, id: &str) -> Result<EventDetail, CliError> {
    let not_found = || CliError::not_found("event", id, process);
    let Some(Found::Event(found)) = find_id(process, id).await? else {
        return Err(not_found());
    };
    let detail = event_of(process, found).await?.ok_or_else(not_found)?;
    let named = detail.row.id.to_string() == id.to_lowercase() || detail.row.provider_event_id == id;
    if named { Ok(detail) } else { Err(not_found()) }
}

async fn event_of(process: &Process, id: EventId) -> Result<Option<EventDetail>, CliError> {
    let mut tx = process.reads().begin_read_only().await?;
    Ok(event_detail(&mut tx, process.settings().environment, id).await?)
}
