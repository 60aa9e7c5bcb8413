//! A provider with a little state of its own and a script of what goes wrong: calls that fail, hang, or take effect
//! without an answer. Webhooks are Stripe's own.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use billdeck::{
    domain::{
        capability::{Capability, Means},
        event::Envelope,
        ids::ObjectId,
        observation::{CustomerSeen, Interpretation, Observation, SubscriptionSeen},
        provider::{Book, Environment, ObjectKind, ObjectRef, ProviderName},
        subscription::{Interval, IntervalUnit, Period, SubscriptionItem, SubscriptionStatus},
    },
    providers::{
        Answer, CancelWhen, CustomerPatch, EventError, ListedEvent, ListedPrice, NewCheckout, NewCustomer,
        NewRefund, Page, Provider, ProviderApi, ProviderError, RawDelivery, ReadObject, SignatureError,
        StartedCheckout, StartedRefund, SubscriptionAt, Verified, error::Call, stripe::Stripe,
    },
};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use super::stripe;

pub(crate) const BOOK: Book = Book {
    provider: ProviderName::Stripe,
    environment: Environment::Test,
};

pub(crate) fn id(text: &str) -> ObjectId {
    ObjectId::new(text).unwrap()
}

/// The calls that a script can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Read,
    Subscriptions,
    Objects,
    CustomerCreate,
    CheckoutCreate,
    Portal,
    Cancel,
    Resume,
}

/// What happens to one call.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// The provider understands and says no.
    Refuse,
    /// The provider cannot be reached.
    Unreachable,
    /// The provider limits calls.
    Limit,
    /// The provider has trouble of its own.
    Down,
    /// It takes effect, and the answer is lost.
    Lost,
    /// It takes effect once the gate is opened.
    Hold(Gate),
}

/// Where a call waits until the test lets it go on.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    reached: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self {
            reached: Arc::new(Semaphore::new(0)),
            open: Arc::new(Semaphore::new(0)),
        }
    }

    /// Waits until a call stands at the gate.
    pub(crate) async fn reached(&self) {
        let waiting = tokio::time::timeout(super::LIMIT, self.reached.acquire()).await;
        waiting.expect("no call came to the gate").unwrap().forget();
    }

    /// Lets one call through.
    pub(crate) fn open(&self) {
        self.open.add_permits(1);
    }

    async fn pass(&self) {
        self.reached.add_permits(1);
        self.open.acquire().await.unwrap().forget();
    }
}

/// What the provider has, and what it was asked.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) customers: BTreeMap<ObjectId, CustomerSeen>,
    pub(crate) subscriptions: BTreeMap<ObjectId, SubscriptionSeen>,
    /// Other objects of a customer, by what they are listed under.
    pub(crate) objects: BTreeMap<ObjectKind, Vec<Observation>>,
    /// Kinds of which there is more than a list tells.
    pub(crate) cut: BTreeSet<ObjectKind>,
    pub(crate) sessions: Vec<NewCheckout>,
    /// How often an object was read.
    pub(crate) reads: usize,
    /// A body that holds this makes the room panic.
    pub(crate) poison: Option<&'static str>,
    /// What each key made.
    keys: BTreeMap<String, usize>,
    /// Steps with the keys they came with, in order.
    pub(crate) writes: Vec<(Step, String)>,
    script: BTreeMap<Step, VecDeque<Turn>>,
}

/// The provider.
#[derive(Clone)]
pub(crate) struct Scripted {
    room: Arc<Stripe>,
    state: Arc<Mutex<State>>,
    on: bool,
}

impl Scripted {
    pub(crate) fn new() -> Self {
        Self {
            room: Arc::new(stripe::room(&[stripe::SECRET])),
            state: Arc::default(),
            on: true,
        }
    }

    /// The same provider without credentials.
    pub(crate) fn off(&self) -> Self {
        Self {
            on: false,
            ..self.clone()
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The next such call goes like this; several are used in order, and then all is well again.
    pub(crate) fn next(&self, step: Step, turn: Turn) {
        self.state().script.entry(step).or_default().push_back(turn);
    }

    /// A customer that exists there.
    pub(crate) fn add_customer(&self, customer: CustomerSeen) {
        self.state().customers.insert(customer.id.clone(), customer);
    }

    /// A subscription that exists there.
    /// From now on there is no such subscription.
    pub(crate) fn forget(&self, subscription: &str) {
        self.state().subscriptions.remove(&id(subscription));
    }

    pub(crate) fn add_subscription(&self, subscription: SubscriptionSeen) {
        self.state()
            .subscriptions
            .insert(subscription.id.clone(), subscription);
    }

    /// Changes a subscription there, without telling anybody.
    pub(crate) fn change(&self, subscription: &str, change: impl FnOnce(&mut SubscriptionSeen)) {
        change(self.state().subscriptions.get_mut(&id(subscription)).unwrap());
    }

    async fn turn(&self, step: Step) -> Result<(), ProviderError> {
        let turn = self.state().script.get_mut(&step).and_then(VecDeque::pop_front);
        let call = call(step);
        match turn {
            None => Ok(()),
            Some(Turn::Hold(gate)) => {
                gate.pass().await;
                Ok(())
            }
            Some(Turn::Refuse) => Err(ProviderError::Refused {
                call,
                status: 400,
                code: "not_today".to_owned(),
                message: "the script says no".to_owned(),
            }),
            Some(Turn::Limit) => Err(ProviderError::RateLimited {
                call,
                retry_after: None,
            }),
            Some(Turn::Down) => Err(ProviderError::Down {
                call,
                status: 503,
                retry_after: None,
            }),
            Some(Turn::Unreachable) => Err(ProviderError::Unreachable {
                call,
                source: "nobody there".into(),
            }),
            Some(Turn::Lost) => {
                self.state()
                    .script
                    .entry(step)
                    .or_default()
                    .push_front(Turn::Lost);
                Ok(())
            }
        }
    }

    /// To be called when the effect is there: takes the answer away if the script wants it.
    fn answer<T>(&self, step: Step, value: T) -> Result<Answer<T>, ProviderError> {
        let mut state = self.state();
        let turns = state.script.entry(step).or_default();
        if matches!(turns.front(), Some(Turn::Lost)) {
            turns.pop_front();
            return Err(ProviderError::OutcomeUnknown {
                call: call(step),
                source: "the line was cut".into(),
            });
        }
        Ok(Answer {
            value,
            at: Timestamp::now(),
            request_id: Some("req_scripted".to_owned()),
        })
    }
}

fn call(step: Step) -> Call {
    Call {
        provider: ProviderName::Stripe,
        what: format!("{step:?}"),
        request_id: None,
    }
}

fn told(observations: Vec<Observation>) -> ReadObject {
    ReadObject {
        raw: Some(serde_json::json!({ "scripted": observations.len() }).to_string()),
        observations,
        facts: Vec::new(),
        is_cut: false,
    }
}

/// A customer that nobody owns.
pub(crate) fn customer(name: &str) -> CustomerSeen {
    CustomerSeen {
        id: id(name),
        email: Some(format!("{name}@example.com")),
        name: None,
        country: None,
        metadata: BTreeMap::new(),
        deleted: false,
    }
}

/// An active monthly subscription of the plan `pro`.
pub(crate) fn subscription(name: &str, customer: &str) -> SubscriptionSeen {
    let start = Timestamp::from_second(1_795_000_000).unwrap();
    SubscriptionSeen {
        id: id(name),
        customer: id(customer),
        status: SubscriptionStatus::Active,
        provider_status: "active".to_owned(),
        cancel_at_period_end: false,
        cancel_at: None,
        canceled_at: None,
        ended_at: None,
        period: Some(Period {
            start,
            end: start + SignedDuration::from_hours(30 * 24),
        }),
        trial: None,
        items: vec![SubscriptionItem {
            provider_item_id: id(&format!("si_{name}")),
            price_id: id("price_pro"),
            quantity: Some(1),
            unit_amount: None,
            interval: Some(Interval {
                unit: IntervalUnit::Month,
                count: 1,
            }),
        }],
        metadata: BTreeMap::new(),
        checkout: None,
    }
}

impl Provider for Scripted {
    fn book(&self) -> Book {
        BOOK
    }

    fn api_version(&self) -> &'static str {
        self.room.api_version()
    }

    fn secret_count(&self) -> usize {
        self.room.secret_count()
    }

    fn verify(&self, delivery: RawDelivery<'_>, now: Timestamp) -> Result<Verified, SignatureError> {
        self.room.verify(delivery, now)
    }

    fn envelope(&self, delivery: RawDelivery<'_>) -> Result<Envelope, EventError> {
        self.room.envelope(delivery)
    }

    fn interpret(&self, body: &[u8]) -> Result<Interpretation, EventError> {
        let poison = self.state().poison;
        if let Some(poison) = poison {
            let body = String::from_utf8_lossy(body);
            assert!(!body.contains(poison), "poisoned by {poison}");
        }
        self.room.interpret(body)
    }

    fn raw_object(&self, body: &[u8]) -> Option<String> {
        self.room.raw_object(body)
    }

    fn api(&self) -> Option<&dyn ProviderApi> {
        self.on.then_some(self)
    }

    fn api_p95(&self) -> Option<Duration> {
        Some(Duration::from_millis(40))
    }

    fn capability(&self, what: Capability) -> Means {
        self.room.capability(what)
    }

    fn dashboard_url(&self, object: &ObjectRef) -> Option<String> {
        self.room.dashboard_url(object)
    }
}

#[async_trait]
impl ProviderApi for Scripted {
    async fn check_credentials(&self) -> Result<Answer<()>, ProviderError> {
        self.answer(Step::Read, ())
    }

    async fn read(
        &self,
        object: &ObjectRef,
        _of: Option<&ObjectId>,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        self.state().reads += 1;
        self.turn(Step::Read).await?;
        let found = {
            let state = self.state();
            match object.kind {
                ObjectKind::Customer => state
                    .customers
                    .get(&object.id)
                    .cloned()
                    .map(Observation::Customer),
                ObjectKind::Subscription => state
                    .subscriptions
                    .get(&object.id)
                    .cloned()
                    .map(Observation::Subscription),
                _ => state
                    .objects
                    .values()
                    .flatten()
                    .find(|seen| seen.object() == *object)
                    .cloned(),
            }
        };
        let answer = match found {
            Some(found) => told(vec![found]),
            None => ReadObject {
                raw: None,
                ..told(vec![Observation::Gone(object.clone())])
            },
        };
        self.answer(Step::Read, answer)
    }

    async fn subscriptions_of(&self, customer: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
        self.turn(Step::Subscriptions).await?;
        let found: Vec<Observation> = self
            .state()
            .subscriptions
            .values()
            .filter(|seen| seen.customer == *customer)
            .cloned()
            .map(Observation::Subscription)
            .collect();
        self.answer(
            Step::Subscriptions,
            ReadObject {
                raw: None,
                ..told(found)
            },
        )
    }

    async fn objects_of(
        &self,
        customer: &ObjectId,
        kind: ObjectKind,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        self.turn(Step::Objects).await?;
        let is_cut = self.state().cut.contains(&kind);
        let mut found = self.state().objects.get(&kind).cloned().unwrap_or_default();
        found.retain(|seen| seen.customer().is_none_or(|of| of == customer));
        self.answer(
            Step::Objects,
            ReadObject {
                raw: None,
                is_cut,
                ..told(found)
            },
        )
    }

    async fn customers_by_email(&self, _: &str) -> Result<Answer<ReadObject>, ProviderError> {
        self.answer(Step::Read, told(Vec::new()))
    }

    async fn customer_create(
        &self,
        new: &NewCustomer,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        self.turn(Step::CustomerCreate).await?;
        let made = {
            let mut state = self.state();
            state.writes.push((Step::CustomerCreate, key.to_owned()));
            let count = state.customers.len();
            let number = *state.keys.entry(key.to_owned()).or_insert(count);
            let seen = CustomerSeen {
                email: new.email.clone(),
                name: new.name.clone(),
                metadata: new.metadata.clone(),
                ..customer(&format!("cus_made_{number}"))
            };
            state.customers.entry(seen.id.clone()).or_insert(seen).clone()
        };
        self.answer(Step::CustomerCreate, told(vec![Observation::Customer(made)]))
    }

    async fn customer_update(
        &self,
        id: &ObjectId,
        _: &CustomerPatch,
        _: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        self.read(&ObjectRef::new(ObjectKind::Customer, id.clone()), None)
            .await
    }

    async fn checkout_create(
        &self,
        new: &NewCheckout,
        key: &str,
    ) -> Result<Answer<StartedCheckout>, ProviderError> {
        self.turn(Step::CheckoutCreate).await?;
        let number = {
            let mut state = self.state();
            state.writes.push((Step::CheckoutCreate, key.to_owned()));
            let count = state.sessions.len();
            let number = *state.keys.entry(key.to_owned()).or_insert(count);
            if number == count {
                state.sessions.push(new.clone());
            }
            number
        };
        let started = StartedCheckout {
            id: id(&format!("cs_made_{number}")),
            url: format!("https://pay.example.com/{number}"),
            // Providers count in whole seconds.
            expires_at: Timestamp::from_second(Timestamp::now().as_second() + 24 * 3_600).ok(),
        };
        self.answer(Step::CheckoutCreate, started)
    }

    async fn portal_create(
        &self,
        customer: &ObjectId,
        return_url: &str,
        key: &str,
    ) -> Result<Answer<String>, ProviderError> {
        self.turn(Step::Portal).await?;
        self.state().writes.push((Step::Portal, key.to_owned()));
        self.answer(
            Step::Portal,
            format!("https://portal.example.com/{customer}?back={return_url}"),
        )
    }

    async fn subscription_cancel(
        &self,
        at: SubscriptionAt<'_>,
        when: CancelWhen,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        self.turn(Step::Cancel).await?;
        let seen = {
            let mut state = self.state();
            state.writes.push((Step::Cancel, key.to_owned()));
            let seen = state.subscriptions.get_mut(at.id).unwrap();
            match when {
                CancelWhen::Now => {
                    seen.status = SubscriptionStatus::Canceled;
                    seen.provider_status = "canceled".to_owned();
                    seen.ended_at = seen.period.map(|period| period.start);
                }
                CancelWhen::PeriodEnd => {
                    seen.cancel_at_period_end = true;
                    seen.cancel_at = seen.period.map(|period| period.end);
                }
            }
            seen.clone()
        };
        self.answer(Step::Cancel, told(vec![Observation::Subscription(seen)]))
    }

    async fn subscription_resume(
        &self,
        at: SubscriptionAt<'_>,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        self.turn(Step::Resume).await?;
        let seen = {
            let mut state = self.state();
            state.writes.push((Step::Resume, key.to_owned()));
            let seen = state.subscriptions.get_mut(at.id).unwrap();
            seen.cancel_at_period_end = false;
            seen.cancel_at = None;
            seen.clone()
        };
        self.answer(Step::Resume, told(vec![Observation::Subscription(seen)]))
    }

    async fn prices(&self, _: Option<&str>) -> Result<Answer<Page<ListedPrice>>, ProviderError> {
        let none = Page {
            items: Vec::new(),
            next: None,
        };
        self.answer(Step::Read, none)
    }

    async fn event(&self, _: &ObjectId) -> Result<Answer<Option<ListedEvent>>, ProviderError> {
        self.answer(Step::Read, None)
    }

    async fn events(
        &self,
        _: Timestamp,
        _: Option<&str>,
    ) -> Result<Answer<Page<ListedEvent>>, ProviderError> {
        let none = Page {
            items: Vec::new(),
            next: None,
        };
        self.answer(Step::Read, none)
    }

    async fn refund_create(&self, _: &NewRefund, _: &str) -> Result<Answer<StartedRefund>, ProviderError> {
        Err(ProviderError::Unreachable {
            call: call(Step::Read),
            source: "refunds are not scripted".into(),
        })
    }
}
