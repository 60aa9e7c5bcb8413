//! Subscriptions: all of their items, cancelling, resuming.

use serde::Serialize;

use super::{
    super::{
        client::{Client, Reply, Request, post_form, segment},
        interpret::{Told, parse, subscription_told},
        wire::{
            List,
            forms::{CancellationForm, NoFields},
            sale::{Subscription, SubscriptionItem},
        },
    },
    pages, read,
};
use crate::{
    domain::{
        ids::ObjectId,
        observation::{Observation, SubscriptionSeen},
        provider::{ObjectKind, ObjectRef},
    },
    providers::{Answer, CancelWhen, ProviderError, ReadObject},
};

/// More pages of items than Stripe allows items.
const ITEM_PAGES: usize = 3;

/// The subscription in an answer, with the items that did not fit into it.
pub(super) async fn with_all_items(
    client: &Client,
    reply: &Reply,
) -> Result<Vec<Observation>, ProviderError> {
    let mut subscription: Subscription = reply.parse()?;
    let id = subscription.id.clone();
    let listed = pages::fetch(client, ITEM_PAGES, || {
        Request::get("/v1/subscription_items").query("subscription", id.as_str())
    })
    .await?;
    let mut items: Vec<SubscriptionItem> = Vec::new();
    listed.for_each(|reply, item| {
        items.push(parse(item).map_err(|flaw| reply.flawed(flaw))?);
        Ok(())
    })?;
    subscription.items = List {
        data: items,
        has_more: Some(false),
    };
    match subscription_told(subscription).map_err(|flaw| reply.flawed(flaw))? {
        Told::Whole { observations, .. } => Ok(observations),
        Told::Cut { .. } | Told::Nothing(_) => Ok(Vec::new()),
    }
}

pub(super) async fn cancel(
    client: &Client,
    id: &ObjectId,
    when: CancelWhen,
    key: &str,
) -> Result<Answer<ReadObject>, ProviderError> {
    match when {
        CancelWhen::PeriodEnd => post(client, id, "", &CancellationForm::CancelAtPeriodEnd(true), key).await,
        CancelWhen::Now => {
            let refused = match client.send(Request::delete(path(id))).await {
                Ok(reply) => return read::of_reply(client, ObjectKind::Subscription, reply).await,
                Err(error) => error,
            };
            // A repeat of a cancellation whose answer was lost finds nothing to cancel: what is wanted is there already.
            if !matches!(refused, ProviderError::NotFound { .. }) {
                return Err(refused);
            }
            let found = read(client, id).await?;
            if seen(&found).is_some_and(|seen| seen.status.is_terminal()) {
                Ok(found)
            } else {
                Err(refused)
            }
        }
    }
}

/// Undoes whichever shape a scheduled cancellation has, or resumes; a subscription that needs neither is left alone.
pub(super) async fn resume(
    client: &Client,
    id: &ObjectId,
    key: &str,
) -> Result<Answer<ReadObject>, ProviderError> {
    let reply = client.send(Request::get(path(id))).await?;
    let subscription: Subscription = reply.parse()?;
    if subscription.status == "paused" {
        return post(client, id, "/resume", &NoFields {}, key).await;
    }
    let form = if subscription.cancel_at_period_end == Some(true) {
        CancellationForm::CancelAtPeriodEnd(false)
    } else if subscription.cancel_at.is_some() {
        CancellationForm::CancelAt("")
    } else {
        return read::of_reply(client, ObjectKind::Subscription, reply).await;
    };
    post(client, id, "", &form, key).await
}

async fn post(
    client: &Client,
    id: &ObjectId,
    action: &str,
    form: &impl Serialize,
    key: &str,
) -> Result<Answer<ReadObject>, ProviderError> {
    let request = post_form(format!("{}{action}", path(id)), form, key)?;
    let reply = client.send(request).await?;
    read::of_reply(client, ObjectKind::Subscription, reply).await
}

async fn read(client: &Client, id: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
    read::object(client, &ObjectRef::new(ObjectKind::Subscription, id.clone())).await
}

fn path(id: &ObjectId) -> String {
    format!("/v1/subscriptions/{}", segment(id.as_str()))
}

fn seen(found: &Answer<ReadObject>) -> Option<&SubscriptionSeen> {
    found.value.observations.iter().find_map(|observation| {
        if let Observation::Subscription(seen) = observation {
            Some(seen)
        } else {
            None
        }
    })
}
