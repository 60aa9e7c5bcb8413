//! Prices.

use super::{
    super::{
        client::{Client, Request},
        interpret::{listed_price, parse},
    },
    pages,
};
use crate::providers::{Answer, ListedPrice, Page, ProviderError};

pub(super) async fn page(
    client: &Client,
    after: Option<&str>,
) -> Result<Answer<Page<ListedPrice>>, ProviderError> {
    let request = Request::get("/v1/prices").query("expand[]", "data.product");
    let reply = pages::one(client, request, after).await?;
    let listed = pages::items(&reply)?;
    let items = listed
        .items
        .into_iter()
        .map(|price| parse(price.get()).and_then(listed_price))
        .collect::<Result<_, _>>()
        .map_err(|flaw| reply.flawed(flaw))?;
    Ok(reply.answer(Page {
        items,
        next: listed.next,
    }))
}
