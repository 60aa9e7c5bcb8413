//! From what is stored and what a provider says to what changes: pure, so that a dry run cannot differ from the run.
//!
//! The worker, a replay and a verification walk the same three steps: [`needs`] says which rows take part, the store
//! loads them as [`Known`], and [`plan`] answers with a [`Plan`] to commit or with the reason to [`Stop`].

mod checkout;
mod customer;
mod decide;
mod diff;
mod effects;
mod needs;
mod order;
mod payment;
mod refund;
mod subscription;
mod versions;
mod working;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    catalog::Catalog,
    checkout::Checkout,
    customer::{Customer, CustomerLink, LinkingRules, Owner},
    event::{Problem, WaitReason},
    ids::{CheckoutId, EventId, ObjectId},
    observation::{Fact, Observation},
    order::{Dispute, Order, Payment, Refund},
    provider::{Book, ObjectRef},
    subscription::{Difference, Subscription},
    version::{Verdict, Version},
};

pub use decide::plan;
pub use diff::row_diffs;
pub use needs::needs;

/// What the rows that take part in a plan are found by. The store adds what hangs on them: a link's customer, the
/// payments of an order and the order of a payment, the refunds and disputes of those payments, the links of an owner;
/// and an order may go by the id of a payment or of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Provider objects: each with its version and, where its kind has a table, its row.
    pub objects: BTreeSet<ObjectRef>,
    /// Owners that a metadata key may name.
    pub owners: BTreeSet<Owner>,
    /// billdeck's own checkouts.
    pub checkouts: BTreeSet<CheckoutId>,
}

/// The stored rows that take part in a plan, all of one [`Book`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Customers of the links and checkouts below, and owners that were asked for.
    pub customers: Vec<Customer>,
    /// Links to the provider's customers, and all links in this book of the customers above.
    pub links: Vec<CustomerLink>,
    /// Subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// Checkouts.
    pub checkouts: Vec<Checkout>,
    /// Orders.
    pub orders: Vec<Order>,
    /// Payments.
    pub payments: Vec<Payment>,
    /// Refunds.
    pub refunds: Vec<Refund>,
    /// Disputes.
    pub disputes: Vec<Dispute>,
    /// How new each object's stored state is; no entry: never seen.
    pub versions: BTreeMap<ObjectRef, Version>,
}

/// Where a description comes from, which decides how it is judged and what it proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// An event's body.
    Body {
        /// The event.
        event: EventId,
        /// The provider's id of it: breaks ties where no read is possible.
        provider_event_id: ObjectId,
        /// When it happened, by the provider's clock.
        at: Timestamp,
        /// Signed, or fetched from the provider: such a body verifies. An import does not.
        trusted: bool,
    },
    /// A read of the provider.
    Read {
        /// When the answer was made, by the provider's clock.
        at: Timestamp,
        /// The ticket taken before the read began.
        ticket: i64,
        /// The event that made the read necessary; none when a person asked.
        event: Option<EventId>,
    },
}

/// Descriptions of objects, all with the same evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Testimony {
    /// What was seen.
    pub observations: Vec<Observation>,
    /// Where it was seen.
    pub evidence: Evidence,
}

/// Whether the provider can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A doubt is settled by a read.
    Possible,
    /// No credentials, or an import: a doubt is settled by rule, and verification becomes pending.
    Impossible,
}

/// What a price in no plan does to an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPrice {
    /// The event waits for a catalogue that names the price.
    #[default]
    Wait,
    /// The subscription is stored without a plan.
    Apply,
}

/// All that a plan is made under, beside the rows and the testimony.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Provider and environment.
    pub book: Book,
    /// The plans.
    pub catalog: &'a Catalog,
    /// How metadata names an owner.
    pub linking: &'a LinkingRules,
    /// What a price in no plan does.
    pub unknown_price: UnknownPrice,
    /// Whether a doubt can be settled by a read.
    pub reading: Reading,
    /// Objects that were asked for and that the provider does not have.
    pub missing: &'a BTreeSet<ObjectRef>,
    /// The time by which verification is stamped.
    pub now: Timestamp,
}

/// What is to be committed, in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Rows to write, in an order that keeps references valid.
    pub writes: Vec<Write>,
    /// Money facts to book; each is booked once, whoever tells it.
    pub facts: Vec<Fact>,
    /// What follows from the changes, outside this database.
    pub effects: Vec<Effect>,
    /// How new each described object now is.
    pub versions: BTreeMap<ObjectRef, Version>,
    /// What was decided about each described object.
    pub verdicts: BTreeMap<ObjectRef, Verdict>,
    /// Things a person should know, such as a tie that no read could settle.
    pub notes: Vec<String>,
}

impl Plan {
    /// Whether committing it would leave every row as it is.
    pub fn changes_nothing(&self) -> bool {
        self.writes.is_empty()
    }
}

/// One row as it was and as it will be. `before` is none for a new row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// A customer.
    Customer(RowChange<Customer>),
    /// A link to a provider's customer.
    Link(RowChange<CustomerLink>),
    /// A checkout.
    Checkout(RowChange<Checkout>),
    /// A subscription with its items.
    Subscription(RowChange<Subscription>),
    /// An order.
    Order(RowChange<Order>),
    /// A payment.
    Payment(RowChange<Payment>),
    /// A refund.
    Refund(RowChange<Refund>),
    /// A dispute.
    Dispute(RowChange<Dispute>),
    /// A bare order, or one that stood for a session, that turned out to be part of another one. Its payments have been
    /// moved by earlier writes.
    OrderGone(Box<Order>),
}

/// A row before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange<T> {
    /// As stored; none for a new row.
    pub before: Option<T>,
    /// As it will be.
    pub after: T,
}

/// Something that follows from a change and leaves this database: an e-mail, a hook, a call.
///
/// Its key is the fact, not the event: two events tell one fact, and it is carried out once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The object, what became true of it, and for which period.
    pub key: String,
    /// A stable word, such as `subscription.active`.
    pub kind: String,
    /// The object's id at the provider.
    pub target: ObjectId,
    /// What a receiver needs to know.
    pub payload: serde_json::Value,
}

/// Why nothing (or not all) was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// These objects have to be read first; plan again with what they say.
    Read(BTreeSet<ObjectRef>),
    /// Commit the part that cannot wait, and keep the event until what it waits for is there.
    Wait {
        /// What it waits for.
        reason: WaitReason,
        /// In words, with what a person can do.
        problem: Problem,
        /// What is applied all the same (facts, an end of access); may be empty.
        meanwhile: Box<Plan>,
    },
    /// It cannot be applied as things stand.
    Fail {
        /// In words, with what a person can do.
        problem: Problem,
        /// No retry can help.
        permanent: bool,
    },
}

/// Fields that say which row it is, not what is in it.
const IDENTITY: [&str; 2] = ["id", "book"];

/// The fields in which a row changes, for the diff that a person is shown and for the history.
pub fn differences<T: Serialize>(change: &RowChange<T>) -> Vec<Difference> {
    let fields = |row: Option<&T>| match row.map(serde_json::to_value) {
        Some(Ok(serde_json::Value::Object(fields))) => priced(fields),
        Some(Ok(_) | Err(_)) | None => serde_json::Map::new(),
    };
    let before = fields(change.before.as_ref());
    let after = fields(Some(&change.after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| !IDENTITY.contains(&name.as_str()))
        .filter_map(|name| {
            let value = |fields: &serde_json::Map<String, serde_json::Value>| {
                fields.get(name).cloned().unwrap_or(serde_json::Value::Null)
            };
            let (before, after) = (value(&before), value(&after));
            (before != after).then(|| Difference {
                field: name.clone(),
                before,
                after,
            })
        })
        .collect()
}

/// Names the currency of what went back by refunds, which a row keeps once, beside its amount.
fn priced(
    mut fields: serde_json::Map<String, serde_json::Value>,
) -> serde_json::Map<String, serde_json::Value> {
    let currency = fields
        .get("amount")
        .and_then(|amount| amount.get("currency"))
        .cloned();
    if let Some(currency) = currency
        && let Some(minor) = fields.remove("refunded_minor")
    {
        let money = serde_json::json!({ "amount": minor, "currency": currency });
        fields.insert("refunded".to_owned(), money);
    }
    fields
}

#[cfg(test)]
mod tests;
