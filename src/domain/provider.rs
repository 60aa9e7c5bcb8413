//! Which provider, which environment, and which object there.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::ids::ObjectId;

/// Text that is none of the words an enum knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no {what}; known are {known}")]
pub struct UnknownWord {
    /// What was asked for, in words ("provider", "event state").
    pub what: &'static str,
    /// The text that was found.
    pub found: String,
    /// The known words, joined by commas.
    pub known: String,
}

/// Gives an enum its stable words: the ones the database, `--json` and the HTTP API use.
macro_rules! words {
    ($type:ident, $what:literal, { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $type {
            /// All of them, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word for it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::domain::provider::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::domain::provider::UnknownWord {
                        what: $what,
                        found: text.to_owned(),
                        known: [$($word),+].join(", "),
                    }),
                }
            }
        }
    };
}
pub(crate) use words;

/// Who a billing object comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderName {
    /// Stripe.
    Stripe,
    /// Polar.
    Polar,
    /// Conekta.
    Conekta,
    /// PayMongo.
    Paymongo,
    /// Subscriptions imported from a provider that billdeck has no room for; read-only.
    Legacy,
}

words!(ProviderName, "provider", {
    Stripe => "stripe", Polar => "polar", Conekta => "conekta", Paymongo => "paymongo", Legacy => "legacy",
});

impl ProviderName {
    /// The variable that holds the key of its API; none where there is no API to have a key for.
    pub const fn key_variable(self) -> Option<&'static str> {
        match self {
            Self::Stripe => Some("STRIPE_SECRET_KEY"),
            Self::Polar => Some("POLAR_ACCESS_TOKEN"),
            Self::Conekta => Some("CONEKTA_API_KEY"),
            Self::Paymongo => Some("PAYMONGO_SECRET_KEY"),
            Self::Legacy => None,
        }
    }
}

/// Made-up money or real money. Objects of one are invisible to the other, everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Test mode or a sandbox.
    Test,
    /// Real money.
    Live,
}

words!(Environment, "environment", { Test => "test", Live => "live" });

impl Environment {
    /// As the providers' `livemode` flag has it.
    pub const fn from_livemode(livemode: bool) -> Self {
        if livemode { Self::Live } else { Self::Test }
    }

    /// The providers' `livemode` flag.
    pub const fn livemode(self) -> bool {
        matches!(self, Self::Live)
    }
}

/// What kind of object a provider's id names, in billing's words rather than one provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A customer at the provider.
    Customer,
    /// A subscription.
    Subscription,
    /// A checkout session.
    Checkout,
    /// An invoice or order: what is owed for one purchase or one cycle.
    Order,
    /// A statement that a payment pays an order (Stripe: invoice payment).
    PaymentLink,
    /// A payment (Stripe: payment intent).
    Payment,
    /// The card or bank movement behind a payment (Stripe: charge).
    Charge,
    /// A refund.
    Refund,
    /// A dispute.
    Dispute,
    /// A price.
    Price,
    /// Anything else; kept and shown, never interpreted.
    Other,
}

words!(ObjectKind, "object kind", {
    Customer => "customer", Subscription => "subscription", Checkout => "checkout", Order => "order",
    PaymentLink => "payment_link", Payment => "payment", Charge => "charge", Refund => "refund",
    Dispute => "dispute", Price => "price", Other => "other",
});

/// One object at one provider (the provider and environment are given by the context).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// What kind it is.
    pub kind: ObjectKind,
    /// The provider's id for it.
    pub id: ObjectId,
}

impl ObjectRef {
    /// Names an object.
    pub const fn new(kind: ObjectKind, id: ObjectId) -> Self {
        Self { kind, id }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

/// A provider in one environment: the books an object belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Book {
    /// The provider.
    pub provider: ProviderName,
    /// Test or live.
    pub environment: Environment,
}

impl fmt::Display for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.provider, self.environment)
    }
}

/// The key of a lane: work with the same key runs one at a time, in the whole system.
///
/// The provider's customer id when it is known, else the object's own id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LaneKey(String);

impl LaneKey {
    /// The lane of a provider's customer, or of an object whose customer is not known.
    pub fn new(book: Book, id: &ObjectId) -> Self {
        Self(format!("{book}:{id}"))
    }

    /// The key as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for LaneKey {
    fn from(key: String) -> Self {
        Self(key)
    }
}

impl fmt::Display for LaneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LaneKey {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}
