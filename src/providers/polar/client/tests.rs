use std::time::Duration;

use super::*;

fn refusal<'a>(status: u16, body: &'a str, write: bool, secret: &'a SecretString) -> Refusal<'a> {
    Refusal {
        dialect: &DIALECT,
        status,
        retry_after: Some(Duration::from_secs(3)),
        body: body.as_bytes(),
        write,
        secret,
    }
}

fn error(status: u16, body: &str) -> ProviderError {
    let secret = SecretString::from("polar_oat_verysecret");
    explain(
        &refusal(status, body, true, &secret),
        Request::get("/v1/x").call(&DIALECT),
    )
}

fn told(code: &str) -> String {
    format!(r#"{{"error":"{code}","detail":"Told."}}"#)
}

#[test]
fn each_status_is_an_error_of_its_own() {
    let rows = [
        (400, told("BadRequest"), "provider_refused"),
        (401, told("Unauthorized"), "provider_credentials"),
        (
            401,
            r#"{"error":"invalid_token","error_description":"x"}"#.to_owned(),
            "provider_credentials",
        ),
        (402, told("PaymentFailed"), "provider_refused"),
        (
            403,
            r#"{"error":"insufficient_scope"}"#.to_owned(),
            "provider_credentials",
        ),
        (403, told("NotPermitted"), "provider_credentials"),
        (403, told("RefundedAlready"), "provider_refused"),
        (403, "<html>".to_owned(), "provider_credentials"),
        (404, told("ResourceNotFound"), "provider_not_found"),
        (404, r#"{"detail":"Not Found"}"#.to_owned(), "provider_refused"),
        (404, "<html>".to_owned(), "provider_unreadable"),
        (409, told("SubscriptionLocked"), "provider_rate_limited"),
        (409, told("OrderNotEligibleForInvoice"), "provider_refused"),
        (411, told("LengthRequired"), "provider_refused"),
        (422, told("MissingInvoiceBillingDetails"), "provider_refused"),
        (429, String::new(), "provider_rate_limited"),
        (500, "Internal Server Error".to_owned(), "provider_down"),
        (307, String::new(), "provider_unreadable"),
    ];
    for (status, body, code) in rows {
        assert_eq!(error(status, &body).code(), code, "{status} {body}");
    }
    let ProviderError::Refused { code, message, .. } = error(402, &told("PaymentFailed")) else {
        panic!();
    };
    assert_eq!((code.as_str(), message.as_str()), ("PaymentFailed", "Told."));
    assert_eq!(
        error(409, &told("SubscriptionLocked")).retry_after(),
        Some(Duration::from_secs(3))
    );
}

#[test]
fn a_refused_field_is_named_and_what_was_sent_is_not() {
    let body = r#"{"error":"RequestValidationError","detail":[
        {"type":"value_error","loc":["body","email"],"msg":"ada@example.com is taken","input":"ada@example.com"},
        {"type":"missing","loc":["body","events",0,"name"],"msg":"Field required","input":{"a":"secret word"}}]}"#;
    let error = error(422, body);
    let ProviderError::Refused { code, message, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(code, "RequestValidationError");
    assert_eq!(
        message,
        "body.email: [e-mail] is taken; body.events.0.name: Field required"
    );
}

#[test]
fn tokens_in_sentences_are_blotted_out() {
    let body =
        r#"{"error":"invalid_token","error_description":"polar_oat_verysecret and polar_cst_other are bad"}"#;
    let told = error(401, body).to_string();
    assert!(told.contains("[key] and [key] are bad"), "{told}");
}

#[test]
fn only_an_object_can_be_missing_not_an_address() {
    let secret = SecretString::from("x");
    let missing = |status, body: &str| is_missing(&refusal(status, body, false, &secret));
    assert!(missing(404, &told("ResourceNotFound")));
    for (status, body) in [
        (404, r#"{"detail":"Not Found"}"#),
        (404, "<html>"),
        (404, ""),
        (403, r#"{"error":"ResourceNotFound"}"#),
    ] {
        assert!(!missing(status, body), "{status} {body}");
    }
}

#[test]
fn the_other_servers_address_is_a_mistake() {
    use super::super::{API_BASE, SANDBOX_BASE};
    let check = |environment, base| check_base(environment, base).is_ok();
    assert!(check(Environment::Test, SANDBOX_BASE) && check(Environment::Live, API_BASE));
    assert!(!check(Environment::Test, API_BASE) && !check(Environment::Live, SANDBOX_BASE));
    assert!(!check(Environment::Live, "https://sandbox-api.polar.sh/v1"));
    assert!(check(Environment::Live, "http://127.0.0.1:8420"));
}
