//! Stripe-like events with real signatures.

use billdeck::{
    domain::provider::Environment,
    providers::stripe::{Stripe, StripeOptions},
};
use jiff::Timestamp;
use ring::hmac;
use serde_json::json;

pub(crate) const SECRET: &str = "whsec_the_secret_of_the_tests";

/// A room in the test environment with these webhook secrets and no API.
pub(crate) fn room(secrets: &[&str]) -> Stripe {
    room_in(Environment::Test, secrets)
}

/// The same in another environment.
pub(crate) fn room_in(environment: Environment, secrets: &[&str]) -> Stripe {
    let mut options = StripeOptions::new(environment);
    options.webhook_secrets = secrets.iter().map(|&secret| secret.into()).collect();
    Stripe::new(&options).unwrap()
}

/// A customer's event in test mode.
pub(crate) fn event(id: &str) -> String {
    event_in(id, false)
}

/// The same with a mode.
pub(crate) fn event_in(id: &str, livemode: bool) -> String {
    json!({
        "id": id,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1_795_000_000,
        "livemode": livemode,
        "type": "customer.updated",
        "data": { "object": { "id": "cus_intake", "object": "customer", "email": "ana@example.com" } },
    })
    .to_string()
}

/// The signature header over a body, made now.
pub(crate) fn sign(secret: &str, body: &[u8]) -> String {
    sign_at(secret, body, Timestamp::now())
}

/// The signature header over a body, made at a time.
pub(crate) fn sign_at(secret: &str, body: &[u8], at: Timestamp) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let time = at.as_second();
    let mut context = hmac::Context::with_key(&key);
    context.update(time.to_string().as_bytes());
    context.update(b".");
    context.update(body);
    format!("t={time},v1={}", hex::encode(context.sign()))
}
