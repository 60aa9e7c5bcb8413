//! Lists, page by page: the next one begins after the last id of the one before.

use super::super::{
    client::{Client, Raw, Reply, Request},
    interpret::parse,
    wire::{List, Stub},
};
use crate::providers::{Answer, ProviderError};

/// The most that Stripe puts on a page.
const PAGE_SIZE: &str = "100";

/// The pages of one list.
pub(super) struct Pages {
    first: Reply,
    rest: Vec<Reply>,
    /// There is more, which was not fetched.
    is_cut: bool,
}

/// One page: its elements, and where the next one begins.
pub(super) struct PageOf<'a> {
    pub(super) items: Vec<Raw<'a>>,
    pub(super) next: Option<String>,
}

/// Fetches pages until the end, or until `max` are there.
pub(super) async fn fetch<'a>(
    client: &Client,
    max: usize,
    request: impl Fn() -> Request<'a>,
) -> Result<Pages, ProviderError> {
    let first = one(client, request(), None).await?;
    let mut next = next(&first)?;
    let mut rest = Vec::new();
    while let Some(after) = next.take_if(|_| rest.len() + 1 < max) {
        let reply = one(client, request(), Some(&after)).await?;
        next = self::next(&reply)?;
        rest.push(reply);
    }
    Ok(Pages {
        first,
        rest,
        is_cut: next.is_some(),
    })
}

/// Fetches one page.
pub(super) async fn one(
    client: &Client,
    request: Request<'_>,
    after: Option<&str>,
) -> Result<Reply, ProviderError> {
    let request = request.query("limit", PAGE_SIZE);
    client
        .send(match after {
            Some(id) => request.query("starting_after", id),
            None => request,
        })
        .await
}

fn next(reply: &Reply) -> Result<Option<String>, ProviderError> {
    if reply.is_missing() {
        return Ok(None);
    }
    Ok(items(reply)?.next)
}

/// The elements of a page.
pub(super) fn items(reply: &Reply) -> Result<PageOf<'_>, ProviderError> {
    let list: List<Raw<'_>> = reply.parse()?;
    let next = match list.data.last() {
        Some(last) if list.has_more == Some(true) => {
            let last: Stub = parse(last.get()).map_err(|flaw| reply.flawed(flaw))?;
            Some(last.id)
        }
        Some(_) | None => None,
    };
    Ok(PageOf {
        items: list.data,
        next,
    })
}

impl Pages {
    /// The object whose list was asked for does not exist.
    pub(super) fn is_missing(&self) -> bool {
        self.first.is_missing()
    }

    /// Whether there is more than was fetched.
    pub(super) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Calls `take` for every element, in Stripe's order.
    pub(super) fn for_each(
        &self,
        mut take: impl FnMut(&Reply, &str) -> Result<(), ProviderError>,
    ) -> Result<(), ProviderError> {
        let replies = std::iter::once(&self.first).chain(&self.rest);
        for reply in replies.filter(|reply| !reply.is_missing()) {
            for item in items(reply)?.items {
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
