//! The worker on a real database: what it holds, what it fails on, what it waits for, and that it does nothing twice.

mod failures;
mod gates;
mod leases;
mod reads;
mod replays;
mod together;
mod waiting;

use std::{path::Path, sync::Arc};

use billdeck::{
    billing::{Billing, Rules},
    config::{LiveCatalog, LoadedCatalog},
    domain::{event::EventSource, ids::EventId, views::event::EventRow},
    providers::{Provider, Registry},
    store::{
        ConnectOptions, Store,
        event_detail::event_detail,
        intake::{self, Entry, NewEvent},
    },
    webhooks::worker::{Outcome, Step, Worker},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::support::{
    db::{self, TestDb},
    scripted::{BOOK, Scripted},
};

/// When the first of a test's events happened, by the provider's clock.
const LONG_AGO: i64 = 1_795_000_000;

const CATALOG: &str = r#"
[plans.pro]
name = "Pro"
[[plans.pro.prices.stripe]]
environment = "test"
interval = "month"
currency = "USD"
amount = 4900
id = "price_pro"
"#;

/// A database, a provider, and the rules of whoever works with both.
struct World {
    db: TestDb,
    provider: Scripted,
    catalog: LiveCatalog,
    rules: Rules,
}

impl World {
    async fn new() -> Self {
        Self::with(Rules::default()).await
    }

    async fn with(rules: Rules) -> Self {
        let catalog = LoadedCatalog::parse(None, Path::new("catalog.toml"), CATALOG).unwrap();
        Self {
            db: db::fresh().await,
            provider: Scripted::new(),
            catalog: LiveCatalog::new(Arc::new(catalog)),
            rules,
        }
    }

    /// What a process of this name works with, with connections of its own.
    async fn process(&self, name: &str) -> Billing {
        let options = ConnectOptions::new(self.db.url.as_str().into(), self.db.store.environment());
        let room: Arc<dyn Provider> = Arc::new(self.provider.clone());
        Billing::new(
            Store::connect(options).await.unwrap(),
            Registry::new([room]),
            self.catalog.clone(),
            self.rules.clone(),
            name,
        )
    }

    /// A worker that works on one lane at a time.
    async fn worker(&self, name: &str) -> Worker {
        Worker::new(self.process(name).await, 1)
    }

    /// Stores an event as intake does. Nobody is told of it.
    async fn store(&self, body: &Value) -> EventId {
        let body = body.to_string();
        let id = EventId::from(Uuid::now_v7());
        let entry = Entry {
            book: BOOK,
            received_at: Timestamp::now(),
            body_sha256: vec![0; 32],
            body_length: i32::try_from(body.len()).unwrap(),
            content_type: None,
            delivery: None,
            event: Some(NewEvent {
                id,
                envelope: self
                    .provider
                    .envelope(crate::support::undelivered(body.as_bytes()))
                    .unwrap(),
                source: EventSource::Webhook,
                end: None,
            }),
            body: body.into(),
        };
        let mut tx = self.db.store.begin().await.unwrap();
        intake::write(&mut tx, &[entry]).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// An event as a face shows it.
    async fn row(&self, id: EventId) -> EventRow {
        let mut tx = self.db.store.begin_read_only().await.unwrap();
        let detail = event_detail(&mut tx, self.db.store.environment(), id).await;
        detail.unwrap().unwrap().row
    }

    /// How an event stands: state, tries, and the code of what is wrong.
    async fn shown(&self, id: EventId) -> (String, i32, Option<String>) {
        let row = self.row(id).await;
        (
            row.state.to_string(),
            row.attempts,
            row.error.map(|error| error.code),
        )
    }

    /// All rows of a query, as one JSON list.
    async fn rows(&self, sql: &str) -> Value {
        let wrapped = format!("select coalesce(jsonb_agg(to_jsonb(found)), '[]') from ({sql}) found");
        let sqlx::types::Json(rows) = sqlx::query_scalar(AssertSqlSafe(wrapped))
            .fetch_one(&self.db.pool)
            .await
            .unwrap();
        rows
    }

    async fn run(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.db.pool).await.unwrap();
    }

    async fn number(&self, sql: &'static str) -> i64 {
        self.db.number(sql).await
    }
}

/// Works until nothing is due, and tells how each try ended.
async fn work_off(worker: &Worker) -> Vec<(EventId, Outcome)> {
    let mut all = Vec::new();
    while let Step::Worked(report) = worker.step().await.unwrap() {
        all.extend(report.events);
    }
    all
}

/// How the tries of one event ended.
fn of(outcomes: &[(EventId, Outcome)], id: EventId) -> Vec<&Outcome> {
    outcomes
        .iter()
        .filter(|(event, _)| *event == id)
        .map(|(_, outcome)| outcome)
        .collect()
}

fn event(name: &str, kind: &str, created: i64, object: Value) -> Value {
    json!({
        "id": name, "object": "event", "api_version": "2026-10-28.endive", "created": created, "livemode": false,
        "type": kind, "data": { "object": object },
    })
}

/// News of a customer, who is now called so.
fn renamed(name: &str, customer: &str, created: i64, now_called: &str) -> Value {
    let object = json!({
        "id": customer, "object": "customer", "email": format!("{customer}@example.com"), "name": now_called,
    });
    event(name, "customer.updated", created, object)
}

/// News of a subscription with all of it.
fn subscription(name: &str, created: i64, status: &str, price: &str) -> Value {
    let object = json!({
        "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": status, "metadata": {},
        "items": { "object": "list", "has_more": false, "data": [{
            "id": "si_sub_1", "object": "subscription_item", "quantity": 1,
            "current_period_start": LONG_AGO, "current_period_end": LONG_AGO + 2_592_000, "price": price,
        }] },
    });
    event(name, "customer.subscription.updated", created, object)
}

/// An event that only points at a subscription of `cus_1`, so that the worker has to read it.
fn pointing(name: &str, subscription: &str) -> Value {
    let object = json!({ "id": subscription, "object": "subscription", "customer": "cus_1" });
    event(
        name,
        "customer.subscription.pending_update_expired",
        LONG_AGO,
        object,
    )
}
