//! Selling a plan: a checkout page at a provider for one customer.
//!
//! The checkout is stored before the provider is called, and under the lock of the customer's row, so that everybody who
//! asks for the same at once ends with one checkout: one makes it, the others wait for its page. A maker that died and an
//! answer that was lost are taken up again with the key of that checkout, which brings the same page.

mod making;
mod offer;

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBuilder};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Billing, BillingError,
    acts::{Act, By},
    linking::standing_customer,
};
use crate::{
    config::AppSettings,
    domain::{
        checkout::CheckoutState,
        ids::{CheckoutId, CustomerId},
        provider::ProviderName,
    },
    store::{
        StoreError,
        checkout::{checkout_insert, checkout_look, checkout_standing, checkout_take_up},
    },
};
use making::Making;
use offer::Offer;
pub(super) use offer::no_return_url;

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
