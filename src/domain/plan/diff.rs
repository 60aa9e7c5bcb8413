//! A plan as people read it: which rows change, and in which fields.

use serde::Serialize;
use uuid::Uuid;

use super::{Plan, RowChange, Write, differences};
use crate::domain::{
    subscription::{Difference, Subscription, Verification},
    views::action::RowDiff,
};

/// What a plan changes, row by row, in the order of writing.
pub fn row_diffs(plan: &Plan) -> Vec<RowDiff> {
    plan.writes.iter().map(Write::diff).collect()
}

impl Write {
    /// The table that is written.
    pub const fn table(&self) -> &'static str {
        match self {
            Self::Customer(_) => "customer",
            Self::Link(_) => "customer_link",
            Self::Checkout(_) => "checkout",
            Self::Subscription(_) => "subscription",
            Self::Order(_) | Self::OrderGone(_) => "order",
            Self::Payment(_) => "payment",
            Self::Refund(_) => "refund",
            Self::Dispute(_) => "dispute",
        }
    }

    /// billdeck's id of the row.
    pub const fn row_id(&self) -> Uuid {
        match self {
            Self::Customer(change) => change.after.id.as_uuid(),
            Self::Link(change) => change.after.id.as_uuid(),
            Self::Checkout(change) => change.after.id.as_uuid(),
            Self::Subscription(change) => change.after.id.as_uuid(),
            Self::Order(change) => change.after.id.as_uuid(),
            Self::Payment(change) => change.after.id.as_uuid(),
            Self::Refund(change) => change.after.id.as_uuid(),
            Self::Dispute(change) => change.after.id.as_uuid(),
            Self::OrderGone(order) => order.id.as_uuid(),
        }
    }

    /// The row, by its provider's id where it has one: in a preview as in the history.
    pub fn row_key(&self) -> String {
        match self {
            Self::Customer(change) => change.after.id.to_string(),
            Self::Link(change) => change.after.provider_customer_id.to_string(),
            Self::Checkout(RowChange { after, .. }) => after
                .provider_checkout_id
                .as_ref()
                .map_or_else(|| after.id.to_string(), ToString::to_string),
            Self::Subscription(RowChange { after, .. }) => after
                .provider_subscription_id
                .as_ref()
                .map_or_else(|| after.id.to_string(), ToString::to_string),
            Self::Order(change) => change.after.provider_order_id.to_string(),
            Self::Payment(change) => change.after.provider_payment_id.to_string(),
            Self::Refund(change) => change.after.provider_refund_id.to_string(),
            Self::Dispute(change) => change.after.provider_dispute_id.to_string(),
            Self::OrderGone(order) => order.provider_order_id.to_string(),
        }
    }

    /// The row's changes. A row that goes has null for every field afterwards.
    pub fn diff(&self) -> RowDiff {
        let (new, fields) = match self {
            Self::Customer(change) => fields(change),
            Self::Link(change) => fields(change),
            Self::Checkout(change) => fields(change),
            Self::Subscription(change) => fields(change),
            Self::Order(change) => fields(change),
            Self::Payment(change) => fields(change),
            Self::Refund(change) => fields(change),
            Self::Dispute(change) => fields(change),
            Self::OrderGone(order) => {
                let (_, there) = fields(&RowChange {
                    before: None,
                    after: order.as_ref().clone(),
                });
                let gone = |field: Difference| Difference {
                    before: field.after,
                    after: serde_json::Value::Null,
                    ..field
                };
                (false, there.into_iter().map(gone).collect())
            }
        };
        RowDiff {
            table: self.table().to_owned(),
            row_key: self.row_key(),
            new,
            fields,
        }
    }
}

fn fields<T: Serialize>(change: &RowChange<T>) -> (bool, Vec<Difference>) {
    (change.before.is_none(), differences(change))
}

impl Plan {
    /// Whether it only renews the proof of what is stored: no row says anything new.
    pub fn only_confirms(&self) -> bool {
        let unverified = |row: &Subscription| Subscription {
            verification: Verification::Pending,
            ..row.clone()
        };
        self.writes.iter().all(|write| match write {
            Write::Subscription(change) => change
                .before
                .as_ref()
                .is_some_and(|before| unverified(before) == unverified(&change.after)),
            Write::Customer(_)
            | Write::Link(_)
            | Write::Checkout(_)
            | Write::Order(_)
            | Write::Payment(_)
            | Write::Refund(_)
            | Write::Dispute(_)
            | Write::OrderGone(_) => false,
        })
    }
}
