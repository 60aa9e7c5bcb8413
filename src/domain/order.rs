//! Orders, payments, refunds and disputes: money that is owed, moved, went back or is fought over.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{DisputeId, LinkId, ObjectId, OrderId, PaymentId, RefundId},
    money::Money,
    provider::{Book, words},
    subscription::Period,
};

/// The state of an order, with refunds and disputes taken into account (contract §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Owed.
    Pending,
    /// Paid.
    Paid,
    /// The last try to collect failed, or the order was voided.
    Failed,
    /// All of it went back.
    Refunded,
    /// A part of it went back.
    PartiallyRefunded,
    /// The payer disputes it, or won a dispute.
    Disputed,
    /// It can no longer be paid.
    Expired,
}

words!(OrderStatus, "order status", {
    Pending => "pending", Paid => "paid", Failed => "failed", Refunded => "refunded",
    PartiallyRefunded => "partially_refunded", Disputed => "disputed", Expired => "expired",
});

/// How an order stands by the provider's object alone, before refunds and disputes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collection {
    /// Owed.
    Pending,
    /// A try to collect failed; the provider may try again.
    Failed,
    /// Paid.
    Paid,
    /// Voided or run out.
    Expired,
}

words!(Collection, "collection", { Pending => "pending", Failed => "failed", Paid => "paid", Expired => "expired" });

/// Which of the provider's objects the order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// An invoice.
    Invoice,
    /// A checkout session without an invoice.
    Session,
    /// A payment with neither; goes when a later event shows whose it is.
    Bare,
}

words!(OrderKind, "order kind", { Invoice => "invoice", Session => "session", Bare => "bare" });

/// One purchase or one billed cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// billdeck's id.
    pub id: OrderId,
    /// The provider's customer, where known.
    pub link_id: Option<LinkId>,
    /// Where.
    pub book: Book,
    /// Which of the provider's objects it is.
    pub kind: OrderKind,
    /// The id of that object.
    pub provider_order_id: ObjectId,
    /// The provider's subscription it bills, if any.
    pub provider_subscription_id: Option<ObjectId>,
    /// The number printed on the invoice.
    pub number: Option<String>,
    /// What is owed in all; none while only a mention of the order has been seen.
    pub amount: Option<Money>,
    /// How it stands by its own object.
    pub collection: Collection,
    /// How it stands with refunds and disputes.
    pub status: OrderStatus,
    /// Minor units that went back by refunds that succeeded.
    pub refunded_minor: i64,
    /// When it was paid.
    pub purchased_at: Option<Timestamp>,
    /// What stretch of time it pays for.
    pub period: Option<Period>,
    /// How often collection was tried.
    pub attempts: Option<i32>,
    /// When the provider tries next; none when it does not.
    pub next_attempt_at: Option<Timestamp>,
    /// The provider's page where the payer can see or settle it.
    pub hosted_url: Option<String>,
}

/// Whether a payment's money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Under way, or waiting for the payer.
    Pending,
    /// The money moved.
    Succeeded,
    /// The last try failed.
    Failed,
    /// Given up.
    Canceled,
}

words!(PaymentStatus, "payment status", {
    Pending => "pending", Succeeded => "succeeded", Failed => "failed", Canceled => "canceled",
});

/// Money that moved, or tried to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// billdeck's id.
    pub id: PaymentId,
    /// Where.
    pub book: Book,
    /// The provider's id.
    pub provider_payment_id: ObjectId,
    /// The provider's customer, where known.
    pub link_id: Option<LinkId>,
    /// What it pays.
    pub order_id: Option<OrderId>,
    /// How much; none while only a mention of it has been seen.
    pub amount: Option<Money>,
    /// Whether it moved.
    pub status: PaymentStatus,
    /// When it succeeded.
    pub paid_at: Option<Timestamp>,
    /// Why the last try failed.
    pub failure: Option<Failure>,
    /// The provider's id of the card or bank movement.
    pub charge_id: Option<ObjectId>,
    /// What was paid with.
    pub method: Option<PaymentMethod>,
}

/// Why money did not move, as the provider says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The provider's code.
    pub code: Option<String>,
    /// The card network's code, where one is told.
    pub decline_code: Option<String>,
    /// The provider's sentence.
    pub message: Option<String>,
}

/// What was paid with; never more of a card than its last four digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMethod {
    /// The provider's word, such as `card`.
    pub kind: String,
    /// The card's brand.
    pub brand: Option<String>,
    /// The card's last four digits.
    pub last4: Option<String>,
    /// The country of the issuing bank, ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

/// Whether a refund's money went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Under way.
    Pending,
    /// The money went back.
    Succeeded,
    /// It did not, even if it once seemed so.
    Failed,
    /// Given up before it went.
    Canceled,
}

words!(RefundStatus, "refund status", {
    Pending => "pending", Succeeded => "succeeded", Failed => "failed", Canceled => "canceled",
});

/// Money that went back for a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// billdeck's id.
    pub id: RefundId,
    /// Where.
    pub book: Book,
    /// The provider's id.
    pub provider_refund_id: ObjectId,
    /// Which payment.
    pub payment_id: PaymentId,
    /// How much.
    pub amount: Money,
    /// Whether it went.
    pub status: RefundStatus,
    /// The provider's reason, verbatim.
    pub reason: Option<String>,
}

/// How a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// An answer is wanted.
    NeedsResponse,
    /// The bank is deciding.
    UnderReview,
    /// Decided for the merchant, or withdrawn.
    Won,
    /// Decided for the payer.
    Lost,
}

words!(DisputeStatus, "dispute status", {
    NeedsResponse => "needs_response", UnderReview => "under_review", Won => "won", Lost => "lost",
});

/// A payer's objection to a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// billdeck's id.
    pub id: DisputeId,
    /// Where.
    pub book: Book,
    /// The provider's id.
    pub provider_dispute_id: ObjectId,
    /// Which payment.
    pub payment_id: PaymentId,
    /// How much is disputed.
    pub amount: Money,
    /// How it stands.
    pub status: DisputeStatus,
    /// The provider's status, verbatim.
    pub provider_status: String,
    /// The provider's reason, verbatim.
    pub reason: Option<String>,
    /// Until when evidence counts.
    pub due_by: Option<Timestamp>,
}

/// How an order stands, from how it was collected and what went back since.
///
/// A dispute that is open or lost outweighs refunds; refunds count only for money that was collected.
pub fn order_status(
    collection: Collection,
    amount_minor: i64,
    refunded_minor: i64,
    disputed: bool,
) -> OrderStatus {
    match collection {
        Collection::Pending => OrderStatus::Pending,
        Collection::Failed => OrderStatus::Failed,
        Collection::Expired => OrderStatus::Expired,
        Collection::Paid if disputed => OrderStatus::Disputed,
        Collection::Paid if refunded_minor <= 0 => OrderStatus::Paid,
        Collection::Paid if refunded_minor >= amount_minor => OrderStatus::Refunded,
        Collection::Paid => OrderStatus::PartiallyRefunded,
    }
}
