//! Calls that are PayMongo's own: what sells once, what is paid in the payer's browser, plans and subscriptions, webhook
//! endpoints. They speak billing's words like the calls of the trait.

mod paying;
mod recurring;
mod selling;
mod setup;

use reqwest::Method;
use serde::Serialize;

use super::{
    super::{
        client::{Client, act, idempotency_key, segment},
        interpret::Resource,
    },
    read,
};
use crate::{
    domain::ids::ObjectId,
    providers::{Answer, ProviderError, ReadObject},
};

pub use paying::{Intent, MethodShown, NewIntent, NewMethod, NextAction, SavedMethod};
pub use recurring::{MadeSubscription, NewPlan, PlanChange};
pub use selling::{Line, LinkMade, NewLink, NewPaymentCheckout};
pub use setup::{Disputes, EVENTS, Endpoint, ListedDispute};

/// PayMongo's own calls, with the room's credentials.
#[derive(Clone, Copy)]
pub struct Calls<'c> {
    client: &'c Client,
}

impl std::fmt::Debug for Calls<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calls").finish_non_exhaustive()
    }
}

impl<'c> Calls<'c> {
    pub(in crate::providers::paymongo) const fn new(client: &'c Client) -> Self {
        Self { client }
    }

    /// Does something to an object, once, and reads the object that comes back.
    async fn act(
        &self,
        about: Resource,
        method: Method,
        path: String,
        attributes: &impl Serialize,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        let reply = self.client.send(act(method, path, attributes)?).await?;
        read::of_reply(self.client, about, reply).await
    }
}

/// The place of an object's action.
fn of(folder: &str, id: &ObjectId, action: &str) -> String {
    format!("/v1/{folder}/{}{action}", segment(id.as_str()))
}

/// The key that a call sends for billdeck's own.
fn sent(key: &str) -> String {
    idempotency_key(key)
}
