//! Polar's own pages: checkout and the customer portal.

use super::{
    super::{
        client::{Client, Raw, Reply, Request, post},
        interpret::{Flaw, labels, moment, object_id, parse},
        wire::{
            forms::{CheckoutForm, PortalForm},
            sale::{Checkout, CustomerSession},
        },
    },
    pages,
};
use crate::{
    domain::{checkout::CHECKOUT_METADATA_KEY, ids::ObjectId},
    providers::{Answer, NewCheckout, ProviderError, StartedCheckout},
};

/// Polar has no idempotency key: an open checkout with our id in its metadata is the one that an earlier call has made.
pub(super) async fn create(
    client: &Client,
    new: &NewCheckout,
) -> Result<Answer<StartedCheckout>, ProviderError> {
    let ours = new.checkout.to_string();
    let request = Request::get("/v1/checkouts/")
        .query("customer_id", new.customer.as_str())
        .query("status", "open");
    let open = pages::one(client, request, 1).await?;
    for json in pages::items(&open)? {
        if let Some(found) = made_earlier(&open, json, &ours)? {
            return Ok(open.answer(found));
        }
    }
    let mut metadata = new.metadata.clone();
    metadata.insert(CHECKOUT_METADATA_KEY.to_owned(), ours);
    let form = CheckoutForm {
        products: [new.price.to_string()],
        customer_id: new.customer.to_string(),
        // Only products with a price by the seat take a number, and those begin with at least one.
        seats: (new.quantity > 1).then_some(new.quantity),
        success_url: new.success_url.clone(),
        return_url: new.cancel_url.clone(),
        metadata,
    };
    let reply = client.send(post("/v1/checkouts/", &form)?).await?;
    let started = started(reply.parse()?).map_err(|flaw| reply.flawed(flaw))?;
    Ok(reply.answer(started))
}

fn made_earlier(reply: &Reply, json: Raw<'_>, ours: &str) -> Result<Option<StartedCheckout>, ProviderError> {
    let mut checkout: Checkout = parse(json.get()).map_err(|flaw| reply.flawed(flaw))?;
    let metadata = labels(checkout.metadata.take());
    if metadata.get(CHECKOUT_METADATA_KEY).map(String::as_str) != Some(ours) {
        return Ok(None);
    }
    started(checkout).map(Some).map_err(|flaw| reply.flawed(flaw))
}

fn started(checkout: Checkout) -> Result<StartedCheckout, Flaw> {
    Ok(StartedCheckout {
        id: object_id(checkout.id, "id")?,
        url: checkout
            .url
            .ok_or_else(|| Flaw("the checkout has no `url`".to_owned()))?,
        expires_at: moment(checkout.expires_at, "expires_at")?,
    })
}

pub(super) async fn portal(
    client: &Client,
    customer: &ObjectId,
    return_url: &str,
) -> Result<Answer<String>, ProviderError> {
    let form = PortalForm {
        customer_id: customer.to_string(),
        return_url: return_url.to_owned(),
    };
    let reply = client.send(post("/v1/customer-sessions/", &form)?).await?;
    let session: CustomerSession = reply.parse()?;
    Ok(reply.answer(session.customer_portal_url))
}
