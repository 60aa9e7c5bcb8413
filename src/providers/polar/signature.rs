//! Polar's webhook signature: bytes in, proof out.
//!
//! Standard Webhooks: `webhook-signature` holds entries `v1,<base64>` parted by spaces, each an HMAC-SHA256 over
//! `<webhook-id>.<webhook-timestamp>.<body>`. Two ways to come from a secret to its key live side by side, by the age of
//! the endpoint's secret (Polar: before and since 2026-09-08): the bytes of the whole text, or what the base64 behind
//! `whsec_` stands for. Which one holds cannot be seen in the text, so both are tried.

use std::time::Duration;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use jiff::Timestamp;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::{
    domain::provider::ProviderName,
    providers::{RawDelivery, SignatureError, Verified},
};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// What secrets in base64 begin with.
const PREFIX: &str = "whsec_";

/// How many bytes a secret in base64 stands for (Standard Webhooks). Fewer would be a key that can be guessed.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// More signatures than live secrets can explain: their only use would be to keep us busy.
const MAX_SIGNATURES: usize = 16;

/// Secrets are written with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The keys that one secret may stand for. The whole text is always one of them.
struct Candidates {
    whole: hmac::Key,
    decoded: Option<hmac::Key>,
}

/// The configured secrets, ready for use. A blank one is never a key, but keeps its place in the count.
pub(super) struct Secrets {
    keys: Vec<Option<Candidates>>,
    /// How far a signature's time may lie from now, in seconds, before as well as after.
    tolerance: i64,
}

impl Candidates {
    fn of(secret: &SecretString) -> Option<Self> {
        let secret = secret.expose_secret().trim();
        let remainder = secret.strip_prefix(PREFIX);
        if secret.is_empty() || remainder == Some("") {
            return None;
        }
        let decoded = remainder
            .and_then(|text| LENIENT.decode(text).ok())
            .filter(|key| KEY_BYTES.contains(&key.len()));
        Some(Self {
            whole: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            decoded: decoded.map(|key| hmac::Key::new(hmac::HMAC_SHA256, &key)),
        })
    }

    fn matches(&self, head: &Head<'_>, body: &[u8]) -> bool {
        [Some(&self.whole), self.decoded.as_ref()]
            .into_iter()
            .flatten()
            .any(|key| {
                let expected = sign(key, head.id, head.time_text, body);
                head.signatures
                    .iter()
                    .any(|found| bool::from(expected.as_ref().ct_eq(found)))
            })
    }
}

impl Secrets {
    pub(super) fn new(secrets: &[SecretString], tolerance: Duration) -> Self {
        Self {
            keys: secrets.iter().map(Candidates::of).collect(),
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
        let of_key = |keys: &Candidates| {
            let tag = hmac::sign(&keys.whole, b"fingerprint of a webhook secret");
            hex::encode(tag.as_ref().get(..8).unwrap_or_default())
        };
        self.keys
            .iter()
            .map(|keys| keys.as_ref().map(of_key).unwrap_or_default())
            .collect()
    }

    /// Checks the signature first and its age after that: the age of a forged header means nothing.
    pub(super) fn verify(
        &self,
        delivery: RawDelivery<'_>,
        now: Timestamp,
    ) -> Result<Verified, SignatureError> {
        if self.count() == 0 {
            return Err(SignatureError::NoSecret(ProviderName::Polar));
        }
        let head = Head::read(delivery)?;
        let secret_index = self
            .keys
            .iter()
            .position(|keys| {
                keys.as_ref()
                    .is_some_and(|keys| keys.matches(&head, delivery.body))
            })
            .ok_or(SignatureError::Mismatch)?;

        let age = now.as_second().saturating_sub(head.time);
        if !(-self.tolerance..=self.tolerance).contains(&age) {
            return Err(SignatureError::OutsideTolerance(age));
        }
        Ok(Verified {
            secret_index,
            signed_at: Timestamp::from_second(head.time).ok(),
        })
    }
}

fn sign(key: &hmac::Key, id: &str, time: &str, body: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(id.as_bytes());
    context.update(b".");
    context.update(time.as_bytes());
    context.update(b".");
    context.update(body);
    context.sign()
}

struct Head<'a> {
    /// As sent, like the time: both are part of what was signed.
    id: &'a str,
    time_text: &'a str,
    time: i64,
    signatures: Vec<[u8; 32]>,
}

impl<'a> Head<'a> {
    fn read(delivery: RawDelivery<'a>) -> Result<Self, SignatureError> {
        let header = |name: &'static str| {
            let found = delivery.headers.get(name);
            found.map(String::as_str).ok_or(SignatureError::Missing(name))
        };
        let malformed = |header, why| SignatureError::Malformed { header, why };
        let (id, time_text, entries) = (header(ID)?, header(TIMESTAMP)?, header(SIGNATURE)?);
        // A dot would let the parts of what was signed be cut elsewhere.
        if id.is_empty() || id.contains('.') {
            return Err(malformed(ID, "it is empty or holds a dot"));
        }
        if !time_text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed(TIMESTAMP, "it is no number"));
        }
        let time = time_text
            .parse()
            .map_err(|_| malformed(TIMESTAMP, "it is no number"))?;

        let mut signatures = Vec::new();
        for value in entries
            .split(' ')
            .filter_map(|entry| entry.trim().strip_prefix("v1,"))
        {
            if signatures.len() == MAX_SIGNATURES {
                return Err(malformed(SIGNATURE, "it holds too many signatures"));
            }
            // One that is no hash cannot match; another one still may.
            let bytes = STANDARD.decode(value).ok();
            signatures.extend(bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()));
        }
        if signatures.is_empty() {
            return Err(malformed(SIGNATURE, "it holds no `v1` signature"));
        }
        Ok(Self {
            id,
            time_text,
            time,
            signatures,
        })
    }
}

#[cfg(test)]
mod tests;
