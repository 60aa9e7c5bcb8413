//! Things that go wrong in the demo, each for a reason that a person can find and mend.

use std::{io, path::Path};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::accounts::{Accounts, UNKNOWN_PRICE};
use crate::simulators::{
    ApiFault, Fault, Handle, SimulatorError,
    stripe::{Moment, Step},
};

/// The file with the payment that billdeck was never told of.
pub(super) const LOST_PAYMENT_FILE: &str = "lost-payment.json";

const LOST_PAYMENT: &str = "pi_3DemoLost0000000001";

/// Moves these customers to a price that no plan names: their events wait until the catalogue does.
pub(super) fn unknown_price(simulator: &Handle, customers: &[String]) -> Result<(), SimulatorError> {
    for customer in customers {
        let step = Step::ChangePlan {
            price: UNKNOWN_PRICE.to_owned(),
            quantity: None,
        };
        simulator.stripe().play_on(
            customer,
            vec![Moment {
                at: simulator.now(),
                step,
            }],
        )?;
    }
    Ok(())
}

/// An event that makes billdeck read a subscription which the provider does not give out: it answers 503 until the fault is
/// taken away. Gives back the fault's id.
pub(super) fn outage_during_a_read(
    simulator: &Handle,
    subscription: &str,
) -> Result<Option<u64>, SimulatorError> {
    let Some(object) = simulator.stripe().object(subscription) else {
        return Ok(None);
    };
    let fault = simulator.add_fault(
        Fault::from(ApiFault::Unavailable)
            .on("GET", "/v1/subscriptions/*")
            .on_object(subscription),
    );
    // This type says only that a pending change is over: what became of it has to be read.
    simulator.stripe().emit_raw(
        json!({ "type": "customer.subscription.pending_update_expired", "data": { "object": object } }),
    )?;
    Ok(Some(fault))
}

/// A refund of a payment that neither billdeck nor the provider's API knows. The payment's own record is written to a file,
/// as an export from before billdeck was connected: who ingests it and replays the refund has mended it.
pub(super) fn refund_without_payment(
    simulator: &Handle,
    customer: &str,
    folder: &Path,
) -> io::Result<Result<(), SimulatorError>> {
    let made = before(simulator.now(), 50);
    let refunded = simulator.now();
    let payment = payment_event(customer, made);
    std::fs::write(folder.join(LOST_PAYMENT_FILE), format!("{payment:#}\n"))?;
    let refund = json!({
        "type": "refund.created",
        "data": { "object": {
            "id": "re_3DemoLost0000000001",
            "object": "refund",
            "amount": 2_500,
            "balance_transaction": null,
            "charge": null,
            "created": refunded.as_second(),
            "currency": "usd",
            "metadata": {},
            "payment_intent": LOST_PAYMENT,
            "reason": "requested_by_customer",
            "status": "succeeded",
        } },
    });
    Ok(simulator.stripe().emit_raw(refund).map(|_| ()))
}

fn payment_event(customer: &str, made: Timestamp) -> Value {
    json!({
        "id": "evt_3DemoLost0000000001",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": made.as_second(),
        "livemode": false,
        "pending_webhooks": 0,
        "request": { "id": null, "idempotency_key": null },
        "type": "payment_intent.succeeded",
        "data": { "object": {
            "id": LOST_PAYMENT,
            "object": "payment_intent",
            "amount": 4_900,
            "amount_received": 4_900,
            "created": made.as_second(),
            "currency": "usd",
            "customer": customer,
            "latest_charge": null,
            "livemode": false,
            "metadata": {},
            "payment_method": null,
            "status": "succeeded",
        } },
    })
}

fn before(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * days))
        .unwrap_or(now)
}

/// A paying customer that names no owner, with the e-mail address of an account that exists.
pub(super) fn unclaimed_customer(
    simulator: &Handle,
    accounts: &mut Accounts,
    same_email_as: &str,
) -> Result<(), SimulatorError> {
    let mut person = simulator.person();
    same_email_as.clone_into(&mut person.email);
    match accounts.unclaimed(&person, simulator.now()) {
        Some(story) => simulator.stripe().play(story).map(|_| ()),
        None => Ok(()),
    }
}
