//! A small stand-in for store, worker and provider: it loads what is needed, commits plans and answers reads.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use uuid::Uuid;

use super::super::{
    Context, Effect, Evidence, Known, Plan, Reading, Stop, Testimony, UnknownPrice, needs, plan,
};
use crate::domain::{
    catalog::{Catalog, Plan as CatalogPlan, PlanPrice},
    customer::{Customer, CustomerLink, LinkingRules, Owner},
    event::Problem,
    ids::{CustomerId, EventId, ObjectId},
    observation::{Fact, FactKind, Observation},
    order::{Order, Payment},
    provider::{Book, Environment, ObjectKind, ObjectRef, ProviderName},
    subscription::{Interval, IntervalUnit, Subscription},
};

pub(super) const BOOK: Book = Book {
    provider: ProviderName::Stripe,
    environment: Environment::Test,
};

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(super) fn id(text: &str) -> ObjectId {
    ObjectId::new(text).unwrap()
}

pub(super) fn object(kind: ObjectKind, text: &str) -> ObjectRef {
    ObjectRef::new(kind, id(text))
}

pub(super) fn money(minor: i64) -> crate::domain::money::Money {
    crate::domain::money::Money::new(minor, "USD".parse().unwrap())
}

/// Plan `solo` at `price_solo`, plan `team` at `price_team`, which is per seat.
pub(super) fn catalog() -> Catalog {
    let plan = |key: &str, per_seat: bool| CatalogPlan {
        key: key.to_owned(),
        name: key.to_owned(),
        prices: vec![PlanPrice {
            provider: BOOK.provider,
            environment: BOOK.environment,
            id: id(&format!("price_{key}")),
            amount: money(1_900),
            interval: Interval {
                unit: IntervalUnit::Month,
                count: 1,
            },
            per_seat,
        }],
    };
    Catalog::new(vec![plan("solo", false), plan("team", true)]).unwrap()
}

/// One event of a provider.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) name: String,
    pub(super) second: i64,
    pub(super) observations: Vec<Observation>,
    pub(super) facts: Vec<Fact>,
    pub(super) trusted: bool,
}

pub(super) fn told(name: &str, second: i64, observation: Observation) -> Told {
    Told {
        name: name.to_owned(),
        second,
        observations: vec![observation],
        facts: Vec::new(),
        trusted: true,
    }
}

impl Told {
    pub(super) fn testimony(&self) -> Testimony {
        Testimony {
            observations: self.observations.clone(),
            evidence: Evidence::Body {
                event: event_id(&self.name),
                provider_event_id: id(&self.name),
                at: at(self.second),
                trusted: self.trusted,
            },
        }
    }
}

pub(super) fn event_id(name: &str) -> EventId {
    let number = name.bytes().fold(1_u128, |sum, byte| sum * 31 + u128::from(byte));
    Uuid::from_u128(number).into()
}

/// How one try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Applied,
    Waiting(Problem),
    Failed(Problem),
}

pub(super) struct World {
    pub(super) rows: Known,
    pub(super) catalog: Catalog,
    pub(super) linking: LinkingRules,
    pub(super) unknown_price: UnknownPrice,
    pub(super) reading: Reading,
    /// What the provider's objects were, and from which second on.
    pub(super) provider: Vec<(i64, Observation)>,
    /// The provider's clock, in seconds.
    pub(super) clock: i64,
    /// How far the date of the provider's answers is off, in seconds.
    pub(super) skew: i64,
    pub(super) reads: BTreeSet<ObjectRef>,
    pub(super) facts: BTreeSet<(ObjectRef, FactKind)>,
    pub(super) effects: BTreeMap<String, Effect>,
    pub(super) notes: Vec<String>,
    ticket: i64,
    ids: Cell<u128>,
}

impl World {
    pub(super) fn new(reading: Reading) -> Self {
        Self {
            rows: Known::default(),
            catalog: catalog(),
            linking: LinkingRules::default(),
            unknown_price: UnknownPrice::Wait,
            reading,
            provider: Vec::new(),
            clock: 0,
            skew: 0,
            reads: BTreeSet::new(),
            facts: BTreeSet::new(),
            effects: BTreeMap::new(),
            notes: Vec::new(),
            ticket: 0,
            ids: Cell::new(1),
        }
    }

    pub(super) fn uuid(&self) -> Uuid {
        self.ids.set(self.ids.get() + 1);
        Uuid::from_u128(self.ids.get())
    }

    /// An owner that the application has told of.
    pub(super) fn add_owner(&mut self, owner: Owner, email: Option<&str>) -> CustomerId {
        let customer = Customer {
            id: self.uuid().into(),
            owner: Some(owner),
            email: email.map(str::to_owned),
            name: None,
            country: None,
            merged_into: None,
        };
        let customer_id = customer.id;
        self.rows.customers.push(customer);
        customer_id
    }

    /// The provider's object as it was by the provider's clock.
    fn ask(&self, object: &ObjectRef) -> Option<Observation> {
        self.provider
            .iter()
            .filter(|(second, seen)| *second <= self.clock && seen.object() == *object)
            .map(|(_, seen)| seen.clone())
            .next_back()
    }

    /// A read of the object, begun now.
    pub(super) fn read(&mut self, object: &ObjectRef) -> Testimony {
        self.ticket += 1;
        let observation = self
            .ask(object)
            .unwrap_or_else(|| Observation::Gone(object.clone()));
        Testimony {
            observations: vec![observation],
            evidence: Evidence::Read {
                at: at(self.clock + self.skew),
                ticket: self.ticket,
                event: None,
            },
        }
    }

    /// Plans without committing.
    pub(super) fn plan(
        &self,
        testimonies: &[Testimony],
        facts: &[Fact],
        missing: &BTreeSet<ObjectRef>,
    ) -> Result<Plan, Stop> {
        let known = self.load(&needs(testimonies, &self.linking));
        let ctx = Context {
            book: BOOK,
            catalog: &self.catalog,
            linking: &self.linking,
            unknown_price: self.unknown_price,
            reading: self.reading,
            missing,
            now: at(self.clock),
        };
        plan(&known, testimonies, facts, &ctx, &mut || self.uuid())
    }

    /// Takes one event as a worker does: reads what has to be read, commits what is planned.
    pub(super) fn take(&mut self, event: &Told) -> End {
        self.clock = self.clock.max(event.second);
        self.settle(vec![event.testimony()], &event.facts)
    }

    /// Plans and commits, with as many reads as it takes.
    pub(super) fn settle(&mut self, testimonies: Vec<Testimony>, facts: &[Fact]) -> End {
        let mut testimonies = testimonies;
        let mut missing = BTreeSet::new();
        for _ in 0..6 {
            match self.plan(&testimonies, facts, &missing) {
                Ok(plan) => {
                    self.commit(&plan);
                    self.assert_settled(&testimonies, facts, &missing);
                    return End::Applied;
                }
                Err(Stop::Read(objects)) => {
                    assert_eq!(self.reading, Reading::Possible, "asked to read {objects:?}");
                    for object in objects {
                        self.reads.insert(object.clone());
                        let ends = matches!(object.kind, ObjectKind::Subscription | ObjectKind::Customer);
                        if self.ask(&object).is_none() && !ends {
                            missing.insert(object);
                            continue;
                        }
                        let read = self.read(&object);
                        testimonies.push(read);
                    }
                }
                Err(Stop::Wait {
                    problem, meanwhile, ..
                }) => {
                    self.commit(&meanwhile);
                    return End::Waiting(problem);
                }
                Err(Stop::Fail { problem, .. }) => return End::Failed(problem),
            }
        }
        panic!("no end of reads: {testimonies:#?}");
    }

    /// Planned again on its own result, nothing changes; at most it asks for a newer read than the one given.
    fn assert_settled(&self, testimonies: &[Testimony], facts: &[Fact], missing: &BTreeSet<ObjectRef>) {
        let again = match self.plan(testimonies, facts, missing) {
            Ok(again) => again,
            Err(Stop::Read(objects)) => {
                let read = |object: &ObjectRef| {
                    let told = |testimony: &Testimony| {
                        matches!(testimony.evidence, Evidence::Read { .. })
                            && testimony.observations.iter().any(|seen| seen.object() == *object)
                    };
                    testimonies.iter().any(told)
                };
                assert!(objects.iter().all(read), "planned twice: asks for {objects:?}");
                return;
            }
            Err(stop @ (Stop::Wait { .. } | Stop::Fail { .. })) => {
                panic!("planned twice: {stop:#?}\n{testimonies:#?}")
            }
        };
        assert_eq!(again.writes, [], "planned twice: {testimonies:#?}");
        assert_eq!(again.versions, BTreeMap::new(), "planned twice: {testimonies:#?}");
        assert_eq!(again.effects, [], "planned twice: {testimonies:#?}");
    }

    pub(super) fn subscription(&self, provider_id: &str) -> &Subscription {
        self.rows
            .subscriptions
            .iter()
            .find(|row| row.provider_subscription_id == Some(id(provider_id)))
            .unwrap()
    }

    pub(super) fn link(&self, provider_id: &str) -> &CustomerLink {
        self.rows
            .links
            .iter()
            .find(|row| row.provider_customer_id == id(provider_id))
            .unwrap()
    }

    /// The customer that has the link.
    pub(super) fn customer(&self, provider_id: &str) -> &Customer {
        let link = self.link(provider_id);
        self.rows
            .customers
            .iter()
            .find(|row| row.id == link.customer_id)
            .unwrap()
    }

    pub(super) fn order(&self, provider_id: &str) -> Option<&Order> {
        self.rows
            .orders
            .iter()
            .find(|row| row.provider_order_id == id(provider_id))
    }

    pub(super) fn payment(&self, provider_id: &str) -> &Payment {
        self.rows
            .payments
            .iter()
            .find(|row| row.provider_payment_id == id(provider_id))
            .unwrap()
    }

    /// The provider id of the order that the payment belongs to.
    pub(super) fn order_of(&self, payment: &str) -> String {
        let order_id = self.payment(payment).order_id.unwrap();
        let order = self.rows.orders.iter().find(|row| row.id == order_id).unwrap();
        order.provider_order_id.to_string()
    }
}
