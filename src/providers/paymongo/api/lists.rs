//! The objects of one customer. PayMongo filters none of its lists by customer, so they are walked newest first and picked
//! from; payments name no customer at all and are found by the invoices that they pay.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    super::{
        client::{Client, Request, refused_here, segment},
        interpret::{Occasion, Resource, Told, dispute_seen, disputed_payment, read_object, tried},
        wire::{
            self, Flat,
            money::{Dispute, Intent},
        },
    },
    pages::{self, Pages},
    read,
};
use crate::{
    domain::{
        ids::ObjectId,
        observation::Observation,
        provider::{ObjectKind, ObjectRef},
    },
    providers::{Answer, ProviderError, ReadObject},
};

/// How many pages of all customers' invoices are looked through.
const PAGES: usize = 10;

/// How many pages of all customers' subscriptions are looked through: none of a customer's may be missed, so as many as
/// an account may well have, and an end all the same.
const SUBSCRIPTION_PAGES: usize = 200;

/// How many of a customer's payments are read, one by one.
const PAYMENTS: usize = 100;

pub(super) async fn subscriptions(
    client: &Client,
    customer: &ObjectId,
) -> Result<Answer<ReadObject>, ProviderError> {
    let listed = pages::fetch(client, SUBSCRIPTION_PAGES, || Request::get("/v1/subscriptions")).await?;
    Ok(listed.answer(of_customer(&listed, Resource::Subscription, customer)?))
}

pub(super) async fn objects(
    client: &Client,
    customer: &ObjectId,
    kind: ObjectKind,
) -> Result<Answer<ReadObject>, ProviderError> {
    match kind {
        ObjectKind::Customer => {
            read::object(client, &ObjectRef::new(ObjectKind::Customer, customer.clone())).await
        }
        ObjectKind::Subscription => subscriptions(client, customer).await,
        ObjectKind::Order | ObjectKind::PaymentLink => invoices(client, customer).await,
        ObjectKind::Payment | ObjectKind::Charge | ObjectKind::Refund => payments(client, customer).await,
        ObjectKind::Dispute => disputes(client, customer).await,
        ObjectKind::Checkout | ObjectKind::Price | ObjectKind::Other => Err(refused_here(
            "GET",
            "not_readable",
            &format!("PayMongo has no list of a customer's objects of the kind `{kind}`"),
        )),
    }
}

async fn invoices(client: &Client, customer: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
    let listed = pages::fetch(client, PAGES, || Request::get("/v1/invoices")).await?;
    Ok(listed.answer(of_customer(&listed, Resource::Invoice, customer)?))
}

/// The payments of the customer's invoices, with their tries and refunds.
async fn payments(client: &Client, customer: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
    let invoices = invoices(client, customer).await?;
    let mut found = read::nothing();
    for id in paid_by(&invoices.value) {
        let read = read::object(client, &ObjectRef::new(ObjectKind::Payment, id)).await?;
        found.observations.extend(read.value.observations);
        found.facts.extend(read.value.facts);
    }
    Ok(Answer {
        value: found,
        at: invoices.at,
        request_id: invoices.request_id,
    })
}

/// Payments say that they are disputed; the disputes themselves are listed only for accounts with access to them.
async fn disputes(client: &Client, customer: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
    let invoices = invoices(client, customer).await?;
    let mut disputed: BTreeMap<ObjectId, ObjectId> = BTreeMap::new();
    for id in paid_by(&invoices.value) {
        let request = Request::get(format!("/v1/payment_intents/{}", segment(id.as_str())));
        let reply = client.send(request.missing_is_an_answer()).await?;
        if reply.is_missing() {
            continue;
        }
        let intent: Intent = read::resource(&reply)?;
        for Flat(payment) in intent.payments.unwrap_or_default() {
            let tried = tried(payment, Occasion::of(&reply)).map_err(|flaw| reply.flawed(flaw))?;
            if tried.disputed {
                disputed.insert(tried.charge.id, id.clone());
            }
        }
    }
    let mut found = read::nothing();
    if !disputed.is_empty() {
        match pages::fetch(client, PAGES, || Request::get("/v1/disputes")).await {
            Ok(listed) => listed.for_each(|reply, json: Value| {
                let dispute: Dispute = wire::read(json).map_err(|flaw| reply.flawed(flaw))?;
                let paid = disputed_payment(&dispute).map_err(|flaw| reply.flawed(flaw))?;
                if let Some(of) = paid.and_then(|paid| disputed.get(&paid)) {
                    let seen = dispute_seen(dispute, of).map_err(|flaw| reply.flawed(flaw))?;
                    found.observations.push(Observation::Dispute(seen));
                }
                Ok(())
            })?,
            Err(error) if read::is_denied(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Answer {
        value: found,
        at: invoices.at,
        request_id: invoices.request_id,
    })
}

fn paid_by(invoices: &ReadObject) -> Vec<ObjectId> {
    let mut known = BTreeSet::new();
    invoices
        .observations
        .iter()
        .filter_map(|observation| {
            if let Observation::Order(seen) = observation {
                Some(&seen.payments)
            } else {
                None
            }
        })
        .flatten()
        .filter(|id| known.insert((*id).clone()))
        .take(PAYMENTS)
        .cloned()
        .collect()
}

fn of_customer(listed: &Pages, about: Resource, customer: &ObjectId) -> Result<ReadObject, ProviderError> {
    let mut found = read::nothing();
    listed.for_each(|reply, json: Value| {
        // What is another customer's is not read: what is wrong with it is none of this one's.
        let fields = json.get("attributes").unwrap_or(&json);
        if fields.get("customer_id").and_then(Value::as_str) != Some(customer.as_str()) {
            return Ok(());
        }
        let told = read_object(about, json, Occasion::of(reply)).map_err(|flaw| reply.flawed(flaw))?;
        if let Told::Whole {
            observations, facts, ..
        } = told
        {
            found.observations.extend(observations);
            found.facts.extend(facts);
        }
        Ok(())
    })?;
    Ok(found)
}
