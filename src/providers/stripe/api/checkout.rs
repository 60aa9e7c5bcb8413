//! Stripe's own pages: checkout and the customer portal.

use super::super::{
    client::{Client, post_form},
    interpret::{Flaw, object_id},
    wire::{
        forms::{CheckoutForm, LineItem, PortalForm, SubscriptionData},
        sale::{Checkout, PortalSession},
    },
};
use crate::{
    domain::{checkout::CHECKOUT_METADATA_KEY, ids::ObjectId},
    providers::{Answer, NewCheckout, ProviderError, StartedCheckout},
};

/// The metadata key that is also the session's own reference.
const CLIENT_REFERENCE: &str = "client_reference_id";

/// The longest reference that Stripe takes, in characters.
const CLIENT_REFERENCE_MAX: usize = 200;

pub(super) async fn create(
    client: &Client,
    new: &NewCheckout,
    key: &str,
) -> Result<Answer<StartedCheckout>, ProviderError> {
    let mut metadata = new.metadata.clone();
    metadata.insert(CHECKOUT_METADATA_KEY.to_owned(), new.checkout.to_string());
    let form = CheckoutForm {
        mode: "subscription",
        customer: new.customer.to_string(),
        line_items: vec![LineItem {
            price: new.price.to_string(),
            quantity: new.quantity,
        }],
        success_url: new.success_url.clone(),
        cancel_url: new.cancel_url.clone(),
        client_reference_id: metadata
            .get(CLIENT_REFERENCE)
            .filter(|reference| reference.chars().count() <= CLIENT_REFERENCE_MAX)
            .cloned(),
        // Stripe does not copy the session's metadata to the subscription that it makes.
        subscription_data: SubscriptionData {
            metadata: metadata.clone(),
        },
        metadata,
    };
    let reply = client
        .send(post_form("/v1/checkout/sessions", &form, key)?)
        .await?;
    let session: Checkout = reply.parse()?;
    let started = started(session).map_err(|flaw| reply.flawed(flaw))?;
    Ok(reply.answer(started))
}

fn started(session: Checkout) -> Result<StartedCheckout, Flaw> {
    Ok(StartedCheckout {
        id: object_id(session.id, "id")?,
        url: session
            .url
            .ok_or_else(|| Flaw("the session has no `url`".to_owned()))?,
        expires_at: session
            .expires_at
            .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()),
    })
}

pub(super) async fn portal(
    client: &Client,
    customer: &ObjectId,
    return_url: &str,
    key: &str,
) -> Result<Answer<String>, ProviderError> {
    let form = PortalForm {
        customer: customer.to_string(),
        return_url: return_url.to_owned(),
    };
    let reply = client
        .send(post_form("/v1/billing_portal/sessions", &form, key)?)
        .await?;
    let session: PortalSession = reply.parse()?;
    Ok(reply.answer(session.url))
}
