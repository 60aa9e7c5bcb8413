//! Which description of an object counts, and how far along its life a description stands.

use super::{
    Evidence,
    working::{Proof, Working},
};
use crate::domain::{
    checkout::CheckoutState,
    ids::ObjectId,
    observation::{CheckoutProgress, Observation},
    order::{Collection, DisputeStatus, PaymentStatus, RefundStatus},
    provider::{ObjectKind, ObjectRef},
    subscription::Verification,
    version::{MARGIN, Verdict, Version},
};

/// How late in its life an object is. Compared only where two descriptions of one moment cannot be told apart and the
/// provider cannot be asked. Whatever nothing can follow ranks above all that something can; the second figure counts
/// within a stage (tries to collect).
pub(super) type Rank = (u8, i64);

/// How far along its life a description stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) rank: Rank,
    /// Nothing can follow.
    pub(super) terminal: bool,
}

const fn collection_rank(collection: Collection) -> u8 {
    match collection {
        Collection::Pending => 0,
        Collection::Failed => 1,
        Collection::Expired => 2,
        Collection::Paid => 3,
    }
}

const fn payment_rank(status: PaymentStatus) -> u8 {
    match status {
        PaymentStatus::Pending => 0,
        PaymentStatus::Failed => 1,
        PaymentStatus::Canceled => 2,
        PaymentStatus::Succeeded => 3,
    }
}

const fn refund_rank(status: RefundStatus) -> u8 {
    match status {
        RefundStatus::Pending => 0,
        RefundStatus::Succeeded => 1,
        RefundStatus::Canceled => 2,
        RefundStatus::Failed => 3,
    }
}

const fn dispute_rank(status: DisputeStatus) -> u8 {
    match status {
        DisputeStatus::NeedsResponse => 0,
        DisputeStatus::UnderReview => 1,
        DisputeStatus::Won => 2,
        DisputeStatus::Lost => 3,
    }
}

const fn checkout_rank(progress: CheckoutProgress) -> u8 {
    match progress {
        CheckoutProgress::Open => 0,
        CheckoutProgress::AwaitingPayment => 1,
        CheckoutProgress::Expired => 2,
        CheckoutProgress::PaymentFailed => 3,
        CheckoutProgress::Paid => 4,
    }
}

impl Standing {
    pub(super) fn of(observation: &Observation) -> Self {
        let standing = |rank: u8, terminal: bool| Self {
            rank: (rank, 0),
            terminal,
        };
        match observation {
            Observation::Customer(seen) => standing(u8::from(seen.deleted), seen.deleted),
            Observation::Subscription(seen) => {
                standing(seen.status.lifecycle_rank(), seen.status.is_terminal())
            }
            Observation::Checkout(seen) => {
                let over = match seen.state {
                    CheckoutProgress::Open | CheckoutProgress::AwaitingPayment => false,
                    CheckoutProgress::Paid | CheckoutProgress::PaymentFailed | CheckoutProgress::Expired => {
                        true
                    }
                };
                standing(checkout_rank(seen.state), over)
            }
            // What was written off may still be paid; only what is paid stays so.
            Observation::Order(seen) => Self {
                rank: (
                    collection_rank(seen.collection),
                    i64::from(seen.attempts.unwrap_or(0)),
                ),
                terminal: seen.collection == Collection::Paid,
            },
            Observation::PaymentLink(_) => standing(0, false),
            Observation::Payment(seen) => standing(payment_rank(seen.status), payment_is_over(seen.status)),
            Observation::Charge(seen) => {
                let moved = seen.status == PaymentStatus::Succeeded;
                standing(u8::from(moved), moved)
            }
            // A refund that succeeded can still come back as failed.
            Observation::Refund(seen) => standing(
                refund_rank(seen.status),
                match seen.status {
                    RefundStatus::Pending | RefundStatus::Succeeded => false,
                    RefundStatus::Failed | RefundStatus::Canceled => true,
                },
            ),
            // A closed dispute can be appealed.
            Observation::Dispute(seen) => standing(dispute_rank(seen.status), false),
            Observation::Gone(_) => standing(u8::MAX, true),
        }
    }
}

const fn payment_is_over(status: PaymentStatus) -> bool {
    match status {
        PaymentStatus::Pending | PaymentStatus::Failed => false,
        PaymentStatus::Succeeded | PaymentStatus::Canceled => true,
    }
}

/// The rank of what is stored about the object.
fn stored_rank(work: &Working<'_>, object: &ObjectRef) -> Rank {
    let id = &object.id;
    let rank = match object.kind {
        ObjectKind::Customer => work
            .rows
            .links
            .find(|row| row.provider_customer_id == *id)
            .map(|row| (u8::from(row.deleted), 0)),
        ObjectKind::Subscription => work
            .rows
            .subscriptions
            .find(|row| row.provider_subscription_id.as_ref() == Some(id))
            .map(|row| (row.status.lifecycle_rank(), 0)),
        ObjectKind::Checkout => Some((stored_checkout_rank(work, object), 0)),
        ObjectKind::Order => work
            .rows
            .orders
            .find(|row| row.provider_order_id == *id)
            .map(|row| {
                (
                    collection_rank(row.collection),
                    i64::from(row.attempts.unwrap_or(0)),
                )
            }),
        ObjectKind::Payment => work
            .rows
            .payments
            .find(|row| row.provider_payment_id == *id)
            .map(|row| (payment_rank(row.status), 0)),
        // A charge has no row of its own; its only end is that the money moved.
        ObjectKind::Charge => Some((u8::from(work.version(object).terminal), 0)),
        ObjectKind::Refund => work
            .rows
            .refunds
            .find(|row| row.provider_refund_id == *id)
            .map(|row| (refund_rank(row.status), 0)),
        ObjectKind::Dispute => work
            .rows
            .disputes
            .find(|row| row.provider_dispute_id == *id)
            .map(|row| (dispute_rank(row.status), 0)),
        ObjectKind::PaymentLink | ObjectKind::Price | ObjectKind::Other => None,
    };
    rank.unwrap_or_default()
}

/// A session that billdeck did not start is known by the order that it became, or only by its end.
fn stored_checkout_rank(work: &Working<'_>, object: &ObjectRef) -> u8 {
    let order = work
        .rows
        .orders
        .find(|row| row.provider_order_id == object.id)
        .map(|row| match row.collection {
            Collection::Pending => checkout_rank(CheckoutProgress::AwaitingPayment),
            Collection::Failed => checkout_rank(CheckoutProgress::PaymentFailed),
            Collection::Expired => checkout_rank(CheckoutProgress::Expired),
            Collection::Paid => checkout_rank(CheckoutProgress::Paid),
        });
    let ours = work
        .rows
        .checkouts
        .find(|row| row.provider_checkout_id.as_ref() == Some(&object.id))
        .map(|row| match row.state {
            CheckoutState::Creating | CheckoutState::Open | CheckoutState::Unknown => {
                checkout_rank(CheckoutProgress::Open)
            }
            CheckoutState::Expired => checkout_rank(CheckoutProgress::Expired),
            CheckoutState::Complete => checkout_rank(CheckoutProgress::Paid),
        });
    let ended = u8::from(work.version(object).terminal);
    order.into_iter().chain(ours).fold(ended, u8::max)
}

/// Judges a description by the version rule.
pub(super) fn judge(version: &Version, evidence: &Evidence, standing: Standing) -> Verdict {
    match evidence {
        Evidence::Read { at, ticket, .. } => version.judge_read(*at, *ticket),
        Evidence::Body {
            at,
            provider_event_id,
            ..
        } => {
            let leaves_terminal = version.terminal && !standing.terminal;
            let verdict = version.judge_body(*at, provider_event_id, leaves_terminal);
            // Nothing can follow an end. An end that is older than the state in place contradicts it, and a clock that
            // contradicts itself is not believed: left alone, the order of arrival would decide between the two.
            let contradicts = verdict == Verdict::Stale
                && standing.terminal
                && !version.terminal
                && version
                    .read_at
                    .is_none_or(|read_at| read_at.duration_since(*at) <= MARGIN);
            if contradicts { Verdict::Read } else { verdict }
        }
    }
}

/// Settles, by rule, a doubt about a body that no read can settle: whether the body counts.
pub(super) fn wins(work: &Working<'_>, object: &ObjectRef, evidence: &Evidence, standing: Standing) -> bool {
    let version = work.version(object);
    let stored = stored_rank(work, object);
    if standing.rank != stored {
        return standing.rank > stored;
    }
    match (evidence, &version.body) {
        (
            Evidence::Body {
                at,
                provider_event_id,
                ..
            },
            Some((stored_at, stored_event)),
        ) if at == stored_at => provider_event_id > stored_event,
        (Evidence::Body { at, .. } | Evidence::Read { at, .. }, _) => {
            version.read_at.is_none_or(|read_at| *at >= read_at)
        }
    }
}

/// Records that the object's state now is what the evidence says.
pub(super) fn record(work: &mut Working<'_>, object: &ObjectRef, evidence: &Evidence, terminal: bool) {
    let mut version = work.version(object);
    version.terminal = terminal;
    match evidence {
        Evidence::Body {
            at,
            provider_event_id,
            ..
        } => version.body = Some((*at, provider_event_id.clone())),
        Evidence::Read { at, ticket, .. } => {
            version.read_at = Some(*at);
            version.ticket = Some(*ticket);
        }
    }
    work.versions.insert(object.clone(), version);
}

/// Records a body whose word is in place already. Of several, the newest stays, and of one second the greatest event id,
/// so that a later tie falls the same way whichever came first.
pub(super) fn record_seen(work: &mut Working<'_>, object: &ObjectRef, evidence: &Evidence) {
    let Evidence::Body {
        at,
        provider_event_id,
        ..
    } = evidence
    else {
        return;
    };
    let mut version = work.version(object);
    let seen = (*at, provider_event_id.clone());
    if version.body.as_ref().is_none_or(|stored| *stored < seen) {
        version.body = Some(seen);
        work.versions.insert(object.clone(), version);
    }
}

/// What a person is told about a doubt that was settled by rule.
pub(super) fn doubt_note(work: &Working<'_>, object: &ObjectRef, event: &ObjectId, won: bool) -> String {
    let provider = work.ctx.book.provider;
    let kept = if won {
        "what it says was applied"
    } else {
        "what was stored stays"
    };
    format!(
        "event {event} and the stored state of {object} cannot be told apart by their times, and {provider} could not \
         be asked: the later stage of its life counts, then the greater event id; {kept}"
    )
}

/// Marks the object's row as not certain, where its kind keeps that.
pub(super) fn doubt(work: &mut Working<'_>, object: &ObjectRef) {
    if object.kind != ObjectKind::Subscription {
        return;
    }
    let row = work
        .rows
        .subscriptions
        .find(|row| row.provider_subscription_id.as_ref() == Some(&object.id))
        .cloned();
    if let Some(mut row) = row {
        row.verification = Verification::Pending;
        work.rows.subscriptions.put(row);
    }
}

impl Proof<'_> {
    /// When the description was made, by the provider's clock.
    pub(super) fn at(&self) -> jiff::Timestamp {
        match self.evidence {
            Evidence::Body { at, .. } | Evidence::Read { at, .. } => *at,
        }
    }
}
