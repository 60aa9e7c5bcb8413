use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::*;

const SECRET: &str = "whsk_Zx9Kq2Lm4Np6Rs8Tv1Wy3Ab5";
const TIME: i64 = 1_772_420_062;
const HASH: &str = "c627cf66787d676068f7d67e1922a9b9a68ccda84e0efd3598713102b8d3432d";
const BODY: &str = "eyJkYXRhIjp7ImlkIjoiZXZ0XzAxUW1YaFQ0d0xwTnlSZDZKazhWYkYyYyIsInR5cGUiOiJldmVudCIsImF0dHJpYnV0ZXMiOnsidHlwZSI6InBheW1lbnQucGFpZCIsImxpdmVtb2RlIjpmYWxzZSwiZGF0YSI6eyJpZCI6InBheV9odlRuOUV5eGR1WjlnVjhXSGhTR1lxQmkiLCJ0eXBlIjoicGF5bWVudCIsImF0dHJpYnV0ZXMiOnsiYW1vdW50IjoxNTAwNTAsImN1cnJlbmN5IjoiUEhQIiwic3RhdHVzIjoicGFpZCIsImJpbGxpbmciOnsibmFtZSI6Ikpvc8OpIFBlw7FhIn19fSwicHJldmlvdXNfZGF0YSI6e30sImNyZWF0ZWRfYXQiOjE3NzI0MjAwNjEsInVwZGF0ZWRfYXQiOjE3NzI0MjAwNjF9fX0=";

fn body() -> Vec<u8> {
    let body = BASE64_STANDARD.decode(BODY).unwrap();
    assert_eq!(body.len(), 341);
    body
}

fn test_header() -> String {
    format!("t={TIME},te={HASH},li=")
}

fn live_header() -> String {
    format!("t={TIME},te=,li={HASH}")
}

fn secrets(environment: Environment, secrets: &[&str]) -> Secrets {
    let secrets: Vec<SecretString> = secrets.iter().map(|&secret| secret.into()).collect();
    Secrets::new(&secrets, environment, Duration::from_mins(5))
}

fn verify(
    secrets: &Secrets,
    header: Option<&str>,
    body: &[u8],
    after: i64,
) -> Result<Verified, SignatureError> {
    let headers: BTreeMap<String, String> = header
        .map(|header| ("paymongo-signature".to_owned(), header.to_owned()))
        .into_iter()
        .collect();
    let delivery = RawDelivery {
        headers: &headers,
        body,
    };
    secrets.verify(delivery, Timestamp::from_second(TIME + after).unwrap())
}

#[test]
fn the_vector_passes_in_its_own_mode_only() {
    let test = secrets(Environment::Test, &[SECRET]);
    let live = secrets(Environment::Live, &[SECRET]);
    let passed = Ok(Verified {
        secret_index: 0,
        signed_at: Timestamp::from_second(TIME).ok(),
    });
    assert_eq!(verify(&test, Some(&test_header()), &body(), 0), passed);
    assert_eq!(verify(&live, Some(&live_header()), &body(), 0), passed);
    let wrong_mode = Err(SignatureError::Malformed {
        header: HEADER,
        why: "it holds no signature for this endpoint's mode",
    });
    assert_eq!(verify(&live, Some(&test_header()), &body(), 0), wrong_mode);
    assert_eq!(verify(&test, Some(&live_header()), &body(), 0), wrong_mode);
    // Both filled: only the endpoint's own counts.
    let both = format!("t={TIME},te={HASH},li={}", "0".repeat(64));
    assert_eq!(verify(&test, Some(&both), &body(), 0), passed);
    assert_eq!(
        verify(&live, Some(&both), &body(), 0),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn names_count_and_not_places() {
    let test = secrets(Environment::Test, &["whsk_other", SECRET]);
    let turned = format!("li=, te={HASH},v9=x,t={TIME}");
    assert_eq!(
        verify(&test, Some(&turned), &body(), 0).map(|found| found.secret_index),
        Ok(1)
    );
}

#[test]
fn anything_changed_fails() {
    let test = secrets(Environment::Test, &[SECRET]);
    let mut longer = body();
    longer.push(b'\n');
    assert_eq!(
        verify(&test, Some(&test_header()), &longer, 0),
        Err(SignatureError::Mismatch)
    );
    let later = test_header().replace("t=1772420062", "t=1772420063");
    assert_eq!(
        verify(&test, Some(&later), &body(), 0),
        Err(SignatureError::Mismatch)
    );
    assert_eq!(
        verify(&test, None, &body(), 0),
        Err(SignatureError::Missing(HEADER))
    );
    for header in [
        "",
        "t=,te=,li=",
        "nonsense",
        &format!("te={HASH},li="),
        &format!("t=-5,te={HASH},li="),
        &format!("t=99999999999999999999,te={HASH},li="),
        &format!("t={TIME},te={HASH}00,li="),
        &format!("t={TIME},t={TIME},te={HASH},li="),
        &format!("t={TIME},te={HASH},te={HASH},li="),
    ] {
        let found = verify(&test, Some(header), &body(), 0);
        assert!(
            matches!(found, Err(SignatureError::Malformed { .. })),
            "{header}: {found:?}"
        );
    }
}

#[test]
fn age_is_judged_after_the_signature_and_by_the_options() {
    let test = secrets(Environment::Test, &[SECRET]);
    let header = test_header();
    assert!(verify(&test, Some(&header), &body(), 300).is_ok());
    assert!(verify(&test, Some(&header), &body(), -300).is_ok());
    assert_eq!(
        verify(&test, Some(&header), &body(), 301),
        Err(SignatureError::OutsideTolerance(301))
    );
    assert_eq!(
        verify(&test, Some(&header), b"{}", 301),
        Err(SignatureError::Mismatch)
    );
    let wide = Secrets::new(&[SECRET.into()], Environment::Test, Duration::from_hours(3));
    assert!(verify(&wide, Some(&header), &body(), 8_190).is_ok());
}

#[test]
fn blank_secrets_prove_nothing_and_are_not_counted() {
    let none = secrets(Environment::Test, &[" ", ""]);
    assert_eq!(none.count(), 0);
    assert_eq!(
        verify(&none, Some(&test_header()), &body(), 0),
        Err(SignatureError::NoSecret(ProviderName::Paymongo))
    );
    let prints = secrets(Environment::Test, &["", SECRET]).fingerprints();
    assert_eq!((prints[0].len(), prints[1].len()), (0, 16));
}
