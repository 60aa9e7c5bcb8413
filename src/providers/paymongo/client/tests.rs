use std::time::Duration;

use super::*;

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

fn body(code: &str) -> String {
    format!(r#"{{"errors":[{{"code":"{code}","detail":"Told."}}]}}"#)
}

#[test]
fn each_status_is_an_error_of_its_own() {
    let table = [
        (400, "parameter_required", "provider_refused", false),
        (401, "secret_key_required", "provider_credentials", false),
        (402, "payment_failed", "provider_refused", false),
        // The key is good; the account may not.
        (403, "access_denied", "provider_refused", false),
        (404, "resource_not_found", "provider_not_found", false),
        (409, "idempotency_conflict", "outcome_unknown", true),
        (409, "resource_failed_state", "provider_refused", false),
        (422, "parameter_invalid", "provider_refused", false),
        (429, "rate_limited", "provider_rate_limited", false),
        (500, "internal", "provider_down", true),
    ];
    for (status, code, wanted, unknown) in table {
        let error = error(status, &body(code), true);
        assert_eq!(
            (error.code(), error.outcome_unknown()),
            (wanted, unknown),
            "{status} {code}"
        );
    }
    for (status, wanted) in [
        (400, "provider_unreadable"),
        (401, "provider_credentials"),
        (403, "provider_credentials"),
        // An unknown route answers with nothing: that says nothing of an object.
        (404, "provider_unreadable"),
        (429, "provider_rate_limited"),
        (502, "provider_down"),
    ] {
        for body in ["", "<html>", "{}", r#"{"errors":[]}"#] {
            assert_eq!(error(status, body, false).code(), wanted, "{status} {body}");
        }
    }
}

#[test]
fn all_complaints_are_told_and_nobody_is_named() {
    let body = r#"{"errors":[{"code":"parameter_invalid","detail":"The email ana@example.ph is taken."},
        {"code":"parameter_invalid","detail":"The phone +639171234567 is taken by sk_test_verysecret."}]}"#;
    let text = error(400, body, true).to_string();
    assert!(
        text.contains("The email [e-mail] is taken. The phone [phone] is taken by [key]"),
        "{text}"
    );
    assert!(text.contains("(parameter_invalid)"), "{text}");
}

#[test]
fn a_decline_says_why_unless_the_payer_should_not_learn_it() {
    let decline = |sub_code: &str| {
        let body = format!(
            r#"{{"errors":[{{"code":"resource_failed_state","sub_code":"{sub_code}","detail":"The card is {sub_code}."}}]}}"#
        );
        error(400, &body, true).to_string()
    };
    assert!(decline("insufficient_funds").contains("(insufficient_funds): The card is"));
    for secret in [
        "fraudulent",
        "highest_risk_level",
        "lost_card",
        "stolen_card",
        "pickup_card",
        "restricted_card",
        "processor_blocked",
        "blocked",
    ] {
        let text = decline(secret);
        assert!(
            text.contains("(generic_decline): The payment was declined."),
            "{text}"
        );
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn only_an_error_of_paymongos_own_form_means_that_an_object_is_missing() {
    let secret = SecretString::from("");
    let missing = |status, body: &str| {
        is_missing(&Refusal {
            dialect: &DIALECT,
            status,
            retry_after: None,
            body: body.as_bytes(),
            write: false,
            secret: &secret,
        })
    };
    assert!(missing(404, &body("resource_not_found")));
    assert!(!missing(404, ""));
    assert!(!missing(404, "<html>"));
    assert!(!missing(400, &body("resource_not_found")));
}

#[test]
fn keys_are_uuids_and_the_same_each_time() {
    let key = idempotency_key("customer-0197");
    assert_eq!(key, idempotency_key("customer-0197"));
    assert_ne!(key, idempotency_key("customer-0198"));
    let parsed: uuid::Uuid = key.parse().unwrap();
    assert_eq!(parsed.get_version_num(), 4);
}

#[test]
fn attributes_stand_in_their_envelope() {
    let form = super::super::wire::forms::CancelForm {
        cancellation_reason: "other",
    };
    let request = act(Method::POST, "/v1/x", &form).unwrap();
    assert_eq!(
        request.text(),
        Some(r#"{"data":{"attributes":{"cancellation_reason":"other"}}}"#)
    );
}

#[test]
fn a_key_that_could_not_be_one_is_refused() {
    for key in ["", "sk_test_1\n", "sk_test 1", "sk_test_1:x", "sk_tést"] {
        let opened = open(
            Environment::Test,
            &key.into(),
            "https://api.paymongo.com",
            Timeouts::default(),
        );
        assert!(matches!(opened, Err(SetupError::Key { .. })), "{key:?}");
    }
}
