//! Usage: telling it, and reading what Polar has counted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{
    super::{
        client::{Client, Reply, Request, post, segment},
        interpret::{Flaw, object_id, parse},
        wire::{
            forms::{IngestEvent, IngestForm},
            usage as wire,
        },
    },
    PolarApi, pages,
};
use crate::{
    domain::ids::ObjectId,
    providers::{Answer, ProviderError},
};

/// How many pages of meters are read.
const PAGES: u64 = 10;

/// Something that was used.
#[derive(Clone, Debug)]
pub struct UsageEvent {
    /// The name that a meter filters by, up to 128 characters.
    pub name: String,
    /// The provider's customer.
    pub customer: ObjectId,
    /// Ours; one that Polar has seen before is not counted again, so that repeating is safe without a limit in time.
    pub key: String,
    /// When it was used; not in the future.
    pub at: Timestamp,
    /// What a meter sums up, as numbers.
    pub values: BTreeMap<String, i64>,
}

/// What became of the events that were told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ingested {
    /// How many were new.
    pub inserted: u64,
    /// How many had been told before.
    pub duplicates: u64,
}

/// A meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    /// The provider's id.
    pub id: ObjectId,
    /// Its name.
    pub name: Option<String>,
}

/// What a meter has counted of one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeterBalance {
    /// The meter.
    pub meter: ObjectId,
    /// Units used.
    pub consumed: Decimal,
    /// Units given.
    pub credited: Decimal,
    /// Given less used; Polar blocks nothing when it falls below zero.
    pub balance: Decimal,
}

impl PolarApi {
    /// Tells usage. One event that is wrong refuses them all.
    pub async fn usage_ingest(&self, events: &[UsageEvent]) -> Result<Answer<Ingested>, ProviderError> {
        let form = IngestForm {
            events: events.iter().map(form).collect(),
        };
        let reply = self.client.send(post("/v1/events/ingest", &form)?).await?;
        let told: wire::IngestAnswer = reply.parse()?;
        Ok(reply.answer(Ingested {
            inserted: told.inserted,
            duplicates: told.duplicates,
        }))
    }

    /// All meters that are not archived.
    pub async fn meters(&self) -> Result<Answer<Vec<Meter>>, ProviderError> {
        list(
            &self.client,
            "/v1/meters/",
            ("is_archived", "false"),
            |found: wire::Meter| {
                Ok(Meter {
                    id: object_id(found.id, "id")?,
                    name: found.name,
                })
            },
        )
        .await
    }

    /// What every meter has counted of a customer; it runs a little behind what was told.
    pub async fn meter_balances(
        &self,
        customer: &ObjectId,
    ) -> Result<Answer<Vec<MeterBalance>>, ProviderError> {
        let of_customer = ("customer_id", customer.as_str());
        list(
            &self.client,
            "/v1/customer-meters/",
            of_customer,
            |found: wire::CustomerMeter| {
                Ok(MeterBalance {
                    meter: object_id(found.meter_id, "meter_id")?,
                    consumed: decimal(&found.consumed_units, "consumed_units")?,
                    credited: decimal(&found.credited_units, "credited_units")?,
                    balance: decimal(&found.balance, "balance")?,
                })
            },
        )
        .await
    }

    /// What a customer has at this moment (subscriptions, benefits, meters), as Polar writes it. What is past due is not
    /// in it.
    pub async fn customer_state(&self, customer: &ObjectId) -> Result<Answer<String>, ProviderError> {
        let path = format!("/v1/customers/{}/state", segment(customer.as_str()));
        let reply = self.client.send(Request::get(path)).await?;
        let text = reply.text()?.to_owned();
        Ok(reply.answer(text))
    }
}

async fn list<W: serde::de::DeserializeOwned, T>(
    client: &Client,
    path: &str,
    (name, value): (&'static str, &str),
    read: impl Fn(W) -> Result<T, Flaw>,
) -> Result<Answer<Vec<T>>, ProviderError> {
    let listed = pages::fetch(client, PAGES, || Request::get(path).query(name, value)).await?;
    let mut items = Vec::new();
    listed.for_each(|reply: &Reply, json| {
        let item = parse(json).and_then(&read).map_err(|flaw| reply.flawed(flaw))?;
        items.push(item);
        Ok(())
    })?;
    Ok(listed.answer(items))
}

fn form(event: &UsageEvent) -> IngestEvent {
    IngestEvent {
        name: event.name.clone(),
        customer_id: event.customer.to_string(),
        external_id: event.key.clone(),
        timestamp: event.at.to_string(),
        metadata: event
            .values
            .iter()
            .map(|(name, value)| (name.clone(), (*value).into()))
            .collect(),
    }
}

/// The digits as Polar wrote them, whole or with an exponent.
fn decimal(number: &serde_json::Number, place: &str) -> Result<Decimal, Flaw> {
    let text = number.to_string();
    text.parse()
        .or_else(|_| Decimal::from_scientific(&text))
        .map_err(|_| Flaw(format!("`{place}` is too large or too fine")))
}
