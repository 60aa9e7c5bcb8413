//! PayMongo's webhook signature: bytes in, proof out.
//!
//! `Paymongo-Signature: t=<unix seconds>,te=<hex>,li=<hex>`: an HMAC-SHA256 over `<t>.<body>` under the whole secret,
//! `whsk_` included. Test mode fills `te`, live mode `li`, and the other one is there and empty. Which of the two counts is
//! the endpoint's mode to say, not the header's: else a test secret could vouch for live events.

use std::time::Duration;

use jiff::Timestamp;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::{
    domain::provider::{Environment, ProviderName},
    providers::{RawDelivery, SignatureError, Verified},
};

/// The header, as it is written in errors.
const HEADER: &str = "Paymongo-Signature";

/// The configured secrets, ready for use. A blank one is never a key, but keeps its place in the count.
pub(super) struct Secrets {
    keys: Vec<Option<hmac::Key>>,
    environment: Environment,
    /// How far a signature's time may lie from now, in seconds, before as well as after.
    tolerance: i64,
}

impl Secrets {
    pub(super) fn new(secrets: &[SecretString], environment: Environment, tolerance: Duration) -> Self {
        let key = |secret: &SecretString| {
            let secret = secret.expose_secret();
            (!secret.trim().is_empty()).then(|| hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
        };
        Self {
            keys: secrets.iter().map(key).collect(),
            environment,
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
            return Err(SignatureError::NoSecret(ProviderName::Paymongo));
        }
        let header = delivery
            .headers
            .get("paymongo-signature")
            .ok_or(SignatureError::Missing(HEADER))?;
        let header = Header::parse(header, self.environment)?;
        let secret_index = self
            .keys
            .iter()
            .enumerate()
            .filter_map(|(index, key)| Some((index, key.as_ref()?)))
            .find(|(_, key)| {
                let expected = sign(key, header.time_text, delivery.body);
                bool::from(expected.as_ref().ct_eq(&header.signature))
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
    signature: [u8; 32],
}

impl<'a> Header<'a> {
    fn parse(text: &'a str, environment: Environment) -> Result<Self, SignatureError> {
        let malformed = |why| SignatureError::Malformed { header: HEADER, why };
        let wanted = match environment {
            Environment::Test => "te",
            Environment::Live => "li",
        };
        let mut time_text = None;
        let mut signature = None;
        for (name, value) in text.split(',').filter_map(|part| part.trim().split_once('=')) {
            let place = if name == "t" {
                &mut time_text
            } else if name == wanted {
                &mut signature
            } else {
                continue;
            };
            if place.replace(value).is_some() {
                return Err(malformed("one of its fields stands there twice"));
            }
        }
        let time_text = time_text.ok_or(malformed("`t` is missing"))?;
        if !time_text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed("`t` is no number"));
        }
        let time = time_text.parse().map_err(|_| malformed("`t` is no number"))?;
        let hex = signature
            .filter(|hex| !hex.is_empty())
            .ok_or(malformed("it holds no signature for this endpoint's mode"))?;
        let mut signature = [0; 32];
        hex::decode_to_slice(hex, &mut signature).map_err(|_| malformed("the signature is no hash"))?;
        Ok(Self {
            time_text,
            time,
            signature,
        })
    }
}

#[cfg(test)]
mod tests;
