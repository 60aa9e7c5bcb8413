//! Orders, and the payment that each one stands for.

use jiff::Timestamp;

use super::{
    Occasion, Told, customer,
    fields::{Flaw, moment, money, object_id, object_ref, span, text},
};
use crate::{
    domain::{
        ids::ObjectId,
        money::Money,
        observation::{Fact, FactKind, Observation, OrderSeen, PaymentSeen},
        order::{Collection, OrderKind, PaymentStatus},
        provider::ObjectKind,
        subscription::Period,
    },
    providers::polar::wire::money::{Order, OrderItem},
};

pub(super) fn told(mut order: Order, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let customer = customer::inside(order.customer.take())?;
    let times = Times::of(&order, occasion)?;
    let collection = collection(&order);
    let payment = payment(&order, collection, times)?;
    let facts = payment
        .as_ref()
        .filter(|seen| seen.status == PaymentStatus::Succeeded)
        .map(|seen| paid(&seen.id, seen.amount, times.paid()))
        .into_iter()
        .collect();
    let seen = seen(order, collection, times, payment.as_ref())?;
    let inside = payment.map(Observation::Payment).into_iter().chain(customer);
    Ok(Told::with(Observation::Order(seen), inside, facts))
}

/// Money came in. The order's id is the key, whichever of Polar's objects tells it.
pub(super) fn paid(order: &ObjectId, amount: Money, at: Timestamp) -> Fact {
    Fact {
        object: object_ref(ObjectKind::Payment, order),
        kind: FactKind::Paid,
        amount,
        at,
    }
}

/// An order does not say when it was paid, only when it was made and last changed.
#[derive(Clone, Copy)]
struct Times {
    made: Timestamp,
    changed: Timestamp,
    of_checkout: bool,
}

impl Times {
    fn of(order: &Order, occasion: Occasion<'_>) -> Result<Self, Flaw> {
        let made = moment(order.created_at.clone(), "created_at")?;
        let changed = moment(order.modified_at.clone(), "modified_at")?;
        Ok(Self {
            made: made.unwrap_or(occasion.at),
            changed: changed.or(made).unwrap_or(occasion.at),
            of_checkout: order.checkout_id.is_some()
                && matches!(
                    order.billing_reason.as_deref(),
                    Some("purchase" | "subscription_create")
                ),
        })
    }

    /// No earlier than the payment: of all that tell it the earliest counts. A checkout makes its order when it is paid.
    const fn paid(self) -> Timestamp {
        if self.of_checkout { self.made } else { self.changed }
    }
}

fn collection(order: &Order) -> Collection {
    match order.status.as_deref() {
        Some("paid" | "refunded" | "partially_refunded") => Collection::Paid,
        Some("void") => Collection::Expired,
        // The next try has a date only once one has failed.
        Some("pending") if order.next_payment_attempt_at.is_some() => Collection::Failed,
        Some("pending" | "draft") => Collection::Pending,
        // Words that came later.
        Some(_) | None if order.paid == Some(true) => Collection::Paid,
        Some(_) | None => Collection::Pending,
    }
}

/// None where nothing is due, as with a discount of all: then no money moves.
fn payment(order: &Order, collection: Collection, times: Times) -> Result<Option<PaymentSeen>, Flaw> {
    let due = order.due_amount.unwrap_or(order.total_amount);
    if due <= 0 {
        return Ok(None);
    }
    let status = match collection {
        Collection::Paid => PaymentStatus::Succeeded,
        Collection::Failed => PaymentStatus::Failed,
        Collection::Pending => PaymentStatus::Pending,
        Collection::Expired => PaymentStatus::Canceled,
    };
    let id = object_id(order.id.clone(), "id")?;
    Ok(Some(PaymentSeen {
        customer: reference(order.customer_id.clone(), "customer_id")?,
        amount: money(due, &order.currency)?,
        status,
        paid_at: (status == PaymentStatus::Succeeded).then(|| times.paid()),
        // Why a try failed is told by the tries, which a read brings.
        failure: None,
        order: Some(id.clone()),
        id,
    }))
}

fn seen(
    order: Order,
    collection: Collection,
    times: Times,
    payment: Option<&PaymentSeen>,
) -> Result<OrderSeen, Flaw> {
    Ok(OrderSeen {
        period: billed_period(&order.items)?,
        id: object_id(order.id, "id")?,
        kind: OrderKind::Invoice,
        customer: reference(order.customer_id, "customer_id")?,
        subscription: reference(order.subscription_id, "subscription_id")?,
        number: text(order.invoice_number),
        amount: money(order.total_amount, &order.currency)?,
        collection,
        // Every later description has to say the same, so it is the day that the order bears. The payment knows better.
        paid_at: (collection == Collection::Paid).then_some(times.made),
        attempts: None,
        next_attempt_at: moment(order.next_payment_attempt_at, "next_payment_attempt_at")?,
        hosted_url: None,
        payments: payment.map(|payment| payment.id.clone()).into_iter().collect(),
    })
}

/// What stretch of time the order pays for: its lines say it, those that settle a change only when there are no others.
fn billed_period(items: &[OrderItem]) -> Result<Option<Period>, Flaw> {
    let spans = |proration: bool| -> Result<Option<Period>, Flaw> {
        let mut whole: Option<Period> = None;
        for item in items
            .iter()
            .filter(|item| (item.proration == Some(true)) == proration)
        {
            let found = span(
                item.start_timestamp.clone(),
                item.end_timestamp.clone(),
                "items.timestamp",
            )?;
            whole = match (whole, found) {
                (Some(known), Some(next)) => Some(Period {
                    start: known.start.min(next.start),
                    end: known.end.max(next.end),
                }),
                (known, next) => known.or(next),
            };
        }
        Ok(whole)
    };
    Ok(match spans(false)? {
        Some(period) => Some(period),
        None => spans(true)?,
    })
}

fn reference(found: Option<String>, place: &str) -> Result<Option<ObjectId>, Flaw> {
    found.map(|found| object_id(found, place)).transpose()
}
