//! What wakes a sleeping worker: a notification from whoever stored work, and a catalogue that names a waited-for price.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, task::JoinHandle};

use crate::{
    billing::{Billing, reader::in_words},
    domain::{
        event::WaitReason,
        ids::ObjectId,
        provider::{Book, ProviderName},
    },
    store::{
        StoreError,
        notify::{Bell, Ear},
        work::{work_waited_for, work_wake},
    },
};

/// How long to wait before listening anew after the database went away.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// Sleeps until there is work, as far as anybody can tell.
#[derive(Debug)]
pub(super) struct Wake {
    heard: Arc<Notify>,
    tasks: [JoinHandle<()>; 2],
}

impl Wake {
    /// Begins to listen. A ring that comes while nobody sleeps is kept, so that none falls between look and sleep.
    pub(super) fn new(billing: &Billing) -> Self {
        let heard = Arc::new(Notify::new());
        let tasks = [
            tokio::spawn(listen(billing.clone(), Arc::clone(&heard))),
            tokio::spawn(watch_catalog(billing.clone(), Arc::clone(&heard))),
        ];
        Self { heard, tasks }
    }

    /// What wakes the sleeper.
    pub(super) fn ring(&self) -> Arc<Notify> {
        Arc::clone(&self.heard)
    }

    /// Sleeps until woken, or for `longest`.
    pub(super) async fn sleep(&self, longest: Duration) {
        // Running out of time is as good a reason to look as a ring.
        let _ = tokio::time::timeout(longest, self.heard.notified()).await;
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn listen(billing: Billing, heard: Arc<Notify>) {
    loop {
        if let Err(error) = listen_once(&billing, &heard).await {
            tracing::debug!(error = %in_words(&error), "not listening for work; looking now and then");
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

async fn listen_once(billing: &Billing, heard: &Notify) -> Result<(), StoreError> {
    let mut ear = Ear::listen(billing.store(), &[Bell::WORK]).await?;
    loop {
        heard.notify_one();
        ear.hear().await?;
    }
}

/// Makes work due when a catalogue comes into force that names the price it waits for.
async fn watch_catalog(billing: Billing, heard: Arc<Notify>) {
    let mut changes = billing.catalog_changes();
    loop {
        match wake_known_prices(&billing).await {
            Ok(0) => {}
            Ok(woken) => {
                tracing::info!(
                    events = woken,
                    "the catalogue now names a price that events waited for"
                );
                heard.notify_one();
                billing.tell();
            }
            Err(error) => {
                tracing::warn!(error = %in_words(&error), "could not look for events that wait for a price");
            }
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

async fn wake_known_prices(billing: &Billing) -> Result<u64, StoreError> {
    let kind = WaitReason::UNKNOWN_PRICE;
    let mut conn = billing.store().pool().acquire().await?;
    let waited_for = work_waited_for(&mut conn, kind).await?;
    let in_force = billing.catalog();
    let named: Vec<String> = waited_for
        .into_iter()
        .filter(|price| {
            ObjectId::new(price.as_str()).is_ok_and(|price| {
                ProviderName::ALL.iter().any(|&provider| {
                    let book = Book {
                        provider,
                        environment: billing.environment(),
                    };
                    in_force.catalog.by_price(book, &price).is_some()
                })
            })
        })
        .collect();
    if named.is_empty() {
        Ok(0)
    } else {
        work_wake(&mut conn, kind, &named).await
    }
}
