//! The store of the stand-in: what it loads for a plan, and the constraints it holds a plan to.

use std::collections::BTreeSet;

use super::{
    super::{Known, Needs, Plan, RowChange, Write},
    world::World,
};
use crate::domain::{
    customer::Customer,
    ids::{CustomerId, LinkId, ObjectId, OrderId, PaymentId},
    order::{DisputeStatus, Order, OrderKind, Payment, RefundStatus, order_status},
    provider::{ObjectKind, ObjectRef},
    subscription::Subscription,
};

impl World {
    /// Loads what the store would load, and no more.
    pub(super) fn load(&self, needs: &Needs) -> Known {
        let all = &self.rows;
        let named = |kind, id: &ObjectId| needs.objects.contains(&ObjectRef::new(kind, id.clone()));
        let subscriptions: Vec<Subscription> = all
            .subscriptions
            .iter()
            .filter(|row| {
                row.provider_subscription_id
                    .as_ref()
                    .is_some_and(|id| named(ObjectKind::Subscription, id))
            })
            .cloned()
            .collect();
        let checkouts: Vec<_> = all
            .checkouts
            .iter()
            .filter(|row| {
                needs.checkouts.contains(&row.id)
                    || row
                        .provider_checkout_id
                        .as_ref()
                        .is_some_and(|id| named(ObjectKind::Checkout, id))
            })
            .cloned()
            .collect();
        let mut paying: BTreeSet<PaymentId> = all
            .payments
            .iter()
            .filter(|row| {
                named(ObjectKind::Payment, &row.provider_payment_id)
                    || row
                        .charge_id
                        .as_ref()
                        .is_some_and(|id| named(ObjectKind::Charge, id))
            })
            .map(|row| row.id)
            .collect();
        paying.extend(
            all.refunds
                .iter()
                .filter(|row| named(ObjectKind::Refund, &row.provider_refund_id))
                .map(|row| row.payment_id),
        );
        paying.extend(
            all.disputes
                .iter()
                .filter(|row| named(ObjectKind::Dispute, &row.provider_dispute_id))
                .map(|row| row.payment_id),
        );
        let paid: BTreeSet<OrderId> = all
            .payments
            .iter()
            .filter(|row| paying.contains(&row.id))
            .filter_map(|row| row.order_id)
            .collect();
        let orders: Vec<Order> = all
            .orders
            .iter()
            .filter(|row| {
                paid.contains(&row.id)
                    || [ObjectKind::Order, ObjectKind::Checkout, ObjectKind::Payment]
                        .into_iter()
                        .any(|kind| named(kind, &row.provider_order_id))
            })
            .cloned()
            .collect();
        let payments: Vec<Payment> = all
            .payments
            .iter()
            .filter(|row| {
                paying.contains(&row.id) || orders.iter().any(|order| row.order_id == Some(order.id))
            })
            .cloned()
            .collect();
        let of_payment = |id: PaymentId| payments.iter().any(|row| row.id == id);
        let refunds = all
            .refunds
            .iter()
            .filter(|row| of_payment(row.payment_id))
            .cloned();
        let disputes = all
            .disputes
            .iter()
            .filter(|row| of_payment(row.payment_id))
            .cloned();
        let link_ids: BTreeSet<LinkId> = subscriptions
            .iter()
            .map(|row| row.link_id)
            .chain(orders.iter().filter_map(|row| row.link_id))
            .chain(payments.iter().filter_map(|row| row.link_id))
            .collect();
        let customer_ids: BTreeSet<CustomerId> = all
            .links
            .iter()
            .filter(|row| {
                link_ids.contains(&row.id) || named(ObjectKind::Customer, &row.provider_customer_id)
            })
            .map(|row| row.customer_id)
            .chain(checkouts.iter().map(|row| row.customer_id))
            .collect();
        let customers: Vec<Customer> = all
            .customers
            .iter()
            .filter(|row| {
                customer_ids.contains(&row.id)
                    || row
                        .owner
                        .as_ref()
                        .is_some_and(|owner| needs.owners.contains(owner))
            })
            .cloned()
            .collect();
        let links = all
            .links
            .iter()
            .filter(|row| customers.iter().any(|customer| customer.id == row.customer_id))
            .cloned()
            .collect();
        Known {
            links,
            refunds: refunds.collect(),
            disputes: disputes.collect(),
            versions: all
                .versions
                .iter()
                .filter(|(object, _)| needs.objects.contains(object))
                .map(|(object, version)| (object.clone(), version.clone()))
                .collect(),
            customers,
            subscriptions,
            checkouts,
            orders,
            payments,
        }
    }

    /// Writes a plan as the store does, with the checks of its constraints.
    pub(super) fn commit(&mut self, plan: &Plan) {
        for write in &plan.writes {
            let rows = &mut self.rows;
            match write {
                Write::Customer(change) => put(&mut rows.customers, change, |row| row.id),
                Write::Link(change) => put(&mut rows.links, change, |row| row.id),
                Write::Checkout(change) => put(&mut rows.checkouts, change, |row| row.id),
                Write::Subscription(change) => put(&mut rows.subscriptions, change, |row| row.id),
                Write::Order(change) => put(&mut rows.orders, change, |row| row.id),
                Write::Payment(change) => put(&mut rows.payments, change, |row| row.id),
                Write::Refund(change) => put(&mut rows.refunds, change, |row| row.id),
                Write::Dispute(change) => put(&mut rows.disputes, change, |row| row.id),
                Write::OrderGone(order) => {
                    assert_ne!(order.kind, OrderKind::Invoice, "an invoice never goes");
                    rows.orders.retain(|row| row.id != order.id);
                }
            }
            self.assert_references();
        }
        self.rows.versions.extend(plan.versions.clone());
        self.facts
            .extend(plan.facts.iter().map(|fact| (fact.object.clone(), fact.kind)));
        for effect in &plan.effects {
            self.effects
                .entry(effect.key.clone())
                .or_insert_with(|| effect.clone());
        }
        self.notes.extend(plan.notes.iter().cloned());
        self.assert_sums();
    }

    fn assert_references(&self) {
        let rows = &self.rows;
        let customer = |id| rows.customers.iter().any(|row| row.id == id);
        let link = |id| rows.links.iter().any(|row| row.id == id);
        let order = |id| rows.orders.iter().any(|row| row.id == id);
        let payment = |id| rows.payments.iter().any(|row| row.id == id);
        assert!(
            rows.customers
                .iter()
                .all(|row| row.merged_into.is_none_or(customer))
        );
        assert!(rows.links.iter().all(|row| customer(row.customer_id)));
        assert!(rows.checkouts.iter().all(|row| customer(row.customer_id)));
        assert!(rows.subscriptions.iter().all(|row| link(row.link_id)));
        assert!(rows.orders.iter().all(|row| row.link_id.is_none_or(link)));
        assert!(rows.payments.iter().all(|row| row.link_id.is_none_or(link)));
        assert!(rows.payments.iter().all(|row| row.order_id.is_none_or(order)));
        assert!(rows.refunds.iter().all(|row| payment(row.payment_id)));
        assert!(rows.disputes.iter().all(|row| payment(row.payment_id)));
        assert_unique(rows.customers.iter().filter_map(|row| row.owner.clone()));
        assert_unique(rows.links.iter().map(|row| row.provider_customer_id.clone()));
        assert_unique(
            rows.links
                .iter()
                .filter(|row| row.is_default)
                .map(|row| row.customer_id),
        );
        assert_unique(
            rows.subscriptions
                .iter()
                .filter_map(|row| row.provider_subscription_id.clone()),
        );
        assert_unique(rows.orders.iter().map(|row| row.provider_order_id.clone()));
        assert_unique(rows.payments.iter().map(|row| row.provider_payment_id.clone()));
        assert_unique(rows.refunds.iter().map(|row| row.provider_refund_id.clone()));
        assert_unique(rows.disputes.iter().map(|row| row.provider_dispute_id.clone()));
    }

    /// No more goes back than was paid, and every order stands as its parts say.
    fn assert_sums(&self) {
        let rows = &self.rows;
        for payment in &rows.payments {
            let back: i64 = rows
                .refunds
                .iter()
                .filter(|row| row.payment_id == payment.id)
                .filter(|row| matches!(row.status, RefundStatus::Pending | RefundStatus::Succeeded))
                .map(|row| row.amount.minor)
                .sum();
            if let Some(amount) = payment.amount {
                assert!(
                    back <= amount.minor,
                    "{back} of {amount} goes back: {payment:?} {:?}",
                    rows.refunds
                );
            }
            assert!(
                payment.order_id.is_some(),
                "a payment without an order: {payment:?}"
            );
        }
        for order in &rows.orders {
            let of_order: Vec<PaymentId> = rows
                .payments
                .iter()
                .filter(|row| row.order_id == Some(order.id))
                .map(|row| row.id)
                .collect();
            let refunded: i64 = rows
                .refunds
                .iter()
                .filter(|row| of_order.contains(&row.payment_id) && row.status == RefundStatus::Succeeded)
                .map(|row| row.amount.minor)
                .sum();
            let disputed = rows
                .disputes
                .iter()
                .any(|row| of_order.contains(&row.payment_id) && row.status != DisputeStatus::Won);
            assert_eq!(order.refunded_minor, refunded, "{order:?}");
            if let Some(amount) = order.amount {
                let status = order_status(order.collection, amount.minor, refunded, disputed);
                assert_eq!(order.status, status, "{order:?}");
                assert!(refunded <= amount.minor, "{order:?}");
            }
            if order.kind == OrderKind::Bare {
                assert_eq!(of_order.len(), 1, "a bare order is its payment's: {order:?}");
            }
        }
    }
}

fn put<T: Clone + PartialEq + std::fmt::Debug, I: PartialEq>(
    rows: &mut Vec<T>,
    change: &RowChange<T>,
    id: impl Fn(&T) -> I,
) {
    let place = rows.iter_mut().find(|row| id(row) == id(&change.after));
    assert_eq!(place.as_deref(), change.before.as_ref(), "planned on another row");
    match place {
        Some(row) => *row = change.after.clone(),
        None => rows.push(change.after.clone()),
    }
}

fn assert_unique<T: Ord + std::fmt::Debug>(keys: impl Iterator<Item = T>) {
    let mut seen = BTreeSet::new();
    for key in keys {
        assert!(!seen.contains(&key), "twice: {key:?}");
        seen.insert(key);
    }
}
