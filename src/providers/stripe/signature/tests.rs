use std::collections::BTreeMap;

use super::*;

const SECRET: &str = "whsec_test_secret_for_vector";
const TIME: i64 = 1_767_225_600;
const BODY_1: &[u8] = br#"{"id":"evt_test_vector_1","object":"event","type":"invoice.paid"}"#;
const V1_1: &str = "c1a7b6a07ec8f65f7f243c5cbfb06e5cdb4cd1d456053594aeaf32ce7ea856ce";
const BODY_2: &[u8] = "{\"id\":\"evt_test_vector_2\",\"name\":\"café\"}\n".as_bytes();
const V1_2: &str = "d63cfec79d67ab57569f3eff3c92b287afb61e042680d25cb927516989b8d42d";

fn secrets(secrets: &[&str]) -> Secrets {
    let secrets: Vec<_> = secrets.iter().map(|&secret| SecretString::from(secret)).collect();
    Secrets::new(&secrets, Duration::from_mins(5))
}

fn check(secrets: &Secrets, header: &str, body: &[u8], now: i64) -> Result<Verified, SignatureError> {
    let headers = BTreeMap::from([("stripe-signature".to_owned(), header.to_owned())]);
    let delivery = RawDelivery {
        headers: &headers,
        body,
    };
    secrets.verify(delivery, Timestamp::from_second(now).unwrap())
}

fn malformed(result: &Result<Verified, SignatureError>) -> bool {
    matches!(
        result,
        Err(SignatureError::Malformed {
            header: "Stripe-Signature",
            ..
        })
    )
}

#[test]
fn accepts_the_published_vectors() {
    let secrets = secrets(&[SECRET]);
    assert_eq!((BODY_1.len(), BODY_2.len()), (65, 42));
    for (body, v1) in [(BODY_1, V1_1), (BODY_2, V1_2)] {
        let verified = check(&secrets, &format!("t={TIME},v1={v1}"), body, TIME).unwrap();
        assert_eq!(verified.secret_index, 0);
        assert_eq!(verified.signed_at, Some(Timestamp::from_second(TIME).unwrap()));
    }
}

#[test]
fn the_secret_is_used_whole() {
    let header = format!("t={TIME},v1={V1_1}");
    let stripped = secrets(&["test_secret_for_vector"]);
    assert_eq!(
        check(&stripped, &header, BODY_1, TIME),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn the_bytes_are_taken_as_they_came() {
    let secrets = secrets(&[SECRET]);
    let reserialised = br#"{"id": "evt_test_vector_1", "object": "event", "type": "invoice.paid"}"#;
    let header = format!("t={TIME},v1={V1_1}");
    assert_eq!(
        check(&secrets, &header, reserialised, TIME),
        Err(SignatureError::Mismatch)
    );
    let header = format!("t={TIME},v1={V1_2}");
    let without_newline = &BODY_2[..BODY_2.len() - 1];
    assert_eq!(
        check(&secrets, &header, without_newline, TIME),
        Err(SignatureError::Mismatch)
    );
    // The time is part of what is signed, as the text that was sent.
    let header = format!("t=0{TIME},v1={V1_1}");
    assert_eq!(
        check(&secrets, &header, BODY_1, TIME),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn any_v1_may_match_and_no_other_scheme() {
    let secrets = secrets(&[SECRET]);
    let wrong = "00".repeat(32);
    let accepted = [
        format!("t={TIME},v1={wrong},v1={V1_1}"),
        format!("t={TIME},v1=nonsense,v1={V1_1}"),
        format!("v1={V1_1},v0={wrong},t={TIME}"),
        format!("t={TIME}, v1={V1_1}, v2=later"),
    ];
    for header in accepted {
        assert!(check(&secrets, &header, BODY_1, TIME).is_ok(), "{header}");
    }
    assert!(malformed(&check(
        &secrets,
        &format!("t={TIME},v0={V1_1}"),
        BODY_1,
        TIME
    )));
    let header = format!("t={TIME},v0={V1_1},v1={wrong}");
    assert_eq!(
        check(&secrets, &header, BODY_1, TIME),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn a_header_that_cannot_be_read_is_refused() {
    let secrets = secrets(&[SECRET]);
    let many = format!("t={TIME}{}", format!(",v1={V1_1}").repeat(17));
    let headers = [
        format!("v1={V1_1}"),
        format!("t=,v1={V1_1}"),
        format!("t=yesterday,v1={V1_1}"),
        format!("t=-{TIME},v1={V1_1}"),
        format!("t=99999999999999999999,v1={V1_1}"),
        format!("t={TIME},t={TIME},v1={V1_1}"),
        format!("t={TIME}"),
        String::new(),
        ",=,==".to_owned(),
        many,
    ];
    for header in headers {
        assert!(malformed(&check(&secrets, &header, BODY_1, TIME)), "{header}");
    }
    let nothing = RawDelivery {
        headers: &BTreeMap::new(),
        body: BODY_1,
    };
    assert_eq!(
        secrets.verify(nothing, Timestamp::from_second(TIME).unwrap()),
        Err(SignatureError::Missing("Stripe-Signature"))
    );
}

#[test]
fn five_minutes_either_way_are_allowed_and_not_a_second_more() {
    let secrets = secrets(&[SECRET]);
    let header = format!("t={TIME},v1={V1_1}");
    for now in [TIME - 300, TIME + 300] {
        assert!(check(&secrets, &header, BODY_1, now).is_ok());
    }
    for (now, age) in [(TIME - 301, -301), (TIME + 301, 301)] {
        assert_eq!(
            check(&secrets, &header, BODY_1, now),
            Err(SignatureError::OutsideTolerance(age))
        );
    }
    // A forged signature is told as such, however old it claims to be.
    let forged = format!("t=1,v1={V1_1}");
    assert_eq!(
        check(&secrets, &forged, BODY_1, TIME),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn every_secret_is_tried_and_blank_ones_never_are() {
    let header = format!("t={TIME},v1={V1_1}");
    let rolling = secrets(&["whsec_new", "", SECRET]);
    assert_eq!(rolling.count(), 2);
    assert_eq!(check(&rolling, &header, BODY_1, TIME).unwrap().secret_index, 2);

    for none in [secrets(&[]), secrets(&["", " \n"])] {
        assert_eq!(none.count(), 0);
        assert_eq!(
            check(&none, &header, BODY_1, TIME),
            Err(SignatureError::NoSecret(ProviderName::Stripe))
        );
    }
    // What an attacker would sign with, were a blank secret a key.
    let blank = hmac::Key::new(hmac::HMAC_SHA256, b"");
    let forged = hex::encode(sign(&blank, &TIME.to_string(), BODY_1).as_ref());
    let header = format!("t={TIME},v1={forged}");
    let with_blank = secrets(&["", SECRET]);
    assert_eq!(
        check(&with_blank, &header, BODY_1, TIME),
        Err(SignatureError::Mismatch)
    );
}
