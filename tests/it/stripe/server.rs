//! The Stripe room at a server that answers as told.

use std::time::Duration;

use billdeck::{
    domain::provider::Environment,
    providers::{
        Provider, ProviderApi, Timeouts,
        stripe::{Stripe, StripeOptions},
    },
};

use crate::support::answering::Answering;
pub(super) use crate::support::answering::{Asked, Reply};

/// The key that every test here uses; no error and no Debug output may hold it.
pub(super) const KEY: &str = "sk_test_verysecret";

pub(super) struct Server {
    pub(super) stripe: Stripe,
    answering: Answering,
}

impl Server {
    /// A server that gives these answers in turn, and the room that talks to it.
    pub(super) async fn with(replies: impl IntoIterator<Item = Reply>) -> Self {
        let answering = Answering::with(replies).await;
        Self {
            stripe: stripe_at(&answering.base),
            answering,
        }
    }

    pub(super) fn api(&self) -> &dyn ProviderApi {
        self.stripe.api().unwrap()
    }

    /// All that was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.answering.asked()
    }

    /// How many requests were being answered at once, at most.
    pub(super) fn most_running(&self) -> usize {
        self.answering.most_running()
    }

    /// The one thing that was asked, after every prepared answer was given.
    pub(super) fn only(&self) -> Asked {
        let [asked] = self.asked().try_into().unwrap();
        assert_eq!(self.answering.left(), 0);
        asked
    }
}

pub(super) fn stripe_at(base: &str) -> Stripe {
    Stripe::new(&StripeOptions {
        secret_key: Some(KEY.into()),
        api_base: base.to_owned(),
        timeouts: Timeouts {
            connect: Duration::from_secs(2),
            read: Duration::from_millis(500),
            write: Duration::from_millis(500),
            backoff: Duration::from_millis(1),
        },
        ..StripeOptions::new(Environment::Test)
    })
    .unwrap()
}
