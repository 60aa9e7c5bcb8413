//! What a provider's object says, in billing's words. Rooms make these from their wire types; [`super::plan`] turns them
//! into changes.
//!
//! Every observation carries the whole of what its object says: a field that is `None` is absent at the provider, not
//! unknown. Fields that another object owns (a payment's card is the charge's to tell) are not in it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{CheckoutId, ObjectId},
    money::Money,
    order::{Collection, DisputeStatus, Failure, OrderKind, PaymentMethod, PaymentStatus, RefundStatus},
    provider::{ObjectKind, ObjectRef, words},
    subscription::{Period, SubscriptionItem, SubscriptionStatus},
};

/// What an event means for billing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interpretation {
    /// The body holds whole objects: apply them, if the version rule lets them.
    Whole {
        /// The object the event is about; its version decides.
        subject: ObjectRef,
        /// What the body says, the subject's own observation among it. Never empty.
        observations: Vec<Observation>,
        /// Money facts that this event tells, whatever the newest state is.
        facts: Vec<Fact>,
    },
    /// The body only points at an object: read it.
    Partial {
        /// The object to read.
        subject: ObjectRef,
        /// Money facts that this event tells all the same.
        facts: Vec<Fact>,
    },
    /// Nothing to do, with the reason in words.
    Ignore(String),
}

/// One object, as its provider describes it at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "observed")]
pub enum Observation {
    /// A customer.
    Customer(CustomerSeen),
    /// A subscription.
    Subscription(SubscriptionSeen),
    /// A checkout session.
    Checkout(CheckoutSeen),
    /// An invoice or order.
    Order(OrderSeen),
    /// Which payment pays which order.
    PaymentLink(PaymentLinkSeen),
    /// A payment.
    Payment(PaymentSeen),
    /// The card or bank movement of a payment.
    Charge(ChargeSeen),
    /// A refund.
    Refund(RefundSeen),
    /// A dispute.
    Dispute(DisputeSeen),
    /// The provider says that the object does not exist (any more).
    Gone(ObjectRef),
}

impl Observation {
    /// The object that was observed.
    pub fn object(&self) -> ObjectRef {
        let named = |kind, id: &ObjectId| ObjectRef::new(kind, id.clone());
        match self {
            Self::Customer(seen) => named(ObjectKind::Customer, &seen.id),
            Self::Subscription(seen) => named(ObjectKind::Subscription, &seen.id),
            Self::Checkout(seen) => named(ObjectKind::Checkout, &seen.id),
            Self::Order(seen) => named(ObjectKind::Order, &seen.id),
            Self::PaymentLink(seen) => named(ObjectKind::PaymentLink, &seen.id),
            Self::Payment(seen) => named(ObjectKind::Payment, &seen.id),
            Self::Charge(seen) => named(ObjectKind::Charge, &seen.id),
            Self::Refund(seen) => named(ObjectKind::Refund, &seen.id),
            Self::Dispute(seen) => named(ObjectKind::Dispute, &seen.id),
            Self::Gone(object) => object.clone(),
        }
    }

    /// The provider's customer the object belongs to, where it says so.
    pub fn customer(&self) -> Option<&ObjectId> {
        match self {
            Self::Customer(seen) => Some(&seen.id),
            Self::Subscription(seen) => Some(&seen.customer),
            Self::Checkout(seen) => seen.customer.as_ref(),
            Self::Order(seen) => seen.customer.as_ref(),
            Self::Payment(seen) => seen.customer.as_ref(),
            Self::Charge(seen) => seen.customer.as_ref(),
            Self::PaymentLink(_) | Self::Refund(_) | Self::Dispute(_) | Self::Gone(_) => None,
        }
    }
}

/// A provider's customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerSeen {
    /// The provider's id.
    pub id: ObjectId,
    /// E-mail address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// What may name the owner.
    pub metadata: BTreeMap<String, String>,
    /// The provider has deleted it.
    pub deleted: bool,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionSeen {
    /// The provider's id.
    pub id: ObjectId,
    /// The provider's customer.
    pub customer: ObjectId,
    /// billdeck's word for its state.
    pub status: SubscriptionStatus,
    /// The provider's word.
    pub provider_status: String,
    /// It ends with the running period.
    pub cancel_at_period_end: bool,
    /// When it will end, if that is fixed.
    pub cancel_at: Option<Timestamp>,
    /// When the end was asked for.
    pub canceled_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The running cycle.
    pub period: Option<Period>,
    /// The trial.
    pub trial: Option<Period>,
    /// What it bills for.
    pub items: Vec<SubscriptionItem>,
    /// What may name the owner.
    pub metadata: BTreeMap<String, String>,
    /// The checkout it came of, if billdeck made that.
    pub checkout: Option<CheckoutId>,
}

/// A checkout session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutSeen {
    /// The provider's id.
    pub id: ObjectId,
    /// How far it has come.
    pub state: CheckoutProgress,
    /// The provider's customer, once there is one.
    pub customer: Option<ObjectId>,
    /// The subscription it made.
    pub subscription: Option<ObjectId>,
    /// The invoice it made.
    pub order: Option<ObjectId>,
    /// The payment it made, when there is no invoice.
    pub payment: Option<ObjectId>,
    /// What is paid in all.
    pub amount: Option<Money>,
    /// E-mail address the payer gave.
    pub email: Option<String>,
    /// What may name the owner (Stripe's `client_reference_id` stands among it under that name).
    pub metadata: BTreeMap<String, String>,
    /// billdeck's own checkout, if it made this session.
    pub checkout: Option<CheckoutId>,
    /// When the page stops working.
    pub expires_at: Option<Timestamp>,
}

/// How far a provider's checkout session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutProgress {
    /// Waits for the payer.
    Open,
    /// The payer is through, and the money is there (or none was due).
    Paid,
    /// The payer is through; a slow payment method still decides.
    AwaitingPayment,
    /// The slow payment method failed.
    PaymentFailed,
    /// Ran out.
    Expired,
}

words!(CheckoutProgress, "checkout progress", {
    Open => "open", Paid => "paid", AwaitingPayment => "awaiting_payment", PaymentFailed => "payment_failed",
    Expired => "expired",
});

/// An invoice or order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSeen {
    /// The provider's id.
    pub id: ObjectId,
    /// Which of the provider's objects it is.
    pub kind: OrderKind,
    /// The provider's customer.
    pub customer: Option<ObjectId>,
    /// The subscription it bills.
    pub subscription: Option<ObjectId>,
    /// The number printed on it.
    pub number: Option<String>,
    /// What is owed in all.
    pub amount: Money,
    /// How it stands.
    pub collection: Collection,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// What stretch of time it pays for.
    pub period: Option<Period>,
    /// How often collection was tried.
    pub attempts: Option<i32>,
    /// When the provider tries next.
    pub next_attempt_at: Option<Timestamp>,
    /// The provider's page for it.
    pub hosted_url: Option<String>,
    /// Payments that the object itself names.
    pub payments: Vec<ObjectId>,
}

/// Which payment pays which order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentLinkSeen {
    /// The provider's id of the link itself.
    pub id: ObjectId,
    /// The invoice.
    pub order: ObjectId,
    /// The payment.
    pub payment: ObjectId,
    /// Whether the payment has gone through.
    pub paid: bool,
    /// How much of the order it pays.
    pub amount: Option<Money>,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentSeen {
    /// The provider's id.
    pub id: ObjectId,
    /// The provider's customer.
    pub customer: Option<ObjectId>,
    /// How much.
    pub amount: Money,
    /// Whether it moved.
    pub status: PaymentStatus,
    /// When it succeeded, where the object says it.
    pub paid_at: Option<Timestamp>,
    /// Why the last try failed.
    pub failure: Option<Failure>,
    /// The invoice it pays, where the object says it (Stripe before basil).
    pub order: Option<ObjectId>,
}

/// The card or bank movement behind a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeSeen {
    /// The provider's id.
    pub id: ObjectId,
    /// The payment it belongs to; its own id when there is none.
    pub payment: ObjectId,
    /// The provider's customer.
    pub customer: Option<ObjectId>,
    /// How much.
    pub amount: Money,
    /// Whether it moved.
    pub status: PaymentStatus,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Minor units that went back so far, cumulative.
    pub refunded_minor: i64,
    /// What was paid with.
    pub method: Option<PaymentMethod>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// The invoice it pays, where the object says it (Stripe before basil).
    pub order: Option<ObjectId>,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundSeen {
    /// The provider's id.
    pub id: ObjectId,
    /// The payment that it gives back.
    pub payment: ObjectId,
    /// How much.
    pub amount: Money,
    /// Whether it went.
    pub status: RefundStatus,
    /// The provider's reason.
    pub reason: Option<String>,
}

/// A dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeSeen {
    /// The provider's id.
    pub id: ObjectId,
    /// The payment that is disputed.
    pub payment: ObjectId,
    /// How much.
    pub amount: Money,
    /// How it stands.
    pub status: DisputeStatus,
    /// The provider's status.
    pub provider_status: String,
    /// The provider's reason.
    pub reason: Option<String>,
    /// Until when evidence counts.
    pub due_by: Option<Timestamp>,
}

/// A fact about money: it happened, and no later state undoes that it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The provider's object; with `kind` it is the fact's key, whichever events tell it.
    pub object: ObjectRef,
    /// What happened.
    pub kind: FactKind,
    /// How much, signed from the merchant's side: a payment is positive, a refund negative.
    pub amount: Money,
    /// When, by the provider's clock.
    pub at: Timestamp,
}

/// What happened to money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// A payment went through.
    Paid,
    /// A refund went out.
    Refunded,
    /// A refund came back, since it could not be paid out.
    RefundReturned,
    /// A dispute was opened.
    Disputed,
    /// The bank took the disputed money.
    DisputeWithdrawn,
    /// The bank gave it back.
    DisputeReinstated,
}

words!(FactKind, "fact", {
    Paid => "paid", Refunded => "refunded", RefundReturned => "refund_returned", Disputed => "disputed",
    DisputeWithdrawn => "dispute_withdrawn", DisputeReinstated => "dispute_reinstated",
});
