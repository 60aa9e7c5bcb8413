//! Webhook endpoints and disputes, as the account has them.

use reqwest::Method;
use secrecy::SecretString;

use super::{
    super::{
        super::{
            client::{Reply, Request, act, create},
            interpret::disputed_payment,
            wire::{
                self,
                forms::{NoFields, WebhookForm},
                money::Dispute,
                setup::Webhook,
            },
        },
        pages, read,
    },
    Calls, of, sent,
};
use crate::{
    domain::{ids::ObjectId, provider::Environment},
    providers::{
        Answer, ProviderError,
        fields::{Flaw, object_id, text},
    },
};

/// The events that an endpoint should be made with, as far as PayMongo takes their names.
pub const EVENTS: [&str; 15] = [
    "payment.paid",
    "payment.failed",
    "payment.refunded",
    "payment.refund.updated",
    "checkout_session.payment.paid",
    "link.payment.paid",
    "subscription.activated",
    "subscription.updated",
    "subscription.past_due",
    "subscription.unpaid",
    "subscription.invoice.created",
    "subscription.invoice.finalized",
    "subscription.invoice.updated",
    "subscription.invoice.paid",
    "subscription.invoice.payment_failed",
];

/// More pages than anybody has endpoints.
const PAGES: usize = 2;

/// How many pages of disputes are looked through.
const DISPUTE_PAGES: usize = 10;

/// A webhook endpoint, as PayMongo has it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// PayMongo's id.
    pub id: ObjectId,
    /// Where it delivers.
    pub url: String,
    /// What it delivers.
    pub events: Vec<String>,
    /// Its mode; none where PayMongo does not say.
    pub environment: Option<Environment>,
    /// Whether it delivers.
    pub enabled: bool,
    /// Why it does not, in PayMongo's word: `disabled_by_merchant`, or `max_retries_exceeded` when three events in a row
    /// could not be delivered. What was missed meanwhile is not delivered later.
    pub disabled_reason: Option<String>,
    /// What it signs with; surely told only when it is made.
    pub secret: Option<SecretString>,
}

/// A dispute, as far as PayMongo tells of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDispute {
    /// PayMongo's id.
    pub id: ObjectId,
    /// Minor units of the disputed payment.
    pub amount_minor: i64,
    /// PayMongo's word for its state.
    pub provider_status: String,
    /// Why.
    pub reason: Option<String>,
    /// PayMongo's payment (`pay_…`), where the dispute names it.
    pub payment: Option<ObjectId>,
}

/// What PayMongo says when it is asked for disputes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disputes {
    /// These there are.
    Listed(Vec<ListedDispute>),
    /// The account has no access to them, as most have not; PayMongo's sentence.
    NoAccess(String),
}

impl Calls<'_> {
    /// The account's endpoints.
    pub async fn endpoints(&self) -> Result<Answer<Vec<Endpoint>>, ProviderError> {
        let listed = pages::fetch(self.client, PAGES, || Request::get("/v1/webhooks")).await?;
        let mut found = Vec::new();
        listed.for_each(|reply, json| {
            let webhook = wire::read(json).and_then(endpoint);
            found.push(webhook.map_err(|flaw| reply.flawed(flaw))?);
            Ok(())
        })?;
        Ok(listed.answer(found))
    }

    /// Makes an endpoint for all events that billdeck knows. One that delivers to the same address already is given back
    /// as it is. A name that PayMongo does not take is left out.
    pub async fn endpoint_create(&self, url: &str, key: &str) -> Result<Answer<Endpoint>, ProviderError> {
        let known = self.endpoints().await?;
        if let Some(same) = known.value.iter().find(|endpoint| endpoint.url == url) {
            return Ok(Answer {
                value: same.clone(),
                at: known.at,
                request_id: known.request_id,
            });
        }
        let mut events: Vec<String> = EVENTS.map(str::to_owned).to_vec();
        loop {
            let form = WebhookForm {
                url: url.to_owned(),
                events: events.clone(),
            };
            // Another list of names is another request, which needs another key.
            let key = sent(&format!("{key}-{}", events.len()));
            let refused = match self.client.send(create("/v1/webhooks", &form, &key)?).await {
                Ok(reply) => return one(&reply),
                Err(error) => error,
            };
            let Some(left_out) = not_taken(&refused, &events).filter(|_| events.len() > 1) else {
                return Err(refused);
            };
            events.remove(left_out);
        }
    }

    /// Has an endpoint deliver again.
    pub async fn endpoint_enable(&self, id: &ObjectId) -> Result<Answer<Endpoint>, ProviderError> {
        self.switch(id, "/enable").await
    }

    /// Has an endpoint deliver no more. What happens meanwhile is never delivered.
    pub async fn endpoint_disable(&self, id: &ObjectId) -> Result<Answer<Endpoint>, ProviderError> {
        self.switch(id, "/disable").await
    }

    async fn switch(&self, id: &ObjectId, action: &str) -> Result<Answer<Endpoint>, ProviderError> {
        let request = act(Method::POST, of("webhooks", id, action), &NoFields {})?;
        one(&self.client.send(request).await?)
    }

    /// The account's disputes, where it may see them.
    pub async fn disputes(&self) -> Result<Answer<Disputes>, ProviderError> {
        let listed = match pages::fetch(self.client, DISPUTE_PAGES, || Request::get("/v1/disputes")).await {
            Ok(listed) => listed,
            Err(error) if read::is_denied(&error) => {
                return Ok(Answer {
                    at: jiff::Timestamp::now(),
                    request_id: error.call().request_id.clone(),
                    value: Disputes::NoAccess(error.to_string()),
                });
            }
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        listed.for_each(|reply, json| {
            let dispute = wire::read(json).and_then(dispute);
            found.push(dispute.map_err(|flaw| reply.flawed(flaw))?);
            Ok(())
        })?;
        Ok(listed.answer(Disputes::Listed(found)))
    }
}

/// Which of the names PayMongo complains of; the longest, since one can begin like another.
fn not_taken(refused: &ProviderError, events: &[String]) -> Option<usize> {
    let ProviderError::Refused { code, message, .. } = refused else {
        return None;
    };
    if code != "parameter_invalid" {
        return None;
    }
    events
        .iter()
        .enumerate()
        .filter(|(_, event)| message.contains(event.as_str()))
        .max_by_key(|(_, event)| event.len())
        .map(|(index, _)| index)
}

fn one(reply: &Reply) -> Result<Answer<Endpoint>, ProviderError> {
    let found = endpoint(read::resource(reply)?).map_err(|flaw| reply.flawed(flaw))?;
    Ok(reply.answer(found))
}

fn endpoint(webhook: Webhook) -> Result<Endpoint, Flaw> {
    Ok(Endpoint {
        id: object_id(webhook.id, "id")?,
        url: webhook.url,
        events: webhook.events,
        environment: webhook.livemode.map(Environment::from_livemode),
        enabled: webhook.status == "enabled",
        disabled_reason: text(webhook.disabled_reason),
        secret: webhook.secret_key.map(SecretString::from),
    })
}

fn dispute(dispute: Dispute) -> Result<ListedDispute, Flaw> {
    Ok(ListedDispute {
        payment: disputed_payment(&dispute)?,
        id: object_id(dispute.id, "id")?,
        amount_minor: dispute.amount,
        provider_status: text(dispute.status).unwrap_or_default(),
        reason: text(dispute.reason),
    })
}
