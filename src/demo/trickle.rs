//! What goes on while the demo runs: now and then a customer does something, and now and then something goes wrong.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{
    accounts::{Accounts, UNKNOWN_PRICE},
    story::World,
    trouble,
};
use crate::simulators::{
    Handle, SimulatorError,
    stripe::{CancelWhen, Decline, Moment, Step},
};

/// The time between two things that happen.
const PAUSE: Duration = Duration::from_millis(2_500);
/// Every so many things, one goes wrong.
const TROUBLE_EVERY: u32 = 20;

/// Lets things happen until `stop` is cancelled.
pub(super) async fn run(
    simulator: Handle,
    mut accounts: Accounts,
    mut world: World,
    stop: CancellationToken,
) {
    for count in 1_u32.. {
        if stop
            .run_until_cancelled(tokio::time::sleep(PAUSE))
            .await
            .is_none()
        {
            return;
        }
        let done = if count.is_multiple_of(TROUBLE_EVERY) {
            something_goes_wrong(&simulator, &mut accounts, &world)
        } else {
            something_happens(&simulator, &mut accounts, &mut world)
        };
        // Not everything can happen to everybody: a customer who has left changes no seats.
        if let Err(error) = done {
            tracing::debug!(error = %error, "the demo skips what cannot happen");
        }
    }
}

fn something_goes_wrong(
    simulator: &Handle,
    accounts: &mut Accounts,
    world: &World,
) -> Result<(), SimulatorError> {
    match accounts.choose(&world.customers).cloned() {
        Some(customer) => trouble::unknown_price(simulator, &[customer]),
        None => Ok(()),
    }
}

fn something_happens(
    simulator: &Handle,
    accounts: &mut Accounts,
    world: &mut World,
) -> Result<(), SimulatorError> {
    let now = simulator.now();
    if accounts.below(4) == 0 {
        let Some(story) = accounts.sign_up(&simulator.person(), now) else {
            return Ok(());
        };
        let told = simulator.stripe().play(story)?;
        world.customers.push(told.customer);
        return Ok(());
    }
    let Some(customer) = accounts.choose(&world.customers).cloned() else {
        return Ok(());
    };
    let steps = match accounts.below(8) {
        0 => vec![Step::Cancel {
            when: CancelWhen::PeriodEnd,
            feedback: None,
        }],
        1 => vec![Step::KeepOn {}],
        2 => vec![Step::CardRefuses {
            decline: Decline::new("insufficient_funds"),
        }],
        3 => vec![Step::Refund { amount: Some(500) }],
        4 => vec![Step::NewCard { card: None }],
        5 => match accounts.another_monthly(UNKNOWN_PRICE) {
            Some(price) => vec![Step::ChangePlan {
                price,
                quantity: None,
            }],
            None => Vec::new(),
        },
        _ => vec![Step::Buy {
            name: "Onboarding call".to_owned(),
            amount: 15_000,
            currency: "usd".to_owned(),
            delayed: None,
            metadata: std::collections::BTreeMap::new(),
        }],
    };
    let moments = steps.into_iter().map(|step| Moment { at: now, step }).collect();
    simulator.stripe().play_on(&customer, moments).map(|_| ())
}
