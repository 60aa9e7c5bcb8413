//! What an update asks for. Nothing happens in an update itself: it hands these values to the runner.

use std::{collections::BTreeSet, path::PathBuf};

use uuid::Uuid;

use super::desk::CancelWhen;
use crate::domain::{
    customer::Owner,
    event::ReplayMode,
    ids::{CustomerId, EventId, SubscriptionId},
    provider::{ObjectRef, ProviderName},
    views::{
        PageRequest,
        customer::{CustomerFilter, CustomerSort},
        event::{EventFilter, EventSort},
        order::OrderFilter,
        subscription::{SubscriptionFilter, SubscriptionSort},
    },
};

/// Names one request, so that its answer finds the place that waits for it and a newer one can replace it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub(crate) u64);

/// Something to be done outside the state.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Asks for something.
    Read {
        /// Which request.
        run: RunId,
        /// What for.
        read: Read,
    },
    /// Changes something. The runner refuses it while writing is not allowed.
    Write {
        /// Which request.
        run: RunId,
        /// What.
        write: Write,
    },
    /// Gives a request up. A write that was under way answers that its outcome is not known.
    Cancel(RunId),
    /// Tells the runner whether writes may pass.
    Access(Access),
    /// Puts a text on the clipboard, by way of the terminal.
    Copy(String),
    /// Turns the mouse on or off.
    Mouse(bool),
    /// Draws everything again.
    Redraw,
    /// Stops the process until it is continued.
    Suspend,
    /// Ends the console.
    Quit,
}

impl Effect {
    /// Whether it changes something in the database or at a provider.
    pub const fn writes(&self) -> bool {
        matches!(self, Self::Write { .. })
    }
}

/// Whether writes may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// None, and no command changes that.
    ReadOnlyForGood,
    /// None until `:rw`.
    ReadOnly,
    /// Writes pass.
    ReadWrite,
}

/// What can be asked for.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    missing_docs,
    reason = "each is the method of the desk with the same name and arguments"
)]
pub enum Read {
    Overview,
    Ping,
    Events {
        filter: EventFilter,
        sort: EventSort,
        page: PageRequest,
    },
    EventsTotal(EventFilter),
    Event(EventId),
    ReplayPreview {
        ids: Vec<EventId>,
        mode: ReplayMode,
    },
    Customers {
        filter: CustomerFilter,
        sort: CustomerSort,
        page: PageRequest,
    },
    Customer(CustomerId),
    Timeline(CustomerId),
    Subscriptions {
        filter: SubscriptionFilter,
        sort: SubscriptionSort,
        page: PageRequest,
    },
    Subscription(SubscriptionId),
    Compare(SubscriptionId),
    Orders {
        filter: OrderFilter,
        page: PageRequest,
    },
    Find(String),
    Export(Export),
    Dashboard {
        provider: ProviderName,
        object: ObjectRef,
        then: LinkUse,
    },
    OpenUrl(String),
}

/// What becomes of a link to a provider's dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkUse {
    /// It is opened in the browser.
    Open,
    /// It goes to the clipboard.
    Copy,
}

/// What can be changed.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    missing_docs,
    reason = "each is the method of the desk with the same name and arguments"
)]
pub enum Write {
    Replay {
        ids: Vec<EventId>,
        mode: ReplayMode,
        reason: Option<String>,
    },
    Discard {
        ids: Vec<EventId>,
        reason: String,
    },
    SettleAlarms {
        id: EventId,
        reason: String,
    },
    LinkCustomer {
        id: CustomerId,
        owner: Owner,
        reason: Option<String>,
    },
    TakeOver {
        id: SubscriptionId,
        reason: Option<String>,
    },
    Cancel {
        id: SubscriptionId,
        when: CancelWhen,
        reason: Option<String>,
    },
    Resume {
        id: SubscriptionId,
        reason: Option<String>,
    },
    Checkout {
        customer: CustomerId,
        plan: String,
        seats: u32,
    },
    Portal {
        customer: CustomerId,
    },
}

/// A list to be written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Which list, with filter and order.
    pub list: ExportList,
    /// Only these rows; none: all that match, up to [`Export::MAX_ROWS`].
    pub only: Option<BTreeSet<Uuid>>,
    /// How it is written.
    pub format: ExportFormat,
    /// Where to.
    pub path: PathBuf,
}

impl Export {
    /// The most rows that one export writes.
    pub const MAX_ROWS: usize = 100_000;
}

/// A list that can be written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named like the lists")]
pub enum ExportList {
    Events(EventFilter, EventSort),
    Customers(CustomerFilter, CustomerSort),
    Subscriptions(SubscriptionFilter, SubscriptionSort),
    Orders(OrderFilter),
}

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A header line, then one line per row.
    Csv,
    /// One JSON array.
    Json,
}

impl ExportFormat {
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}
