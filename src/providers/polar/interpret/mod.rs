//! What Polar's objects and events mean, in billing's words. Pure.
//!
//! Words that this room does not know are mapped to the choice that promises least (no access, no money moved, a
//! dispute that wants an answer), with Polar's own word kept beside it where the domain has a place for one.

mod checkout;
mod customer;
mod dispute;
mod fields;
mod order;
mod payment;
mod product;
mod read;
mod refund;
mod subscription;

use jiff::Timestamp;

use super::{client::Reply, envelope::kind, wire::event::Event};
use crate::{
    domain::{observation::Interpretation, provider::ObjectKind},
    providers::{EventError, body::json_text},
};

pub(super) use customer::EXTERNAL_ID;
pub(super) use fields::{Flaw, labels, moment, object_id, parse};
pub(super) use product::listed_price;
pub(super) use read::{Told, object as read_object};
pub(super) use refund::started as started_refund;

/// The oldest version whose bodies are known to be as described.
pub(super) const OLDEST_VERSION: &str = "2026-04";

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
    check_version(event.api_version.as_deref())?;
    let kind = match subject_of(&event.kind) {
        Subject::Whole(kind) => kind,
        Subject::None(reason) => return Ok(Interpretation::Ignore(reason)),
    };
    let unreadable = |flaw: Flaw| EventError::Unreadable {
        event_type: event.kind.clone(),
        why: flaw.0,
    };
    let object = event
        .data
        .ok_or_else(|| unreadable(Flaw("`data` is missing".to_owned())))?
        .get();
    let at = moment(event.timestamp.clone(), "timestamp")
        .and_then(|at| at.ok_or_else(|| Flaw("`timestamp` is missing".to_owned())))
        .map_err(unreadable)?;
    let occasion = Occasion {
        event: Some(&event.kind),
        at,
    };
    Ok(match read::object(kind, object, occasion).map_err(unreadable)? {
        Told::Whole {
            subject,
            observations,
            facts,
        } => Interpretation::Whole {
            subject,
            observations,
            facts,
        },
        Told::Nothing(reason) => Interpretation::Ignore(reason),
    })
}

/// The object that an event's body holds, as Polar wrote it.
pub(super) fn raw_object(body: &[u8]) -> Option<String> {
    let event: Event<'_> = serde_json::from_str(json_text(body).ok()?).ok()?;
    event.data.map(|object| object.get().to_owned())
}

enum Subject {
    /// The body holds an object of this kind.
    Whole(ObjectKind),
    /// Nothing to do, and why.
    None(String),
}

/// Which events there are, and what each one is about. Polar's bodies always hold the whole object, so no event needs a
/// read to be understood.
fn subject_of(event: &str) -> Subject {
    match event {
        "customer.created"
        | "customer.updated"
        | "customer.deleted"
        // Of the state only the customer itself is taken: subscriptions that are past due are left out of it, and those
        // in it lack their prices. Their own events tell them whole.
        | "customer.state_changed"
        | "checkout.created"
        | "checkout.updated"
        | "checkout.expired"
        | "order.created"
        | "order.updated"
        | "order.paid"
        | "order.refunded"
        | "refund.created"
        | "refund.updated"
        | "subscription.created"
        | "subscription.active"
        | "subscription.updated"
        | "subscription.cycled"
        | "subscription.past_due"
        | "subscription.canceled"
        | "subscription.uncanceled"
        | "subscription.revoked"
        | "subscription.paused"
        | "subscription.resumed"
        | "subscription.migrated" => Subject::Whole(kind(event)),
        _ => Subject::None(unhandled(event)),
    }
}

fn unhandled(event: &str) -> String {
    let because = match event.split('.').next() {
        Some("customer_seat") => "; how many seats are paid for is the subscription's to tell",
        Some("member") => "; billdeck knows a team by its customer, not by its members",
        Some("benefit" | "benefit_grant") => {
            "; access follows from the subscription's status, not from Polar's benefits"
        }
        Some("product" | "discount") => "; the catalogue names the products, and no event changes it",
        Some("organization") => "; it is about the merchant's own account",
        _ => "",
    };
    format!("billdeck does not handle `{event}` events{because}")
}

/// Versions are months. Newer ones than the pinned one only add to what is read here, or fail on a field that is missing.
fn check_version(version: Option<&str>) -> Result<(), EventError> {
    let Some(version) = version else {
        return Ok(());
    };
    let is_month = version.len() == OLDEST_VERSION.len()
        && version.split_once('-').is_some_and(|(year, month)| {
            [year, month]
                .iter()
                .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
        });
    // Months of one length sort as texts do.
    if is_month && version >= OLDEST_VERSION {
        return Ok(());
    }
    Err(EventError::UnsupportedVersion {
        found: version.to_owned(),
        oldest: OLDEST_VERSION,
    })
}

#[cfg(test)]
mod tests;
