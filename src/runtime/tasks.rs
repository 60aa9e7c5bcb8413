//! What a process does beside its work: says that it lives, tells its figures, keeps counts and partitions.
//!
//! None of it is needed to be right, so what fails is told to the log and tried again with the next round.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::views::overview::MinuteFigures,
    store::{
        Store, StoreError,
        figures::{Heartbeat, MinuteFigure, heartbeat_delete, heartbeat_upsert, minute_figures_add},
        intake::partitions_ensure,
        rollup::rollup_refresh,
    },
    webhooks::worker::Figures,
};

const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);
const ROLLUP_EVERY: Duration = Duration::from_mins(1);
const PARTITIONS_EVERY: Duration = Duration::from_hours(1);

fn every(period: Duration) -> Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

fn report(what: &'static str, outcome: Result<(), StoreError>) {
    if let Err(error) = outcome {
        tracing::debug!(error = &error as &dyn std::error::Error, "{what}");
    }
}

/// Says again and again that the process lives, with its worker's figures; takes the heartbeat back at the end.
pub(super) async fn heartbeat(
    store: Store,
    heartbeat: Heartbeat,
    figures: Option<Figures>,
    stop: CancellationToken,
) {
    let mut ticks = every(HEARTBEAT_EVERY);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let outcome = beat(&store, &heartbeat, figures.as_ref()).await;
        report("the heartbeat could not be written", outcome);
    }
    let outcome = last_beat(&store, &heartbeat, figures.as_ref()).await;
    report("the heartbeat could not be taken back", outcome);
}

async fn beat(store: &Store, heartbeat: &Heartbeat, figures: Option<&Figures>) -> Result<(), StoreError> {
    let mut conn = store.pool().acquire().await?;
    heartbeat_upsert(&mut conn, heartbeat).await?;
    minute_figures_add(&mut conn, &heartbeat.process, &taken(figures)).await
}

async fn last_beat(
    store: &Store,
    heartbeat: &Heartbeat,
    figures: Option<&Figures>,
) -> Result<(), StoreError> {
    let mut conn = store.pool().acquire().await?;
    minute_figures_add(&mut conn, &heartbeat.process, &taken(figures)).await?;
    heartbeat_delete(&mut conn, &heartbeat.process).await
}

fn taken(figures: Option<&Figures>) -> Vec<MinuteFigure> {
    let minute = Timestamp::now();
    let counted = figures.map(Figures::take).unwrap_or_default();
    counted
        .into_iter()
        .map(|(book, counts)| MinuteFigure {
            book,
            minute,
            figures: MinuteFigures {
                received: 0,
                processed: u64::from(counts.processed),
                failed: u64::from(counts.failed),
            },
        })
        .collect()
}

/// Keeps the counts of events per day current.
pub(super) async fn rollup(store: Store, stop: CancellationToken) {
    let mut ticks = every(ROLLUP_EVERY);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let refreshed = async {
            let mut tx = store.begin().await?;
            rollup_refresh(&mut tx).await?;
            tx.commit().await?;
            Ok(())
        };
        report("the counts of events could not be refreshed", refreshed.await);
    }
}

/// Makes partitions ahead of time. Only where there is no listener: intake does it for itself.
pub(super) async fn partitions(store: Store, stop: CancellationToken) {
    let mut ticks = every(PARTITIONS_EVERY);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let made = async {
            let mut conn = store.pool().acquire().await?;
            partitions_ensure(&mut conn).await
        };
        report("partitions could not be made ahead of time", made.await);
    }
}
