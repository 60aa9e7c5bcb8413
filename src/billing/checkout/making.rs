//! Making a checkout at the provider, by the one process that has claimed it.

use super::{CheckoutPage, offer::Offer};
use crate::{
    billing::{
        Billing, BillingError,
        acts::{Act, By, DONE, UNKNOWN},
        counterpart::{self, owner_metadata},
        lanes,
        reader::in_words,
        subject::api_of,
    },
    domain::{
        checkout::CheckoutState,
        customer::Customer,
        ids::CheckoutId,
        provider::{LaneKey, ProviderName},
        subscription::Difference,
    },
    providers::{NewCheckout, ProviderError, StartedCheckout},
    store::{
        StoreError,
        checkout::{checkout_lost, checkout_opened, checkout_remove},
        lane::{Lease, lane_fence},
    },
};

/// A checkout that this process makes.
pub(super) struct Making<'a> {
    pub(super) id: CheckoutId,
    pub(super) customer: Customer,
    /// It was begun before, and its answer never came.
    pub(super) repeated: bool,
    pub(super) act: Act<'a>,
    pub(super) by: By<'a>,
}

/// Why there is no page, and what that means for the checkout's row.
struct Failure {
    error: BillingError,
    fate: Fate,
}

enum Fate {
    /// The provider has no such session.
    NotMade,
    /// The provider's answer was lost.
    Unknown,
    /// The session is there; only our row does not say so yet. Whoever asks next takes it up.
    Made,
}

impl Failure {
    fn before_the_call(error: impl Into<BillingError>) -> Self {
        Self {
            error: error.into(),
            fate: Fate::NotMade,
        }
    }

    fn of_the_call(error: ProviderError) -> Self {
        let fate = if error.outcome_unknown() {
            Fate::Unknown
        } else {
            Fate::NotMade
        };
        Self {
            error: error.into(),
            fate,
        }
    }

    fn after_the_call(provider: ProviderName, error: StoreError) -> Self {
        Self {
            error: BillingError::Unrecorded {
                provider,
                source: Box::new(error.into()),
            },
            fate: Fate::Made,
        }
    }
}

impl Making<'_> {
    pub(super) async fn make(&self, billing: &Billing, offer: &Offer) -> Result<CheckoutPage, BillingError> {
        match self.make_held(billing, offer).await {
            Ok(page) => Ok(page),
            Err(failure) => {
                self.record_failure(billing, &failure).await;
                Err(failure.error)
            }
        }
    }

    async fn make_held(&self, billing: &Billing, offer: &Offer) -> Result<CheckoutPage, Failure> {
        let api = api_of(&offer.room).map_err(Failure::before_the_call)?;
        let counterpart = counterpart::ensure(billing, api, offer.book, &self.customer, self.by)
            .await
            .map_err(Failure::before_the_call)?;
        let lane = LaneKey::new(offer.book, &counterpart);
        let held = lanes::take(billing, &lane)
            .await
            .map_err(Failure::before_the_call)?;
        let Some(held) = held else {
            return Err(Failure::before_the_call(BillingError::LaneBusy {
                lane: lane.to_string(),
            }));
        };
        let new = NewCheckout {
            checkout: self.id,
            customer: counterpart,
            price: offer.price.clone(),
            quantity: offer.quantity,
            success_url: offer.success_url.clone(),
            cancel_url: offer.cancel_url.clone(),
            metadata: owner_metadata(&billing.rules().linking, self.customer.owner.as_ref()),
        };
        let done = match api.checkout_create(&new, &format!("checkout-{}", self.id)).await {
            Ok(answer) => self
                .opened(billing, held.lease(), &answer.value)
                .await
                .map_err(|error| Failure::after_the_call(offer.book.provider, error)),
            Err(error) => Err(Failure::of_the_call(error)),
        };
        held.release().await;
        let started = done?;
        Ok(CheckoutPage {
            id: self.id,
            url: started.url,
            provider: offer.book.provider,
            expires_at: started.expires_at,
        })
    }

    async fn opened(
        &self,
        billing: &Billing,
        lease: &Lease,
        started: &StartedCheckout,
    ) -> Result<StartedCheckout, StoreError> {
        let mut tx = billing.store().begin().await?;
        lane_fence(&mut tx, lease).await?;
        checkout_opened(&mut tx, self.id, &started.id, &started.url, started.expires_at).await?;
        let session = Difference {
            field: "provider_checkout_id".to_owned(),
            before: serde_json::Value::Null,
            after: started.id.to_string().into(),
        };
        self.act.record(&mut tx, DONE, vec![session]).await?;
        tx.commit().await?;
        Ok(started.clone())
    }

    /// What stopped the checkout is passed on whatever happens here, so a database that cannot record it is only logged:
    /// the row is then taken up by whoever asks next.
    async fn record_failure(&self, billing: &Billing, failure: &Failure) {
        let recorded = async {
            let mut tx = billing.store().begin().await?;
            let outcome = match failure.fate {
                Fate::NotMade => {
                    checkout_remove(&mut tx, self.id).await?;
                    failure.error.code()
                }
                Fate::Unknown => {
                    // A page whose address nobody has cannot be paid on: after a second try the next one begins anew.
                    let state = if self.repeated {
                        CheckoutState::Expired
                    } else {
                        CheckoutState::Unknown
                    };
                    checkout_lost(&mut tx, self.id, state).await?;
                    UNKNOWN
                }
                Fate::Made => failure.error.code(),
            };
            self.act.record(&mut tx, outcome, Vec::new()).await?;
            tx.commit().await.map_err(StoreError::from)
        };
        if let Err(error) = recorded.await {
            tracing::warn!(
                checkout = %self.id,
                error = %in_words(&error),
                "could not record how a checkout went"
            );
        }
    }
}
