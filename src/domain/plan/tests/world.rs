//! A small stand-in for store, worker and provider: it loads what is needed, commits plans and answers reads.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use uuid::Uuid;

use super::super::{
    Context, Effect, Evidence, Known, Needs, Plan, Reading, RowChange, Stop, Testimony, UnknownPrice, Write,
    needs, plan,
};
use crate::domain::{
    catalog::{Catalog, Plan as CatalogPlan, PlanPrice},
    customer::{Customer, CustomerLink, LinkingRules, Owner},
    event::Problem,
    ids::{CustomerId, EventId, LinkId, ObjectId, OrderId, PaymentId},
    observation::{Fact, FactKind, Observation},
    order::{DisputeStatus, Order, OrderKind, Payment, RefundStatus, order_status},
    provider::{Book, Environment, ObjectKind, ObjectRef, ProviderName},
    subscription::{Interval, IntervalUnit, Subscription, Verification},
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
                        if self.ask(&object).is_none() {
                            missing.insert(object.clone());
                        }
                        let read = self.read(&object);
                        testimonies.push(read);
                        self.reads.insert(object);
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

    /// Planned again on its own result, nothing changes.
    fn assert_settled(&self, testimonies: &[Testimony], facts: &[Fact], missing: &BTreeSet<ObjectRef>) {
        let again = self
            .plan(testimonies, facts, missing)
            .unwrap_or_else(|stop| panic!("planned twice: {stop:#?}\n{testimonies:#?}"));
        assert_eq!(again.writes, [], "planned twice: {testimonies:#?}");
        assert_eq!(again.versions, BTreeMap::new(), "planned twice: {testimonies:#?}");
        assert_eq!(again.effects, [], "planned twice: {testimonies:#?}");
    }

    /// Loads what the store would load, and no more.
    fn load(&self, needs: &Needs) -> Known {
        let all = &self.rows;
        let named = |kind, id: &ObjectId| needs.objects.contains(&ObjectRef::new(kind, id.clone()));
        let subscriptions: Vec<Subscription> = all
            .subscriptions
            .iter()
            .filter(|row| {
                row.provider_subscription_id
                    .as_ref()
                    .is_some_and(|id| named(ObjectKind::Subscription, id))
            })
            .cloned()
            .collect();
        let checkouts: Vec<_> = all
            .checkouts
            .iter()
            .filter(|row| {
                needs.checkouts.contains(&row.id)
                    || row
                        .provider_checkout_id
                        .as_ref()
                        .is_some_and(|id| named(ObjectKind::Checkout, id))
            })
            .cloned()
            .collect();
        let mut paying: BTreeSet<PaymentId> = all
            .payments
            .iter()
            .filter(|row| {
                named(ObjectKind::Payment, &row.provider_payment_id)
                    || row
                        .charge_id
                        .as_ref()
                        .is_some_and(|id| named(ObjectKind::Charge, id))
            })
            .map(|row| row.id)
            .collect();
        paying.extend(
            all.refunds
                .iter()
                .filter(|row| named(ObjectKind::Refund, &row.provider_refund_id))
                .map(|row| row.payment_id),
        );
        paying.extend(
            all.disputes
                .iter()
                .filter(|row| named(ObjectKind::Dispute, &row.provider_dispute_id))
                .map(|row| row.payment_id),
        );
        let paid: BTreeSet<OrderId> = all
            .payments
            .iter()
            .filter(|row| paying.contains(&row.id))
            .filter_map(|row| row.order_id)
            .collect();
        let orders: Vec<Order> = all
            .orders
            .iter()
            .filter(|row| {
                paid.contains(&row.id)
                    || [ObjectKind::Order, ObjectKind::Checkout, ObjectKind::Payment]
                        .into_iter()
                        .any(|kind| named(kind, &row.provider_order_id))
            })
            .cloned()
            .collect();
        let payments: Vec<Payment> = all
            .payments
            .iter()
            .filter(|row| {
                paying.contains(&row.id) || orders.iter().any(|order| row.order_id == Some(order.id))
            })
            .cloned()
            .collect();
        let of_payment = |id: PaymentId| payments.iter().any(|row| row.id == id);
        let refunds = all
            .refunds
            .iter()
            .filter(|row| of_payment(row.payment_id))
            .cloned();
        let disputes = all
            .disputes
            .iter()
            .filter(|row| of_payment(row.payment_id))
            .cloned();
        let link_ids: BTreeSet<LinkId> = subscriptions
            .iter()
            .map(|row| row.link_id)
            .chain(orders.iter().filter_map(|row| row.link_id))
            .chain(payments.iter().filter_map(|row| row.link_id))
            .collect();
        let customer_ids: BTreeSet<CustomerId> = all
            .links
            .iter()
            .filter(|row| {
                link_ids.contains(&row.id) || named(ObjectKind::Customer, &row.provider_customer_id)
            })
            .map(|row| row.customer_id)
            .chain(checkouts.iter().map(|row| row.customer_id))
            .collect();
        let customers: Vec<Customer> = all
            .customers
            .iter()
            .filter(|row| {
                customer_ids.contains(&row.id)
                    || row
                        .owner
                        .as_ref()
                        .is_some_and(|owner| needs.owners.contains(owner))
            })
            .cloned()
            .collect();
        let links = all
            .links
            .iter()
            .filter(|row| customers.iter().any(|customer| customer.id == row.customer_id))
            .cloned()
            .collect();
        Known {
            links,
            refunds: refunds.collect(),
            disputes: disputes.collect(),
            versions: all
                .versions
                .iter()
                .filter(|(object, _)| needs.objects.contains(object))
                .map(|(object, version)| (object.clone(), version.clone()))
                .collect(),
            customers,
            subscriptions,
            checkouts,
            orders,
            payments,
        }
    }

    /// Writes a plan as the store does, with the checks of its constraints.
    pub(super) fn commit(&mut self, plan: &Plan) {
        for write in &plan.writes {
            let rows = &mut self.rows;
            match write {
                Write::Customer(change) => put(&mut rows.customers, change, |row| row.id),
                Write::Link(change) => put(&mut rows.links, change, |row| row.id),
                Write::Checkout(change) => put(&mut rows.checkouts, change, |row| row.id),
                Write::Subscription(change) => put(&mut rows.subscriptions, change, |row| row.id),
                Write::Order(change) => put(&mut rows.orders, change, |row| row.id),
                Write::Payment(change) => put(&mut rows.payments, change, |row| row.id),
                Write::Refund(change) => put(&mut rows.refunds, change, |row| row.id),
                Write::Dispute(change) => put(&mut rows.disputes, change, |row| row.id),
                Write::OrderGone(order) => {
                    assert_ne!(order.kind, OrderKind::Invoice, "an invoice never goes");
                    rows.orders.retain(|row| row.id != order.id);
                }
            }
            self.assert_references();
        }
        self.rows.versions.extend(plan.versions.clone());
        self.facts
            .extend(plan.facts.iter().map(|fact| (fact.object.clone(), fact.kind)));
        for effect in &plan.effects {
            self.effects
                .entry(effect.key.clone())
                .or_insert_with(|| effect.clone());
        }
        self.notes.extend(plan.notes.iter().cloned());
        self.assert_sums();
    }

    fn assert_references(&self) {
        let rows = &self.rows;
        let customer = |id| rows.customers.iter().any(|row| row.id == id);
        let link = |id| rows.links.iter().any(|row| row.id == id);
        let order = |id| rows.orders.iter().any(|row| row.id == id);
        let payment = |id| rows.payments.iter().any(|row| row.id == id);
        assert!(
            rows.customers
                .iter()
                .all(|row| row.merged_into.is_none_or(customer))
        );
        assert!(rows.links.iter().all(|row| customer(row.customer_id)));
        assert!(rows.checkouts.iter().all(|row| customer(row.customer_id)));
        assert!(rows.subscriptions.iter().all(|row| link(row.link_id)));
        assert!(rows.orders.iter().all(|row| row.link_id.is_none_or(link)));
        assert!(rows.payments.iter().all(|row| row.link_id.is_none_or(link)));
        assert!(rows.payments.iter().all(|row| row.order_id.is_none_or(order)));
        assert!(rows.refunds.iter().all(|row| payment(row.payment_id)));
        assert!(rows.disputes.iter().all(|row| payment(row.payment_id)));
        assert_unique(rows.customers.iter().filter_map(|row| row.owner.clone()));
        assert_unique(rows.links.iter().map(|row| row.provider_customer_id.clone()));
        assert_unique(
            rows.links
                .iter()
                .filter(|row| row.is_default)
                .map(|row| row.customer_id),
        );
        assert_unique(
            rows.subscriptions
                .iter()
                .filter_map(|row| row.provider_subscription_id.clone()),
        );
        assert_unique(rows.orders.iter().map(|row| row.provider_order_id.clone()));
        assert_unique(rows.payments.iter().map(|row| row.provider_payment_id.clone()));
        assert_unique(rows.refunds.iter().map(|row| row.provider_refund_id.clone()));
        assert_unique(rows.disputes.iter().map(|row| row.provider_dispute_id.clone()));
    }

    /// No more goes back than was paid, and every order stands as its parts say.
    fn assert_sums(&self) {
        let rows = &self.rows;
        for payment in &rows.payments {
            let back: i64 = rows
                .refunds
                .iter()
                .filter(|row| row.payment_id == payment.id)
                .filter(|row| matches!(row.status, RefundStatus::Pending | RefundStatus::Succeeded))
                .map(|row| row.amount.minor)
                .sum();
            if let Some(amount) = payment.amount {
                assert!(
                    back <= amount.minor,
                    "{back} of {amount} goes back: {payment:?} {:?}",
                    rows.refunds
                );
            }
            assert!(
                payment.order_id.is_some(),
                "a payment without an order: {payment:?}"
            );
        }
        for order in &rows.orders {
            let of_order: Vec<PaymentId> = rows
                .payments
                .iter()
                .filter(|row| row.order_id == Some(order.id))
                .map(|row| row.id)
                .collect();
            let refunded: i64 = rows
                .refunds
                .iter()
                .filter(|row| of_order.contains(&row.payment_id) && row.status == RefundStatus::Succeeded)
                .map(|row| row.amount.minor)
                .sum();
            let disputed = rows
                .disputes
                .iter()
                .any(|row| of_order.contains(&row.payment_id) && row.status != DisputeStatus::Won);
            assert_eq!(order.refunded_minor, refunded, "{order:?}");
            if let Some(amount) = order.amount {
                let status = order_status(order.collection, amount.minor, refunded, disputed);
                assert_eq!(order.status, status, "{order:?}");
                assert!(refunded <= amount.minor, "{order:?}");
            }
            if order.kind == OrderKind::Bare {
                assert_eq!(of_order.len(), 1, "a bare order is its payment's: {order:?}");
            }
        }
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

    /// All rows by their provider's ids, with billdeck's own ids and the times of verification left out.
    pub(super) fn portrait(&self) -> BTreeMap<String, String> {
        let rows = &self.rows;
        let nil = Uuid::nil();
        let link_name = |id: LinkId| {
            let link = rows.links.iter().find(|row| row.id == id);
            link.map(|row| row.provider_customer_id.to_string())
        };
        let payment_name = |id: PaymentId| {
            let payment = rows.payments.iter().find(|row| row.id == id);
            payment.map(|row| row.provider_payment_id.to_string())
        };
        let mut portrait = BTreeMap::new();
        let mut add = |key: String, text: String| assert_eq!(portrait.insert(key, text), None);
        for row in &rows.links {
            let customer = rows
                .customers
                .iter()
                .find(|customer| customer.id == row.customer_id);
            let customer = customer.map(|customer| Customer {
                id: nil.into(),
                ..customer.clone()
            });
            let link = CustomerLink {
                id: nil.into(),
                customer_id: nil.into(),
                ..row.clone()
            };
            add(
                format!("customer {}", row.provider_customer_id),
                format!("{link:?} {customer:?}"),
            );
        }
        for row in &rows.checkouts {
            add(format!("checkout {}", row.id), format!("{row:?}"));
        }
        for row in &rows.subscriptions {
            let sure = match row.verification {
                Verification::Pending => "pending",
                Verification::Verified { .. } => "verified",
                Verification::Mismatch { .. } => "mismatch",
            };
            let plain = Subscription {
                id: nil.into(),
                link_id: nil.into(),
                verification: Verification::Pending,
                ..row.clone()
            };
            add(
                format!("subscription {:?}", row.provider_subscription_id),
                format!("{sure} {:?} {plain:?}", link_name(row.link_id)),
            );
        }
        for row in &rows.orders {
            let plain = Order {
                id: nil.into(),
                link_id: None,
                ..row.clone()
            };
            add(
                format!("order {}", row.provider_order_id),
                format!("{:?} {plain:?}", row.link_id.and_then(link_name)),
            );
        }
        for row in &rows.payments {
            let order = rows.orders.iter().find(|order| Some(order.id) == row.order_id);
            let plain = Payment {
                id: nil.into(),
                link_id: None,
                order_id: None,
                ..row.clone()
            };
            add(
                format!("payment {}", row.provider_payment_id),
                format!(
                    "{:?} {:?} {plain:?}",
                    row.link_id.and_then(link_name),
                    order.map(|order| &order.provider_order_id)
                ),
            );
        }
        for row in &rows.refunds {
            add(
                format!("refund {}", row.provider_refund_id),
                format!("{:?} {} {}", payment_name(row.payment_id), row.amount, row.status),
            );
        }
        for row in &rows.disputes {
            add(
                format!("dispute {}", row.provider_dispute_id),
                format!(
                    "{:?} {} {} {}",
                    payment_name(row.payment_id),
                    row.amount,
                    row.status,
                    row.provider_status
                ),
            );
        }
        portrait
    }
}

fn put<T: Clone + PartialEq + std::fmt::Debug, I: PartialEq>(
    rows: &mut Vec<T>,
    change: &RowChange<T>,
    id: impl Fn(&T) -> I,
) {
    let place = rows.iter_mut().find(|row| id(row) == id(&change.after));
    assert_eq!(place.as_deref(), change.before.as_ref(), "planned on another row");
    match place {
        Some(row) => *row = change.after.clone(),
        None => rows.push(change.after.clone()),
    }
}

fn assert_unique<T: Ord + std::fmt::Debug>(keys: impl Iterator<Item = T>) {
    let mut seen = BTreeSet::new();
    for key in keys {
        assert!(!seen.contains(&key), "twice: {key:?}");
        seen.insert(key);
    }
}
