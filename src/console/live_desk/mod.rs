//! The desk on a real database and real providers.
//!
//! Everything that is only looked at goes through connections of its own, whose sessions refuse writes: a busy worker in
//! the same process never freezes the screen, and read-only is a fact of the database. Every write runs to its end in a task of its own: a screen
//! that stops waiting for it does not cut it off between the provider's answer and its record.

mod news;
mod trouble;

use std::{
    collections::BTreeSet,
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{Postgres, Transaction};

use super::desk::{BadgeTone, CancelWhen, Desk, DeskError, DeskResult, News, Setting, Theirs};
use crate::{
    billing::{
        Billing, BillingError, By, alarms,
        checkout::{self, Purchase, ReturnUrls},
        events, lifecycle, linking, portal,
        verify::{Provided, verify},
    },
    domain::{
        audit::{Actor, Face},
        customer::Owner,
        event::ReplayMode,
        ids::{CustomerId, EventId, SubscriptionId},
        provider::{ObjectRef, ProviderName},
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
    },
    providers,
    store::{
        Store, StoreError, Viewpoint, customer_detail::customer_detail, customer_list::customer_list,
        event_detail::event_detail, event_list::event_list, event_stats::event_total, find::find,
        order_list::order_list, overview::overview, subscription_detail::subscription_detail,
        subscription_list::subscription_list, timeline::customer_timeline,
    },
    webhooks::replay,
};
use news::NewsBoard;
use trouble::{interrupted, read_only};

/// What a [`LiveDesk`] has to be told.
#[derive(Clone, Debug)]
pub struct LiveDeskOptions {
    /// The word on the badge.
    pub badge: String,
    /// How the badge looks.
    pub tone: BadgeTone,
    /// Refuse all writes. A store that is connected read-only refuses them anyway.
    pub read_only: bool,
    /// Who acts, for the audit.
    pub operator: String,
    /// Where payers and customers go back to.
    pub returns: ReturnUrls,
}

/// The desk on a real database and real providers.
#[derive(Debug)]
pub struct LiveDesk {
    /// For what is written.
    billing: Billing,
    /// For what is looked at.
    looking: Billing,
    options: Arc<LiveDeskOptions>,
    news: NewsBoard,
}

impl LiveDesk {
    /// Opens the desk, and listens for news; must be called within a tokio runtime. `reads` is what everything is looked
    /// at through; its sessions should refuse writes.
    pub fn new(billing: Billing, reads: Store, options: LiveDeskOptions) -> Self {
        let read_only = options.read_only || billing.store().options().read_only;
        Self {
            news: NewsBoard::listen(reads.clone()),
            looking: billing.on(reads),
            billing,
            options: Arc::new(LiveDeskOptions { read_only, ..options }),
        }
    }

    fn view(&self) -> Viewpoint {
        Viewpoint {
            environment: self.billing.environment(),
            past_due_has_access: self.billing.rules().past_due_has_access,
        }
    }

    async fn look(&self) -> DeskResult<Transaction<'static, Postgres>> {
        Ok(self.looking.store().begin_read_only().await?)
    }

    fn missing(&self, what: &'static str, id: &impl ToString) -> DeskError {
        let error = BillingError::NotFound {
            what,
            id: id.to_string(),
            environment: self.billing.environment(),
        };
        error.into()
    }

    /// Runs a write to its end, whether or not somebody still waits for it.
    async fn write<T, F>(&self, act: impl FnOnce(Billing, Person) -> F) -> DeskResult<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, BillingError>> + Send + 'static,
    {
        if self.options.read_only {
            return Err(read_only());
        }
        let person = Person {
            actor: Actor {
                name: self.options.operator.clone(),
                face: Face::Console,
            },
            options: Arc::clone(&self.options),
        };
        let task = tokio::spawn(act(self.billing.clone(), person));
        match task.await {
            Ok(done) => Ok(done?),
            Err(stopped) => Err(interrupted(&stopped)),
        }
    }
}

/// Who acts, and with which settings.
struct Person {
    actor: Actor,
    options: Arc<LiveDeskOptions>,
}

impl Person {
    const fn by<'a>(&'a self, reason: Option<&'a str>) -> By<'a> {
        By {
            actor: &self.actor,
            reason,
        }
    }
}

const fn when_at_provider(when: CancelWhen) -> providers::CancelWhen {
    match when {
        CancelWhen::Now => providers::CancelWhen::Now,
        CancelWhen::PeriodEnd => providers::CancelWhen::PeriodEnd,
    }
}

#[async_trait]
impl Desk for LiveDesk {
    fn setting(&self) -> Setting {
        let environment = self.billing.environment();
        let in_force = self.billing.catalog();
        let sold = |plan: &&crate::domain::catalog::Plan| {
            plan.prices.iter().any(|price| {
                price.environment == environment && self.billing.providers().get(price.provider).is_some()
            })
        };
        Setting {
            environment,
            badge: self.options.badge.clone(),
            tone: self.options.tone,
            read_only: self.options.read_only,
            operator: self.options.operator.clone(),
            plans: in_force
                .catalog
                .plans()
                .iter()
                .filter(sold)
                .map(|plan| (plan.key.clone(), plan.name.clone()))
                .collect(),
        }
    }

    async fn overview(&self) -> DeskResult<Overview> {
        let served: Vec<ProviderName> = self
            .billing
            .providers()
            .iter()
            .map(|room| room.book().provider)
            .collect();
        let mut tx = self.look().await?;
        let mut overview = overview(&mut tx, self.view(), &served).await?;
        for figures in &mut overview.providers {
            if let Some(room) = self.billing.providers().get(figures.provider) {
                figures.api = room.api().is_some();
                figures.webhook_secrets = room.secret_count();
                figures.api_p95_ms = room.api_p95().map(|p95| p95.as_secs_f64() * 1_000.0);
            }
        }
        Ok(overview)
    }

    async fn ping(&self) -> DeskResult<Duration> {
        let mut conn = self
            .looking
            .store()
            .pool()
            .acquire()
            .await
            .map_err(StoreError::from)?;
        let begun = Instant::now();
        sqlx::Connection::ping(&mut *conn)
            .await
            .map_err(StoreError::from)?;
        Ok(begun.elapsed())
    }

    async fn events(
        &self,
        filter: &EventFilter,
        sort: EventSort,
        page: &PageRequest,
    ) -> DeskResult<Page<EventRow>> {
        let mut tx = self.look().await?;
        Ok(event_list(&mut tx, self.billing.environment(), filter, sort, page).await?)
    }

    async fn events_total(&self, filter: &EventFilter) -> DeskResult<Total> {
        let mut tx = self.look().await?;
        Ok(event_total(&mut tx, self.billing.environment(), filter).await?)
    }

    async fn event(&self, id: EventId) -> DeskResult<EventDetail> {
        let mut tx = self.look().await?;
        let found = event_detail(&mut tx, self.billing.environment(), id).await?;
        found.ok_or_else(|| self.missing("event", &id))
    }

    async fn replay_preview(&self, ids: &[EventId], mode: ReplayMode) -> DeskResult<Vec<ReplayItem>> {
        Ok(replay::preview(&self.looking, ids, mode).await?)
    }

    async fn replay(
        &self,
        ids: &[EventId],
        mode: ReplayMode,
        reason: Option<&str>,
    ) -> DeskResult<Vec<ReplayItem>> {
        let (ids, reason) = (ids.to_vec(), reason.map(str::to_owned));
        self.write(move |billing, person| async move {
            replay::replay(&billing, &ids, mode, &person.actor, reason.as_deref()).await
        })
        .await
    }

    async fn discard(&self, ids: &[EventId], reason: &str) -> DeskResult<BTreeSet<EventId>> {
        let (ids, reason) = (ids.to_vec(), reason.to_owned());
        self.write(move |billing, person| async move {
            let done = events::discard(&billing, &ids, person.by(Some(&reason))).await?;
            Ok(done.discarded)
        })
        .await
    }

    async fn settle_alarms(&self, id: EventId, reason: &str) -> DeskResult<usize> {
        let reason = reason.to_owned();
        self.write(move |billing, person| async move {
            alarms::settle(&billing, id, person.by(Some(&reason))).await
        })
        .await
    }

    async fn customers(
        &self,
        filter: &CustomerFilter,
        sort: CustomerSort,
        page: &PageRequest,
    ) -> DeskResult<Page<CustomerRow>> {
        let mut tx = self.look().await?;
        Ok(customer_list(&mut tx, self.view(), filter, sort, page).await?)
    }

    async fn customer(&self, id: CustomerId) -> DeskResult<CustomerDetail> {
        let mut tx = self.look().await?;
        let found = customer_detail(&mut tx, self.view(), id).await?;
        found.ok_or_else(|| self.missing("customer", &id))
    }

    async fn timeline(
        &self,
        id: CustomerId,
        before: Option<Timestamp>,
        limit: u16,
    ) -> DeskResult<Vec<TimelineEntry>> {
        let mut tx = self.look().await?;
        let found = customer_timeline(&mut tx, self.view(), id, before, limit).await?;
        found.ok_or_else(|| self.missing("customer", &id))
    }

    async fn link_customer(
        &self,
        id: CustomerId,
        owner: &Owner,
        reason: Option<&str>,
    ) -> DeskResult<CustomerId> {
        let (owner, reason) = (owner.clone(), reason.map(str::to_owned));
        self.write(move |billing, person| async move {
            linking::link_customer(&billing, id, &owner, person.by(reason.as_deref())).await
        })
        .await
    }

    async fn subscriptions(
        &self,
        filter: &SubscriptionFilter,
        sort: SubscriptionSort,
        page: &PageRequest,
    ) -> DeskResult<Page<SubscriptionRow>> {
        let mut tx = self.look().await?;
        Ok(subscription_list(&mut tx, self.billing.environment(), filter, sort, page).await?)
    }

    async fn subscription(&self, id: SubscriptionId) -> DeskResult<SubscriptionDetail> {
        let mut tx = self.look().await?;
        let found = subscription_detail(&mut tx, self.billing.environment(), id).await?;
        found.ok_or_else(|| self.missing("subscription", &id))
    }

    async fn verify(
        &self,
        id: SubscriptionId,
        theirs: Theirs,
        reason: Option<&str>,
    ) -> DeskResult<VerifyReport> {
        let provided = match theirs {
            Theirs::Shown => return Ok(verify(&self.looking, id, Provided::Shown, None).await?),
            Theirs::Noted => Provided::Noted,
            Theirs::TakenOver => Provided::Applied,
        };
        let reason = reason.map(str::to_owned);
        self.write(move |billing, person| async move {
            verify(&billing, id, provided, Some(person.by(reason.as_deref()))).await
        })
        .await
    }

    async fn cancel(
        &self,
        id: SubscriptionId,
        when: CancelWhen,
        reason: Option<&str>,
    ) -> DeskResult<SubscriptionDetail> {
        let reason = reason.map(str::to_owned);
        self.write(move |billing, person| async move {
            lifecycle::cancel(&billing, id, when_at_provider(when), person.by(reason.as_deref())).await
        })
        .await?;
        self.subscription(id).await
    }

    async fn resume(&self, id: SubscriptionId, reason: Option<&str>) -> DeskResult<SubscriptionDetail> {
        let reason = reason.map(str::to_owned);
        self.write(move |billing, person| async move {
            lifecycle::resume(&billing, id, person.by(reason.as_deref())).await
        })
        .await?;
        self.subscription(id).await
    }

    async fn checkout_link(&self, customer: CustomerId, plan: &str, seats: u32) -> DeskResult<CustomerPage> {
        let purchase = Purchase {
            customer,
            plan: plan.to_owned(),
            seats,
        };
        self.write(move |billing, person| async move {
            let page =
                checkout::create(&billing, &purchase, &person.options.returns, person.by(None)).await?;
            Ok(CustomerPage {
                url: page.url,
                provider: page.provider,
                expires_at: page.expires_at,
            })
        })
        .await
    }

    async fn portal_link(&self, customer: CustomerId) -> DeskResult<CustomerPage> {
        self.write(move |billing, person| async move {
            portal::create(&billing, customer, &person.options.returns, person.by(None)).await
        })
        .await
    }

    async fn orders(&self, filter: &OrderFilter, page: &PageRequest) -> DeskResult<Page<OrderRow>> {
        let mut tx = self.look().await?;
        Ok(order_list(&mut tx, self.billing.environment(), filter, page).await?)
    }

    async fn find(&self, id: &str) -> DeskResult<Option<Found>> {
        let mut tx = self.look().await?;
        Ok(find(&mut tx, self.billing.environment(), id).await?)
    }

    fn dashboard_url(&self, provider: ProviderName, object: &ObjectRef) -> Option<String> {
        self.billing.providers().get(provider)?.dashboard_url(object)
    }

    async fn news(&self) -> News {
        self.news.next().await
    }
}
