//! A subscription with everything that is needed to ask its provider about it.

use std::sync::Arc;

use super::{Billing, BillingError};
use crate::{
    domain::{
        ids::{ObjectId, SubscriptionId},
        provider::{Book, LaneKey, ObjectKind, ObjectRef},
    },
    providers::{Provider, ProviderApi},
    store::subscription::{SubscriptionPlace, subscription_place},
};

pub(super) struct Subject {
    pub(super) place: SubscriptionPlace,
    /// The provider's id of the subscription.
    pub(super) object: ObjectRef,
    room: Arc<dyn Provider>,
}

impl Subject {
    /// Finds the subscription, and the room that can be asked about it.
    pub(super) async fn find(billing: &Billing, id: SubscriptionId) -> Result<Self, BillingError> {
        let mut tx = billing.store().begin_read_only().await?;
        let place = subscription_place(&mut tx, billing.environment(), id).await?;
        let place = place.ok_or_else(|| BillingError::NotFound {
            what: "subscription",
            id: id.to_string(),
            environment: billing.environment(),
        })?;
        let Some(provider_id) = place.provider_subscription_id.clone() else {
            return Err(BillingError::Refused {
                code: "not_at_provider",
                message: format!(
                    "subscription {id} is known only from our own request; {} has confirmed nothing yet",
                    place.book.provider
                ),
                hint: Some("wait for the payment to go through, or start a new checkout".to_owned()),
            });
        };
        let room = room_of(billing, place.book)?;
        Ok(Self {
            object: ObjectRef::new(ObjectKind::Subscription, provider_id),
            place,
            room,
        })
    }

    pub(super) const fn book(&self) -> Book {
        self.place.book
    }

    /// The lane of the provider's customer.
    pub(super) fn lane(&self) -> LaneKey {
        LaneKey::new(self.place.book, self.customer())
    }

    /// The provider's customer.
    pub(super) const fn customer(&self) -> &ObjectId {
        &self.place.provider_customer_id
    }

    pub(super) fn api(&self) -> Result<&dyn ProviderApi, BillingError> {
        api_of(&self.room)
    }
}

/// The room of these books, with its API on.
pub(super) fn room_of(billing: &Billing, book: Book) -> Result<Arc<dyn Provider>, BillingError> {
    billing
        .providers()
        .get(book.provider)
        .filter(|room| room.book() == book && room.api().is_some())
        .cloned()
        .ok_or(BillingError::ProviderOff(book.provider))
}

pub(super) fn api_of(room: &Arc<dyn Provider>) -> Result<&dyn ProviderApi, BillingError> {
    room.api()
        .ok_or_else(|| BillingError::ProviderOff(room.book().provider))
}
