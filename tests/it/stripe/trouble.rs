//! What comes of answers that are late, cut short, wrong or not Stripe's at all.

use std::{error::Error, time::Duration};

use billdeck::{
    domain::{
        ids::ObjectId,
        provider::{Environment, ObjectKind, ObjectRef},
    },
    providers::{
        NewCustomer, Provider, ProviderError, SetupError,
        stripe::{Stripe, StripeOptions},
    },
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::server::{KEY, Reply, Server, stripe_at};

fn customer() -> ObjectRef {
    ObjectRef::new(ObjectKind::Customer, ObjectId::new("cus_1").unwrap())
}

fn good() -> Reply {
    Reply::json(&json!({"id": "cus_1", "object": "customer"}))
}

fn new() -> NewCustomer {
    NewCustomer {
        email: None,
        name: Some("Ana".to_owned()),
        metadata: std::collections::BTreeMap::new(),
    }
}

async fn read(server: &Server) -> Result<(), ProviderError> {
    server.api().read(&customer(), None).await.map(drop)
}

async fn write(server: &Server) -> Result<(), ProviderError> {
    server.api().customer_create(&new(), "key-1").await.map(drop)
}

/// The whole chain of what an error says.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[tokio::test]
async fn trouble_of_a_moment_is_overcome_with_the_same_key() {
    for trouble in [
        || Reply::status(500, ""),
        || Reply::status(503, "<html>busy</html>"),
        || Reply::status(429, "{}"),
        || {
            Reply::status(
                409,
                r#"{"error":{"type":"invalid_request_error","code":"lock_timeout"}}"#,
            )
        },
        || Reply::Cut("{\"id\":".to_owned()),
        || Reply::Silence,
    ] {
        let server = Server::with([trouble(), trouble(), good()]).await;
        write(&server).await.unwrap();
        let asked = server.asked();
        assert_eq!(asked.len(), 3);
        for attempt in asked {
            assert_eq!(attempt.header("idempotency-key"), Some("key-1"));
            assert_eq!(attempt.form, [("name".to_owned(), "Ana".to_owned())]);
        }
        let server = Server::with([trouble(), good()]).await;
        read(&server).await.unwrap();
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn what_lasts_is_told_after_two_repeats() {
    let server = Server::with([500, 502, 503].map(|status| Reply::status(status, ""))).await;
    let error = write(&server).await.unwrap_err();
    assert!(
        matches!(error, ProviderError::Down { status: 503, .. }),
        "{error:?}"
    );
    assert!(error.outcome_unknown() && error.is_transient());
    assert_eq!(server.asked().len(), 3);

    for last in [|| Reply::Silence, || Reply::Cut("{".to_owned())] {
        let server = Server::with([last(), last(), last()]).await;
        let error = write(&server).await.unwrap_err();
        assert_eq!((error.code(), error.outcome_unknown()), ("outcome_unknown", true));
        assert_eq!(server.asked().len(), 3);
    }
}

#[tokio::test]
async fn a_write_that_may_have_happened_stays_open_whatever_a_repeat_meets() {
    let limited = || Reply::Status(429, Vec::new(), "{}".to_owned());
    for begin in [|| Reply::Silence, || Reply::status(502, "")] {
        let server = Server::with([begin(), limited(), limited()]).await;
        let error = write(&server).await.unwrap_err();
        assert!(error.outcome_unknown(), "{error:?}");
        assert_eq!(server.asked().len(), 3);
    }
    // A repeat that is answered settles it: the key is the same.
    let refused = r#"{"error":{"type":"card_error","code":"card_declined","message":"No."}}"#;
    let server = Server::with([Reply::Silence, Reply::status(402, refused)]).await;
    let error = write(&server).await.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome_unknown()),
        ("provider_refused", false)
    );
}

#[tokio::test]
async fn what_cannot_be_helped_is_told_at_once() {
    let body =
        r#"{"error":{"type":"invalid_request_error","code":"parameter_missing","message":"Missing."}}"#;
    for (status, code) in [
        (400, "provider_refused"),
        (401, "provider_credentials"),
        (402, "provider_refused"),
        (403, "provider_credentials"),
        (404, "provider_not_found"),
    ] {
        let server = Server::with([Reply::status(status, body)]).await;
        let error = write(&server).await.unwrap_err();
        assert_eq!(
            (error.code(), error.is_transient(), error.outcome_unknown()),
            (code, false, false)
        );
        assert_eq!(error.call().to_string(), "stripe POST /v1/customers (req_7)");
        assert!(error.to_string().contains("Missing."), "{error}");
        assert_eq!(server.only().line(), "POST /v1/customers");
    }
}

#[tokio::test]
async fn stripes_word_about_repeating_outweighs_the_status() {
    let with = |status, word: &str| {
        Reply::Status(
            status,
            vec![("stripe-should-retry", word.to_owned())],
            String::new(),
        )
    };
    let server = Server::with([with(500, "false")]).await;
    assert_eq!(write(&server).await.unwrap_err().code(), "provider_down");
    assert_eq!(server.asked().len(), 1);
    let server = Server::with([with(400, "true"), good()]).await;
    write(&server).await.unwrap();
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_long_wait_is_left_to_the_worker() {
    let limited = Reply::Status(429, vec![("retry-after", "60".to_owned())], "{}".to_owned());
    let server = Server::with([limited]).await;
    let error = read(&server).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_mins(1)));
    assert_eq!((error.code(), server.asked().len()), ("provider_rate_limited", 1));
}

#[tokio::test]
async fn answers_that_are_not_stripes_are_told_as_such() {
    for (body, why) in [
        ("<!doctype html><p>Sign in", "HTML"),
        ("", "empty"),
        (" \n", "empty"),
        ("[]", "no JSON object"),
        ("hello", "no JSON object"),
        ("{}", "`id`"),
        (r#"{"id": 7}"#, "`id`"),
    ] {
        for is_write in [false, true] {
            let server = Server::with([Reply::status(200, body)]).await;
            let error = if is_write {
                write(&server).await
            } else {
                read(&server).await
            }
            .unwrap_err();
            assert_eq!(
                (error.code(), error.outcome_unknown()),
                ("provider_unreadable", is_write),
                "{body}"
            );
            assert!(error.to_string().contains(why), "{error}");
            // Repeating it at once would bring the same.
            assert_eq!(server.asked().len(), 1);
        }
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Reply::Status(
        302,
        vec![("location", "http://127.0.0.1:1/v1/customers".to_owned())],
        String::new(),
    );
    let server = Server::with([elsewhere]).await;
    assert_eq!(read(&server).await.unwrap_err().code(), "provider_unreadable");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn nobody_there_means_nothing_was_done() {
    // A port that was free a moment ago, and that nobody listens on.
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let stripe = stripe_at(&format!("http://127.0.0.1:{port}"));
    let error = stripe
        .api()
        .unwrap()
        .customer_create(&new(), "key")
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.outcome_unknown()),
        ("provider_unreachable", false)
    );
    assert!(error.is_transient());
    assert_eq!(stripe.api_p95(), None);
}

#[tokio::test]
async fn an_answer_is_dated_by_the_provider() {
    let dated = Reply::Status(
        200,
        vec![("date", "Sat, 21 Nov 2026 01:00:10 GMT".to_owned())],
        r#"{"id":"cus_1"}"#.to_owned(),
    );
    let server = Server::with([dated]).await;
    let answer = server.api().read(&customer(), None).await.unwrap();
    let date: Timestamp = "2026-11-21T01:00:10Z".parse().unwrap();
    let earlier = date.duration_since(answer.at);
    assert!(
        earlier > SignedDuration::ZERO && earlier < SignedDuration::from_secs(1),
        "{earlier}"
    );
}

#[tokio::test]
async fn nothing_that_can_be_shown_holds_the_key_or_the_address_asked_for() {
    let echo = json!({"error": {"type": "invalid_request_error", "message": format!("Invalid API Key provided: {KEY}")}});
    let server = Server::with([Reply::status(401, &echo.to_string())]).await;
    let refused = read(&server).await.unwrap_err();
    let silence = || Reply::Silence;
    let server = Server::with([silence(), silence(), silence()]).await;
    let silent = server
        .api()
        .customers_by_email("ana@example.com")
        .await
        .unwrap_err();
    let options = StripeOptions {
        secret_key: Some(KEY.into()),
        webhook_secrets: vec!["whsec_hidden".into()],
        api_base: "http://127.0.0.1:9".to_owned(),
        ..StripeOptions::new(Environment::Test)
    };
    let stripe = Stripe::new(&options).unwrap();
    for text in [
        chain(&refused),
        format!("{refused:?}"),
        chain(&silent),
        format!("{silent:?}"),
        format!("{options:?}"),
        format!("{stripe:?}"),
        format!("{:?}", server.stripe),
    ] {
        for secret in [KEY, "verysecret", "whsec_hidden", "ana@"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[tokio::test]
async fn many_calls_at_once_wait_for_their_turn() {
    let late = || Reply::Late(Duration::from_millis(20), r#"{"id":"cus_1"}"#.to_owned());
    let server = Server::with((0..60).map(|_| late())).await;
    let wanted = customer();
    let calls = (0..60).map(|_| server.api().read(&wanted, None));
    for result in futures_util::future::join_all(calls).await {
        result.unwrap();
    }
    assert_eq!(server.asked().len(), 60);
    let most = server.most_running();
    assert!((2..=20).contains(&most), "{most}");
}

#[test]
fn without_a_key_there_is_no_api_and_a_bad_one_is_told() {
    let off = Stripe::new(&StripeOptions::new(Environment::Test)).unwrap();
    assert!(off.api().is_none() && off.api_p95().is_none());
    assert_eq!(off.secret_count(), 0);
    let with = |key: &str, base: &str, environment| {
        Stripe::new(&StripeOptions {
            secret_key: Some(key.into()),
            api_base: base.to_owned(),
            ..StripeOptions::new(environment)
        })
    };
    let test = Environment::Test;
    assert!(matches!(
        with("sk_test_1\n", "https://api.stripe.com", test),
        Err(SetupError::Key { .. })
    ));
    assert!(matches!(
        with("sk_test_1", "nonsense", test),
        Err(SetupError::Base { .. })
    ));
    let plain = with("sk_live_1", "http://proxy.example.com", Environment::Live);
    assert!(matches!(plain, Err(SetupError::Base { .. })));
}

#[test]
fn pages_of_the_dashboard_are_linked_unless_the_objects_are_of_this_machine() {
    let at = |base: &str| {
        let options = StripeOptions {
            api_base: base.to_owned(),
            ..StripeOptions::new(Environment::Test)
        };
        Stripe::new(&options).unwrap().dashboard_url(&customer())
    };
    assert_eq!(
        at("https://api.stripe.com").as_deref(),
        Some("https://dashboard.stripe.com/test/customers/cus_1")
    );
    assert_eq!(at("http://127.0.0.1:8420"), None);
}
