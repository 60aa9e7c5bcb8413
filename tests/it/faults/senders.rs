//! The provider's side under load: every event is sent again and again until it is acknowledged.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use sqlx::PgPool;
use tokio::{sync::watch, task::JoinSet};

use crate::{simulator::support::Received, support::LIMIT};

/// Between two tries of one delivery.
const PAUSE: Duration = Duration::from_millis(10);

/// Senders at work.
pub(super) struct Senders {
    tasks: JoinSet<()>,
    log: Arc<Log>,
}

#[derive(Default)]
struct Log {
    acknowledged: watch::Sender<Vec<String>>,
    /// `Retry-After` of each 503.
    turned_away: Mutex<Vec<Option<String>>>,
}

impl Senders {
    /// Starts to send all of it to a listener, `at_once` at a time.
    pub(super) fn start(to: &str, deliveries: &[Received], at_once: usize) -> Self {
        let log = Arc::new(Log::default());
        let queue: Arc<Mutex<VecDeque<Received>>> =
            Arc::new(Mutex::new(deliveries.iter().cloned().collect()));
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let mut tasks = JoinSet::new();
        for _ in 0..at_once {
            let (queue, client, log) = (Arc::clone(&queue), client.clone(), Arc::clone(&log));
            let url = format!("{to}/webhooks/stripe");
            tasks.spawn(async move {
                loop {
                    let next = queue.lock().unwrap().pop_front();
                    let Some(delivery) = next else { return };
                    log.deliver(&client, &url, &delivery).await;
                }
            });
        }
        Self { tasks, log }
    }

    /// Events that were acknowledged up to now.
    pub(super) fn acknowledged(&self) -> Vec<String> {
        self.log.acknowledged.borrow().clone()
    }

    /// Waits until so many events have been acknowledged.
    pub(super) async fn reach(&self, count: usize) {
        let mut acknowledged = self.log.acknowledged.subscribe();
        tokio::time::timeout(LIMIT, acknowledged.wait_for(|ids| ids.len() >= count))
            .await
            .unwrap_or_else(|_| panic!("never acknowledged {count} events"))
            .unwrap();
    }

    /// What came with each 503 up to now.
    pub(super) fn turned_away(&self) -> Vec<Option<String>> {
        self.log.turned_away.lock().unwrap().clone()
    }

    /// Waits until everything has been acknowledged; gives up when nothing has been for a while.
    pub(super) async fn finish(&mut self) {
        let mut acknowledged = self.log.acknowledged.subscribe();
        loop {
            tokio::select! {
                ended = self.tasks.join_next() => match ended {
                    Some(ended) => ended.unwrap(),
                    None => return,
                },
                moved = tokio::time::timeout(LIMIT, acknowledged.changed()) => moved.unwrap().unwrap(),
            }
        }
    }
}

impl Log {
    async fn deliver(&self, client: &reqwest::Client, url: &str, delivery: &Received) {
        let id = delivery.json()["id"].as_str().unwrap().to_owned();
        loop {
            let request = client
                .post(url)
                .header("stripe-signature", delivery.headers["stripe-signature"].clone())
                .body(delivery.body.clone());
            // An error is one of the wire: the listener is gone, or goes in the middle of an answer.
            if let Ok(answer) = request.send().await {
                match answer.status().as_u16() {
                    200 => {
                        self.acknowledged.send_modify(|ids| ids.push(id));
                        return;
                    }
                    503 => {
                        let after = answer.headers().get("retry-after");
                        let after = after.map(|value| value.to_str().unwrap().to_owned());
                        self.turned_away.lock().unwrap().push(after);
                    }
                    other => panic!("answered {other}"),
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Fails unless each of these is stored with its body.
pub(super) async fn assert_stored(pool: &PgPool, ids: &[String]) {
    let missing: Vec<String> = sqlx::query_scalar(
        "select id from unnest($1::text[]) as sent (id)
         where not exists (
             select from event join event_body on event_body.event_id = event.id
             where provider_event_id = sent.id)",
    )
    .bind(ids)
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(missing, Vec::<String>::new(), "acknowledged and not there");
}
