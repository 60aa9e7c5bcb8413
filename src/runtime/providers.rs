//! The provider rooms, from the settings.

use std::sync::Arc;

use super::RuntimeError;
use crate::{
    config::Settings,
    providers::{
        Provider, Registry,
        stripe::{Stripe, StripeOptions, Timeouts},
    },
};

/// A room for every provider that billdeck has one for. Without credentials a room still reads event bodies, which is all
/// that imported events need; its API is off and every delivery to it is unverified.
pub fn registry(settings: &Settings) -> Result<Registry, RuntimeError> {
    let stripe = &settings.stripe;
    let options = StripeOptions {
        secret_key: stripe.credentials.secret_key.clone(),
        webhook_secrets: stripe.credentials.webhook_secrets.clone(),
        webhook_tolerance: stripe.webhook_tolerance,
        api_base: stripe.credentials.api_base.clone(),
        timeouts: Timeouts {
            connect: stripe.connect_timeout,
            read: stripe.read_timeout,
            write: stripe.write_timeout,
            ..Timeouts::default()
        },
        ..StripeOptions::new(settings.environment)
    };
    let room: Arc<dyn Provider> = Arc::new(Stripe::new(&options).map_err(RuntimeError::Stripe)?);
    Ok(Registry::new([room]))
}
