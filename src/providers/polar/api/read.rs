//! Reading one object.

use super::{
    super::{
        client::{Client, Reply, Request, refuse, segment},
        interpret::{Occasion, Told, read_object},
    },
    lists::Gathered,
    pages,
};
use crate::{
    domain::{
        observation::Observation,
        provider::{ObjectKind, ObjectRef},
    },
    providers::{Answer, ProviderError, ReadObject},
};

pub(super) async fn object(client: &Client, object: &ObjectRef) -> Result<Answer<ReadObject>, ProviderError> {
    let folder = match object.kind {
        ObjectKind::Customer => "customers",
        ObjectKind::Subscription => "subscriptions",
        ObjectKind::Checkout => "checkouts",
        ObjectKind::Order | ObjectKind::Payment => return order(client, object).await,
        ObjectKind::Charge => "payments",
        ObjectKind::Refund => return refund(client, object).await,
        ObjectKind::Dispute => "disputes",
        ObjectKind::Price => "products",
        ObjectKind::PaymentLink | ObjectKind::Other => {
            let message = format!("billdeck does not read {object} from Polar");
            return Err(refuse("/v1", "not_readable", message));
        }
    };
    let request = Request::get(format!("/v1/{folder}/{}", segment(object.id.as_str())));
    let reply = client.send(request.missing_is_an_answer()).await?;
    if reply.is_missing() {
        return Ok(reply.answer(gone(object)));
    }
    of_reply(object.kind, &reply)
}

/// An order with the tries at its payment, which say what was paid with and why one failed.
async fn order(client: &Client, object: &ObjectRef) -> Result<Answer<ReadObject>, ProviderError> {
    let request = Request::get(format!("/v1/orders/{}", segment(object.id.as_str())));
    let reply = client.send(request.missing_is_an_answer()).await?;
    if reply.is_missing() {
        return Ok(reply.answer(gone(object)));
    }
    let mut answer = of_reply(ObjectKind::Order, &reply)?;
    let tries = pages::fetch(client, 1, || {
        Request::get("/v1/payments/").query("order_id", object.id.as_str())
    })
    .await;
    let tries = match tries {
        Ok(tries) => tries,
        // A token of narrower scope can still tell the order.
        Err(ProviderError::Credentials { .. }) => return Ok(answer),
        Err(error) => return Err(error),
    };
    let mut found = Gathered::default();
    tries.for_each(|reply, json| found.take(ObjectKind::Charge, reply, json))?;
    let found = found.into_object();
    answer.value.observations.extend(found.observations);
    answer.value.facts.extend(found.facts);
    Ok(answer)
}

/// Polar has no address for one refund, but a list of those with an id.
async fn refund(client: &Client, object: &ObjectRef) -> Result<Answer<ReadObject>, ProviderError> {
    let request = Request::get("/v1/refunds/").query("id", object.id.as_str());
    let reply = pages::one(client, request, 1).await?;
    let found = pages::items(&reply)?;
    let Some(json) = found.first().map(|item| item.get()) else {
        return Ok(reply.answer(gone(object)));
    };
    Ok(reply.answer(told(ObjectKind::Refund, &reply, json)?))
}

/// An object that does not exist (any more).
pub(super) fn gone(object: &ObjectRef) -> ReadObject {
    ReadObject {
        observations: vec![Observation::Gone(object.clone())],
        facts: Vec::new(),
        raw: None,
        is_cut: false,
    }
}

/// Reads the object that an answer holds, whether it was asked for or changed.
pub(super) fn of_reply(kind: ObjectKind, reply: &Reply) -> Result<Answer<ReadObject>, ProviderError> {
    Ok(reply.answer(told(kind, reply, reply.text()?)?))
}

/// Reads an object of an answer.
pub(super) fn told(kind: ObjectKind, reply: &Reply, json: &str) -> Result<ReadObject, ProviderError> {
    let (observations, facts) =
        match read_object(kind, json, Occasion::of(reply)).map_err(|flaw| reply.flawed(flaw))? {
            Told::Whole {
                observations, facts, ..
            } => (observations, facts),
            Told::Nothing(_) => (Vec::new(), Vec::new()),
        };
    Ok(ReadObject {
        observations,
        facts,
        raw: Some(json.to_owned()),
        is_cut: false,
    })
}
