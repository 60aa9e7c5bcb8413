//! From something a provider says to a plan that can be committed: reads what the plan asks for, under the lane's lease.
//!
//! The rows are loaded, and the plan is made, in the transaction that will write it; no network call is made while that
//! is open. Whoever judges a case gets the transaction and commits or drops it, which is all that tells a run from a dry
//! run.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{
    Billing,
    reader::{ReadError, Reader, Seen},
};
use crate::{
    config::LoadedCatalog,
    domain::{
        event::{Event, EventSource, Problem, WaitReason},
        ids::{EventId, ObjectId},
        observation::{Fact, Interpretation, Observation},
        plan::{Context, Evidence, Known, Needs, Plan, Reading, Stop, Testimony, needs, plan},
        provider::{Book, LaneKey, ObjectKind, ObjectRef},
        version::Version,
    },
    providers::EventError,
    store::{
        StoreError,
        known::{Access, known_load},
        lane::{Lease, lane_fence},
    },
};

/// How many times a plan may ask for further reads.
const ROUNDS: usize = 12;

/// Which description of its object an event is applied from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The event's body, and a read where the body leaves a doubt.
    Body,
    /// A read; the body only where the provider cannot be asked.
    Read,
}

/// What a provider says, on its way to becoming stored state.
#[derive(Clone, Debug)]
pub struct Case {
    book: Book,
    event: Option<EventId>,
    /// The provider's customer, as the event itself names it.
    payer: Option<ObjectId>,
    testimonies: Vec<Testimony>,
    /// What was read for the case, by the object that was asked for: only the last answer counts.
    answers: BTreeMap<ObjectRef, Vec<Testimony>>,
    /// An object that the provider says it does not have, although it tells of it in this very event.
    contradicted: Option<ObjectRef>,
    facts: Vec<Fact>,
    missing: BTreeSet<ObjectRef>,
    raw: BTreeMap<ObjectRef, String>,
    reading: Reading,
    /// To be read before the first plan.
    unread: Option<(ObjectRef, Vec<Testimony>)>,
    subject: Option<ObjectRef>,
}

/// What an event's body leads to.
#[derive(Debug)]
pub enum Opened {
    /// Something to judge.
    Case(Box<Case>),
    /// Nothing to do, with the reason.
    Ignored(String),
}

/// What a judgement came to. The plan is not committed yet.
#[derive(Debug)]
pub enum Judgement {
    /// Ready to be applied.
    Plan(Plan),
    /// The case belongs to this customer's lane, which is another one than the one held.
    Elsewhere {
        /// The provider's customer.
        customer: ObjectId,
        /// Its lane.
        lane: LaneKey,
    },
    /// It waits; the plan may be applied meanwhile.
    Wait {
        /// What for.
        reason: WaitReason,
        /// In words.
        problem: Problem,
        /// What can be applied all the same.
        meanwhile: Plan,
    },
    /// It cannot be applied as things stand.
    Fail {
        /// In words.
        problem: Problem,
        /// No retry can help.
        permanent: bool,
    },
}

/// Why no judgement was reached.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A read that the plan needs.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Case {
    /// Opens the case of an event.
    pub fn of_event(
        billing: &Billing,
        event: &Event,
        body: &[u8],
        basis: Basis,
    ) -> Result<Opened, EventError> {
        let book = event.envelope.book;
        let Some(room) = billing.providers().get(book.provider) else {
            return Err(EventError::NotAnEvent {
                provider: book.provider,
                why: "billdeck has no room for this provider".to_owned(),
            });
        };
        let (subject, observations, facts) = match room.interpret(body)? {
            Interpretation::Ignore(reason) => return Ok(Opened::Ignored(reason)),
            Interpretation::Whole {
                subject,
                observations,
                facts,
            } => (subject, observations, facts),
            Interpretation::Partial { subject, facts } => (subject, Vec::new(), facts),
        };
        let partial = observations.is_empty();
        let reading = if event.source == EventSource::Import || room.api().is_none() {
            Reading::Impossible
        } else {
            Reading::Possible
        };
        let evidence = Evidence::Body {
            event: event.id,
            provider_event_id: event.envelope.provider_event_id.clone(),
            at: event.envelope.created.unwrap_or(event.received_at),
            trusted: event.source != EventSource::Import,
        };
        let mut raw = BTreeMap::new();
        if !partial && let Some(object) = room.raw_object(body) {
            raw.insert(subject.clone(), object);
        }
        let bodies = if partial {
            Vec::new()
        } else {
            vec![Testimony {
                observations,
                evidence,
            }]
        };
        let read_first = reading == Reading::Possible && (partial || basis == Basis::Read);
        let (testimonies, unread) = if read_first {
            (Vec::new(), Some((subject.clone(), bodies)))
        } else {
            (bodies, None)
        };
        Ok(Opened::Case(Box::new(Self {
            book,
            event: Some(event.id),
            payer: event.envelope.customer.clone(),
            testimonies,
            answers: BTreeMap::new(),
            contradicted: None,
            facts,
            missing: BTreeSet::new(),
            raw,
            reading,
            unread,
            subject: Some(subject),
        })))
    }

    /// Opens the case of what the provider was seen to say, without an event.
    pub fn of_reads(book: Book, seen: impl IntoIterator<Item = Seen>) -> Self {
        let mut case = Self {
            book,
            event: None,
            payer: None,
            testimonies: Vec::new(),
            answers: BTreeMap::new(),
            contradicted: None,
            facts: Vec::new(),
            missing: BTreeSet::new(),
            raw: BTreeMap::new(),
            reading: Reading::Possible,
            unread: None,
            subject: None,
        };
        for seen in seen {
            if let (Some(first), Some(raw)) = (seen.testimony.observations.first(), seen.raw) {
                case.raw.insert(first.object(), raw);
            }
            case.facts.extend(seen.facts);
            case.testimonies.push(seen.testimony);
        }
        case
    }

    /// Whose books the case is about.
    pub const fn book(&self) -> Book {
        self.book
    }

    /// The object that the event is about.
    pub const fn subject(&self) -> Option<&ObjectRef> {
        self.subject.as_ref()
    }

    /// Whether anything of the case rests on a read rather than on the event's body.
    pub fn rests_on_read(&self) -> bool {
        self.testimonies
            .iter()
            .chain(self.answers.values().flatten())
            .any(|testimony| matches!(testimony.evidence, Evidence::Read { .. }))
    }

    /// The objects as the provider wrote them.
    pub const fn raw(&self) -> &BTreeMap<ObjectRef, String> {
        &self.raw
    }

    /// Judges the case. With a lease the transaction is fenced and may be committed; without one it cannot write.
    pub async fn judge(
        &mut self,
        billing: &Billing,
        reader: &mut Reader,
        lease: Option<&Lease>,
    ) -> Result<(Transaction<'static, Postgres>, Judgement), JudgeError> {
        if let Some((subject, bodies)) = self.unread.clone() {
            self.read(billing, reader, &subject, None).await?;
            // Taken only now: a read that failed is made again when the case is judged again.
            self.unread = None;
            // Without an answer the body is all there is.
            if self.answers.is_empty() {
                self.testimonies = bodies;
            }
        }
        if self.tells_nothing() {
            let tx = billing.store().begin_read_only().await?;
            return Ok((
                tx,
                Judgement::Fail {
                    problem: not_readable(self.book),
                    permanent: false,
                },
            ));
        }
        for _ in 0..ROUNDS {
            if let Some(object) = &self.contradicted {
                let problem = gone_contradicts_event(self.book, object);
                let tx = billing.store().begin_read_only().await?;
                return Ok((
                    tx,
                    Judgement::Fail {
                        problem,
                        permanent: false,
                    },
                ));
            }
            let mut tx = match lease {
                Some(lease) => {
                    let mut tx = billing.store().begin().await?;
                    lane_fence(&mut tx, lease).await?;
                    tx
                }
                None => billing.store().begin_read_only().await?,
            };
            let access = if lease.is_some() {
                Access::Write
            } else {
                Access::Look
            };
            let needs = self.needs(billing);
            let known = known_load(&mut tx, self.book, &needs, access).await?;
            if let Some(lease) = lease
                && let Some(customer) = self.customer(&known)
            {
                let lane = LaneKey::new(self.book, &customer);
                if lane != lease.lane {
                    return Ok((tx, Judgement::Elsewhere { customer, lane }));
                }
            }
            match self.plan(billing, &known) {
                Ok(plan) => return Ok((tx, Judgement::Plan(plan))),
                Err(Stop::Wait {
                    reason,
                    problem,
                    meanwhile,
                }) => {
                    let problem = with_place(&billing.catalog(), self.book, &reason, problem);
                    return Ok((
                        tx,
                        Judgement::Wait {
                            reason,
                            problem,
                            meanwhile: *meanwhile,
                        },
                    ));
                }
                Err(Stop::Fail { problem, permanent }) => {
                    return Ok((tx, Judgement::Fail { problem, permanent }));
                }
                Err(Stop::Read(objects)) => {
                    drop(tx);
                    for object in &objects {
                        // Asked for again: what was read before does not settle it, whoever it was read for.
                        let not_before = self.was_read(object).then(|| {
                            reader.forget(object);
                            known.versions.get(object).and_then(Version::body_at)
                        });
                        self.read(billing, reader, object, not_before.flatten()).await?;
                    }
                }
            }
        }
        let problem = Problem {
            code: "unsettled".to_owned(),
            message: format!(
                "the provider's state kept changing while it was read {ROUNDS} times; it is tried again by itself"
            ),
        };
        let tx = billing.store().begin_read_only().await?;
        Ok((
            tx,
            Judgement::Fail {
                problem,
                permanent: false,
            },
        ))
    }

    /// Whether the event only points at its object, and nobody can be asked what that is now. Money facts that such an
    /// event proves are booked all the same.
    fn tells_nothing(&self) -> bool {
        self.event.is_some()
            && self.reading == Reading::Impossible
            && self.testimonies.is_empty()
            && self.answers.is_empty()
            && self.facts.is_empty()
    }

    fn needs(&self, billing: &Billing) -> Needs {
        needs(&self.told(), &billing.rules().linking)
    }

    fn plan(&self, billing: &Billing, known: &Known) -> Result<Plan, Stop> {
        let in_force = billing.catalog();
        let context = Context {
            book: self.book,
            catalog: &in_force.catalog,
            linking: &billing.rules().linking,
            unknown_price: billing.rules().unknown_price,
            reading: self.reading,
            missing: &self.missing,
            now: billing.now(),
        };
        plan(known, &self.told(), &self.facts, &context, &mut Uuid::now_v7)
    }

    /// Everything that was said: by the body, and by what was read.
    fn told(&self) -> Cow<'_, [Testimony]> {
        if self.answers.is_empty() {
            return Cow::Borrowed(&self.testimonies);
        }
        let answers = self.answers.values().flatten();
        Cow::Owned(self.testimonies.iter().chain(answers).cloned().collect())
    }

    fn was_read(&self, object: &ObjectRef) -> bool {
        self.answers.contains_key(object) || self.missing.contains(object)
    }

    /// Reads an object. `not_before`: the date of a body that was stored before the read began, see [`dated`].
    async fn read(
        &mut self,
        billing: &Billing,
        reader: &mut Reader,
        object: &ObjectRef,
        not_before: Option<Timestamp>,
    ) -> Result<(), ReadError> {
        let of = self.payer.clone().or_else(|| self.named_customer());
        match reader
            .read(billing, self.book, object, of.as_ref(), self.event)
            .await?
        {
            Some(seen) if seen.is_gone(object) && !ends_when_gone(object.kind) => {
                self.missing.insert(object.clone());
            }
            Some(seen) if seen.is_gone(object) && seen.raw.is_none() && self.body_tells_of(object) => {
                self.contradicted = Some(object.clone());
            }
            Some(seen) => {
                self.missing.remove(object);
                if let Some(raw) = seen.raw {
                    self.raw.insert(object.clone(), raw);
                }
                self.facts.extend(seen.facts);
                self.answers
                    .insert(object.clone(), dated(seen.testimony, object, not_before));
            }
            None => self.reading = Reading::Impossible,
        }
        Ok(())
    }

    /// Whether the event's own signed body tells of the object as of one that goes on.
    fn body_tells_of(&self, object: &ObjectRef) -> bool {
        let unread = self.unread.iter().flat_map(|(_, bodies)| bodies);
        self.testimonies
            .iter()
            .chain(unread)
            .filter(|testimony| matches!(testimony.evidence, Evidence::Body { trusted: true, .. }))
            .flat_map(|testimony| &testimony.observations)
            .any(|observation| observation.object() == *object && !tells_the_end(observation))
    }

    /// The provider's customer, as the descriptions say.
    fn named_customer(&self) -> Option<ObjectId> {
        self.testimonies
            .iter()
            .chain(self.answers.values().flatten())
            .flat_map(|testimony| &testimony.observations)
            .find_map(Observation::customer)
            .cloned()
    }

    /// The provider's customer that the case is about: as the descriptions say, else as the stored rows know.
    fn customer(&self, known: &Known) -> Option<ObjectId> {
        if let Some(customer) = self.named_customer() {
            return Some(customer);
        }
        let links = known.payments.iter().filter_map(|payment| payment.link_id);
        let links = links.chain(known.orders.iter().filter_map(|order| order.link_id));
        let link = links
            .chain(
                known
                    .subscriptions
                    .iter()
                    .map(|subscription| subscription.link_id),
            )
            .next()?;
        known
            .links
            .iter()
            .find(|row| row.id == link)
            .map(|row| row.provider_customer_id.clone())
    }
}

fn tells_the_end(observation: &Observation) -> bool {
    match observation {
        Observation::Customer(seen) => seen.deleted,
        Observation::Subscription(seen) => seen.status.is_terminal(),
        Observation::Gone(_) => true,
        Observation::Checkout(_)
        | Observation::Order(_)
        | Observation::PaymentLink(_)
        | Observation::Payment(_)
        | Observation::Charge(_)
        | Observation::Refund(_)
        | Observation::Dispute(_) => false,
    }
}

/// Providers tell of what they have. One that has not what it told of a moment ago was asked with the key of another
/// account, mostly; taken for a deletion, that would end every subscription.
fn gone_contradicts_event(book: Book, object: &ObjectRef) -> Problem {
    Problem {
        code: "gone_contradicts_event".to_owned(),
        message: format!(
            "{} says that it has no {} {}, although this event tells of it; check that the key and the webhook secret are \
             of the same account, or verify the object if it is really gone",
            book.provider, object.kind, object.id
        ),
    }
}

/// What a read tells of the object that was asked for is no older than a body that was stored before the read began,
/// whatever the clocks say: some of a provider's events run ahead of the clock that its answers are dated by (Stripe's
/// test clocks do, by months), and no number of reads would catch up with them.
fn dated(testimony: Testimony, object: &ObjectRef, not_before: Option<Timestamp>) -> Vec<Testimony> {
    let Evidence::Read { at, ticket, event } = testimony.evidence else {
        return vec![testimony];
    };
    let Some(not_before) = not_before.filter(|&not_before| not_before > at) else {
        return vec![testimony];
    };
    let (asked_for, others) = testimony
        .observations
        .into_iter()
        .partition(|observation| observation.object() == *object);
    let said = |observations: Vec<Observation>, at| Testimony {
        observations,
        evidence: Evidence::Read { at, ticket, event },
    };
    vec![said(asked_for, not_before), said(others, at)]
}

fn not_readable(book: Book) -> Problem {
    Problem {
        code: "not_readable".to_owned(),
        message: format!(
            "the event only points at its object, and {} cannot be asked about it: give billdeck its API key, or import \
             an event that holds the whole object",
            book.provider
        ),
    }
}

/// Names the file and line where the person mends it.
fn with_place(in_force: &LoadedCatalog, book: Book, reason: &WaitReason, problem: Problem) -> Problem {
    let last_plan = in_force.catalog.plans().last().map(|plan| plan.key.as_str());
    match reason {
        WaitReason::UnknownPrice(price) => Problem {
            message: format!(
                "the price {price} is in no plan: add it to a plan's prices for {} in {}; the event then goes on by itself",
                book.provider,
                in_force.file.place(last_plan, book.provider),
            ),
            ..problem
        },
    }
}

/// Whether "not found" says something about the object. A subscription or a customer that is gone has ended; a payment or a
/// refund once told of has happened, and a provider that no longer shows it takes nothing back.
const fn ends_when_gone(kind: ObjectKind) -> bool {
    match kind {
        ObjectKind::Subscription | ObjectKind::Customer => true,
        ObjectKind::Checkout
        | ObjectKind::Order
        | ObjectKind::PaymentLink
        | ObjectKind::Payment
        | ObjectKind::Charge
        | ObjectKind::Refund
        | ObjectKind::Dispute
        | ObjectKind::Price
        | ObjectKind::Other => false,
    }
}
