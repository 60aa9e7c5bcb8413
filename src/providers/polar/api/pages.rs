//! Lists, page by page, by number. Rows that are new push others to the next page, so one may be seen twice.

use super::super::{
    client::{Client, Raw, Reply, Request},
    interpret::Flaw,
    wire::Page as Listed,
};
use crate::providers::{Answer, ProviderError};

/// The most that Polar puts on a page; it cuts greater wishes without a word.
const PAGE_SIZE: &str = "100";

/// The pages of one list.
pub(super) struct Pages {
    first: Reply,
    rest: Vec<Reply>,
}

/// Fetches pages until the end, or until `max` are there.
pub(super) async fn fetch<'a>(
    client: &Client,
    max: u64,
    request: impl Fn() -> Request<'a>,
) -> Result<Pages, ProviderError> {
    let first = one(client, request(), 1).await?;
    let last = last_page(&first)?.min(max);
    let mut rest = Vec::new();
    for page in 2..=last {
        rest.push(one(client, request(), page).await?);
    }
    Ok(Pages { first, rest })
}

/// Fetches one page.
pub(super) async fn one(client: &Client, request: Request<'_>, page: u64) -> Result<Reply, ProviderError> {
    let request = request.query("limit", PAGE_SIZE).query("page", page.to_string());
    client.send(request).await
}

/// Fetches the page that an earlier one named as the next.
pub(super) async fn named(
    client: &Client,
    request: Request<'_>,
    page: Option<&str>,
) -> Result<(Reply, u64), ProviderError> {
    // Only [`next`] makes these names; what is none of them begins anew.
    let number = page.and_then(|page| page.parse().ok()).unwrap_or(1);
    Ok((one(client, request, number).await?, number))
}

/// The name of the page after this one; none at the end.
pub(super) fn next(reply: &Reply, number: u64) -> Result<Option<String>, ProviderError> {
    let last = last_page(reply)?;
    Ok((number < last).then(|| number.saturating_add(1).to_string()))
}

fn last_page(reply: &Reply) -> Result<u64, ProviderError> {
    let page: Listed<Raw<'_>> = reply.parse()?;
    let last = page.pagination.and_then(|pagination| pagination.max_page);
    last.ok_or_else(|| reply.flawed(Flaw("`pagination` lacks `max_page`".to_owned())))
}

/// The elements of a page.
pub(super) fn items(reply: &Reply) -> Result<Vec<Raw<'_>>, ProviderError> {
    let page: Listed<Raw<'_>> = reply.parse()?;
    Ok(page.items)
}

impl Pages {
    /// Calls `take` for every element, in Polar's order.
    pub(super) fn for_each(
        &self,
        mut take: impl FnMut(&Reply, &str) -> Result<(), ProviderError>,
    ) -> Result<(), ProviderError> {
        for reply in std::iter::once(&self.first).chain(&self.rest) {
            for item in items(reply)? {
                take(reply, item.get())?;
            }
        }
        Ok(())
    }

    /// The list is as old as its first page.
    pub(super) fn answer<T>(&self, value: T) -> Answer<T> {
        self.first.answer(value)
    }
}
