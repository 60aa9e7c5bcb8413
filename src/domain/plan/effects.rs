//! What follows from a plan outside this database.
//!
//! An effect's key names the fact, never the event: object, what became true of it, for which period. So two events that
//! tell one fact, in whatever order and however often, make one effect.

use jiff::Timestamp;
use serde_json::json;

use super::{
    Effect,
    working::{Rows, Slot},
};
use crate::domain::{
    ids::ObjectId,
    order::{Collection, Dispute, Order, OrderKind, Payment, PaymentStatus, Refund, RefundStatus},
    subscription::{Subscription, SubscriptionStatus},
};

/// The effects of the rows' changes.
pub(super) fn of(rows: &Rows) -> Vec<Effect> {
    let mut effects = Vec::new();
    for slot in rows.subscriptions.changed() {
        if let Some(after) = &slot.after {
            subscription(slot.before.as_ref(), after, &mut effects);
        }
    }
    effects.extend(rows.orders.changed().filter_map(payment_failed));
    effects.extend(rows.payments.changed().filter_map(payment_succeeded));
    effects.extend(rows.refunds.changed().filter_map(refund_succeeded));
    effects.extend(rows.disputes.changed().filter_map(dispute_opened));
    effects
}

fn effect(kind: &str, target: &ObjectId, period: Option<String>, payload: serde_json::Value) -> Effect {
    let key = match period {
        Some(period) => format!("{kind}:{target}:{period}"),
        None => format!("{kind}:{target}"),
    };
    Effect {
        key,
        kind: kind.to_owned(),
        target: target.clone(),
        payload,
    }
}

fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
}

fn subscription(before: Option<&Subscription>, after: &Subscription, effects: &mut Vec<Effect>) {
    let Some(target) = &after.provider_subscription_id else {
        return;
    };
    let payload = json!({
        "subscription": after.id,
        "link": after.link_id,
        "plan": after.plan,
        "status": after.status,
        "period_start": after.period.map(|period| period.start),
        "period_end": after.period.map(|period| period.end),
    });
    let was = before.map(|row| row.status);
    let had_access = was.is_some_and(|status| status.gives_access(true));
    let period = moment(after.period.map(|period| period.start));
    let mut add = |kind: &str, period: Option<String>| {
        effects.push(effect(kind, target, period, payload.clone()));
    };
    match after.status {
        SubscriptionStatus::Active | SubscriptionStatus::Trialing => {
            if !had_access {
                add("subscription.active", Some(period));
            }
        }
        SubscriptionStatus::PastDue => {
            if was != Some(SubscriptionStatus::PastDue) {
                add("subscription.past_due", Some(period));
            }
        }
        SubscriptionStatus::Canceled | SubscriptionStatus::Expired => {
            // One that was over before billdeck heard of it ends for nobody.
            if was.is_some_and(|status| !status.is_terminal()) {
                add("subscription.ended", None);
            }
        }
        SubscriptionStatus::Incomplete | SubscriptionStatus::Unpaid | SubscriptionStatus::Paused => {}
    }
    let ends_at = scheduled_end(after);
    if ends_at.is_some() && before.and_then(scheduled_end) != ends_at {
        add("subscription.cancel_scheduled", ends_at);
    }
}

/// When the subscription is set to end, as a part of a key; none when it is not, or has ended.
fn scheduled_end(row: &Subscription) -> Option<String> {
    let scheduled = !row.status.is_terminal() && (row.cancel_at_period_end || row.cancel_at.is_some());
    scheduled.then(|| moment(row.cancel_at.or(row.period.map(|period| period.end))))
}

/// A failed try is told by what is owed, not by the payment: both events come, and it is one fact. A bare payment that
/// fails is a payer still trying.
fn payment_failed(slot: &Slot<Order>) -> Option<Effect> {
    let after = slot.after.as_ref()?;
    let is_owed = match after.kind {
        OrderKind::Invoice | OrderKind::Session => true,
        OrderKind::Bare => false,
    };
    if !is_owed || after.collection != Collection::Failed {
        return None;
    }
    let told = |row: &Order| row.collection == Collection::Failed && row.attempts == after.attempts;
    if slot.before.as_ref().is_some_and(told) {
        return None;
    }
    Some(effect(
        "payment.failed",
        &after.provider_order_id,
        Some(after.attempts.unwrap_or(0).to_string()),
        json!({
            "order": after.id,
            "link": after.link_id,
            "subscription": after.provider_subscription_id,
            "amount": after.amount,
            "attempts": after.attempts,
            "next_attempt_at": after.next_attempt_at,
        }),
    ))
}

fn payment_succeeded(slot: &Slot<Payment>) -> Option<Effect> {
    let after = slot.after.as_ref()?;
    let succeeded = |row: &Payment| row.status == PaymentStatus::Succeeded;
    if !succeeded(after) || slot.before.as_ref().is_some_and(succeeded) {
        return None;
    }
    Some(effect(
        "payment.succeeded",
        &after.provider_payment_id,
        None,
        json!({
            "payment": after.id,
            "order": after.order_id,
            "link": after.link_id,
            "amount": after.amount,
            "paid_at": after.paid_at,
        }),
    ))
}

fn refund_succeeded(slot: &Slot<Refund>) -> Option<Effect> {
    let after = slot.after.as_ref()?;
    let succeeded = |row: &Refund| row.status == RefundStatus::Succeeded;
    if !succeeded(after) || slot.before.as_ref().is_some_and(succeeded) {
        return None;
    }
    Some(effect(
        "refund.succeeded",
        &after.provider_refund_id,
        None,
        json!({ "refund": after.id, "payment": after.payment_id, "amount": after.amount }),
    ))
}

fn dispute_opened(slot: &Slot<Dispute>) -> Option<Effect> {
    let after = slot.after.as_ref()?;
    if slot.before.is_some() {
        return None;
    }
    Some(effect(
        "dispute.opened",
        &after.provider_dispute_id,
        None,
        json!({
            "dispute": after.id,
            "payment": after.payment_id,
            "amount": after.amount,
            "status": after.status,
            "due_by": after.due_by,
        }),
    ))
}
