//! Customers: finding, making, changing.

use super::{
    super::{
        client::{Client, Raw, Reply, Request, post_form, segment},
        wire::{Found, forms::CustomerForm},
    },
    lists::Gathered,
    pages, read,
};
use crate::{
    domain::{ids::ObjectId, provider::ObjectKind},
    providers::{Answer, CustomerPatch, NewCustomer, ProviderError, ReadObject},
};

/// More customers of one address than anybody can choose from.
const PAGES: usize = 3;

pub(super) async fn by_email(client: &Client, email: &str) -> Result<Answer<ReadObject>, ProviderError> {
    let listed = pages::fetch(client, PAGES, || {
        Request::get("/v1/customers").query("email", email)
    })
    .await?;
    let mut found = Gathered::default();
    listed.for_each(|reply, json| found.take(ObjectKind::Customer, reply, json))?;
    Ok(listed.answer(found.into_object()))
}

/// Searches by e-mail address.
pub(in crate::providers::stripe) async fn search(
    client: &Client,
    email: &str,
) -> Result<Answer<ReadObject>, ProviderError> {
    let quoted = email.replace('\\', "\\\\").replace('\'', "\\'");
    let query = format!("email:'{quoted}'");
    let mut found = Gathered::default();
    let first = search_page(client, &query, None).await?;
    let mut next = take_found(&mut found, &first)?;
    for _ in 1..PAGES {
        let Some(page) = next else {
            break;
        };
        let reply = search_page(client, &query, Some(page)).await?;
        next = take_found(&mut found, &reply)?;
    }
    Ok(first.answer(found.into_object()))
}

/// Search pages have names of their own, not ids.
async fn search_page(client: &Client, query: &str, page: Option<String>) -> Result<Reply, ProviderError> {
    let request = Request::get("/v1/customers/search")
        .query("query", query)
        .query("limit", "100");
    client
        .send(match page {
            Some(page) => request.query("page", page),
            None => request,
        })
        .await
}

fn take_found(found: &mut Gathered, reply: &Reply) -> Result<Option<String>, ProviderError> {
    let list: Found<Raw<'_>> = reply.parse()?;
    for customer in list.data {
        found.take(ObjectKind::Customer, reply, customer.get())?;
    }
    Ok(list.next_page)
}

pub(super) async fn create(
    client: &Client,
    new: &NewCustomer,
    key: &str,
) -> Result<Answer<ReadObject>, ProviderError> {
    let form = CustomerForm {
        email: new.email.clone(),
        name: new.name.clone(),
        metadata: new.metadata.clone(),
    };
    send(client, "/v1/customers".to_owned(), &form, key).await
}

pub(super) async fn update(
    client: &Client,
    id: &ObjectId,
    patch: &CustomerPatch,
    key: &str,
) -> Result<Answer<ReadObject>, ProviderError> {
    let form = CustomerForm {
        email: patch.email.clone(),
        name: patch.name.clone(),
        metadata: patch.metadata.clone(),
    };
    send(
        client,
        format!("/v1/customers/{}", segment(id.as_str())),
        &form,
        key,
    )
    .await
}

async fn send(
    client: &Client,
    path: String,
    form: &CustomerForm,
    key: &str,
) -> Result<Answer<ReadObject>, ProviderError> {
    let reply = client.send(post_form(path, form, key)?).await?;
    read::of_reply(client, ObjectKind::Customer, reply).await
}
