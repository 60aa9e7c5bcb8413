//! Polar's calls, by what they are about.

mod checkout;
mod customers;
mod events;
mod lists;
mod pages;
mod products;
mod read;
mod refunds;
pub(super) mod subscriptions;
pub(super) mod usage;
pub(super) mod webhooks;

use std::time::Duration;

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

/// The metadata key under which the key of a write travels, so that a write whose answer was lost is found again.
const KEY_METADATA_KEY: &str = "billdeck_key";

/// Polar's API with a token.
pub struct PolarApi {
    client: Client,
}

impl PolarApi {
    pub(super) const fn new(client: Client) -> Self {
        Self { client }
    }

    pub(super) fn p95(&self) -> Option<Duration> {
        self.client.p95()
    }

    /// The customer with the application's own id; none when there is none.
    pub async fn customer_by_external_id(
        &self,
        external_id: &str,
    ) -> Result<Answer<Option<ReadObject>>, ProviderError> {
        customers::by_external_id(&self.client, external_id).await
    }

    /// One page of all disputes, newest first, since `since`. No event tells of a dispute, so this is read on a schedule.
    pub async fn disputes(
        &self,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<Answer<Page<ReadObject>>, ProviderError> {
        lists::disputes_since(&self.client, since, page).await
    }
}

#[async_trait]
impl ProviderApi for PolarApi {
    /// A token of an organization sees exactly that one.
    async fn check_credentials(&self) -> Result<Answer<()>, ProviderError> {
        let request = Request::get("/v1/organizations/").query("limit", "1");
        let reply = self.client.send(request).await?;
        pages::items(&reply)?;
        Ok(reply.answer(()))
    }

    async fn read(
        &self,
        object: &ObjectRef,
        _of: Option<&ObjectId>,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        read::object(&self.client, object).await
    }

    async fn subscriptions_of(&self, customer: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
        lists::subscriptions(&self.client, customer).await
    }

    async fn objects_of(
        &self,
        customer: &ObjectId,
        kind: ObjectKind,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        lists::objects(&self.client, customer, kind).await
    }

    async fn customers_by_email(&self, email: &str) -> Result<Answer<ReadObject>, ProviderError> {
        customers::by_email(&self.client, email).await
    }

    async fn customer_create(
        &self,
        new: &NewCustomer,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        customers::create(&self.client, new, key).await
    }

    async fn customer_update(
        &self,
        id: &ObjectId,
        patch: &CustomerPatch,
        _key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        customers::update(&self.client, id, patch).await
    }

    async fn checkout_create(
        &self,
        new: &NewCheckout,
        _key: &str,
    ) -> Result<Answer<StartedCheckout>, ProviderError> {
        checkout::create(&self.client, new).await
    }

    async fn portal_create(
        &self,
        customer: &ObjectId,
        return_url: &str,
        _key: &str,
    ) -> Result<Answer<String>, ProviderError> {
        checkout::portal(&self.client, customer, return_url).await
    }

    async fn subscription_cancel(
        &self,
        at: SubscriptionAt<'_>,
        when: CancelWhen,
        _key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        subscriptions::cancel(&self.client, at.id, when).await
    }

    async fn subscription_resume(
        &self,
        at: SubscriptionAt<'_>,
        _key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        subscriptions::resume(&self.client, at.id).await
    }

    async fn prices(&self, page: Option<&str>) -> Result<Answer<Page<ListedPrice>>, ProviderError> {
        products::page(&self.client, page).await
    }

    async fn event(&self, id: &ObjectId) -> Result<Answer<Option<ListedEvent>>, ProviderError> {
        events::one(&self.client, id).await
    }

    async fn events(
        &self,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<Answer<Page<ListedEvent>>, ProviderError> {
        events::page(&self.client, since, page).await
    }

    async fn refund_create(
        &self,
        new: &NewRefund,
        key: &str,
    ) -> Result<Answer<StartedRefund>, ProviderError> {
        refunds::create(&self.client, new, key).await
    }
}
