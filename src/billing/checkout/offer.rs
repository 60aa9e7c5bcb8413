//! What a purchase comes to: the provider, the price, and the pages to come back to.

use std::sync::Arc;

use super::{CheckoutPage, Purchase, ReturnUrls};
use crate::{
    billing::{Billing, BillingError, subject::room_of},
    domain::{
        ids::{CustomerId, ObjectId},
        provider::{Book, ProviderName},
    },
    providers::Provider,
    store::checkout::{CheckoutKey, CheckoutStanding},
};

/// What is sold, where, and at which price.
pub(super) struct Offer {
    pub(super) room: Arc<dyn Provider>,
    pub(super) book: Book,
    pub(super) customer: CustomerId,
    plan: String,
    pub(super) price: ObjectId,
    seats: i32,
    pub(super) quantity: u32,
    pub(super) success_url: String,
    pub(super) cancel_url: String,
}

impl Offer {
    pub(super) fn find(
        billing: &Billing,
        purchase: &Purchase,
        returns: &ReturnUrls,
    ) -> Result<Self, BillingError> {
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

    pub(super) fn key(&self, customer: CustomerId) -> CheckoutKey<'_> {
        CheckoutKey {
            customer,
            book: self.book,
            plan: &self.plan,
            seats: self.seats,
        }
    }

    pub(super) fn page(&self, standing: &CheckoutStanding) -> Option<CheckoutPage> {
        Some(CheckoutPage {
            id: standing.id,
            url: standing.url.clone()?,
            provider: self.book.provider,
            expires_at: standing.expires_at,
        })
    }
}

pub(in crate::billing) fn no_return_url(what: &str) -> BillingError {
    BillingError::Refused {
        code: "no_return_url",
        message: format!("a {what} leads back to the application, whose address is not set"),
        hint: Some("set PARENT_APP_URL, or `parent_app_url` under `[app]`".to_owned()),
    }
}
