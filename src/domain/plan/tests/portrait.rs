//! What the rows say, so that two ways to them can be compared.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::world::World;
use crate::domain::{
    customer::{Customer, CustomerLink},
    ids::{LinkId, PaymentId},
    order::{Order, Payment},
    subscription::{Subscription, Verification},
};

impl World {
    /// All rows by their provider's ids, with billdeck's own ids and the times of verification left out.
    pub(super) fn portrait(&self) -> BTreeMap<String, String> {
        let rows = &self.rows;
        let nil = Uuid::nil();
        let link_name = |id: LinkId| {
            let link = rows.links.iter().find(|row| row.id == id);
            link.map(|row| row.provider_customer_id.to_string())
        };
        let payment_name = |id: PaymentId| {
            let payment = rows.payments.iter().find(|row| row.id == id);
            payment.map(|row| row.provider_payment_id.to_string())
        };
        let mut portrait = BTreeMap::new();
        let mut add = |key: String, text: String| assert_eq!(portrait.insert(key, text), None);
        for row in &rows.links {
            let customer = rows
                .customers
                .iter()
                .find(|customer| customer.id == row.customer_id);
            let customer = customer.map(|customer| Customer {
                id: nil.into(),
                ..customer.clone()
            });
            let link = CustomerLink {
                id: nil.into(),
                customer_id: nil.into(),
                ..row.clone()
            };
            add(
                format!("customer {}", row.provider_customer_id),
                format!("{link:?} {customer:?}"),
            );
        }
        for row in &rows.checkouts {
            add(format!("checkout {}", row.id), format!("{row:?}"));
        }
        for row in &rows.subscriptions {
            let sure = match row.verification {
                Verification::Pending => "pending",
                Verification::Verified { .. } => "verified",
                Verification::Mismatch { .. } => "mismatch",
            };
            let plain = Subscription {
                id: nil.into(),
                link_id: nil.into(),
                verification: Verification::Pending,
                ..row.clone()
            };
            add(
                format!("subscription {:?}", row.provider_subscription_id),
                format!("{sure} {:?} {plain:?}", link_name(row.link_id)),
            );
        }
        for row in &rows.orders {
            let plain = Order {
                id: nil.into(),
                link_id: None,
                ..row.clone()
            };
            add(
                format!("order {}", row.provider_order_id),
                format!("{:?} {plain:?}", row.link_id.and_then(link_name)),
            );
        }
        for row in &rows.payments {
            let order = rows.orders.iter().find(|order| Some(order.id) == row.order_id);
            let plain = Payment {
                id: nil.into(),
                link_id: None,
                order_id: None,
                ..row.clone()
            };
            add(
                format!("payment {}", row.provider_payment_id),
                format!(
                    "{:?} {:?} {plain:?}",
                    row.link_id.and_then(link_name),
                    order.map(|order| &order.provider_order_id)
                ),
            );
        }
        for row in &rows.refunds {
            add(
                format!("refund {}", row.provider_refund_id),
                format!("{:?} {} {}", payment_name(row.payment_id), row.amount, row.status),
            );
        }
        for row in &rows.disputes {
            add(
                format!("dispute {}", row.provider_dispute_id),
                format!(
                    "{:?} {} {} {}",
                    payment_name(row.payment_id),
                    row.amount,
                    row.status,
                    row.provider_status
                ),
            );
        }
        portrait
    }
}
