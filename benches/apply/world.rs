//! A database with what works on it, and the road in.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use billdeck::{
    billing::{Billing, Rules},
    config::{LiveCatalog, LoadedCatalog},
    domain::provider::{Environment, ProviderName},
    providers::{
        Provider, Registry,
        stripe::{Stripe, StripeOptions},
    },
    store::{ConnectOptions, Store},
    webhooks::intake::{Delivery, Intake, IntakeOptions},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use ring::hmac;

use super::{Outcome, Place};

const SECRET: &str = "whsec_of_the_bench";

const CATALOG: &str = r#"
[plans.pro]
name = "Pro"
[[plans.pro.prices.stripe]]
environment = "test"
interval = "month"
currency = "USD"
amount = 4900
id = "price_pro"
per_seat = true
"#;

pub(super) struct World {
    pub(super) billing: Billing,
    pub(super) room: Arc<dyn Provider>,
    intake: Intake,
}

impl World {
    pub(super) async fn make(place: &Place, name: &str) -> Outcome<Self> {
        let url = place.database(name).await?;
        let store = Store::connect(ConnectOptions::new(url.into(), Environment::Test)).await?;
        let mut options = StripeOptions::new(Environment::Test);
        options.webhook_secrets = vec![SECRET.into()];
        let room: Arc<dyn Provider> = Arc::new(Stripe::new(&options)?);
        let registry = Registry::new([Arc::clone(&room)]);
        let catalog = LoadedCatalog::parse(None, Path::new("catalog.toml"), CATALOG)?;
        Ok(Self {
            intake: Intake::start(store.clone(), &registry, IntakeOptions::new("listener@bench/1")),
            billing: Billing::new(
                store,
                registry,
                LiveCatalog::new(Arc::new(catalog)),
                Rules::default(),
                "worker@bench/1",
            ),
            room,
        })
    }

    /// Takes deliveries in as the HTTP face does, 64 at once.
    pub(super) async fn take_in(&self, bodies: &[String]) -> Outcome<()> {
        let door = self.intake.door(ProviderName::Stripe.as_str(), None)?;
        let key = &hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        stream::iter(bodies)
            .map(Ok)
            .try_for_each_concurrent(64, async |body| {
                let delivery = Delivery {
                    headers: BTreeMap::from([("stripe-signature".to_owned(), signature(key, body))]),
                    body: body.clone().into(),
                    remote: None,
                };
                self.intake.receive(door, delivery).await?;
                Ok(())
            })
            .await
    }

    pub(super) async fn number(&self, sql: &'static str) -> Outcome<i64> {
        Ok(sqlx::query_scalar(sql)
            .fetch_one(self.billing.store().pool())
            .await?)
    }
}

fn signature(key: &hmac::Key, body: &str) -> String {
    let time = Timestamp::now().as_second();
    let tag = hmac::sign(key, format!("{time}.{body}").as_bytes());
    format!("t={time},v1={}", hex::encode(tag))
}
