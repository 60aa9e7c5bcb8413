//! One object to what it tells, whichever way it came: in an event's body, or as the answer to a read.

use super::{
    Occasion, checkout, customer, dispute,
    fields::{Flaw, parse},
    order, payment, refund, subscription,
};
use crate::domain::{
    observation::{Fact, Observation},
    provider::{ObjectKind, ObjectRef},
};

/// What an object tells.
#[derive(Debug)]
pub(in crate::providers::polar) enum Told {
    /// All that it is.
    Whole {
        /// The object.
        subject: ObjectRef,
        /// Its own observation first, then those of objects that came inside it.
        observations: Vec<Observation>,
        /// Money facts that it proves.
        facts: Vec<Fact>,
    },
    /// Nothing that billing knows of, and why.
    Nothing(String),
}

impl Told {
    /// An observation, and those of objects that came inside it.
    pub(super) fn with(
        observation: Observation,
        inside: impl IntoIterator<Item = Observation>,
        facts: Vec<Fact>,
    ) -> Self {
        Self::Whole {
            subject: observation.object(),
            observations: std::iter::once(observation).chain(inside).collect(),
            facts,
        }
    }
}

/// Reads an object of the given kind. Of kind payment is Polar's order, of kind charge Polar's payment: see the room.
pub(in crate::providers::polar) fn object(
    kind: ObjectKind,
    json: &str,
    occasion: Occasion<'_>,
) -> Result<Told, Flaw> {
    match kind {
        ObjectKind::Customer => customer::told(parse(json)?, occasion),
        ObjectKind::Subscription => subscription::told(parse(json)?),
        ObjectKind::Checkout => checkout::told(parse(json)?),
        ObjectKind::Order | ObjectKind::Payment => order::told(parse(json)?, occasion),
        ObjectKind::Charge => payment::told(parse(json)?, occasion),
        ObjectKind::Refund => refund::told(parse(json)?, occasion),
        ObjectKind::Dispute => dispute::told(parse(json)?, occasion),
        ObjectKind::PaymentLink | ObjectKind::Price | ObjectKind::Other => Ok(Told::Nothing(
            "billdeck keeps no state of objects of this kind".to_owned(),
        )),
    }
}
