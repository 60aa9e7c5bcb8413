//! Reading one object.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::{
    client::{Client, Reply, Request, refused_here, segment},
    interpret::{
        Occasion, Resource, Told, dispute_seen, disputed_payment, read_object, refund_facts, refund_seen,
        together, tried,
    },
    wire::{
        self,
        money::{Dispute, Payment, Refund},
    },
};
use crate::{
    domain::{
        ids::ObjectId,
        observation::{Fact, Observation},
        provider::{ObjectKind, ObjectRef},
    },
    providers::{Answer, ProviderError, ReadObject, fields::object_id},
};

pub(super) async fn object(client: &Client, object: &ObjectRef) -> Result<Answer<ReadObject>, ProviderError> {
    let Some((about, folder)) = place(object) else {
        return Err(refused_here(
            "GET",
            "not_readable",
            &format!("billdeck does not read {object} from PayMongo"),
        ));
    };
    let request = Request::get(format!("{folder}/{}", segment(object.id.as_str())));
    let reply = client.send(request.missing_is_an_answer()).await;
    let reply = match reply {
        // Without access to disputes PayMongo says so, and no more: that is all there is to know.
        Err(error) if about == Resource::Dispute && is_denied(&error) => {
            return Ok(Answer {
                value: nothing(),
                at: jiff::Timestamp::now(),
                request_id: error.call().request_id.clone(),
            });
        }
        other => other?,
    };
    if reply.is_missing() {
        return Ok(reply.answer(gone(object)));
    }
    of_reply(client, about, reply).await
}

/// Where an object is read, and as what. An order is the invoice, the session, the link or the bare payment, and a
/// payment without an intent is its own try: the id's prefix tells which, and what has none of these is the usual one.
fn place(object: &ObjectRef) -> Option<(Resource, &'static str)> {
    let id = object.id.as_str();
    let is = |prefix: &str| id.starts_with(prefix);
    let about = match object.kind {
        ObjectKind::Customer => Resource::Customer,
        ObjectKind::Subscription => Resource::Subscription,
        ObjectKind::Order | ObjectKind::Checkout if is("link_") => Resource::Link,
        ObjectKind::Order if is("cs_") => Resource::Session,
        ObjectKind::Order | ObjectKind::Payment if is("pay_") => Resource::Payment,
        ObjectKind::Order if is("pi_") => Resource::Intent,
        ObjectKind::Checkout => Resource::Session,
        ObjectKind::Order => Resource::Invoice,
        ObjectKind::Payment => Resource::Intent,
        ObjectKind::Charge => Resource::Payment,
        ObjectKind::Refund => Resource::Refund,
        ObjectKind::Dispute => Resource::Dispute,
        ObjectKind::Price => Resource::Plan,
        ObjectKind::PaymentLink | ObjectKind::Other => return None,
    };
    let folder = match about {
        Resource::Customer => "/v1/customers",
        Resource::Subscription => "/v1/subscriptions",
        Resource::Invoice => "/v1/invoices",
        Resource::Session => "/v1/checkout_sessions",
        Resource::Link => "/v1/links",
        Resource::Payment => "/v1/payments",
        Resource::Intent => "/v1/payment_intents",
        Resource::Refund => "/v1/refunds",
        Resource::Dispute => "/v1/disputes",
        Resource::Plan => "/v1/plans",
        Resource::Other => return None,
    };
    Some((about, folder))
}

pub(super) fn is_denied(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Refused { status: 403, code, .. } if code == "access_denied")
}

/// The resource that an answer holds.
pub(super) fn resource<T: DeserializeOwned>(reply: &Reply) -> Result<T, ProviderError> {
    wire::read(reply.parse::<Value>()?).map_err(|flaw| reply.flawed(flaw))
}

pub(super) fn nothing() -> ReadObject {
    ReadObject {
        observations: Vec::new(),
        facts: Vec::new(),
        raw: None,
        is_cut: false,
    }
}

/// An object that does not exist (any more).
pub(super) fn gone(object: &ObjectRef) -> ReadObject {
    ReadObject {
        is_cut: false,
        observations: vec![Observation::Gone(object.clone())],
        ..nothing()
    }
}

/// Reads the object that an answer holds, whether it was asked for or changed.
pub(super) async fn of_reply(
    client: &Client,
    about: Resource,
    reply: Reply,
) -> Result<Answer<ReadObject>, ProviderError> {
    let raw = Some(reply.text()?.to_owned());
    let (observations, facts) = match about {
        Resource::Refund => refund(client, &reply).await?,
        Resource::Dispute => dispute(client, &reply).await?,
        Resource::Customer
        | Resource::Subscription
        | Resource::Invoice
        | Resource::Session
        | Resource::Link
        | Resource::Payment
        | Resource::Intent
        | Resource::Plan
        | Resource::Other => {
            let told = read_object(about, reply.parse::<Value>()?, Occasion::of(&reply))
                .map_err(|flaw| reply.flawed(flaw))?;
            match told {
                Told::Whole {
                    observations, facts, ..
                } => (observations, facts),
                Told::Pointed { facts, .. } => (Vec::new(), facts),
                Told::Nothing(_) => (Vec::new(), Vec::new()),
            }
        }
    };
    Ok(reply.answer(ReadObject {
        observations,
        facts,
        raw,
        is_cut: false,
    }))
}

type Seen = (Vec<Observation>, Vec<Fact>);

/// A refund names PayMongo's payment; billing knows that by its intent, which the payment names.
async fn refund(client: &Client, reply: &Reply) -> Result<Seen, ProviderError> {
    let refund: Refund = resource(reply)?;
    let facts = refund_facts(&refund, Occasion::of(reply)).map_err(|flaw| reply.flawed(flaw))?;
    let Some(paid) = refund.payment_id.clone() else {
        return Err(reply.flawed(crate::providers::fields::Flaw(
            "the refund names no payment".to_owned(),
        )));
    };
    let paid = object_id(paid, "payment_id").map_err(|flaw| reply.flawed(flaw))?;
    let (of, mut observations, mut all) = payment(client, &paid).await?;
    let seen = Observation::Refund(refund_seen(refund, &of).map_err(|flaw| reply.flawed(flaw))?);
    let object = seen.object();
    // The payment's own list of refunds was made later than what was asked for, but not by a read of the refund.
    observations.retain(|observation| observation.object() != object);
    all.retain(|fact| fact.object != object);
    observations.insert(0, seen);
    all.extend(facts);
    Ok((observations, all))
}

async fn dispute(client: &Client, reply: &Reply) -> Result<Seen, ProviderError> {
    let dispute: Dispute = resource(reply)?;
    let paid = disputed_payment(&dispute).map_err(|flaw| reply.flawed(flaw))?;
    let Some(paid) = paid else {
        return Ok((Vec::new(), Vec::new()));
    };
    let (of, mut observations, facts) = payment(client, &paid).await?;
    let seen = dispute_seen(dispute, &of).map_err(|flaw| reply.flawed(flaw))?;
    observations.insert(0, Observation::Dispute(seen));
    Ok((observations, facts))
}

/// A payment of PayMongo's: what billing knows it by, and all that it tells. One that does not exist goes by its own id.
pub(super) async fn payment(
    client: &Client,
    id: &ObjectId,
) -> Result<(ObjectId, Vec<Observation>, Vec<Fact>), ProviderError> {
    let request = Request::get(format!("/v1/payments/{}", segment(id.as_str())));
    let reply = client.send(request.missing_is_an_answer()).await?;
    if reply.is_missing() {
        return Ok((id.clone(), Vec::new(), Vec::new()));
    }
    let found: Payment = resource(&reply)?;
    let tried = tried(found, Occasion::of(&reply)).map_err(|flaw| reply.flawed(flaw))?;
    let of = tried.payment.id.clone();
    let (observations, facts) = together(vec![tried]);
    Ok((of, observations, facts))
}
