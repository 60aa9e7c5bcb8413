//! Ending a subscription.

use reqwest::Method;

use super::{
    super::{
        client::{Client, act, not_supported, segment},
        interpret::Resource,
        wire::forms::CancelForm,
    },
    read,
};
use crate::{
    domain::{
        ids::ObjectId,
        observation::Observation,
        provider::{ObjectKind, ObjectRef},
    },
    providers::{Answer, CancelWhen, ProviderError, ReadObject},
};

pub(super) async fn cancel(
    client: &Client,
    id: &ObjectId,
    when: CancelWhen,
) -> Result<Answer<ReadObject>, ProviderError> {
    let path = format!("/v1/subscriptions/{}/cancel", segment(id.as_str()));
    match when {
        CancelWhen::PeriodEnd => Err(not_supported(
            &format!("POST {path}"),
            "PayMongo cancels at once and knows no cancellation at the end of the period; cancel when the period ends",
        )),
        CancelWhen::Now => {
            let form = CancelForm {
                cancellation_reason: "other",
            };
            let refused = match client.send(act(Method::POST, path, &form)?).await {
                Ok(reply) => return read::of_reply(client, Resource::Subscription, reply).await,
                Err(error) => error,
            };
            // A repeat of a cancellation whose answer was lost finds nothing to cancel: what is wanted is there already.
            if !matches!(refused, ProviderError::Refused { .. }) {
                return Err(refused);
            }
            let object = ObjectRef::new(ObjectKind::Subscription, id.clone());
            let found = read::object(client, &object).await?;
            let has_ended = found.value.observations.iter().any(
                |observation| matches!(observation, Observation::Subscription(seen) if seen.status.is_terminal()),
            );
            if has_ended { Ok(found) } else { Err(refused) }
        }
    }
}
