//! The rows of a plan in the making: as stored, as they will be, and what of that has to be written.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Context, Evidence, Known, Reading, RowChange, Testimony, Write};
use crate::domain::{
    checkout::Checkout,
    customer::{Customer, CustomerLink},
    event::Problem,
    ids::{
        CheckoutId, CustomerId, DisputeId, LinkId, ObjectId, OrderId, PaymentId, RefundId, SubscriptionId,
    },
    observation::Observation,
    order::{Dispute, Order, Payment, Refund},
    provider::ObjectRef,
    subscription::{Subscription, Verification},
    version::Version,
};

/// A row that is found by billdeck's own id.
pub(super) trait Row: Clone + PartialEq {
    type Id: Copy + PartialEq;

    fn id(&self) -> Self::Id;
}

macro_rules! rows {
    ($($row:ty => $id:ty),+ $(,)?) => {$(
        impl Row for $row {
            type Id = $id;

            fn id(&self) -> Self::Id {
                self.id
            }
        }
    )+};
}

rows! {
    Customer => CustomerId,
    CustomerLink => LinkId,
    Checkout => CheckoutId,
    Subscription => SubscriptionId,
    Order => OrderId,
    Payment => PaymentId,
    Refund => RefundId,
    Dispute => DisputeId,
}

/// One row: `before` none is a new one, `after` none one that goes.
#[derive(Clone, Debug)]
pub(super) struct Slot<T> {
    pub(super) before: Option<T>,
    pub(super) after: Option<T>,
}

/// The rows of one kind.
#[derive(Clone, Debug)]
pub(super) struct Table<T> {
    slots: Vec<Slot<T>>,
}

impl<T: Row> Table<T> {
    fn new(rows: &[T]) -> Self {
        let slot = |row: &T| Slot {
            before: Some(row.clone()),
            after: Some(row.clone()),
        };
        Self {
            slots: rows.iter().map(slot).collect(),
        }
    }

    /// The rows as they will be.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| slot.after.as_ref())
    }

    pub(super) fn get(&self, id: T::Id) -> Option<&T> {
        self.iter().find(|row| row.id() == id)
    }

    pub(super) fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<&T> {
        self.iter().find(|row| wanted(row))
    }

    /// Puts the row in the place of the one with its id, or adds it.
    pub(super) fn put(&mut self, row: T) {
        let id = row.id();
        let place = self
            .slots
            .iter_mut()
            .find(|slot| slot.after.as_ref().is_some_and(|known| known.id() == id));
        match place {
            Some(slot) => slot.after = Some(row),
            None => self.slots.push(Slot {
                before: None,
                after: Some(row),
            }),
        }
    }

    /// Whether the row will be new.
    pub(super) fn is_new(&self, id: T::Id) -> bool {
        let stored = |slot: &Slot<T>| slot.before.as_ref().is_some_and(|row| row.id() == id);
        !self.slots.iter().any(stored)
    }

    pub(super) fn remove(&mut self, id: T::Id) {
        for slot in &mut self.slots {
            if slot.after.as_ref().is_some_and(|row| row.id() == id) {
                slot.after = None;
            }
        }
    }

    /// The rows that differ from what is stored.
    pub(super) fn changed(&self) -> impl Iterator<Item = &Slot<T>> {
        self.slots.iter().filter(|slot| slot.before != slot.after)
    }

    fn changes(&self) -> impl Iterator<Item = RowChange<T>> + '_ {
        self.changed().filter_map(|slot| {
            Some(RowChange {
                before: slot.before.clone(),
                after: slot.after.clone()?,
            })
        })
    }
}

/// All rows that take part.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub(super) customers: Table<Customer>,
    pub(super) links: Table<CustomerLink>,
    pub(super) checkouts: Table<Checkout>,
    pub(super) subscriptions: Table<Subscription>,
    pub(super) orders: Table<Order>,
    pub(super) payments: Table<Payment>,
    pub(super) refunds: Table<Refund>,
    pub(super) disputes: Table<Dispute>,
}

impl Rows {
    fn new(known: &Known) -> Self {
        Self {
            customers: Table::new(&known.customers),
            links: Table::new(&known.links),
            checkouts: Table::new(&known.checkouts),
            subscriptions: Table::new(&known.subscriptions),
            orders: Table::new(&known.orders),
            payments: Table::new(&known.payments),
            refunds: Table::new(&known.refunds),
            disputes: Table::new(&known.disputes),
        }
    }

    /// Whether both say the same of the world; how sure of it they are does not count.
    pub(super) fn say_the_same(&self, other: &Self) -> bool {
        let unverified = |row: &Subscription| Subscription {
            verification: Verification::Pending,
            ..row.clone()
        };
        self.customers.iter().eq(other.customers.iter())
            && self.links.iter().eq(other.links.iter())
            && self.checkouts.iter().eq(other.checkouts.iter())
            && self
                .subscriptions
                .iter()
                .map(unverified)
                .eq(other.subscriptions.iter().map(unverified))
            && self.orders.iter().eq(other.orders.iter())
            && self.payments.iter().eq(other.payments.iter())
            && self.refunds.iter().eq(other.refunds.iter())
            && self.disputes.iter().eq(other.disputes.iter())
    }

    /// What has to be written, in an order in which every reference is there before it is used.
    pub(super) fn writes(&self) -> Vec<Write> {
        // A customer that points at the one it was merged into comes after that one.
        let (merged, standing): (Vec<_>, Vec<_>) = self
            .customers
            .changes()
            .partition(|change| change.after.merged_into.is_some());
        let mut writes: Vec<Write> = standing.into_iter().chain(merged).map(Write::Customer).collect();
        // A link that gives up the default comes before one that takes it: an owner has one default at a time.
        let (taking, giving): (Vec<_>, Vec<_>) =
            self.links.changes().partition(|change| change.after.is_default);
        writes.extend(giving.into_iter().chain(taking).map(Write::Link));
        writes.extend(self.checkouts.changes().map(Write::Checkout));
        writes.extend(self.subscriptions.changes().map(Write::Subscription));
        writes.extend(self.orders.changes().map(Write::Order));
        writes.extend(self.payments.changes().map(Write::Payment));
        writes.extend(self.refunds.changes().map(Write::Refund));
        writes.extend(self.disputes.changes().map(Write::Dispute));
        writes.extend(self.orders.changed().filter_map(|slot| {
            let gone = slot.after.is_none();
            gone.then(|| slot.before.clone())
                .flatten()
                .map(|order| Write::OrderGone(Box::new(order)))
        }));
        writes
    }
}

/// Why an observation cannot be applied as things stand.
#[derive(Debug)]
pub(super) enum Hold {
    /// These objects have to be read first.
    Read(BTreeSet<ObjectRef>),
    /// The price is in no plan.
    Price(ObjectId),
    /// It does not fit what is stored.
    Fail(Problem),
}

/// An evidence as it is used on one object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proof<'a> {
    pub(super) evidence: &'a Evidence,
    /// A doubt was settled by rule, since the provider could not be asked.
    pub(super) unsure: bool,
}

/// Everything that observations are applied to.
pub(super) struct Working<'a> {
    pub(super) ctx: &'a Context<'a>,
    pub(super) rows: Rows,
    pub(super) versions: BTreeMap<ObjectRef, Version>,
    pub(super) notes: Vec<String>,
    /// Objects that were read.
    answered: BTreeSet<ObjectRef>,
    /// Objects that the provider does not have.
    gone: BTreeSet<ObjectRef>,
    fresh: &'a mut dyn FnMut() -> Uuid,
}

impl<'a> Working<'a> {
    pub(super) fn new(
        known: &Known,
        testimonies: &[Testimony],
        ctx: &'a Context<'a>,
        fresh: &'a mut dyn FnMut() -> Uuid,
    ) -> Self {
        let reads: Vec<&Observation> = testimonies
            .iter()
            .filter(|testimony| matches!(testimony.evidence, Evidence::Read { .. }))
            .flat_map(|testimony| &testimony.observations)
            .collect();
        let mut gone = ctx.missing.clone();
        gone.extend(reads.iter().filter_map(|seen| match seen {
            Observation::Gone(object) => Some(object.clone()),
            Observation::Customer(_)
            | Observation::Subscription(_)
            | Observation::Checkout(_)
            | Observation::Order(_)
            | Observation::PaymentLink(_)
            | Observation::Payment(_)
            | Observation::Charge(_)
            | Observation::Refund(_)
            | Observation::Dispute(_) => None,
        }));
        Self {
            ctx,
            rows: Rows::new(known),
            versions: known.versions.clone(),
            notes: Vec::new(),
            answered: reads.into_iter().map(Observation::object).collect(),
            gone,
            fresh,
        }
    }

    /// A new id for a row.
    pub(super) fn fresh<T: From<Uuid>>(&mut self) -> T {
        T::from((self.fresh)())
    }

    /// Whether the provider can be asked about the object and has not been asked yet.
    pub(super) fn can_ask(&self, object: &ObjectRef) -> bool {
        match self.ctx.reading {
            Reading::Possible => !self.answered.contains(object) && !self.gone.contains(object),
            Reading::Impossible => false,
        }
    }

    /// Whether the provider has been asked for the object, and does not have it.
    pub(super) fn is_gone(&self, object: &ObjectRef) -> bool {
        self.gone.contains(object)
    }

    pub(super) fn version(&self, object: &ObjectRef) -> Version {
        self.versions.get(object).cloned().unwrap_or_default()
    }

    /// Whether the object itself has ever been described, not only mentioned by another one.
    pub(super) fn is_described(&self, object: &ObjectRef) -> bool {
        self.versions
            .get(object)
            .is_some_and(|version| version.body.is_some() || version.read_at.is_some())
    }

    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}
