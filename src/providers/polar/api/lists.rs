//! The objects of one customer, and disputes, which are listed for all customers alone.

use jiff::Timestamp;

use super::{
    super::{
        client::{Client, Reply, Request, refuse},
        interpret::{moment, parse},
        wire::money::DisputeOwner,
    },
    pages::{self, Pages},
    read,
};
use crate::{
    domain::{
        ids::ObjectId,
        provider::{ObjectKind, ObjectRef},
    },
    providers::{Answer, Page, ProviderError, ReadObject},
};

/// How many pages of a customer's objects are read: the newest few hundred.
const PAGES: u64 = 3;

/// Enough for every subscription a customer may have had, and an end all the same.
const SUBSCRIPTION_PAGES: u64 = 50;

/// Disputes are listed for all customers together: the newest thousand.
const DISPUTE_PAGES: u64 = 10;

pub(super) async fn subscriptions(
    client: &Client,
    customer: &ObjectId,
) -> Result<Answer<ReadObject>, ProviderError> {
    of_customer(
        client,
        "/v1/subscriptions/",
        customer,
        ObjectKind::Subscription,
        SUBSCRIPTION_PAGES,
    )
    .await
}

pub(super) async fn objects(
    client: &Client,
    customer: &ObjectId,
    kind: ObjectKind,
) -> Result<Answer<ReadObject>, ProviderError> {
    let path = match kind {
        ObjectKind::Customer => {
            return read::object(client, &ObjectRef::new(ObjectKind::Customer, customer.clone())).await;
        }
        ObjectKind::Subscription => return subscriptions(client, customer).await,
        ObjectKind::Dispute => return disputes(client, customer).await,
        ObjectKind::Checkout => "/v1/checkouts/",
        ObjectKind::Order | ObjectKind::Payment => "/v1/orders/",
        ObjectKind::Charge => "/v1/payments/",
        ObjectKind::Refund => "/v1/refunds/",
        ObjectKind::PaymentLink | ObjectKind::Price | ObjectKind::Other => {
            let message = format!("Polar has no list of a customer's objects of the kind `{kind}`");
            return Err(refuse("/v1", "not_readable", message));
        }
    };
    of_customer(client, path, customer, kind, PAGES).await
}

async fn of_customer(
    client: &Client,
    path: &str,
    customer: &ObjectId,
    kind: ObjectKind,
    max: u64,
) -> Result<Answer<ReadObject>, ProviderError> {
    let listed = pages::fetch(client, max, || {
        Request::get(path).query("customer_id", customer.as_str())
    })
    .await?;
    gather(&listed, kind, |_, _| Ok(true))
}

async fn disputes(client: &Client, customer: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
    let listed = pages::fetch(client, DISPUTE_PAGES, || Request::get("/v1/disputes/")).await?;
    gather(&listed, ObjectKind::Dispute, |reply, json| {
        let owner = owner(reply, json)?.customer;
        Ok(owner.is_some_and(|owner| owner.id == customer.as_str()))
    })
}

fn gather(
    listed: &Pages,
    kind: ObjectKind,
    wanted: impl Fn(&Reply, &str) -> Result<bool, ProviderError>,
) -> Result<Answer<ReadObject>, ProviderError> {
    let mut found = Gathered::default();
    listed.for_each(|reply, json| {
        if wanted(reply, json)? {
            found.take(kind, reply, json)?;
        }
        Ok(())
    })?;
    Ok(listed.answer(found.into_object()))
}

/// One page of all disputes since a time. They come newest first, so the first older one ends the list.
pub(super) async fn disputes_since(
    client: &Client,
    since: Timestamp,
    page: Option<&str>,
) -> Result<Answer<Page<ReadObject>>, ProviderError> {
    let (reply, number) = pages::named(client, Request::get("/v1/disputes/"), page).await?;
    let mut next = pages::next(&reply, number)?;
    let mut items = Vec::new();
    for item in pages::items(&reply)? {
        let opened = moment(owner(&reply, item.get())?.created_at, "created_at");
        if opened
            .map_err(|flaw| reply.flawed(flaw))?
            .is_some_and(|opened| opened < since)
        {
            next = None;
            break;
        }
        items.push(read::told(ObjectKind::Dispute, &reply, item.get())?);
    }
    Ok(reply.answer(Page { items, next }))
}

fn owner(reply: &Reply, json: &str) -> Result<DisputeOwner, ProviderError> {
    parse(json).map_err(|flaw| reply.flawed(flaw))
}

/// What the elements of a list told so far.
pub(super) struct Gathered(ReadObject);

impl Default for Gathered {
    fn default() -> Self {
        Self(ReadObject {
            observations: Vec::new(),
            facts: Vec::new(),
            raw: None,
            is_cut: false,
        })
    }
}

impl Gathered {
    pub(super) fn take(&mut self, kind: ObjectKind, reply: &Reply, json: &str) -> Result<(), ProviderError> {
        let told = read::told(kind, reply, json)?;
        self.0.observations.extend(told.observations);
        self.0.facts.extend(told.facts);
        Ok(())
    }

    pub(super) fn into_object(self) -> ReadObject {
        self.0
    }
}
