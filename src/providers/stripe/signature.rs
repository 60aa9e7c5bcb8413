//! Stripe's webhook signature: bytes in, proof out.
//!
//! `Stripe-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>…]`, each `v1` an HMAC-SHA256 over `<t>.<body>` under the whole
//! secret, `whsec_` included (Stripe docs: verify webhook signatures manually). Several `v1` stand there while a secret
//! is being rolled; other schemes are made up by Stripe's test tools and prove nothing.

use std::time::Duration;

use jiff::Timestamp;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::{
    domain::provider::ProviderName,
    providers::{RawDelivery, SignatureError, Verified},
};

/// The header, as it is written in errors.
const HEADER: &str = "Stripe-Signature";

/// More signatures than live secrets can explain: their only use would be to keep us busy.
const MAX_SIGNATURES: usize = 16;

/// The configured secrets, ready for use. A blank one is never a key, but keeps its place in the count.
pub(super) struct Secrets {
    keys: Vec<Option<hmac::Key>>,
    /// How far a signature's time may lie from now, in seconds, before as well as after.
    tolerance: i64,
}

impl Secrets {
    pub(super) fn new(secrets: &[SecretString], tolerance: Duration) -> Self {
        let key = |secret: &SecretString| {
            let secret = secret.expose_secret();
            (!secret.trim().is_empty()).then(|| hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
        };
        Self {
            keys: secrets.iter().map(key).collect(),
            tolerance: i64::try_from(tolerance.as_secs()).unwrap_or(i64::MAX),
        }
    }

    /// How many can be used.
    pub(super) fn count(&self) -> usize {
        self.keys.iter().flatten().count()
    }

    /// A fingerprint of each, blank where nothing can be checked with it. Keyed by the secret itself, so it tells
    /// nothing that a signature would not.
    pub(super) fn fingerprints(&self) -> Vec<String> {
        let of_key = |key: &hmac::Key| {
            let tag = hmac::sign(key, b"fingerprint of a webhook secret");
            hex::encode(tag.as_ref().get(..8).unwrap_or_default())
        };
        self.keys
            .iter()
            .map(|key| key.as_ref().map(of_key).unwrap_or_default())
            .collect()
    }

    /// Checks the signature first and its age after that: the age of a forged header means nothing.
    pub(super) fn verify(
        &self,
        delivery: RawDelivery<'_>,
        now: Timestamp,
    ) -> Result<Verified, SignatureError> {
        if self.count() == 0 {
            return Err(SignatureError::NoSecret(ProviderName::Stripe));
        }
        let header = delivery
            .headers
            .get("stripe-signature")
            .ok_or(SignatureError::Missing(HEADER))?;
        let header = Header::parse(header)?;

        let secret_index = self
            .keys
            .iter()
            .enumerate()
            .filter_map(|(index, key)| key.as_ref().map(|key| (index, key)))
            .find(|(_, key)| {
                let expected = sign(key, header.time_text, delivery.body);
                header
                    .signatures
                    .iter()
                    .any(|found| bool::from(expected.as_ref().ct_eq(found)))
            })
            .map(|(index, _)| index)
            .ok_or(SignatureError::Mismatch)?;

        let age = now.as_second().saturating_sub(header.time);
        if !(-self.tolerance..=self.tolerance).contains(&age) {
            return Err(SignatureError::OutsideTolerance(age));
        }
        Ok(Verified {
            secret_index,
            signed_at: Timestamp::from_second(header.time).ok(),
        })
    }
}

fn sign(key: &hmac::Key, time: &str, body: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(time.as_bytes());
    context.update(b".");
    context.update(body);
    context.sign()
}

struct Header<'a> {
    /// As sent: it is part of what was signed.
    time_text: &'a str,
    time: i64,
    signatures: Vec<[u8; 32]>,
}

impl<'a> Header<'a> {
    fn parse(text: &'a str) -> Result<Self, SignatureError> {
        let malformed = |why| SignatureError::Malformed { header: HEADER, why };
        let mut time_text = None;
        let mut signatures = Vec::new();
        for (scheme, value) in text.split(',').filter_map(|part| part.trim().split_once('=')) {
            match scheme {
                "t" if time_text.is_some() => return Err(malformed("`t` stands there twice")),
                "t" => time_text = Some(value),
                "v1" if signatures.len() == MAX_SIGNATURES => {
                    return Err(malformed("it holds too many signatures"));
                }
                "v1" => {
                    let mut bytes = [0; 32];
                    // One that is no hash cannot match; another one still may.
                    if hex::decode_to_slice(value, &mut bytes).is_ok() {
                        signatures.push(bytes);
                    }
                }
                _ => {}
            }
        }
        let time_text = time_text.ok_or(malformed("`t` is missing"))?;
        if !time_text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed("`t` is no number"));
        }
        let time = time_text.parse().map_err(|_| malformed("`t` is no number"))?;
        if signatures.is_empty() {
            return Err(malformed("it holds no `v1` signature"));
        }
        Ok(Self {
            time_text,
            time,
            signatures,
        })
    }
}

#[cfg(test)]
mod tests;
