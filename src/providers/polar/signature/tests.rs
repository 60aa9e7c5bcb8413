use std::collections::BTreeMap;

use super::*;

const SECRET: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
const OTHER: &str = "whsec_ZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg4Q=";
const BODY: &[u8] =
    br#"{"type":"order.paid","timestamp":"2026-09-21T14:13:18Z","data":{"id":"ord_1","total_amount":2900}}"#;
const NOW: i64 = 1_790_000_000;

/// Polar's own vector.
const ID: &str = "6f0e2c3a-5b1d-4f6e-9a57-0c2d9e4b7f11";
const STANDARD_SIGNATURE: &str = "v1,Jgmtvv0QxJsNyDj8sZyMiSEUTPY1NUlgqvoHX1BlLqE=";
const LEGACY_SIGNATURE: &str = "v1,gVEYFtZyQzSTtWyh/lnrieM//20ZiC//vqYJRNCtxzM=";
const UNDECODED_REST: &str = "v1,yrgCT9AQ8iBv4kINVppSA8dbsSQTNeU2AmGbv69fcAo=";

/// The vectors of Standard Webhooks.
const SPEC_ID: &str = "msg_01JBILLDECKVECTOR0001";
const SPEC_VALID: &str = "v1,SRIOhu3KNUNUkFeC3+pz5zv4AdkomrCgjRJSNMzXs98=";

fn secrets(secrets: &[&str]) -> Secrets {
    let secrets: Vec<_> = secrets.iter().map(|&secret| SecretString::from(secret)).collect();
    Secrets::new(&secrets, Duration::from_mins(5))
}

fn headers(id: &str, time: &str, signature: &str) -> BTreeMap<String, String> {
    [(super::ID, id), (TIMESTAMP, time), (SIGNATURE, signature)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn verify(
    secrets: &Secrets,
    headers: &BTreeMap<String, String>,
    body: &[u8],
) -> Result<Verified, SignatureError> {
    let delivery = RawDelivery { headers, body };
    secrets.verify(delivery, Timestamp::from_second(NOW).unwrap())
}

fn check(
    secret: &str,
    id: &str,
    time: i64,
    signature: &str,
    body: &[u8],
) -> Result<Verified, SignatureError> {
    verify(
        &secrets(&[secret]),
        &headers(id, &time.to_string(), signature),
        body,
    )
}

#[test]
fn both_ways_from_a_secret_to_its_key_are_accepted_and_no_third_one() {
    for signature in [STANDARD_SIGNATURE, LEGACY_SIGNATURE] {
        let verified = check(SECRET, ID, NOW, signature, BODY).unwrap();
        assert_eq!(verified.secret_index, 0);
        assert_eq!(verified.signed_at, Some(Timestamp::from_second(NOW).unwrap()));
    }
    let undecoded = check(SECRET, ID, NOW, UNDECODED_REST, BODY);
    assert_eq!(undecoded, Err(SignatureError::Mismatch));
}

#[test]
fn the_vectors_of_standard_webhooks() {
    let several = format!(
        "v1,E4vl1JxmX1dbw+50j8q0JTLKYsHsiXA0cpPnG/m5I1Y= v1a,{}== {SPEC_VALID}",
        "A".repeat(86)
    );
    let tampered = String::from_utf8(BODY.to_vec()).unwrap().replace("2900", "2901");
    let mismatch = || Err(SignatureError::Mismatch);
    let rows = [
        (SECRET, 0, BODY, SPEC_VALID, Ok(())),
        (OTHER, 0, BODY, SPEC_VALID, mismatch()),
        (SECRET, 0, tampered.as_bytes(), SPEC_VALID, mismatch()),
        (
            SECRET,
            -301,
            BODY,
            "v1,xcvtHq7zTRtnDgmndtFVXrcd0Bfaz5G1/pVAaoU23cE=",
            Err(SignatureError::OutsideTolerance(301)),
        ),
        (
            SECRET,
            301,
            BODY,
            "v1,mLtmVVI4uyhdqapy7Is4EDYtxtXIiYZ0cnf1mRWk9FE=",
            Err(SignatureError::OutsideTolerance(-301)),
        ),
        (SECRET, 0, BODY, several.as_str(), Ok(())),
        (
            SECRET,
            -300,
            BODY,
            "v1,YcSHHeXiQjZLHKlDG6wk520+5Uic6uFVpVEEZYl5iIs=",
            Ok(()),
        ),
        (
            SECRET,
            300,
            BODY,
            "v1,8VEm15qgk5aR9bSGuxOR3i5XQSNvO4lYoB4Fag/SWx4=",
            Ok(()),
        ),
    ];
    for (number, (secret, age, body, signature, expected)) in rows.into_iter().enumerate() {
        let found = check(secret, SPEC_ID, NOW + age, signature, body).map(drop);
        assert_eq!(found, expected, "row {number}");
    }
}

#[test]
fn any_configured_secret_counts_by_its_place_and_padding_is_not_needed() {
    let unpadded = SECRET.trim_end_matches('=');
    let secrets = secrets(&["", OTHER, unpadded]);
    assert_eq!(secrets.count(), 2);
    let verified = verify(&secrets, &headers(SPEC_ID, &NOW.to_string(), SPEC_VALID), BODY).unwrap();
    assert_eq!(verified.secret_index, 2);
    let [blank, other, ours] = secrets.fingerprints().try_into().unwrap();
    assert!(blank.is_empty() && other != ours && !ours.contains(&SECRET[6..14]));
}

#[test]
fn secrets_that_say_nothing_are_no_keys() {
    // A key of no bytes, or of a few, would let anybody sign.
    for secret in ["", "  ", "whsec_"] {
        assert_eq!(
            check(secret, ID, NOW, STANDARD_SIGNATURE, BODY),
            Err(SignatureError::NoSecret(ProviderName::Polar)),
            "{secret:?}"
        );
    }
    let short = hmac::Key::new(hmac::HMAC_SHA256, b"abc");
    let signature = format!("v1,{}", STANDARD.encode(sign(&short, ID, &NOW.to_string(), BODY)));
    assert_eq!(
        check("whsec_YWJj", ID, NOW, &signature, BODY),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn old_secrets_of_any_shape_are_keys_as_they_stand() {
    for secret in ["polar_whs_Ab3", "a word of our own"] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(sign(&key, ID, &NOW.to_string(), BODY)));
        assert!(check(secret, ID, NOW, &signature, BODY).is_ok(), "{secret}");
    }
}

#[test]
fn headers_that_are_missing_or_odd_are_told_apart() {
    let secrets = secrets(&[SECRET]);
    let good = headers(SPEC_ID, &NOW.to_string(), SPEC_VALID);
    for name in [super::ID, TIMESTAMP, SIGNATURE] {
        let mut without = good.clone();
        without.remove(name);
        assert_eq!(
            verify(&secrets, &without, BODY),
            Err(SignatureError::Missing(name))
        );
    }
    let many = vec![SPEC_VALID; MAX_SIGNATURES + 1].join(" ");
    let odd = [
        (super::ID, ""),
        (super::ID, "a.b"),
        (TIMESTAMP, "soon"),
        (TIMESTAMP, "-1790000000"),
        (TIMESTAMP, "99999999999999999999"),
        (TIMESTAMP, ""),
        (SIGNATURE, ""),
        (SIGNATURE, "v1"),
        (SIGNATURE, "v1,%%% v1,QUJD v2,QUJD"),
        (SIGNATURE, many.as_str()),
    ];
    for (name, value) in odd {
        let mut changed = good.clone();
        changed.insert(name.to_owned(), value.to_owned());
        let found = verify(&secrets, &changed, BODY);
        assert!(
            matches!(&found, Err(SignatureError::Malformed { header, .. }) if *header == name),
            "{name}: {value:?}: {found:?}"
        );
    }
}
