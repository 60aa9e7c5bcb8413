//! Events, out of Polar's list of deliveries: one row per try, so one event may stand there several times.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    super::{
        client::{Client, Raw, Reply, Request},
        interpret::parse,
        wire::webhook::{DeliveredEvent, Delivery},
    },
    pages,
};
use crate::{
    domain::ids::ObjectId,
    providers::{Answer, ListedEvent, Page, ProviderError},
};

const DELIVERIES: &str = "/v1/webhooks/deliveries";

pub(super) async fn page(
    client: &Client,
    since: Timestamp,
    page: Option<&str>,
) -> Result<Answer<Page<ListedEvent>>, ProviderError> {
    let request = Request::get(DELIVERIES).query("start_timestamp", since.to_string());
    let (reply, number) = pages::named(client, request, page).await?;
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    for json in pages::items(&reply)? {
        let event = delivered(&reply, json)?;
        if seen.insert(event.id.clone()) {
            items.extend(listed(event));
        }
    }
    let next = pages::next(&reply, number)?;
    Ok(reply.answer(Page { items, next }))
}

pub(super) async fn one(
    client: &Client,
    id: &ObjectId,
) -> Result<Answer<Option<ListedEvent>>, ProviderError> {
    let request = Request::get(DELIVERIES).query("query", id.as_str());
    let reply = pages::one(client, request, 1).await?;
    for json in pages::items(&reply)? {
        let event = delivered(&reply, json)?;
        if event.id == id.as_str() {
            return Ok(reply.answer(listed(event)));
        }
    }
    Ok(reply.answer(None))
}

fn delivered(reply: &Reply, json: Raw<'_>) -> Result<DeliveredEvent, ProviderError> {
    let delivery: Delivery = parse(json.get()).map_err(|flaw| reply.flawed(flaw))?;
    Ok(delivery.webhook_event)
}

/// None for an event whose body Polar has archived.
fn listed(event: DeliveredEvent) -> Option<ListedEvent> {
    Some(ListedEvent {
        body: event.payload?.into_bytes(),
        headers: BTreeMap::from([("webhook-id".to_owned(), event.id)]),
    })
}
