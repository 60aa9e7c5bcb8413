//! Customers: finding, making, changing.

use super::{
    super::{
        client::{Client, Reply, Request, patch, post, segment},
        interpret::EXTERNAL_ID,
        wire::{Metadata, forms::CustomerForm, sale::Customer},
    },
    KEY_METADATA_KEY,
    lists::Gathered,
    pages, read,
};
use crate::{
    domain::{ids::ObjectId, provider::ObjectKind},
    providers::{Answer, CustomerPatch, NewCustomer, ProviderError, ReadObject},
};

/// An e-mail address is one customer's at most.
const PAGES: u64 = 1;

/// The query that finds what a write with this key has made.
const BY_KEY: &str = "metadata[billdeck_key]";

pub(super) async fn by_email(client: &Client, email: &str) -> Result<Answer<ReadObject>, ProviderError> {
    let listed = pages::fetch(client, PAGES, || {
        Request::get("/v1/customers/").query("email", email)
    })
    .await?;
    let mut found = Gathered::default();
    listed.for_each(|reply, json| found.take(ObjectKind::Customer, reply, json))?;
    Ok(listed.answer(found.into_object()))
}

pub(super) async fn by_external_id(
    client: &Client,
    external_id: &str,
) -> Result<Answer<Option<ReadObject>>, ProviderError> {
    let path = format!("/v1/customers/external/{}", segment(external_id));
    let reply = client.send(Request::get(path).missing_is_an_answer()).await?;
    if reply.is_missing() {
        return Ok(reply.answer(None));
    }
    let found = read::told(ObjectKind::Customer, &reply, reply.text()?)?;
    Ok(reply.answer(Some(found)))
}

/// Polar has no idempotency key: what an earlier call with this key has made is looked for first.
pub(super) async fn create(
    client: &Client,
    new: &NewCustomer,
    key: &str,
) -> Result<Answer<ReadObject>, ProviderError> {
    let earlier = pages::one(client, Request::get("/v1/customers/").query(BY_KEY, key), 1).await?;
    if let Some(json) = pages::items(&earlier)?.first() {
        let found = read::told(ObjectKind::Customer, &earlier, json.get())?;
        return Ok(earlier.answer(found));
    }
    let mut metadata = new.metadata.clone();
    let external_id = metadata.remove(EXTERNAL_ID);
    metadata.insert(KEY_METADATA_KEY.to_owned(), key.to_owned());
    let form = CustomerForm {
        email: new.email.clone(),
        name: new.name.clone(),
        external_id,
        metadata: Some(values(metadata)),
    };
    let reply = client.send(post("/v1/customers/", &form)?).await?;
    read::of_reply(ObjectKind::Customer, &reply)
}

/// A change of metadata replaces all of it, so what is there is read and sent back with it.
pub(super) async fn update(
    client: &Client,
    id: &ObjectId,
    change: &CustomerPatch,
) -> Result<Answer<ReadObject>, ProviderError> {
    let path = format!("/v1/customers/{}", segment(id.as_str()));
    let mut wanted = change.metadata.clone();
    // The application's own id can be set once, and is no metadata at Polar.
    let external_id = wanted.remove(EXTERNAL_ID);
    let metadata = if wanted.is_empty() {
        None
    } else {
        let reply: Reply = client.send(Request::get(path.clone())).await?;
        let mut merged = reply.parse::<Customer>()?.metadata.unwrap_or_default();
        merged.extend(values(wanted));
        Some(merged)
    };
    let form = CustomerForm {
        email: change.email.clone(),
        name: change.name.clone(),
        external_id,
        metadata,
    };
    let reply = client.send(patch(path, &form)?).await?;
    read::of_reply(ObjectKind::Customer, &reply)
}

/// Polar takes no empty texts.
fn values(texts: std::collections::BTreeMap<String, String>) -> Metadata {
    texts
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(key, text)| (key, text.into()))
        .collect()
}
