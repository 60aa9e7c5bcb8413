//! PayMongo's calls, by what they are about.

pub(super) mod calls;
mod customers;
mod lists;
mod pages;
mod read;
mod refunds;
mod subscriptions;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    client::{Client, Request, not_supported, refused_here},
    interpret::listed_plan,
    wire,
};
use crate::{
    domain::{
        ids::ObjectId,
        money::Money,
        provider::{ObjectKind, ObjectRef},
    },
    providers::{
        Answer, CancelWhen, CustomerPatch, ListedEvent, ListedPrice, NewCheckout, NewCustomer, NewRefund,
        Page, ProviderApi, ProviderError, ReadObject, StartedCheckout, StartedRefund, SubscriptionAt,
    },
};

/// The one currency that PayMongo deals in.
const PESO: &str = "PHP";

/// An amount as PayMongo takes it.
fn centavos(call: &str, amount: Money) -> Result<i64, ProviderError> {
    if amount.currency.code() == PESO {
        return Ok(amount.minor);
    }
    Err(refused_here(
        call,
        "currency_not_supported",
        &format!("PayMongo deals in PHP only, not in {}", amount.currency),
    ))
}

#[async_trait]
impl ProviderApi for Client {
    /// Payments, since plans and subscriptions are closed to accounts that PayMongo has not opened them for.
    async fn check_credentials(&self) -> Result<Answer<()>, ProviderError> {
        let reply = self
            .send(Request::get("/v1/payments").query("limit", "1"))
            .await?;
        reply.text()?;
        Ok(reply.answer(()))
    }

    async fn read(
        &self,
        object: &ObjectRef,
        _of: Option<&ObjectId>,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        read::object(self, object).await
    }

    async fn subscriptions_of(&self, customer: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
        lists::subscriptions(self, customer).await
    }

    async fn objects_of(
        &self,
        customer: &ObjectId,
        kind: ObjectKind,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        lists::objects(self, customer, kind).await
    }

    async fn customers_by_email(&self, email: &str) -> Result<Answer<ReadObject>, ProviderError> {
        customers::by_email(self, email).await
    }

    async fn customer_create(
        &self,
        new: &NewCustomer,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        customers::create(self, new, key).await
    }

    /// PayMongo takes keys for what makes objects alone; a change is sent once.
    async fn customer_update(
        &self,
        id: &ObjectId,
        patch: &CustomerPatch,
        _key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        customers::update(self, id, patch).await
    }

    async fn checkout_create(
        &self,
        _new: &NewCheckout,
        _key: &str,
    ) -> Result<Answer<StartedCheckout>, ProviderError> {
        Err(not_supported(
            "POST /v1/checkout_sessions",
            "PayMongo has no page on which a subscription is paid for the first time: make the subscription and lead \
             the payer to the merchant's own page, or bill the period by a checkout session or a link",
        ))
    }

    async fn portal_create(
        &self,
        _customer: &ObjectId,
        _return_url: &str,
        _key: &str,
    ) -> Result<Answer<String>, ProviderError> {
        Err(not_supported(
            "the customer portal",
            "PayMongo has no customer portal: cancel, change the plan or refund from here",
        ))
    }

    async fn subscription_cancel(
        &self,
        at: SubscriptionAt<'_>,
        when: CancelWhen,
        _key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        subscriptions::cancel(self, at.id, when).await
    }

    async fn subscription_resume(
        &self,
        _at: SubscriptionAt<'_>,
        _key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        Err(not_supported(
            "resuming a subscription",
            "PayMongo neither pauses nor schedules an end, so there is nothing to resume: make a new subscription",
        ))
    }

    async fn prices(&self, page: Option<&str>) -> Result<Answer<Page<ListedPrice>>, ProviderError> {
        let reply = pages::one(self, Request::get("/v1/plans"), page).await?;
        let listed = pages::items(&reply)?;
        let items = listed
            .items
            .into_iter()
            .map(|plan| wire::read(plan).and_then(listed_plan))
            .collect::<Result<_, _>>()
            .map_err(|flaw| reply.flawed(flaw))?;
        Ok(reply.answer(Page {
            items,
            next: listed.next,
        }))
    }

    /// PayMongo lists no events, so that there is none to be found.
    async fn event(&self, _id: &ObjectId) -> Result<Answer<Option<ListedEvent>>, ProviderError> {
        Ok(at_once(None))
    }

    /// Empty, and nothing is asked: what stands in is reading the objects' state.
    async fn events(
        &self,
        _since: Timestamp,
        _page: Option<&str>,
    ) -> Result<Answer<Page<ListedEvent>>, ProviderError> {
        Ok(at_once(Page {
            items: Vec::new(),
            next: None,
        }))
    }

    async fn refund_create(
        &self,
        new: &NewRefund,
        key: &str,
    ) -> Result<Answer<StartedRefund>, ProviderError> {
        refunds::create(self, new, key).await
    }
}

/// An answer that needed no call.
fn at_once<T>(value: T) -> Answer<T> {
    Answer {
        value,
        at: Timestamp::now(),
        request_id: None,
    }
}
