//! Lanes for whoever is no worker: replays, verifications, links and the answers of our own writes take the lane's lease
//! too, in the process that asks, so that they need no worker running and meet none.

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBuilder};
use tokio_util::task::AbortOnDropHandle;

use super::{Billing, reader::in_words};
use crate::{
    domain::provider::LaneKey,
    store::{
        StoreError,
        lane::{Lease, lane_release, lane_renew, lane_take},
    },
};

/// How long to wait between two tries to take a lane.
const TRY_AGAIN: Duration = Duration::from_millis(100);
/// How many tries follow the first one: five seconds in all, which is longer than most events take.
const TRIES: usize = 50;

/// A lane that is held: its lease is renewed until it is given back.
///
/// A holder that is dropped (its caller was cancelled) gives the lane back soon after, or the lease runs out by itself.
#[derive(Debug)]
pub struct Held {
    billing: Billing,
    lease: Lease,
    renewal: AbortOnDropHandle<()>,
    released: bool,
}

/// Takes a lane, waiting some seconds for whoever holds it; none when they still do.
pub async fn take(billing: &Billing, lane: &LaneKey) -> Result<Option<Held>, StoreError> {
    let waits = ConstantBuilder::default()
        .with_delay(TRY_AGAIN)
        .with_max_times(TRIES)
        .build();
    for wait in std::iter::once(Duration::ZERO).chain(waits) {
        tokio::time::sleep(wait).await;
        let mut conn = billing.store().pool().acquire().await?;
        if let Some(lease) = lane_take(&mut conn, lane, billing.process(), billing.rules().lease).await? {
            return Ok(Some(Held {
                billing: billing.clone(),
                renewal: renewed(billing, &lease),
                lease,
                released: false,
            }));
        }
    }
    Ok(None)
}

impl Held {
    /// The lease, for the fence of a transaction.
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Gives the lane back. What was done under the lease stands, whether or not that succeeds.
    pub async fn release(mut self) {
        self.released = true;
        self.renewal.abort();
        give_back(&self.billing, &self.lease).await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewal.abort();
        if self.released {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (billing, lease) = (self.billing.clone(), self.lease.clone());
            runtime.spawn(async move { give_back(&billing, &lease).await });
        }
    }
}

async fn give_back(billing: &Billing, lease: &Lease) {
    let released = async {
        let mut conn = billing.store().pool().acquire().await?;
        lane_release(&mut conn, lease).await
    };
    if let Err(error) = released.await {
        tracing::debug!(lane = %lease.lane, error = %in_words(&error), "lane not given back; its lease runs out by itself");
    }
}

/// Renews a lease until it is lost or what this gives back is dropped: whoever holds a lane and dies in any way, by a
/// panic too, must not keep it from the others.
pub fn renewed(billing: &Billing, lease: &Lease) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(renew(billing.clone(), lease.clone())))
}

async fn renew(billing: Billing, lease: Lease) {
    let every = lease.renew_every();
    loop {
        tokio::time::sleep(every).await;
        let renewal = async {
            let mut conn = billing.store().pool().acquire().await?;
            lane_renew(&mut conn, &lease).await
        };
        match tokio::time::timeout(every, renewal).await {
            Ok(Ok(true)) => {}
            // Lost: the fence keeps the holder from committing.
            Ok(Ok(false)) => return,
            Ok(Err(error)) => {
                tracing::debug!(lane = %lease.lane, error = %in_words(&error), "lease not renewed");
            }
            Err(_) => tracing::debug!(lane = %lease.lane, "lease not renewed in time"),
        }
    }
}
