//! `Stripe-Signature`: HMAC-SHA256 over timestamp, dot and body, keyed with the whole endpoint secret, once per secret.

use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

pub(crate) fn header(secrets: &[SecretString], timestamp: i64, body: &[u8]) -> String {
    let mut header = format!("t={timestamp}");
    for secret in secrets {
        header.push_str(",v1=");
        header.push_str(&signature(secret.expose_secret(), timestamp, body));
    }
    header
}

fn signature(secret: &str, timestamp: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(timestamp.to_string().as_bytes());
    context.update(b".");
    context.update(body);
    hex::encode(context.sign())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_test_secret_for_vector";

    #[test]
    fn signs_as_the_published_vectors() {
        let first = br#"{"id":"evt_test_vector_1","object":"event","type":"invoice.paid"}"#;
        let second = "{\"id\":\"evt_test_vector_2\",\"name\":\"café\"}\n".as_bytes();
        assert_eq!(
            signature(SECRET, 1_767_225_600, first),
            "c1a7b6a07ec8f65f7f243c5cbfb06e5cdb4cd1d456053594aeaf32ce7ea856ce"
        );
        assert_eq!(
            signature(SECRET, 1_767_225_600, second),
            "d63cfec79d67ab57569f3eff3c92b287afb61e042680d25cb927516989b8d42d"
        );
    }

    #[test]
    fn signs_with_every_secret() {
        let secrets = [SecretString::from("whsec_a"), SecretString::from("whsec_b")];
        let header = header(&secrets, 7, b"{}");
        let expected = format!(
            "t=7,v1={},v1={}",
            signature("whsec_a", 7, b"{}"),
            signature("whsec_b", 7, b"{}")
        );
        assert_eq!(header, expected);
    }
}
