//! A desk in memory: made-up rows, real paging, and whatever goes wrong on demand.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use billdeck::{
    console::desk::{BadgeTone, CancelWhen, Desk, DeskError, DeskResult, News, Setting, Theirs},
    domain::{
        customer::Owner,
        event::{EventState, Problem, ReplayMode},
        ids::{CustomerId, EventId, SubscriptionId},
        provider::{Environment, ObjectRef, ProviderName},
        subscription::{Difference, SubscriptionStatus},
        views::{
            Direction, Page, PageRequest, Total,
            action::{CustomerPage, ReplayItem, ReplayOutcome, RowDiff, VerifyReport},
            customer::{CustomerDetail, CustomerFilter, CustomerRow, CustomerSort, TimelineEntry},
            event::{EventDetail, EventFilter, EventRow, EventSort},
            found::Found,
            order::{OrderFilter, OrderRow},
            overview::Overview,
            subscription::{SubscriptionDetail, SubscriptionFilter, SubscriptionRow, SubscriptionSort},
        },
    },
};
use jiff::Timestamp;
use serde_json::json;

use super::data;

/// What the desk holds and what was asked of it.
pub(super) struct Inside {
    pub(super) events: Vec<EventRow>,
    pub(super) customers: Vec<CustomerRow>,
    pub(super) subscriptions: Vec<SubscriptionRow>,
    pub(super) orders: Vec<OrderRow>,
    pub(super) overview: Overview,
    /// Every request fails with this while it is set.
    pub(super) failure: Option<DeskError>,
    /// Writes fail with this while it is set.
    pub(super) write_failure: Option<DeskError>,
    /// What was written, in words.
    pub(super) written: Vec<String>,
    /// Events about which an alarm is open.
    pub(super) alarmed: BTreeSet<EventId>,
    /// What was to be done with each word of a provider.
    pub(super) compared: Vec<Theirs>,
    /// What a verification finds different.
    pub(super) differences: Vec<RowDiff>,
}

pub(super) struct FakeDesk {
    setting: Setting,
    inside: Mutex<Inside>,
}

pub(super) fn setting() -> Setting {
    Setting {
        environment: Environment::Test,
        badge: "local".to_owned(),
        tone: BadgeTone::Local,
        read_only: false,
        operator: "ops-1".to_owned(),
        plans: vec![
            ("pro".to_owned(), "Pro".to_owned()),
            ("team".to_owned(), "Team".to_owned()),
        ],
    }
}

pub(super) fn production() -> Setting {
    Setting {
        environment: Environment::Live,
        badge: "prod".to_owned(),
        tone: BadgeTone::Production,
        ..setting()
    }
}

pub(super) fn error(code: &str, message: &str) -> DeskError {
    DeskError {
        code: code.to_owned(),
        message: message.to_owned(),
        hint: None,
        outcome_unknown: false,
        link_lost: false,
    }
}

impl FakeDesk {
    /// A desk with rows of every kind.
    pub(super) fn full(setting: Setting) -> Arc<Self> {
        Arc::new(Self {
            setting,
            inside: Mutex::new(Inside {
                events: data::events(40),
                customers: data::customers(),
                subscriptions: data::subscriptions(),
                orders: data::orders(),
                overview: data::overview(),
                failure: None,
                write_failure: None,
                written: Vec::new(),
                alarmed: BTreeSet::new(),
                compared: Vec::new(),
                differences: Vec::new(),
            }),
        })
    }

    /// A desk with nothing in it.
    pub(super) fn empty(setting: Setting) -> Arc<Self> {
        let desk = Self::full(setting);
        desk.with(|inside| {
            inside.events.clear();
            inside.customers.clear();
            inside.subscriptions.clear();
            inside.orders.clear();
            inside.overview = Overview::default();
        });
        desk
    }

    pub(super) fn with<T>(&self, change: impl FnOnce(&mut Inside) -> T) -> T {
        change(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    fn read(&self) -> DeskResult<MutexGuard<'_, Inside>> {
        let inside = self.lock();
        match &inside.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(inside),
        }
    }

    fn write(&self, what: String) -> DeskResult<MutexGuard<'_, Inside>> {
        let mut inside = self.read()?;
        inside.written.push(what);
        match &inside.write_failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(inside),
        }
    }
}

/// A page of rows that are in the list's order; the cursor is the place of a row's key.
fn page<R: Clone>(rows: &[R], key: impl Fn(&R) -> String, wanted: &PageRequest) -> Page<R> {
    let limit = usize::from(wanted.limit);
    let place = |cursor: &str| rows.iter().position(|row| key(row) == cursor);
    let (from, to) = match (&wanted.cursor, wanted.backward) {
        (None, false) => (0, limit.min(rows.len())),
        (None, true) => (rows.len().saturating_sub(limit), rows.len()),
        (Some(cursor), false) => {
            let from = place(cursor).map_or(rows.len(), |index| index + 1);
            (from, (from + limit).min(rows.len()))
        }
        (Some(cursor), true) => {
            let to = place(cursor).unwrap_or(0);
            (to.saturating_sub(limit), to)
        }
    };
    let items: Vec<R> = rows[from..to].to_vec();
    Page {
        next_cursor: (to < rows.len()).then(|| items.last().map(&key)).flatten(),
        previous_cursor: (from > 0).then(|| items.first().map(&key)).flatten(),
        items,
    }
}

fn matches(row: &EventRow, filter: &EventFilter) -> bool {
    (filter.states.is_empty() || filter.states.contains(&row.state))
        && filter.provider.is_none_or(|provider| provider == row.provider)
        && filter
            .event_type
            .as_ref()
            .is_none_or(|wanted| match wanted.strip_suffix('*') {
                Some(prefix) => row.event_type.starts_with(prefix),
                None => row.event_type == *wanted,
            })
        && filter.since.is_none_or(|since| row.received_at >= since)
        && filter
            .customer
            .is_none_or(|customer| row.customer_id == Some(customer))
        && filter
            .object
            .as_ref()
            .is_none_or(|object| row.object_id.as_ref() == Some(object) || row.provider_event_id == *object)
        && filter
            .error_code
            .as_ref()
            .is_none_or(|code| row.error.as_ref().is_some_and(|error| error.code == *code))
}

fn outcome_of(row: &EventRow) -> ReplayOutcome {
    match row.state {
        EventState::Quarantined => ReplayOutcome::Refused {
            why: "its signature was never verified".to_owned(),
        },
        EventState::Processed => ReplayOutcome::AlreadyInEffect,
        EventState::Dead => ReplayOutcome::Failed {
            problem: Problem {
                code: "refund_too_large".to_owned(),
                message: "the refund is larger than its payment; correct it at the provider".to_owned(),
            },
        },
        _ => ReplayOutcome::Applied,
    }
}

fn replay_item(row: &EventRow) -> ReplayItem {
    let outcome = outcome_of(row);
    let changes = if outcome == ReplayOutcome::Applied {
        vec![RowDiff {
            table: "subscription".to_owned(),
            row_key: row.object_id.clone().unwrap_or_default(),
            new: false,
            fields: vec![
                Difference {
                    field: "seats".to_owned(),
                    before: json!(5),
                    after: json!(8),
                },
                Difference {
                    field: "current_period_end".to_owned(),
                    before: json!("2026-11-20T00:00:00Z"),
                    after: json!("2026-12-20T00:00:00Z"),
                },
            ],
        }]
    } else {
        Vec::new()
    };
    ReplayItem {
        event_id: row.id,
        outcome,
        changes,
        notes: Vec::new(),
    }
}

fn not_found(what: &str) -> DeskError {
    error("not_found", &format!("there is no such {what}"))
}

#[async_trait]
impl Desk for FakeDesk {
    fn setting(&self) -> Setting {
        self.setting.clone()
    }

    async fn overview(&self) -> DeskResult<Overview> {
        Ok(self.read()?.overview.clone())
    }

    async fn ping(&self) -> DeskResult<Duration> {
        drop(self.read()?);
        Ok(Duration::from_millis(2))
    }

    async fn events(
        &self,
        filter: &EventFilter,
        sort: EventSort,
        wanted: &PageRequest,
    ) -> DeskResult<Page<EventRow>> {
        let mut rows: Vec<EventRow> = self
            .read()?
            .events
            .iter()
            .filter(|row| matches(row, filter))
            .cloned()
            .collect();
        if sort.direction == Direction::Ascending {
            rows.reverse();
        }
        Ok(page(&rows, |row| row.id.to_string(), wanted))
    }

    async fn events_total(&self, filter: &EventFilter) -> DeskResult<Total> {
        let number = self
            .read()?
            .events
            .iter()
            .filter(|row| matches(row, filter))
            .count();
        Ok(Total::Exactly(number as u64))
    }

    async fn event(&self, id: EventId) -> DeskResult<EventDetail> {
        let inside = self.read()?;
        let row = inside
            .events
            .iter()
            .find(|row| row.id == id)
            .ok_or_else(|| not_found("event"))?;
        let mut detail = data::event_detail(row);
        if inside.alarmed.contains(&id) {
            detail.alarms.push("another body under a known id".to_owned());
            detail.open_alarms = 1;
        }
        Ok(detail)
    }

    async fn replay_preview(&self, ids: &[EventId], _: ReplayMode) -> DeskResult<Vec<ReplayItem>> {
        let inside = self.read()?;
        Ok(inside
            .events
            .iter()
            .filter(|row| ids.contains(&row.id))
            .map(replay_item)
            .collect())
    }

    async fn replay(
        &self,
        ids: &[EventId],
        mode: ReplayMode,
        reason: Option<&str>,
    ) -> DeskResult<Vec<ReplayItem>> {
        let mut inside = self.write(format!("replay {} {mode} {reason:?}", ids.len()))?;
        let mut items = Vec::new();
        for row in inside.events.iter_mut().filter(|row| ids.contains(&row.id)) {
            let item = replay_item(row);
            if item.outcome == ReplayOutcome::Applied {
                row.state = EventState::Processed;
                row.error = None;
                row.waiting_for = None;
            }
            items.push(item);
        }
        Ok(items)
    }

    async fn discard(&self, ids: &[EventId], reason: &str) -> DeskResult<BTreeSet<EventId>> {
        let mut inside = self.write(format!("discard {} {reason}", ids.len()))?;
        let mut done = BTreeSet::new();
        for row in inside
            .events
            .iter_mut()
            .filter(|row| ids.contains(&row.id) && row.state.can_discard())
        {
            row.state = EventState::Discarded;
            done.insert(row.id);
        }
        Ok(done)
    }

    async fn settle_alarms(&self, id: EventId, reason: &str) -> DeskResult<usize> {
        let mut inside = self.write(format!("settle {reason:?}"))?;
        Ok(usize::from(inside.alarmed.remove(&id)))
    }

    async fn customers(
        &self,
        filter: &CustomerFilter,
        _: CustomerSort,
        wanted: &PageRequest,
    ) -> DeskResult<Page<CustomerRow>> {
        let begins = |row: &CustomerRow, word: &String| {
            let texts = [&row.email, &row.name, &row.external_id];
            texts
                .into_iter()
                .flatten()
                .any(|text| text.to_lowercase().starts_with(&word.to_lowercase()))
        };
        let rows: Vec<CustomerRow> = self
            .read()?
            .customers
            .iter()
            .filter(|row| filter.scope.is_none_or(|scope| row.scope == Some(scope)))
            .filter(|row| !filter.unlinked || row.scope.is_none())
            .filter(|row| filter.words.iter().all(|word| begins(row, word)))
            .cloned()
            .collect();
        Ok(page(&rows, |row| row.id.to_string(), wanted))
    }

    async fn customer(&self, id: CustomerId) -> DeskResult<CustomerDetail> {
        let inside = self.read()?;
        let row = inside
            .customers
            .iter()
            .find(|row| row.id == id)
            .ok_or_else(|| not_found("customer"))?;
        Ok(data::customer_detail(
            row,
            &inside.subscriptions,
            &inside.orders,
            &inside.customers,
        ))
    }

    async fn timeline(&self, id: CustomerId, _: Option<Timestamp>, _: u16) -> DeskResult<Vec<TimelineEntry>> {
        let inside = self.read()?;
        Ok(data::timeline(id, &inside.events))
    }

    async fn link_customer(
        &self,
        id: CustomerId,
        owner: &Owner,
        reason: Option<&str>,
    ) -> DeskResult<CustomerId> {
        let mut inside = self.write(format!("link {owner} {reason:?}"))?;
        if let Some(row) = inside.customers.iter_mut().find(|row| row.id == id) {
            row.scope = Some(owner.scope);
            row.external_id = Some(owner.external_id.to_string());
        }
        Ok(id)
    }

    async fn subscriptions(
        &self,
        filter: &SubscriptionFilter,
        _: SubscriptionSort,
        wanted: &PageRequest,
    ) -> DeskResult<Page<SubscriptionRow>> {
        let rows: Vec<SubscriptionRow> = self
            .read()?
            .subscriptions
            .iter()
            .filter(|row| filter.statuses.is_empty() || filter.statuses.contains(&row.status))
            .filter(|row| filter.customer.is_none_or(|customer| row.customer_id == customer))
            .cloned()
            .collect();
        Ok(page(&rows, |row| row.id.to_string(), wanted))
    }

    async fn subscription(&self, id: SubscriptionId) -> DeskResult<SubscriptionDetail> {
        let inside = self.read()?;
        let row = inside
            .subscriptions
            .iter()
            .find(|row| row.id == id)
            .ok_or_else(|| not_found("subscription"))?;
        Ok(data::subscription_detail(row))
    }

    async fn verify(
        &self,
        id: SubscriptionId,
        theirs: Theirs,
        reason: Option<&str>,
    ) -> DeskResult<VerifyReport> {
        let apply = theirs == Theirs::TakenOver;
        let mut inside = if apply {
            self.write(format!("take over {reason:?}"))?
        } else {
            self.read()?
        };
        inside.compared.push(theirs);
        Ok(VerifyReport {
            subscription_id: id,
            changes: inside.differences.clone(),
            unsettled: None,
            applied: apply,
            verification: if apply || inside.differences.is_empty() {
                "verified"
            } else {
                "mismatch"
            }
            .to_owned(),
            notes: Vec::new(),
            request_id: Some("req_8Fk2".to_owned()),
        })
    }

    async fn cancel(
        &self,
        id: SubscriptionId,
        when: CancelWhen,
        reason: Option<&str>,
    ) -> DeskResult<SubscriptionDetail> {
        let mut inside = self.write(format!("cancel {when:?} {reason:?}"))?;
        let row = inside
            .subscriptions
            .iter_mut()
            .find(|row| row.id == id)
            .ok_or_else(|| not_found("subscription"))?;
        match when {
            CancelWhen::Now => row.status = SubscriptionStatus::Canceled,
            CancelWhen::PeriodEnd => row.cancel_at_period_end = true,
        }
        Ok(data::subscription_detail(row))
    }

    async fn resume(&self, id: SubscriptionId, reason: Option<&str>) -> DeskResult<SubscriptionDetail> {
        let mut inside = self.write(format!("resume {reason:?}"))?;
        let row = inside
            .subscriptions
            .iter_mut()
            .find(|row| row.id == id)
            .ok_or_else(|| not_found("subscription"))?;
        row.cancel_at_period_end = false;
        Ok(data::subscription_detail(row))
    }

    async fn checkout_link(&self, _: CustomerId, plan: &str, seats: u32) -> DeskResult<CustomerPage> {
        drop(self.write(format!("checkout {plan} {seats}"))?);
        Ok(CustomerPage {
            url: "https://checkout.example/c/pay/cs_test_a1b2c3".to_owned(),
            provider: ProviderName::Stripe,
            expires_at: Some(data::now() + jiff::SignedDuration::from_hours(24)),
        })
    }

    async fn portal_link(&self, _: CustomerId) -> DeskResult<CustomerPage> {
        drop(self.write("portal".to_owned())?);
        Ok(CustomerPage {
            url: "https://billing.example/p/session/bps_1".to_owned(),
            provider: ProviderName::Stripe,
            expires_at: None,
        })
    }

    async fn orders(&self, filter: &OrderFilter, wanted: &PageRequest) -> DeskResult<Page<OrderRow>> {
        let rows: Vec<OrderRow> = self
            .read()?
            .orders
            .iter()
            .filter(|row| filter.statuses.is_empty() || filter.statuses.contains(&row.status))
            .filter(|row| {
                filter
                    .customer
                    .is_none_or(|customer| row.customer_id == Some(customer))
            })
            .cloned()
            .collect();
        Ok(page(&rows, |row| row.id.to_string(), wanted))
    }

    async fn find(&self, id: &str) -> DeskResult<Option<Found>> {
        let inside = self.read()?;
        let subscription = inside
            .subscriptions
            .iter()
            .find(|row| row.provider_subscription_id.as_deref() == Some(id))
            .map(|row| Found::Subscription(row.id));
        let event = inside
            .events
            .iter()
            .find(|row| row.provider_event_id == id)
            .map(|row| Found::Event(row.id));
        let holds = |row: &&CustomerRow| row.providers.values().flatten().any(|known| known == id);
        let customer = inside
            .customers
            .iter()
            .find(holds)
            .map(|row| Found::Customer(row.id));
        Ok(subscription.or(event).or(customer))
    }

    fn dashboard_url(&self, provider: ProviderName, object: &ObjectRef) -> Option<String> {
        (provider == ProviderName::Stripe).then(|| format!("https://dashboard.example/{}", object.id))
    }

    async fn news(&self) -> News {
        std::future::pending().await
    }
}
