//! Loads the rows that take part in a plan, in the transaction that will write them.
//!
//! For a write the version rows are locked first, in key order: two lanes that meet at one object (its own, then its
//! customer's) then run one after the other, and a plan is never made on rows that another transaction is changing.

mod billing;
mod customers;
mod versions;

use std::collections::BTreeSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    ids::ObjectId,
    plan::{Known, Needs},
    provider::{Book, ObjectKind},
    subscription::Subscription,
};

/// Why rows are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A plan is only shown: nothing is locked, and a read-only transaction serves.
    Look,
    /// A plan will be written: the version rows stay locked until the transaction ends.
    Write,
}

/// Loads what `needs` names and what hangs on it.
pub async fn known_load(
    conn: &mut PgConnection,
    book: Book,
    needs: &Needs,
    access: Access,
) -> Result<Known, StoreError> {
    let ids = |kind: ObjectKind| -> Vec<String> {
        needs
            .objects
            .iter()
            .filter(|object| object.kind == kind)
            .map(|object| object.id.as_str().to_owned())
            .collect()
    };
    let mut known = Known {
        versions: versions::load(conn, book, &needs.objects, access).await?,
        ..Known::default()
    };

    let subscriptions = ids(ObjectKind::Subscription);
    if !subscriptions.is_empty() {
        known.subscriptions = billing::subscriptions(conn, book, &subscriptions).await?;
    }
    let sessions = ids(ObjectKind::Checkout);
    let checkouts: Vec<Uuid> = needs.checkouts.iter().map(|id| id.as_uuid()).collect();
    if !sessions.is_empty() || !checkouts.is_empty() {
        known.checkouts = billing::checkouts(conn, book, &sessions, &checkouts).await?;
    }

    // A session without an invoice is an order of its own, and so is a bare payment.
    let mut orders = ids(ObjectKind::Order);
    orders.extend(sessions);
    let mut payments = ids(ObjectKind::Payment);
    orders.extend(payments.iter().cloned());
    let charges = ids(ObjectKind::Charge);
    payments.extend(charges.iter().cloned());
    let refunds = ids(ObjectKind::Refund);
    let disputes = ids(ObjectKind::Dispute);
    if !orders.is_empty() || !payments.is_empty() || !refunds.is_empty() || !disputes.is_empty() {
        let wanted = billing::Money {
            orders,
            payments,
            charges,
            refunds,
            disputes,
        };
        billing::money(conn, book, &wanted, &mut known).await?;
    }

    let mut links: BTreeSet<Uuid> = known
        .subscriptions
        .iter()
        .map(|row| row.link_id.as_uuid())
        .collect();
    links.extend(
        known
            .orders
            .iter()
            .filter_map(|row| row.link_id)
            .map(|id| id.as_uuid()),
    );
    links.extend(
        known
            .payments
            .iter()
            .filter_map(|row| row.link_id)
            .map(|id| id.as_uuid()),
    );
    let owners: BTreeSet<Uuid> = known
        .checkouts
        .iter()
        .map(|row| row.customer_id.as_uuid())
        .collect();
    let wanted = customers::Wanted {
        provider_customers: ids(ObjectKind::Customer),
        links: links.into_iter().collect(),
        customers: owners.into_iter().collect(),
        owners: &needs.owners,
    };
    customers::load(conn, book, wanted, &mut known).await?;
    Ok(known)
}

/// One subscription by its provider's id, for whoever holds its lane.
pub async fn subscription_known(
    conn: &mut PgConnection,
    book: Book,
    id: &ObjectId,
) -> Result<Option<Subscription>, StoreError> {
    let mut found = billing::subscriptions(conn, book, &[id.as_str().to_owned()]).await?;
    Ok(found.pop())
}
