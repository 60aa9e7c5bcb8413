//! Subscriptions: cancelling, resuming, changing. Each of these says what is to be so, not what is to be done to it, so
//! a repeat of one that took effect finds it done, which a read shows.

use super::{
    super::{
        client::{Client, Request, patch, segment},
        wire::{forms::SubscriptionForm, sale::Subscription},
    },
    PolarApi, read,
};
use crate::{
    domain::{
        ids::ObjectId,
        observation::{Observation, SubscriptionSeen},
        provider::{ObjectKind, ObjectRef},
    },
    providers::{Answer, CancelWhen, ProviderError, ReadObject},
};

/// How the difference of a change in the middle of a period is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proration {
    /// As the organization is set up.
    Default,
    /// Charged at once; when that fails nothing changes.
    Invoice,
    /// Applied at once, settled on the next invoice.
    Prorate,
    /// Applied when the next period begins.
    NextPeriod,
}

impl Proration {
    const fn word(self) -> Option<&'static str> {
        match self {
            Self::Default => None,
            Self::Invoice => Some("invoice"),
            Self::Prorate => Some("prorate"),
            Self::NextPeriod => Some("next_period"),
        }
    }
}

impl PolarApi {
    /// Changes the product that a subscription is for.
    pub async fn subscription_change_product(
        &self,
        id: &ObjectId,
        product: &ObjectId,
        proration: Proration,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        let form = SubscriptionForm::Product {
            product_id: product.to_string(),
            proration_behavior: proration.word(),
        };
        change(&self.client, id, &form).await
    }

    /// Changes how many seats a subscription pays for.
    pub async fn subscription_set_seats(
        &self,
        id: &ObjectId,
        seats: u32,
        proration: Proration,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        let form = SubscriptionForm::Seats {
            seats,
            proration_behavior: proration.word(),
        };
        change(&self.client, id, &form).await
    }

    /// Lets a subscription rest from the end of its period on, or takes that back.
    pub async fn subscription_pause_at_period_end(
        &self,
        id: &ObjectId,
        pause: bool,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        let form = SubscriptionForm::Pause {
            pause_at_period_end: pause,
        };
        change(&self.client, id, &form).await
    }
}

pub(super) async fn cancel(
    client: &Client,
    id: &ObjectId,
    when: CancelWhen,
) -> Result<Answer<ReadObject>, ProviderError> {
    let refused = match when {
        CancelWhen::PeriodEnd => {
            let form = SubscriptionForm::CancelAtPeriodEnd {
                cancel_at_period_end: true,
            };
            change(client, id, &form).await
        }
        CancelWhen::Now => match client.send(Request::delete(path(id))).await {
            Ok(reply) => read::of_reply(ObjectKind::Subscription, &reply),
            Err(error) => Err(error),
        },
    };
    let is_wanted = |seen: &SubscriptionSeen| match when {
        CancelWhen::PeriodEnd => seen.cancel_at_period_end || seen.status.is_terminal(),
        CancelWhen::Now => seen.status.is_terminal(),
    };
    unless_done(client, id, refused, is_wanted).await
}

/// Takes a scheduled cancellation back, or resumes; a subscription that needs neither is left alone.
pub(super) async fn resume(client: &Client, id: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
    let reply = client.send(Request::get(path(id))).await?;
    let subscription: Subscription = reply.parse()?;
    let form = if subscription.status == "paused" {
        SubscriptionForm::Resume { resume: true }
    } else if subscription.cancel_at_period_end == Some(true) {
        SubscriptionForm::CancelAtPeriodEnd {
            cancel_at_period_end: false,
        }
    } else {
        return read::of_reply(ObjectKind::Subscription, &reply);
    };
    change(client, id, &form).await
}

/// "Already cancelled" is no error where that is what was wanted.
async fn unless_done(
    client: &Client,
    id: &ObjectId,
    outcome: Result<Answer<ReadObject>, ProviderError>,
    is_wanted: impl Fn(&SubscriptionSeen) -> bool,
) -> Result<Answer<ReadObject>, ProviderError> {
    let refused = match outcome {
        Err(ProviderError::Refused {
            call,
            status,
            code,
            message,
        }) if code == "AlreadyCanceledSubscription" => ProviderError::Refused {
            call,
            status,
            code,
            message,
        },
        outcome => return outcome,
    };
    let object = ObjectRef::new(ObjectKind::Subscription, id.clone());
    let found = read::object(client, &object).await?;
    let is_done = found
        .value
        .observations
        .iter()
        .any(|observation| match observation {
            Observation::Subscription(seen) => is_wanted(seen),
            _ => false,
        });
    if is_done { Ok(found) } else { Err(refused) }
}

async fn change(
    client: &Client,
    id: &ObjectId,
    form: &SubscriptionForm,
) -> Result<Answer<ReadObject>, ProviderError> {
    let reply = client.send(patch(path(id), form)?).await?;
    read::of_reply(ObjectKind::Subscription, &reply)
}

fn path(id: &ObjectId) -> String {
    format!("/v1/subscriptions/{}", segment(id.as_str()))
}
