//! A link to the provider's own page for a customer. It is short-lived: made when asked for, never stored.

use super::{
    Billing, BillingError,
    acts::{Act, By, outcome},
    checkout::{ReturnUrls, no_return_url},
    counterpart::usable,
    linking::look,
    reader::in_words,
    subject::api_of,
};
use crate::{
    domain::{ids::CustomerId, views::action::CustomerPage},
    store::{StoreError, customer::customer_links},
};

/// Makes a link to the page of the first provider that knows the customer.
pub async fn create(
    billing: &Billing,
    id: CustomerId,
    returns: &ReturnUrls,
    by: By<'_>,
) -> Result<CustomerPage, BillingError> {
    let (customer, links) = {
        let mut tx = billing.store().begin_read_only().await?;
        let customer = look(&mut tx, billing.environment(), id).await?;
        let links = customer_links(&mut tx, customer.id).await?;
        (customer, links)
    };
    let found = billing.providers().iter().find_map(|room| {
        let link = usable(&links, room.book())?;
        room.api().is_some().then_some((room, link))
    });
    let Some((room, link)) = found else {
        // A provider that knows the customer and is off is another matter than one that does not.
        return Err(
            match links
                .iter()
                .find(|link| link.book.environment == billing.environment())
            {
                Some(link) if !link.deleted => BillingError::ProviderOff(link.book.provider),
                Some(_) | None => BillingError::Refused {
                    code: "no_provider_customer",
                    message: format!("no provider has anything of customer {id}"),
                    hint: Some("start a checkout for the customer first".to_owned()),
                },
            },
        );
    };
    let Some(return_url) = &returns.portal else {
        return Err(no_return_url("portal"));
    };
    let api = api_of(room)?;
    let act = Act::new(by, "portal.create", customer.id, Some(customer.id));
    let mut tx = billing.store().begin().await?;
    let key = act.requested(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;

    let answer = api
        .portal_create(&link.provider_customer_id, return_url, &key)
        .await;
    let recorded = async {
        let mut tx = billing.store().begin().await?;
        act.record(&mut tx, outcome(&answer), Vec::new()).await?;
        tx.commit().await.map_err(StoreError::from)
    };
    // The page works (or does not) whether or not that is recorded.
    if let Err(error) = recorded.await {
        tracing::warn!(customer = %customer.id, error = %in_words(&error), "could not record how a portal link went");
    }
    Ok(CustomerPage {
        url: answer?.value,
        provider: room.book().provider,
        expires_at: None,
    })
}
