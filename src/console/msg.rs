//! What reaches the update: keys, answers, news and time.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use crossterm::event::Event as TerminalEvent;

use super::{
    desk::{DeskResult, News},
    effect::{LinkUse, RunId},
    widgets::json::Document,
};
use crate::domain::{
    ids::{CustomerId, EventId},
    views::{
        Page, Total,
        action::{CustomerPage, ReplayItem, VerifyReport},
        customer::{CustomerDetail, CustomerRow, TimelineEntry},
        event::{EventDetail, EventRow},
        found::Found,
        order::OrderRow,
        overview::Overview,
        subscription::{SubscriptionDetail, SubscriptionRow},
    },
};

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key, a paste, a new size.
    Terminal(TerminalEvent),
    /// A request was answered.
    Answer {
        /// Which request.
        run: RunId,
        /// With what.
        answer: Answer,
    },
    /// Something changed outside.
    News(News),
    /// A deadline that the console asked for has come.
    Tick,
    /// A text could not be put on the clipboard.
    CopyFailed(String),
    /// The process came back from the background: everything may be old.
    Continued,
}

/// The answer to a request, one for each kind of request.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named like the requests")]
pub enum Answer {
    Overview(DeskResult<Box<Overview>>),
    Ping(DeskResult<Duration>),
    Events(DeskResult<Page<EventRow>>),
    EventsTotal(DeskResult<Total>),
    Event(DeskResult<Box<EventSheet>>),
    ReplayPreview(DeskResult<Vec<ReplayItem>>),
    Customers(DeskResult<Page<CustomerRow>>),
    Customer(DeskResult<Box<CustomerDetail>>),
    Timeline(DeskResult<Vec<TimelineEntry>>),
    Subscriptions(DeskResult<Page<SubscriptionRow>>),
    Subscription(DeskResult<Box<SubscriptionSheet>>),
    Compare(DeskResult<Box<VerifyReport>>),
    Orders(DeskResult<Page<OrderRow>>),
    Found {
        id: String,
        result: DeskResult<Option<Found>>,
    },
    Exported(DeskResult<Exported>),
    Dashboard {
        url: Option<String>,
        then: LinkUse,
    },
    OpenedUrl(DeskResult<()>),
    Replay(DeskResult<Vec<ReplayItem>>),
    Discard(DeskResult<BTreeSet<EventId>>),
    SettleAlarms(DeskResult<usize>),
    LinkCustomer(DeskResult<CustomerId>),
    TakeOver(DeskResult<Box<VerifyReport>>),
    Cancel(DeskResult<Box<SubscriptionDetail>>),
    Resume(DeskResult<Box<SubscriptionDetail>>),
    Checkout(DeskResult<CustomerPage>),
    Portal(DeskResult<CustomerPage>),
}

/// An event with its body laid out as a tree. The layout of a large body takes time, so the runner makes it.
#[derive(Clone, Debug)]
pub struct EventSheet {
    /// The event.
    pub detail: EventDetail,
    /// The body.
    pub document: Arc<Document>,
}

/// A subscription with the provider's object laid out as a tree.
#[derive(Clone, Debug)]
pub struct SubscriptionSheet {
    /// The subscription.
    pub detail: SubscriptionDetail,
    /// The provider's object as last seen.
    pub document: Arc<Document>,
}

/// What an export wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// How many rows.
    pub rows: usize,
    /// Where.
    pub path: PathBuf,
    /// There were more rows than one export writes.
    pub cut_off: bool,
}
