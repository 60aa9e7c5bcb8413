//! Typed ids, so that a customer's id cannot meet an event's. Ids that billdeck makes are UUIDv7 (sortable by time of
//! making); ids that a provider made are kept as they are, as an [`ObjectId`].

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id as a plain UUID, for the store.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

typed_ids! {
    /// An event: one fact a provider told, however often it was delivered.
    EventId,
    /// One HTTP delivery of an event.
    DeliveryId,
    /// One try at processing an event, or at verifying an object.
    AttemptId,
    /// A customer: an owner (user or organization) or a provider's customer that nobody owns yet.
    CustomerId,
    /// The link between a customer and one customer object at a provider.
    LinkId,
    /// A subscription.
    SubscriptionId,
    /// An order: one purchase or one billed cycle.
    OrderId,
    /// A payment: money that moved, or tried to.
    PaymentId,
    /// A refund of a payment.
    RefundId,
    /// A dispute of a payment.
    DisputeId,
    /// A checkout that billdeck started; its id travels in the provider's metadata.
    CheckoutId,
    /// One row of the audit.
    AuditId,
    /// A replay of one or many events.
    ReplayRunId,
}

/// The longest provider id that is stored, in bytes (Stripe docs: allow 255 characters).
pub const OBJECT_ID_MAX: usize = 255;

/// An id that a provider made, kept as it is: 1 to 255 bytes, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectId(String);

/// Why a text is no provider id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectIdError {
    /// Nothing is there.
    #[error("the id is empty")]
    Empty,
    /// Longer than any provider's ids; carries the length in bytes.
    #[error("the id is {0} bytes long; at most {OBJECT_ID_MAX} are allowed")]
    TooLong(usize),
    /// Holds a control character (NUL among them, which Postgres cannot store).
    #[error("the id holds a control character")]
    Control,
}

impl ObjectId {
    /// Checks length and characters.
    pub fn new(text: impl Into<String>) -> Result<Self, ObjectIdError> {
        let text = text.into();
        if text.is_empty() {
            return Err(ObjectIdError::Empty);
        }
        if text.len() > OBJECT_ID_MAX {
            return Err(ObjectIdError::TooLong(text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err(ObjectIdError::Control);
        }
        Ok(Self(text))
    }

    /// The id as the provider writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ObjectId {
    type Error = ObjectIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl FromStr for ObjectId {
    type Err = ObjectIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl From<ObjectId> for String {
    fn from(id: ObjectId) -> Self {
        id.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
