//! Selling a plan: a checkout page at a provider for one customer.
//!
//! The checkout is stored before the provider is called, and under the lock of the customer's row, so that everybody who
//! asks for the same at once ends with one checkout: one makes it, the others wait for its page. A maker that died and an
//! answer that was lost are taken up again with the key of that checkout, which brings the same page.

use std::{sync::Arc, time::Duration};

use backon::{BackoffBuilder, ConstantBuilder};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Billing, BillingError,
    acts::{Act, By, DONE, UNKNOWN},
    counterpart::{self, owner_metadata},
    lanes,
    linking::standing_customer,
    reader::in_words,
    subject::{api_of, room_of},
};
use crate::{
    config::AppSettings,
    domain::{
        checkout::CheckoutState,
        customer::Customer,
        ids::{CheckoutId, CustomerId, ObjectId},
        provider::{Book, LaneKey, ProviderName},
        subscription::Difference,
    },
    providers::{NewCheckout, Provider, ProviderError, StartedCheckout},
    store::{
        StoreError,
        checkout::{
            CheckoutKey, CheckoutStanding, checkout_insert, checkout_look, checkout_lost, checkout_opened,
            checkout_remove, checkout_standing, checkout_take_up,
        },
        lane::{Lease, lane_fence},
    },
};

/// How long a maker is believed to be at work; longer than a call and its repeats take.
const MAKING_SECONDS: i64 = 120;
/// How often those who wait look for the page.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How many looks that makes: half a minute in all.
const LOOKS: usize = 300;
/// How often somebody who waited in vain begins anew.
const ROUNDS: usize = 5;

/// Where payers go back to; none where the application's address is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnUrls {
    /// After paying.
    pub success: Option<String>,
    /// On giving up.
    pub cancel: Option<String>,
    /// From the customer's page at the provider.
    pub portal: Option<String>,
}

impl From<&AppSettings> for ReturnUrls {
    fn from(app: &AppSettings) -> Self {
        Self {
            success: app.success_url(),
            cancel: app.cancel_url(),
            portal: app.portal_return_url(),
        }
    }
}

/// What is to be sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// Who buys.
    pub customer: CustomerId,
    /// The plan's key.
    pub plan: String,
    /// How many seats; 1 where the plan is not sold by seats.
    pub seats: u32,
}

/// A checkout that can be paid on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckoutPage {
    /// billdeck's id.
    pub id: CheckoutId,
    /// The page.
    pub url: String,
    /// Who serves it.
    pub provider: ProviderName,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

/// Starts a checkout, or gives back the open one of exactly the same.
pub async fn create(
    billing: &Billing,
    purchase: &Purchase,
    returns: &ReturnUrls,
    by: By<'_>,
) -> Result<CheckoutPage, BillingError> {
    let offer = Offer::find(billing, purchase, returns)?;
    for _ in 0..ROUNDS {
        match claim(billing, &offer, by).await? {
            Claim::Open(page) => return Ok(page),
            Claim::Ours(making) => {
                let done = making.make(billing, &offer).await;
                billing.tell();
                return done;
            }
            Claim::Theirs(id) => {
                if let Some(page) = wait(billing, &offer, id).await? {
                    return Ok(page);
                }
            }
        }
    }
    Err(BillingError::Refused {
        code: "checkout_in_progress",
        message: format!(
            "the same checkout for customer {} is being made by another process",
            purchase.customer
        ),
        hint: Some("try again in a moment".to_owned()),
    })
}

/// What is sold, where, and at which price.
struct Offer {
    room: Arc<dyn Provider>,
    book: Book,
    customer: CustomerId,
    plan: String,
    price: ObjectId,
    seats: i32,
    quantity: u32,
    success_url: String,
    cancel_url: String,
}

impl Offer {
    fn find(billing: &Billing, purchase: &Purchase, returns: &ReturnUrls) -> Result<Self, BillingError> {
        let refused = |code, message: String, hint: &str| BillingError::Refused {
            code,
            message,
            hint: Some(hint.to_owned()),
        };
        let in_force = billing.catalog();
        let catalog = &in_force.catalog;
        let Some(plan) = catalog.plan(&purchase.plan) else {
            let known: Vec<&str> = catalog.plans().iter().map(|plan| plan.key.as_str()).collect();
            return Err(refused(
                "unknown_plan",
                format!("there is no plan `{}` in the catalogue", purchase.plan),
                &format!("known plans are {}", known.join(", ")),
            ));
        };
        let sold = billing.providers().iter().find_map(|room| {
            let book = room.book();
            let price = plan
                .prices
                .iter()
                .find(|price| price.provider == book.provider && price.environment == book.environment)?;
            Some((book, price))
        });
        let Some((book, price)) = sold else {
            let served = billing.providers().iter().next();
            let provider = served.map_or(ProviderName::Stripe, |room| room.book().provider);
            return Err(refused(
                "no_price",
                format!(
                    "plan `{}` has no {} price at a provider that is served here",
                    plan.key,
                    billing.environment()
                ),
                &format!(
                    "add the id of its {provider} price in {}",
                    in_force.file.place(Some(&plan.key), provider)
                ),
            ));
        };
        let room = room_of(billing, book)?;
        let seats = i32::try_from(purchase.seats).ok().filter(|&seats| seats > 0);
        let Some(seats) = seats else {
            return Err(refused(
                "bad_seats",
                format!("{} is no number of seats", purchase.seats),
                "sell one seat or more",
            ));
        };
        if seats > 1 && !price.per_seat {
            return Err(refused(
                "not_sold_by_seats",
                format!("plan `{}` is not sold by seats", plan.key),
                "leave the number of seats out",
            ));
        }
        let (Some(success_url), Some(cancel_url)) = (returns.success.clone(), returns.cancel.clone()) else {
            return Err(no_return_url("checkout"));
        };
        Ok(Self {
            room,
            book,
            customer: purchase.customer,
            plan: plan.key.clone(),
            price: price.id.clone(),
            seats,
            quantity: purchase.seats,
            success_url,
            cancel_url,
        })
    }

    fn key(&self, customer: CustomerId) -> CheckoutKey<'_> {
        CheckoutKey {
            customer,
            book: self.book,
            plan: &self.plan,
            seats: self.seats,
        }
    }

    fn page(&self, standing: &CheckoutStanding) -> Option<CheckoutPage> {
        Some(CheckoutPage {
            id: standing.id,
            url: standing.url.clone()?,
            provider: self.book.provider,
            expires_at: standing.expires_at,
        })
    }
}

pub(super) fn no_return_url(what: &str) -> BillingError {
    BillingError::Refused {
        code: "no_return_url",
        message: format!("a {what} leads back to the application, whose address is not set"),
        hint: Some("set PARENT_APP_URL, or `parent_app_url` under `[app]`".to_owned()),
    }
}

/// Who makes the checkout.
enum Claim<'a> {
    /// Nobody: it is open already.
    Open(CheckoutPage),
    /// This process.
    Ours(Box<Making<'a>>),
    /// Another one, just now.
    Theirs(CheckoutId),
}

async fn claim<'a>(billing: &Billing, offer: &Offer, by: By<'a>) -> Result<Claim<'a>, BillingError> {
    let mut tx = billing.store().begin().await?;
    let customer = standing_customer(&mut tx, billing.environment(), offer.customer).await?;
    let standing = checkout_standing(&mut tx, offer.key(customer.id)).await?;
    let repeated = standing.is_some();
    let id = if let Some(standing) = standing {
        if let Some(page) = offer.page(&standing) {
            return Ok(Claim::Open(page));
        }
        if standing.state != CheckoutState::Unknown && standing.idle_seconds < MAKING_SECONDS {
            return Ok(Claim::Theirs(standing.id));
        }
        checkout_take_up(&mut tx, standing.id).await?;
        standing.id
    } else {
        let id = CheckoutId::from(Uuid::now_v7());
        checkout_insert(&mut tx, id, offer.key(customer.id)).await?;
        id
    };
    let act = Act::new(by, "checkout.create", id, Some(customer.id));
    act.requested(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Claim::Ours(Box::new(Making {
        id,
        customer,
        repeated,
        act,
        by,
    })))
}

/// Waits for another process to make the checkout; none when it did not.
async fn wait(
    billing: &Billing,
    offer: &Offer,
    id: CheckoutId,
) -> Result<Option<CheckoutPage>, BillingError> {
    let waits = ConstantBuilder::default()
        .with_delay(LOOK_AGAIN)
        .with_max_times(LOOKS)
        .build();
    for wait in waits {
        tokio::time::sleep(wait).await;
        let mut conn = billing.store().pool().acquire().await.map_err(StoreError::from)?;
        let Some(standing) = checkout_look(&mut conn, id).await? else {
            return Ok(None);
        };
        if let Some(page) = offer.page(&standing) {
            return Ok(Some(page));
        }
        match standing.state {
            CheckoutState::Creating | CheckoutState::Open => {}
            CheckoutState::Complete | CheckoutState::Expired | CheckoutState::Unknown => return Ok(None),
        }
    }
    Ok(None)
}

/// A checkout that this process makes.
struct Making<'a> {
    id: CheckoutId,
    customer: Customer,
    /// It was begun before, and its answer never came.
    repeated: bool,
    act: Act<'a>,
    by: By<'a>,
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
    async fn make(&self, billing: &Billing, offer: &Offer) -> Result<CheckoutPage, BillingError> {
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
