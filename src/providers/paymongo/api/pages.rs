//! Lists, page by page: the next one begins after the last id of the one before.

use serde_json::Value;

use super::super::{
    client::{Client, Reply, Request},
    wire::{List, Stub, read},
};
use crate::providers::{Answer, ProviderError};

/// The most that PayMongo puts on a page.
const PAGE_SIZE: &str = "100";

/// The elements of one list, each in its own form.
pub(super) struct Pages {
    first: Reply,
    rest: Vec<Reply>,
}

/// One page: its elements, and where the next one begins.
pub(super) struct PageOf {
    pub(super) items: Vec<Value>,
    pub(super) next: Option<String>,
}

/// Fetches pages until the end, or until `max` are there.
pub(super) async fn fetch(
    client: &Client,
    max: usize,
    request: impl Fn() -> Request<'static>,
) -> Result<Pages, ProviderError> {
    let first = one(client, request(), None).await?;
    let mut next = items(&first)?.next;
    let mut rest = Vec::new();
    while let Some(after) = next.filter(|_| rest.len() + 1 < max) {
        let reply = one(client, request(), Some(&after)).await?;
        // A page that ends where it began would never end.
        next = items(&reply)?.next.filter(|next| *next != after);
        rest.push(reply);
    }
    Ok(Pages { first, rest })
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
            Some(id) => request.query("after", id),
            None => request,
        })
        .await
}

/// The elements of a page.
pub(super) fn items(reply: &Reply) -> Result<PageOf, ProviderError> {
    let list: List = reply.parse()?;
    let next = match list.data.last() {
        Some(last) if list.has_more == Some(true) => {
            let last: Stub = read(last.clone()).map_err(|flaw| reply.flawed(flaw))?;
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
    /// Calls `take` for every element, in PayMongo's order.
    pub(super) fn for_each(
        &self,
        mut take: impl FnMut(&Reply, Value) -> Result<(), ProviderError>,
    ) -> Result<(), ProviderError> {
        for reply in std::iter::once(&self.first).chain(&self.rest) {
            for item in items(reply)?.items {
                take(reply, item)?;
            }
        }
        Ok(())
    }

    /// The first page's answer, which dates the list.
    pub(super) fn into_first(self) -> Reply {
        self.first
    }

    /// The list is as old as its first page.
    pub(super) fn answer<T>(&self, value: T) -> Answer<T> {
        self.first.answer(value)
    }
}
