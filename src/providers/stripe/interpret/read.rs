//! One object to what it tells, whichever way it came: in an event's body, or as the answer to a read.

use super::{
    Occasion, checkout, customer, dispute,
    fields::{Flaw, parse},
    invoice, payment, refund, subscription,
};
use crate::domain::{
    observation::{Fact, Observation},
    provider::{ObjectKind, ObjectRef},
};

/// What an object tells.
#[derive(Debug)]
pub(in crate::providers::stripe) enum Told {
    /// All that it is.
    Whole {
        /// The object.
        subject: ObjectRef,
        /// Its own observation first, then those of objects that came inside it.
        observations: Vec<Observation>,
        /// Money facts that it proves.
        facts: Vec<Fact>,
    },
    /// A list inside it is cut short: only a read with all pages tells the whole.
    Cut {
        /// The object.
        subject: ObjectRef,
        /// Money facts that it proves all the same.
        facts: Vec<Fact>,
    },
    /// Nothing that billing knows of, and why.
    Nothing(String),
}

impl Told {
    pub(super) fn one(observation: Observation, facts: Vec<Fact>) -> Self {
        Self::Whole {
            subject: observation.object(),
            observations: vec![observation],
            facts,
        }
    }
}

/// Reads an object of the given kind.
pub(in crate::providers::stripe) fn object(
    kind: ObjectKind,
    json: &str,
    occasion: Occasion<'_>,
) -> Result<Told, Flaw> {
    match kind {
        ObjectKind::Customer => customer::told(parse(json)?, occasion),
        ObjectKind::Subscription => subscription::told(parse(json)?),
        ObjectKind::Checkout => checkout::told(parse(json)?, occasion),
        ObjectKind::Order => invoice::told(parse(json)?, occasion),
        ObjectKind::PaymentLink => payment::link_told(parse(json)?, occasion),
        ObjectKind::Payment => payment::intent_told(parse(json)?, occasion),
        ObjectKind::Charge => payment::charge_told(parse(json)?, occasion),
        ObjectKind::Refund => refund::told(parse(json)?, occasion),
        ObjectKind::Dispute => dispute::told(parse(json)?, occasion),
        ObjectKind::Price | ObjectKind::Other => Ok(Told::Nothing(
            "billdeck keeps no state of objects of this kind".to_owned(),
        )),
    }
}
