//! Stripe's calls, by what they are about.

mod checkout;
pub(super) mod customers;
mod events;
mod lists;
mod pages;
mod prices;
mod read;
mod refunds;
mod subscriptions;

use async_trait::async_trait;
use jiff::Timestamp;

use super::client::{Client, Request};
use crate::{
    domain::{
        ids::ObjectId,
        provider::{ObjectKind, ObjectRef},
    },
    providers::{
        Answer, CancelWhen, CustomerPatch, ListedEvent, ListedPrice, NewCheckout, NewCustomer, NewRefund,
        Page, ProviderApi, ProviderError, ReadObject, StartedCheckout, StartedRefund, SubscriptionAt,
    },
};

#[async_trait]
impl ProviderApi for Client {
    async fn check_credentials(&self) -> Result<Answer<()>, ProviderError> {
        let reply = self.send(Request::get("/v1/prices").query("limit", "1")).await?;
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

    async fn customer_update(
        &self,
        id: &ObjectId,
        patch: &CustomerPatch,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        customers::update(self, id, patch, key).await
    }

    async fn checkout_create(
        &self,
        new: &NewCheckout,
        key: &str,
    ) -> Result<Answer<StartedCheckout>, ProviderError> {
        checkout::create(self, new, key).await
    }

    async fn portal_create(
        &self,
        customer: &ObjectId,
        return_url: &str,
        key: &str,
    ) -> Result<Answer<String>, ProviderError> {
        checkout::portal(self, customer, return_url, key).await
    }

    async fn subscription_cancel(
        &self,
        at: SubscriptionAt<'_>,
        when: CancelWhen,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        subscriptions::cancel(self, at.id, when, key).await
    }

    async fn subscription_resume(
        &self,
        at: SubscriptionAt<'_>,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        subscriptions::resume(self, at.id, key).await
    }

    async fn prices(&self, page: Option<&str>) -> Result<Answer<Page<ListedPrice>>, ProviderError> {
        prices::page(self, page).await
    }

    async fn event(&self, id: &ObjectId) -> Result<Answer<Option<ListedEvent>>, ProviderError> {
        events::one(self, id).await
    }

    async fn events(
        &self,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<Answer<Page<ListedEvent>>, ProviderError> {
        events::page(self, since, page).await
    }

    async fn refund_create(
        &self,
        new: &NewRefund,
        key: &str,
    ) -> Result<Answer<StartedRefund>, ProviderError> {
        refunds::create(self, new, key).await
    }
}
