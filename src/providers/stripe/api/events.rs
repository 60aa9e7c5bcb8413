//! Stripe's own list of events: the last 30 days.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    super::client::{Client, Request, segment},
    pages,
};
use crate::{
    domain::ids::ObjectId,
    providers::{Answer, ListedEvent, Page, ProviderError},
};

pub(super) async fn page(
    client: &Client,
    since: Timestamp,
    after: Option<&str>,
) -> Result<Answer<Page<ListedEvent>>, ProviderError> {
    let request = Request::get("/v1/events").query("created[gte]", since.as_second().to_string());
    let reply = pages::one(client, request, after).await?;
    let listed = pages::items(&reply)?;
    let items = listed
        .items
        .into_iter()
        .map(|event| ListedEvent {
            body: event.get().as_bytes().to_vec(),
            headers: BTreeMap::new(),
        })
        .collect();
    Ok(reply.answer(Page {
        items,
        next: listed.next,
    }))
}

pub(super) async fn one(
    client: &Client,
    id: &ObjectId,
) -> Result<Answer<Option<ListedEvent>>, ProviderError> {
    let request = Request::get(format!("/v1/events/{}", segment(id.as_str()))).missing_is_an_answer();
    let reply = client.send(request).await?;
    if reply.is_missing() {
        return Ok(reply.answer(None));
    }
    let body = reply.text()?.as_bytes().to_vec();
    Ok(reply.answer(Some(ListedEvent {
        body,
        headers: BTreeMap::new(),
    })))
}
