//! Pages of PayMongo's own dashboard.

use crate::domain::provider::{ObjectKind, ObjectRef};

/// The page of an object: none, for PayMongo documents no address of any object's page.
pub(super) const fn url(object: &ObjectRef) -> Option<String> {
    match object.kind {
        ObjectKind::Customer
        | ObjectKind::Subscription
        | ObjectKind::Checkout
        | ObjectKind::Order
        | ObjectKind::PaymentLink
        | ObjectKind::Payment
        | ObjectKind::Charge
        | ObjectKind::Refund
        | ObjectKind::Dispute
        | ObjectKind::Price
        | ObjectKind::Other => None,
    }
}
