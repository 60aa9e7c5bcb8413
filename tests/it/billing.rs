//! The use cases on a real database, with a provider that does as it is told.

mod alarms;
mod checkout;
mod desk;
mod discard;
mod lifecycle;
mod linking;
mod portal;
mod verify;

use std::{path::Path, sync::Arc};

use billdeck::{
    billing::{
        Billing, By, Rules,
        case::{Case, Judgement},
        checkout::ReturnUrls,
        lanes,
        reader::{Reader, Seen, testify, ticket},
    },
    config::{LiveCatalog, LoadedCatalog},
    domain::{
        audit::{Actor, Face},
        customer::Owner,
        ids::{CustomerId, SubscriptionId},
        provider::{LaneKey, ObjectKind, ObjectRef},
    },
    providers::{Provider, ProviderApi, Registry},
    store::{
        ConnectOptions, Store,
        apply::{Attribution, Source, plan_apply},
    },
};
use serde_json::Value;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::support::{
    db::{self, TestDb},
    scripted::{BOOK, Scripted, customer, id, subscription},
};

const CATALOG: &str = r#"
[plans.pro]
name = "Pro"
[[plans.pro.prices.stripe]]
environment = "test"
interval = "month"
currency = "USD"
amount = 4900
id = "price_pro"

[plans.team]
name = "Team"
[[plans.team.prices.stripe]]
environment = "test"
interval = "month"
currency = "USD"
amount = 900
id = "price_team"
per_seat = true

[plans.elsewhere]
name = "Elsewhere"
[[plans.elsewhere.prices.stripe]]
environment = "live"
interval = "month"
currency = "USD"
amount = 900
id = "price_elsewhere"
"#;

/// A database, a provider, and what works with both.
struct World {
    db: TestDb,
    provider: Scripted,
    billing: Billing,
    actor: Actor,
}

fn billing_on(store: Store, room: impl Provider + 'static, rules: Rules) -> Billing {
    let catalog = LoadedCatalog::parse(None, Path::new("catalog.toml"), CATALOG).unwrap();
    let room: Arc<dyn Provider> = Arc::new(room);
    Billing::new(
        store,
        Registry::new([room]),
        LiveCatalog::new(Arc::new(catalog)),
        rules,
        "tests@host/1",
    )
}

fn returns() -> ReturnUrls {
    ReturnUrls {
        success: Some("https://app.example.com/paid".to_owned()),
        cancel: Some("https://app.example.com/gave-up".to_owned()),
        portal: Some("https://app.example.com/billing".to_owned()),
    }
}

fn organization(external_id: &str) -> Owner {
    Owner {
        scope: billdeck::domain::customer::Scope::Organization,
        external_id: id(external_id),
    }
}

impl World {
    async fn new() -> Self {
        let db = db::fresh().await;
        let provider = Scripted::new();
        Self {
            billing: billing_on(db.store.clone(), provider.clone(), Rules::default()),
            provider,
            actor: Actor {
                name: "marta".to_owned(),
                face: Face::Cli,
            },
            db,
        }
    }

    /// One customer with an active subscription, stored as the provider has it.
    async fn with_subscription() -> (Self, SubscriptionId) {
        let world = Self::new().await;
        world.provider.add_customer(customer("cus_1"));
        world.provider.add_subscription(subscription("sub_1", "cus_1"));
        world.take_in("cus_1", &["sub_1"]).await;
        let subscription = world.subscription_id("sub_1").await;
        (world, subscription)
    }

    fn by<'a>(&'a self, reason: &'a str) -> By<'a> {
        By {
            actor: &self.actor,
            reason: Some(reason),
        }
    }

    /// Stores the provider's customer and these subscriptions as a worker would after reading them.
    async fn take_in(&self, customer: &str, subscriptions: &[&str]) {
        let mut objects = vec![ObjectRef::new(ObjectKind::Customer, id(customer))];
        objects.extend(
            subscriptions
                .iter()
                .map(|name| ObjectRef::new(ObjectKind::Subscription, id(name))),
        );
        let mut seen: Vec<Seen> = Vec::new();
        for object in &objects {
            let ticket = ticket(&self.billing).await.unwrap();
            seen.push(testify(
                self.provider.read(object, None).await.unwrap(),
                ticket,
                None,
            ));
        }
        let lane = LaneKey::new(BOOK, &id(customer));
        let held = lanes::take(&self.billing, &lane).await.unwrap().unwrap();
        let mut case = Case::of_reads(BOOK, seen);
        let judged = case
            .judge(&self.billing, &mut Reader::default(), Some(held.lease()))
            .await
            .unwrap();
        let (mut tx, Judgement::Plan(plan)) = judged else {
            panic!("no plan: {:?}", judged.1);
        };
        let by = Attribution {
            source: Source::Read,
            event: None,
            attempt: None,
            at: self.billing.now(),
        };
        plan_apply(&mut tx, BOOK, &plan, case.raw(), &by).await.unwrap();
        tx.commit().await.unwrap();
        held.release().await;
    }

    /// A customer of the application that no provider knows.
    async fn owner(&self, external_id: &str) -> CustomerId {
        let customer = CustomerId::from(Uuid::now_v7());
        sqlx::query(
            "insert into customer (id, scope, external_id, email) values ($1, 'organization', $2, $3)",
        )
        .bind(customer.as_uuid())
        .bind(external_id)
        .bind(format!("{external_id}@example.com"))
        .execute(self.db.store.pool())
        .await
        .unwrap();
        customer
    }

    async fn subscription_id(&self, provider_id: &str) -> SubscriptionId {
        let found: Uuid =
            sqlx::query_scalar("select id from subscription where provider_subscription_id = $1")
                .bind(provider_id)
                .fetch_one(self.db.store.pool())
                .await
                .unwrap();
        found.into()
    }

    async fn customer_of(&self, provider_id: &str) -> CustomerId {
        let found: Uuid =
            sqlx::query_scalar("select customer_id from customer_link where provider_customer_id = $1")
                .bind(provider_id)
                .fetch_one(self.db.store.pool())
                .await
                .unwrap();
        found.into()
    }

    /// All rows of a query, as one JSON list.
    async fn rows(&self, sql: &str) -> Value {
        let wrapped = format!("select coalesce(jsonb_agg(to_jsonb(found)), '[]') from ({sql}) found");
        let sqlx::types::Json(rows) = sqlx::query_scalar(AssertSqlSafe(wrapped))
            .fetch_one(self.db.store.pool())
            .await
            .unwrap();
        rows
    }

    /// What the audit tells: act, outcome, and who did it why.
    async fn audit(&self) -> Value {
        self.rows("select action, outcome, actor, face, reason from audit order by id")
            .await
    }

    /// No lane may be held once a use case is over.
    async fn assert_lanes_free(&self) {
        assert_eq!(
            self.db.number("select count(*) from lane").await,
            0,
            "a lane is still held"
        );
    }

    /// The same world for whoever may only look.
    async fn read_only(&self) -> Billing {
        let mut options = ConnectOptions::new(self.db.url.as_str().into(), self.billing.environment());
        options.read_only = true;
        let store = Store::connect(options).await.unwrap();
        billing_on(store, self.provider.clone(), Rules::default())
    }
}

/// An audit line as [`World::audit`] gives it.
fn line(action: &str, outcome: &str, reason: &str) -> Value {
    serde_json::json!({
        "action": action, "outcome": outcome, "actor": "marta", "face": "cli", "reason": reason,
    })
}
