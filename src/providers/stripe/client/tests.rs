use std::{collections::BTreeMap, time::Duration};

use super::*;
use crate::providers::stripe::wire::forms::{CancellationForm, CustomerForm, NoFields, RefundForm};

fn form(form: &impl Serialize) -> String {
    post_form("/v1/x", form, "key")
        .unwrap()
        .text()
        .unwrap()
        .to_owned()
}

#[test]
fn forms_leave_out_what_is_none_and_write_empty_texts() {
    assert_eq!(form(&NoFields {}), "");
    assert_eq!(form(&CustomerForm::default()), "");
    let customer = CustomerForm {
        email: Some("a+b@c.d".to_owned()),
        metadata: BTreeMap::from([("user_id".to_owned(), "u 1".to_owned())]),
        ..CustomerForm::default()
    };
    assert_eq!(form(&customer), "email=a%2Bb%40c.d&metadata%5Buser_id%5D=u%201");
    assert_eq!(
        form(&CancellationForm::CancelAtPeriodEnd(false)),
        "cancel_at_period_end=false"
    );
    assert_eq!(form(&CancellationForm::CancelAt("")), "cancel_at=");
    let refund = RefundForm {
        payment_intent: None,
        charge: Some("ch_1".to_owned()),
        amount: None,
        reason: None,
    };
    assert_eq!(form(&refund), "charge=ch_1");
}

fn error(status: u16, body: &str, write: bool) -> ProviderError {
    let secret = SecretString::from("sk_test_verysecret");
    let refusal = Refusal {
        dialect: &DIALECT,
        status,
        retry_after: Some(Duration::from_secs(3)),
        body: body.as_bytes(),
        write,
        secret: &secret,
    };
    explain(&refusal, Request::get("/v1/x").call(&DIALECT))
}

fn detail(code: &str) -> String {
    format!(r#"{{"error":{{"type":"invalid_request_error","code":"{code}","message":"Told."}}}}"#)
}

#[test]
fn each_status_is_an_error_of_its_own() {
    let table = [
        (400, "parameter_missing", "provider_refused", false),
        (401, "", "provider_credentials", false),
        (402, "card_declined", "provider_refused", false),
        (403, "", "provider_credentials", false),
        (404, "resource_missing", "provider_not_found", false),
        (409, "lock_timeout", "provider_rate_limited", false),
        (409, "idempotency_key_in_use", "outcome_unknown", true),
        (424, "", "provider_down", true),
        (429, "rate_limit", "provider_rate_limited", false),
        (500, "", "provider_down", true),
        (503, "", "provider_down", true),
    ];
    for (status, code, expected, unknown) in table {
        let error = error(status, &detail(code), true);
        assert_eq!(
            (error.code(), error.outcome_unknown()),
            (expected, unknown),
            "{status} {code}"
        );
    }
    assert_eq!(error(429, "", false).retry_after(), Some(Duration::from_secs(3)));
    assert_eq!(
        error(503, "<html>", false).retry_after(),
        Some(Duration::from_secs(3))
    );
}

#[test]
fn a_declined_card_says_why() {
    let body = r#"{"error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds","message":"No."}}"#;
    match error(402, body, true) {
        ProviderError::Refused {
            status,
            code,
            message,
            ..
        } => {
            assert_eq!(
                (status, code.as_str(), message.as_str()),
                (402, "insufficient_funds", "No.")
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_proxys_refusal_is_not_believed() {
    for body in ["", "<html>404</html>", "{}", r#"{"error":"text"}"#] {
        for status in [302, 400, 404, 409] {
            let error = error(status, body, true);
            assert_eq!(
                (error.code(), error.outcome_unknown()),
                ("provider_unreadable", true),
                "{status} {body}"
            );
        }
    }
}

#[test]
fn no_key_is_ever_repeated() {
    let body = r#"{"error":{"message":"Invalid API Key provided: sk_test_verysecret, see rk_live_1 or (whsec_2)\u0000\n."}}"#;
    let text = error(401, body, false).to_string();
    assert!(text.contains("Invalid API Key provided: [key]"), "{text}");
    for piece in ["verysecret", "rk_live", "whsec", "\0", "\n"] {
        assert!(!text.contains(piece), "{text}");
    }
}

#[test]
fn an_object_of_the_other_mode_is_not_gone() {
    let secret = SecretString::from("sk_test_1");
    let is_missing = |status, body: &str| {
        let refusal = Refusal {
            dialect: &DIALECT,
            status,
            retry_after: None,
            body: body.as_bytes(),
            write: false,
            secret: &secret,
        };
        is_missing(&refusal)
    };
    let with = |message: &str, param: &str| {
        format!(
            r#"{{"error":{{"type":"t","code":"resource_missing","param":"{param}","message":"{message}"}}}}"#
        )
    };
    assert!(is_missing(404, &with("No such customer: 'cus_1'", "id")));
    assert!(is_missing(400, &with("No such customer: 'cus_1'", "customer")));
    assert!(!is_missing(
        400,
        &with("No such price: 'price_1'", "line_items[0][price]")
    ));
    let other_mode =
        "No such customer: 'cus_1'; a similar object exists in live mode, but a test mode key was used.";
    assert!(!is_missing(404, &with(other_mode, "id")));
    assert!(!is_missing(404, &detail("url_invalid")));
    assert!(!is_missing(404, "<html>"));
}
