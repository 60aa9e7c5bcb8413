//! Products, which are what the catalogue calls prices.

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
    page: Option<&str>,
) -> Result<Answer<Page<ListedPrice>>, ProviderError> {
    let (reply, number) = pages::named(client, Request::get("/v1/products/"), page).await?;
    let items = pages::items(&reply)?
        .into_iter()
        .map(|product| parse(product.get()).and_then(listed_price))
        .collect::<Result<_, _>>()
        .map_err(|flaw| reply.flawed(flaw))?;
    let next = pages::next(&reply, number)?;
    Ok(reply.answer(Page { items, next }))
}
