//! A listener and a worker of a test's own on a database: what is delivered is taken in over HTTP, and worked off when the
//! test says so.

use std::{path::Path, sync::Arc};

use billdeck::{
    billing::{Billing, Rules},
    config::{LiveCatalog, LoadedCatalog},
    domain::provider::Environment,
    providers::{
        Provider, Registry, Timeouts,
        stripe::{Stripe, StripeOptions},
    },
    webhooks::worker::{Step, Worker},
};

use super::{
    db::{self, TestDb},
    listener::{Listener, Setup},
    portrait::portrait,
};
use crate::simulator::support::{KEY, Received, SECRET};

/// How often the clock is moved on to the next tries before a test gives up.
const RETRIES: usize = 7;

/// A database with a listener and a worker.
pub(crate) struct Works {
    pub(crate) db: TestDb,
    pub(crate) listener: Listener,
    pub(crate) worker: Worker,
}

/// The Stripe room of a simulated account; without an address it can read nothing.
pub(crate) fn room(api_base: Option<&str>, timeouts: Timeouts) -> Arc<dyn Provider> {
    let mut options = StripeOptions::new(Environment::Test);
    options.webhook_secrets = vec![SECRET.into()];
    options.timeouts = timeouts;
    if let Some(base) = api_base {
        options.secret_key = Some(KEY.into());
        base.clone_into(&mut options.api_base);
    }
    Arc::new(Stripe::new(&options).unwrap())
}

/// The use cases on a database, with this room and this catalogue.
pub(crate) fn billing(db: &TestDb, room: Arc<dyn Provider>, catalog: &str) -> Billing {
    let catalog = LoadedCatalog::parse(None, Path::new("catalog.toml"), catalog).unwrap();
    Billing::new(
        db.store.clone(),
        Registry::new([room]),
        LiveCatalog::new(Arc::new(catalog)),
        Rules::default(),
        "worker@test/1",
    )
}

impl Works {
    /// On an empty database.
    pub(crate) async fn start(room: Arc<dyn Provider>, catalog: &str) -> Self {
        Self::on(db::fresh().await, room, catalog).await
    }

    /// On this database.
    pub(crate) async fn on(db: TestDb, room: Arc<dyn Provider>, catalog: &str) -> Self {
        let setup = Setup {
            room: Arc::clone(&room),
            ..Setup::default()
        };
        let listener = Listener::start(&db.url, setup).await;
        let worker = Worker::new(billing(&db, room, catalog), 1);
        Self { db, listener, worker }
    }

    /// Delivers over HTTP, with the signature that the provider gave it.
    pub(crate) async fn deliver(&self, delivery: &Received) {
        let signature = delivery.headers["stripe-signature"].to_str().unwrap();
        let answer = self
            .listener
            .deliver_signed(delivery.body.to_vec(), signature)
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Works off what is due now.
    pub(crate) async fn work(&self) {
        while let Step::Worked(_) = self.worker.step().await.unwrap() {}
    }

    /// Works everything off; between the tries of what failed the time passes at once.
    pub(crate) async fn settle(&self) {
        for _ in 0..RETRIES {
            self.work().await;
            if self.db.number("select count(*) from work").await == 0 {
                break;
            }
            make_due(&self.db).await;
        }
        assert_eq!(unsettled(&self.db).await, Vec::<String>::new());
    }

    /// What the tables say.
    pub(crate) async fn portrait(&self) -> Vec<String> {
        portrait(&self.db.pool).await
    }

    /// Stops the listener, and leaves the database.
    pub(crate) async fn stop(self) -> TestDb {
        self.listener.stop().await;
        self.db
    }
}

/// Lets the time until the next tries pass, and the pauses of a provider in trouble.
pub(crate) async fn make_due(db: &TestDb) {
    for sql in [
        "update work set run_at = now() where run_at > now()",
        "update gate set until = now() where until > now()",
    ] {
        sqlx::query(sql).execute(&db.pool).await.unwrap();
    }
}

/// Events that are not done, or went dead.
pub(crate) async fn unsettled(db: &TestDb) -> Vec<String> {
    sqlx::query_scalar(
        "select concat_ws(' ', type, object_id, coalesce(end_state, 'unfinished'),
             coalesce(end_code, error_code), coalesce(end_reason, error_message))
         from event left join work on event_id = id
         where end_state is null or end_state not in ('processed', 'ignored') order by 1",
    )
    .fetch_all(&db.pool)
    .await
    .unwrap()
}
