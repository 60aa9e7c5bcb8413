//! What PayMongo's objects and events mean, in billing's words. Pure.
//!
//! Words that this room does not know are mapped to the choice that promises least (no access, no money moved, a
//! dispute that wants an answer), with PayMongo's own word kept beside it where the domain has a place for one.

mod checkout;
mod customer;
mod dates;
mod dispute;
mod invoice;
mod payment;
mod plan;
mod refund;
mod subscription;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    CUSTOMER_METADATA_KEY,
    client::Reply,
    envelope::Event,
    wire::{self, Metadata},
};
use crate::{
    domain::{
        ids::ObjectId,
        money::Money,
        observation::{Fact, Interpretation, Observation},
        provider::{ObjectKind, ObjectRef},
    },
    providers::{
        EventError,
        fields::{Flaw, money, object_id, object_ref, text},
    },
};

pub(super) use customer::NO_LAST_NAME;
pub(super) use dispute::{payment_of as disputed_payment, seen as dispute_seen};
pub(super) use payment::{together, tried};
pub(super) use plan::listed as listed_plan;
pub(super) use refund::{seen as refund_seen, started as started_refund, told as refund_facts};

/// At what moment, and with which event if any, an object is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occasion<'a> {
    /// The event's type; none for a read.
    pub(super) event: Option<&'a str>,
    /// When the snapshot or the read was made.
    pub(super) at: Timestamp,
}

impl Occasion<'static> {
    /// A read.
    pub(super) const fn of(reply: &Reply) -> Self {
        Self {
            event: None,
            at: reply.at(),
        }
    }
}

impl Occasion<'_> {
    fn is(&self, event: &str) -> bool {
        self.event == Some(event)
    }
}

/// The kinds of objects that PayMongo has, as far as billing knows of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Customer,
    Subscription,
    Invoice,
    Session,
    Link,
    Payment,
    Intent,
    Refund,
    Dispute,
    Plan,
    Other,
}

impl Resource {
    /// By the object's own `type`, and where it has none by the name of the event that holds it.
    pub(super) fn told(own: Option<&str>, event: &str) -> Self {
        match own {
            Some("customer") => Self::Customer,
            Some("subscription") => Self::Subscription,
            Some("invoice") => Self::Invoice,
            Some("checkout_session") => Self::Session,
            Some("link") => Self::Link,
            Some("payment") => Self::Payment,
            Some("payment_intent") => Self::Intent,
            Some("refund") => Self::Refund,
            Some("dispute") => Self::Dispute,
            Some("plan") => Self::Plan,
            Some(_) => Self::Other,
            None if event.starts_with("subscription.invoice.") => Self::Invoice,
            None => match event.split('.').next() {
                Some("payment") => Self::Payment,
                Some("payment_intent") => Self::Intent,
                Some("checkout_session") => Self::Session,
                Some("link") => Self::Link,
                Some("subscription") => Self::Subscription,
                Some("refund") => Self::Refund,
                Some("dispute") => Self::Dispute,
                Some(_) | None => Self::Other,
            },
        }
    }

    /// What billing calls it.
    pub(super) const fn kind(self) -> ObjectKind {
        match self {
            Self::Customer => ObjectKind::Customer,
            Self::Subscription => ObjectKind::Subscription,
            Self::Invoice => ObjectKind::Order,
            Self::Session | Self::Link => ObjectKind::Checkout,
            Self::Payment => ObjectKind::Charge,
            Self::Intent => ObjectKind::Payment,
            Self::Refund => ObjectKind::Refund,
            Self::Dispute => ObjectKind::Dispute,
            Self::Plan => ObjectKind::Price,
            Self::Other => ObjectKind::Other,
        }
    }
}

/// What an object tells.
#[derive(Debug)]
pub(super) enum Told {
    /// All that it is.
    Whole {
        /// The object.
        subject: ObjectRef,
        /// Its own observation first, then those of objects that came inside it.
        observations: Vec<Observation>,
        /// Money facts that it proves.
        facts: Vec<Fact>,
    },
    /// It names another object without which it cannot be placed: a read looks both up.
    Pointed {
        /// The object.
        subject: ObjectRef,
        /// Money facts that it proves all the same.
        facts: Vec<Fact>,
    },
    /// Nothing that billing knows of, and why.
    Nothing(String),
}

impl Told {
    fn one(observation: Observation) -> Self {
        Self::Whole {
            subject: observation.object(),
            observations: vec![observation],
            facts: Vec::new(),
        }
    }
}

/// Says what an event means.
pub(super) fn interpret(body: &[u8]) -> Result<Interpretation, EventError> {
    let event = Event::read(body)?;
    if let Some(reason) = ignored(&event.kind) {
        return Ok(Interpretation::Ignore(reason));
    }
    let unreadable = |why: String| EventError::Unreadable {
        event_type: event.kind.clone(),
        why,
    };
    let at = event
        .at
        .ok_or_else(|| unreadable("neither the object nor the event says when it was made".to_owned()))?;
    let occasion = Occasion {
        event: Some(&event.kind),
        at,
    };
    let about = event.about();
    let told = read_object(about, event.resource, occasion).map_err(|flaw| unreadable(flaw.0))?;
    Ok(match told {
        Told::Whole {
            subject,
            observations,
            facts,
        } => Interpretation::Whole {
            subject,
            observations,
            facts,
        },
        Told::Pointed { subject, facts } => Interpretation::Partial { subject, facts },
        Told::Nothing(reason) => Interpretation::Ignore(reason),
    })
}

/// Why an event is nothing to billing; none for those that are something.
fn ignored(kind: &str) -> Option<String> {
    let because = match kind {
        "payment.paid"
        | "payment.failed"
        | "payment.refunded"
        | "payment.refund.updated"
        | "checkout_session.payment.paid"
        | "link.payment.paid"
        | "subscription.activated"
        | "subscription.updated"
        | "subscription.past_due"
        | "subscription.unpaid"
        | "subscription.invoice.created"
        | "subscription.invoice.finalized"
        | "subscription.invoice.updated"
        | "subscription.invoice.paid"
        | "subscription.invoice.payment_failed"
        | "payment_intent.succeeded"
        | "payment_intent.awaiting_payment_method"
        | "refund.succeeded"
        | "dispute.created"
        | "dispute.resolved" => return None,
        "source.chargeable" => {
            "; a source is of the old way of paying by wallet, which billdeck does not use, and its payment tells itself"
        }
        "qrph.expired" | "qr.expired" => {
            "; a code that ran out is no payment, and the payer can ask for another one"
        }
        "qr.paid" => "; the payment by the code tells itself by `payment.paid`",
        "payout.deposited" | "payout.returned" => "; payouts are between PayMongo and the merchant's bank",
        "workflow.completed" | "workflow.failed" => "; workflows are the merchant's own",
        _ => "",
    };
    Some(format!("billdeck does not handle `{kind}` events{because}"))
}

/// Reads an object of the given kind.
pub(super) fn read_object(about: Resource, json: Value, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    match about {
        Resource::Customer => customer::told(wire::read(json)?),
        Resource::Subscription => subscription::told(wire::read(json)?),
        Resource::Invoice => invoice::told(wire::read(json)?, occasion),
        Resource::Session => checkout::session(wire::read(json)?, occasion),
        Resource::Link => checkout::link(wire::read(json)?, occasion),
        Resource::Payment => payment::told(wire::read(json)?, occasion),
        Resource::Intent => payment::intent(wire::read(json)?, occasion),
        Resource::Refund => refund::pointed(wire::read(json)?, occasion),
        Resource::Dispute => dispute::pointed(wire::read(json)?, occasion),
        Resource::Plan | Resource::Other => Ok(Told::Nothing(
            "billdeck keeps no state of objects of this kind".to_owned(),
        )),
    }
}

/// The object that an event's body holds, as PayMongo wrote it.
pub(super) fn raw_object(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Delivery<'a> {
        #[serde(borrow)]
        data: Event<'a>,
    }
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(borrow)]
        attributes: Attributes<'a>,
    }
    #[derive(Deserialize)]
    struct Attributes<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let delivery: Delivery<'_> = serde_json::from_slice(body).ok()?;
    Some(delivery.data.attributes.data.get().to_owned())
}

/// PayMongo's customer, where billdeck has named it.
fn named_customer(metadata: Option<&Metadata>) -> Option<ObjectId> {
    let id = metadata?.get(CUSTOMER_METADATA_KEY)?.as_str()?;
    ObjectId::new(id).ok()
}

/// Metadata as texts that can be kept. PayMongo takes numbers and flags too.
fn kept(found: Option<Metadata>) -> BTreeMap<String, String> {
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let texts = found
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(key, value)| Some((key, text(value)?)))
        .collect();
    crate::providers::fields::metadata(Some(texts))
}

/// PayMongo deals in pesos; objects that name no currency are in them.
fn pesos(minor: i64, currency: Option<&str>) -> Result<Money, Flaw> {
    money(minor, currency.unwrap_or("PHP"))
}

fn optional_id(found: Option<String>, place: &str) -> Result<Option<ObjectId>, Flaw> {
    found.map(|id| object_id(id, place)).transpose()
}

#[cfg(test)]
mod tests;
