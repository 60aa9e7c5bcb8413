//! The console's port to everything outside it: one trait, so that every screen runs in tests on an in-memory fake and
//! no screen knows a database or a provider.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::{
    customer::Owner,
    event::ReplayMode,
    ids::{CustomerId, EventId, SubscriptionId},
    provider::{Environment, ObjectRef, ProviderName},
    views::{
        Page, PageRequest, Total,
        action::{CustomerPage, ReplayItem, VerifyReport},
        customer::{CustomerDetail, CustomerFilter, CustomerRow, CustomerSort, TimelineEntry},
        event::{EventDetail, EventFilter, EventRow, EventSort},
        found::Found,
        order::{OrderFilter, OrderRow},
        overview::Overview,
        subscription::{SubscriptionDetail, SubscriptionFilter, SubscriptionRow, SubscriptionSort},
    },
};

/// What the console was opened on; fixed while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Test or live.
    pub environment: Environment,
    /// The word on the badge: the profile's name, `LOCAL`, `DEMO`.
    pub badge: String,
    /// How the badge looks: production is loud.
    pub tone: BadgeTone,
    /// Nothing is written, whatever key is pressed. The database session refuses writes as well.
    pub read_only: bool,
    /// Who acts, for the audit.
    pub operator: String,
    /// The plans that can be sold, by key and name, for the checkout dialog.
    pub plans: Vec<(String, String)>,
}

/// How dangerous a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadgeTone {
    /// Production or live credentials.
    Production,
    /// Staging.
    Staging,
    /// A developer's own.
    Local,
}

/// Why the desk could not do what was asked, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DeskError {
    /// A stable code in snake case.
    pub code: String,
    /// What happened, to which object; causes included.
    pub message: String,
    /// What the person can do.
    pub hint: Option<String>,
    /// A write may or may not have taken effect: offer to verify, never say "failed".
    pub outcome_unknown: bool,
    /// The database is away.
    pub link_lost: bool,
}

/// What the desk answers.
pub type DeskResult<T> = Result<T, DeskError>;

/// When a cancellation takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelWhen {
    /// At once.
    Now,
    /// With the running period.
    PeriodEnd,
}

/// What becomes of the provider's word about a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theirs {
    /// It is shown beside ours, and nothing is written.
    Shown,
    /// Ours stays; that they were compared, and whether they agree, is stored and audited.
    Noted,
    /// It is written over ours.
    TakenOver,
}

/// Something changed; which lists are worth reading again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Events came in or moved on.
    Events,
    /// Customers, subscriptions or orders changed.
    Records,
    /// The link to the database is back or lost.
    Link {
        /// It answers.
        up: bool,
    },
}

/// Everything the console can ask for. Reads are cheap and may be asked often; writes leave an audit row.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Where the console is.
    fn setting(&self) -> Setting;

    /// The first screen.
    async fn overview(&self) -> DeskResult<Overview>;

    /// How long the database takes for the smallest question.
    async fn ping(&self) -> DeskResult<std::time::Duration>;

    /// A page of events.
    async fn events(
        &self,
        filter: &EventFilter,
        sort: EventSort,
        page: &PageRequest,
    ) -> DeskResult<Page<EventRow>>;
    /// How many events the filter finds.
    async fn events_total(&self, filter: &EventFilter) -> DeskResult<Total>;
    /// One event.
    async fn event(&self, id: EventId) -> DeskResult<EventDetail>;
    /// What a replay would do, one item per event, in their order. Writes nothing.
    async fn replay_preview(&self, ids: &[EventId], mode: ReplayMode) -> DeskResult<Vec<ReplayItem>>;
    /// Replays the events, one result each.
    async fn replay(
        &self,
        ids: &[EventId],
        mode: ReplayMode,
        reason: Option<&str>,
    ) -> DeskResult<Vec<ReplayItem>>;
    /// Puts the events aside; gives back those that were.
    async fn discard(&self, ids: &[EventId], reason: &str) -> DeskResult<BTreeSet<EventId>>;
    /// Settles the open alarms about an event; says how many there were.
    async fn settle_alarms(&self, id: EventId, reason: &str) -> DeskResult<usize>;

    /// A page of customers.
    async fn customers(
        &self,
        filter: &CustomerFilter,
        sort: CustomerSort,
        page: &PageRequest,
    ) -> DeskResult<Page<CustomerRow>>;
    /// One customer; a merged one's id answers with the customer it was merged into.
    async fn customer(&self, id: CustomerId) -> DeskResult<CustomerDetail>;
    /// The customer's story, newest first, older than `before` where given.
    async fn timeline(
        &self,
        id: CustomerId,
        before: Option<Timestamp>,
        limit: u16,
    ) -> DeskResult<Vec<TimelineEntry>>;
    /// Gives a customer without owner to an owner.
    async fn link_customer(
        &self,
        id: CustomerId,
        owner: &Owner,
        reason: Option<&str>,
    ) -> DeskResult<CustomerId>;

    /// A page of subscriptions.
    async fn subscriptions(
        &self,
        filter: &SubscriptionFilter,
        sort: SubscriptionSort,
        page: &PageRequest,
    ) -> DeskResult<Page<SubscriptionRow>>;
    /// One subscription.
    async fn subscription(&self, id: SubscriptionId) -> DeskResult<SubscriptionDetail>;
    /// Reads the provider and shows ours beside it; `theirs` says what becomes of the provider's word.
    async fn verify(
        &self,
        id: SubscriptionId,
        theirs: Theirs,
        reason: Option<&str>,
    ) -> DeskResult<VerifyReport>;
    /// Cancels at the provider.
    async fn cancel(
        &self,
        id: SubscriptionId,
        when: CancelWhen,
        reason: Option<&str>,
    ) -> DeskResult<SubscriptionDetail>;
    /// Takes a scheduled cancellation back, or resumes a paused subscription.
    async fn resume(&self, id: SubscriptionId, reason: Option<&str>) -> DeskResult<SubscriptionDetail>;

    /// Starts a checkout of a plan for a customer.
    async fn checkout_link(&self, customer: CustomerId, plan: &str, seats: u32) -> DeskResult<CustomerPage>;
    /// Makes a link to the provider's page for a customer.
    async fn portal_link(&self, customer: CustomerId) -> DeskResult<CustomerPage>;

    /// A page of orders, newest first.
    async fn orders(&self, filter: &OrderFilter, page: &PageRequest) -> DeskResult<Page<OrderRow>>;

    /// What any id means: ours, or any provider's; none when nobody knows it.
    async fn find(&self, id: &str) -> DeskResult<Option<Found>>;

    /// The page of an object in the provider's own dashboard.
    fn dashboard_url(&self, provider: ProviderName, object: &ObjectRef) -> Option<String>;

    /// Waits for news. Cancelling loses nothing but a hint.
    async fn news(&self) -> News;
}

/// A desk that is shared between the loop and the tasks it starts.
pub type SharedDesk = Arc<dyn Desk>;
