//! Stripe's own list of events: the last 30 days.

use jiff::Timestamp;

use super::{
    super::client::{Client, Request},
    pages,
};
use crate::providers::{Answer, ListedEvent, Page, ProviderError};

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
        })
        .collect();
    Ok(reply.answer(Page {
        items,
        next: listed.next,
    }))
}
