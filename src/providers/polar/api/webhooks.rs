//! Endpoints, and delivering once more.

use super::{
    super::{
        client::{Request, segment},
        interpret::{object_id, parse},
        wire::webhook as wire,
    },
    PolarApi, pages,
};
use crate::{
    domain::ids::ObjectId,
    providers::{Answer, ProviderError},
};

/// Where Polar sends its events to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The provider's id.
    pub id: ObjectId,
    /// The address.
    pub url: String,
    /// Off after ten events in a row that could not be delivered.
    pub enabled: bool,
    /// The types that it gets.
    pub events: Vec<String>,
    /// Which of Polar's two ways its secret is made into a key by; none where Polar does not say.
    pub standard_signature: Option<bool>,
}

impl PolarApi {
    /// The endpoints; their secrets are not read.
    pub async fn webhook_endpoints(&self) -> Result<Answer<Vec<Endpoint>>, ProviderError> {
        let listed = pages::fetch(&self.client, 1, || Request::get("/v1/webhooks/endpoints")).await?;
        let mut endpoints = Vec::new();
        listed.for_each(|reply, json| {
            let found: wire::Endpoint = parse(json).map_err(|flaw| reply.flawed(flaw))?;
            endpoints.push(Endpoint {
                id: object_id(found.id, "id").map_err(|flaw| reply.flawed(flaw))?,
                url: found.url,
                enabled: found.enabled != Some(false),
                events: found.events,
                standard_signature: found.uses_standard_webhook_signature,
            });
            Ok(())
        })?;
        Ok(listed.answer(endpoints))
    }

    /// Asks for an event to be delivered once more, under the same id. Polar does nothing when the endpoint is off or the
    /// event older than 90 days, and does not say so.
    pub async fn event_redeliver(&self, event: &ObjectId) -> Result<Answer<()>, ProviderError> {
        let path = format!("/v1/webhooks/events/{}/redeliver", segment(event.as_str()));
        let reply = self.client.send(Request::post_empty(path)).await?;
        Ok(reply.answer(()))
    }
}
