//! The world as it stands when the demo opens: accounts with histories, and the troubles among them.

use std::{io, path::Path, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{accounts::Accounts, trouble};
use crate::simulators::{Handle, SimulatorError};

/// How long the outage of one subscription lasts.
const OUTAGE: Duration = Duration::from_mins(4);
/// How many customers sit on a price that no plan names.
const ON_UNKNOWN_PRICE: usize = 6;

/// Who there is.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    /// Customers at the provider.
    pub(super) customers: Vec<String>,
    /// E-mail addresses of some accounts that have an owner.
    pub(super) emails: Vec<String>,
    /// A subscription to have trouble with.
    pub(super) subscriptions: Vec<String>,
}

/// Tells the histories of `customers` accounts that make about `events` events in all.
pub(super) fn tell(
    simulator: &Handle,
    accounts: &mut Accounts,
    customers: u32,
    events: u32,
    stop: &CancellationToken,
) -> Result<World, SimulatorError> {
    // A month of a subscription is about six events; a purchase is about ten.
    let months = (events / customers.max(1)).saturating_sub(10) / 3 + 1;
    let mut world = World::default();
    for _ in 0..customers {
        if stop.is_cancelled() {
            break;
        }
        let person = simulator.person();
        let Some(story) = accounts.history(&person, simulator.now(), months) else {
            break;
        };
        let email = story.account.email.clone();
        match simulator.stripe().play(story) {
            Ok(told) => {
                world.subscriptions.extend(told.subscriptions);
                world.customers.push(told.customer);
                world.emails.extend(email);
            }
            // A step that cannot happen any more (the subscription ended by itself before it) ends that story there.
            Err(SimulatorError::Story { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(world)
}

/// Lets things go wrong, each for a reason that a person can find and mend.
pub(super) fn go_wrong(
    simulator: &Handle,
    accounts: &mut Accounts,
    world: &World,
    folder: &Path,
    stop: &CancellationToken,
) -> io::Result<()> {
    let skip = |done: Result<(), SimulatorError>| {
        if let Err(error) = done {
            tracing::debug!(error = %error, "the demo skips a trouble that cannot happen");
        }
    };
    let monthly: Vec<String> = world.customers.iter().rev().take(40).cloned().collect();
    let mut moved = 0;
    for customer in &monthly {
        if moved == ON_UNKNOWN_PRICE {
            break;
        }
        moved += usize::from(trouble::unknown_price(simulator, std::slice::from_ref(customer)).is_ok());
    }
    if let Some(subscription) = world.subscriptions.first() {
        match trouble::outage_during_a_read(simulator, subscription) {
            Ok(Some(fault)) => end_outage_later(simulator.clone(), fault, stop.clone()),
            Ok(None) => {}
            Err(error) => skip(Err(error)),
        }
    }
    if let Some(customer) = world.customers.first() {
        skip(trouble::refund_without_payment(simulator, customer, folder)?);
    }
    if let Some(email) = world.emails.first() {
        skip(trouble::unclaimed_customer(simulator, accounts, email));
    }
    Ok(())
}

fn end_outage_later(simulator: Handle, fault: u64, stop: CancellationToken) {
    tokio::spawn(async move {
        stop.run_until_cancelled(tokio::time::sleep(OUTAGE)).await;
        simulator.remove_fault(fault);
    });
}
