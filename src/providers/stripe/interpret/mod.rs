//! What Stripe's objects and events mean, in billing's words. Pure.
//!
//! Words that this room does not know are mapped to the choice that promises least (no access, no money moved, a
//! dispute that wants an answer), with Stripe's own word kept beside it where the domain has a place for one.

mod checkout;
mod customer;
mod dispute;
mod fields;
mod invoice;
mod payment;
mod price;
mod read;
mod refund;
mod subscription;

use jiff::Timestamp;

use super::wire::event::{Created, Event};
use crate::{
    domain::{
        observation::Interpretation,
        provider::{ObjectKind, ObjectRef},
    },
    providers::{EventError, body::json_text},
};

use super::client::Reply;
pub(super) use fields::{Flaw, object_id, parse};
pub(super) use price::listed_price;
pub(super) use read::{Told, object as read_object};
pub(super) use refund::started as started_refund;
pub(super) use subscription::told as subscription_told;

/// The oldest version whose bodies are read. Older ones have no prices on their items.
pub(super) const OLDEST_VERSION: &str = "2020-08-27";

/// At what moment, and with which event if any, an object is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occasion<'a> {
    /// The event's type; none for a read.
    pub(super) event: Option<&'a str>,
    /// When it happened, or when the read was made.
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

/// Says what an event means.
pub(super) fn interpret(body: &[u8]) -> Result<Interpretation, EventError> {
    let text = json_text(body)?;
    let event: Event<'_> = serde_json::from_str(text).map_err(EventError::NotJson)?;
    if event.object != "event" {
        return Ok(Interpretation::Ignore(format!(
            "billdeck does not handle Stripe's thin events (`{}`)",
            event.kind
        )));
    }
    check_version(event.api_version.as_deref())?;
    let subject = match subject_of(&event.kind) {
        Subject::Whole(subject) => subject,
        Subject::Partial => return partial(&event),
        Subject::None(reason) => return Ok(Interpretation::Ignore(reason)),
    };

    let unreadable = |flaw: Flaw| EventError::Unreadable {
        event_type: event.kind.clone(),
        why: flaw.0,
    };
    let object = event_object(&event)?;
    let occasion = Occasion {
        event: Some(&event.kind),
        at: event_time(&event)?,
    };
    let told = read::object(subject, object, occasion).map_err(unreadable)?;
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
        Told::Cut { subject, facts } => Interpretation::Partial { subject, facts },
        Told::Nothing(reason) => Interpretation::Ignore(reason),
    })
}

/// The object that an event's body holds, as Stripe wrote it.
pub(super) fn raw_object(body: &[u8]) -> Option<String> {
    let event: Event<'_> = serde_json::from_str(json_text(body).ok()?).ok()?;
    event.data?.object.map(|object| object.get().to_owned())
}

enum Subject {
    /// The body holds an object of this kind.
    Whole(ObjectKind),
    /// The body only says that something about a subscription is over: read it.
    Partial,
    /// Nothing to do, and why.
    None(String),
}

/// Which events there are, and what each one is about.
fn subject_of(kind: &str) -> Subject {
    match kind {
        "customer.created" | "customer.updated" | "customer.deleted" => Subject::Whole(ObjectKind::Customer),

        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed"
        | "customer.subscription.trial_will_end" => Subject::Whole(ObjectKind::Subscription),
        "customer.subscription.pending_update_applied" | "customer.subscription.pending_update_expired" => {
            Subject::Partial
        }

        "checkout.session.completed"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.async_payment_failed"
        | "checkout.session.expired" => Subject::Whole(ObjectKind::Checkout),

        "invoice.created"
        | "invoice.finalized"
        | "invoice.finalization_failed"
        | "invoice.updated"
        | "invoice.paid"
        | "invoice.payment_succeeded"
        | "invoice.payment_failed"
        | "invoice.payment_action_required"
        | "invoice.payment_attempt_required"
        | "invoice.voided"
        | "invoice.marked_uncollectible"
        | "invoice.deleted"
        | "invoice.overdue"
        | "invoice.will_be_due"
        | "invoice.overpaid"
        | "invoice.sent" => Subject::Whole(ObjectKind::Order),
        "invoice.upcoming" => Subject::None(
            "an upcoming invoice does not exist yet; the invoice itself will be told by `invoice.created`"
                .to_owned(),
        ),
        "invoice_payment.paid" => Subject::Whole(ObjectKind::PaymentLink),

        "payment_intent.succeeded"
        | "payment_intent.payment_failed"
        | "payment_intent.processing"
        | "payment_intent.requires_action"
        | "payment_intent.canceled" => Subject::Whole(ObjectKind::Payment),

        "charge.succeeded" | "charge.failed" | "charge.pending" | "charge.captured" | "charge.updated"
        | "charge.refunded" => Subject::Whole(ObjectKind::Charge),

        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            Subject::Whole(ObjectKind::Refund)
        }

        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.closed"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated" => Subject::Whole(ObjectKind::Dispute),

        _ => Subject::None(unhandled(kind)),
    }
}

fn unhandled(kind: &str) -> String {
    let because = match kind.split('.').next() {
        Some("price" | "product" | "plan") => "; the catalogue names the prices, and no event changes it",
        Some("payment_method") => "; what was paid with is read from the charge",
        _ => "",
    };
    format!("billdeck does not handle `{kind}` events{because}")
}

/// A change that waited for its payment is over. The event says so, but what holds now is for a read to tell.
fn partial(event: &Event<'_>) -> Result<Interpretation, EventError> {
    let unreadable = |flaw: Flaw| EventError::Unreadable {
        event_type: event.kind.clone(),
        why: flaw.0,
    };
    let stub: super::wire::Stub = parse(event_object(event)?).map_err(unreadable)?;
    let id = object_id(stub.id, "id").map_err(unreadable)?;
    Ok(Interpretation::Partial {
        subject: ObjectRef::new(ObjectKind::Subscription, id),
        facts: Vec::new(),
    })
}

fn event_object<'a>(event: &Event<'a>) -> Result<&'a str, EventError> {
    event
        .data
        .as_ref()
        .and_then(|data| data.object)
        .map(serde_json::value::RawValue::get)
        .ok_or_else(|| EventError::Unreadable {
            event_type: event.kind.clone(),
            why: "`data.object` is missing".to_owned(),
        })
}

fn event_time(event: &Event<'_>) -> Result<Timestamp, EventError> {
    match event.created {
        Some(Created::Seconds(seconds)) => Timestamp::from_second(seconds).ok(),
        Some(Created::Text(_)) | None => None,
    }
    .ok_or_else(|| EventError::Unreadable {
        event_type: event.kind.clone(),
        why: "`created` is missing or no time".to_owned(),
    })
}

/// Versions are dates, since 2024-09 with a release name behind. Newer ones than the pinned one only add to what is
/// read here, or fail on a field that is missing; a word that is no such date says nothing about the body's shape.
fn check_version(version: Option<&str>) -> Result<(), EventError> {
    let Some(version) = version else {
        return Ok(());
    };
    let (date, name) = version.split_once('.').unwrap_or((version, "dated"));
    let is_dated = date.len() == OLDEST_VERSION.len()
        && date.parse::<jiff::civil::Date>().is_ok()
        && !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    // Dates of one length sort as texts do.
    if is_dated && date >= OLDEST_VERSION {
        return Ok(());
    }
    Err(EventError::UnsupportedVersion {
        found: version.to_owned(),
        oldest: OLDEST_VERSION,
    })
}

#[cfg(test)]
mod tests;
