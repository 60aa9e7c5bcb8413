//! What comes of answers that are late, cut short, wrong or not PayMongo's at all.

use std::{error::Error, time::Duration};

use billdeck::{
    domain::provider::{Environment, ObjectKind, ObjectRef},
    providers::{
        Provider, ProviderError, SetupError,
        paymongo::{Paymongo, PaymongoOptions},
    },
};

use super::server::{KEY, Reply, Server, id, object, room_at, subscription};

fn wanted() -> ObjectRef {
    object(ObjectKind::Subscription, "subs_1")
}

fn good() -> Reply {
    Reply::one(&subscription("subs_1", "active"))
}

async fn read(server: &Server) -> Result<(), ProviderError> {
    server.api().read(&wanted(), None).await.map(drop)
}

async fn write(server: &Server) -> Result<(), ProviderError> {
    let calls = server.calls();
    let made = calls
        .subscription_create(&id("cus_1"), &id("plan_1"), "key-1")
        .await;
    made.map(drop)
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
        || Reply::status(429, ""),
        || Reply::Cut("{\"data\":".to_owned()),
        || Reply::Silence,
    ] {
        let server = Server::with([trouble(), trouble(), good()]).await;
        write(&server).await.unwrap();
        let asked = server.asked();
        assert_eq!(asked.len(), 3);
        let keys: std::collections::BTreeSet<_> = asked
            .iter()
            .map(|asked| asked.header("idempotency-key").unwrap())
            .collect();
        assert_eq!(keys.len(), 1);
        let server = Server::with([trouble(), good()]).await;
        read(&server).await.unwrap();
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn what_lasts_is_told_after_two_repeats() {
    for last in [
        || Reply::status(502, "<html>"),
        || Reply::Silence,
        || Reply::Cut("{".to_owned()),
    ] {
        let server = Server::with([last(), last(), last()]).await;
        let error = write(&server).await.unwrap_err();
        assert!(error.outcome_unknown() && error.is_transient(), "{error:?}");
        assert_eq!(server.asked().len(), 3);
    }
}

#[tokio::test]
async fn what_cannot_be_helped_is_told_at_once() {
    for (status, code) in [
        (400, "provider_refused"),
        (401, "provider_credentials"),
        (402, "provider_refused"),
        (403, "provider_refused"),
        (404, "provider_not_found"),
        (422, "provider_refused"),
    ] {
        let server = Server::with([Reply::error(status, "parameter_required", "Missing.")]).await;
        let error = write(&server).await.unwrap_err();
        assert_eq!(
            (error.code(), error.is_transient(), error.outcome_unknown()),
            (code, false, false)
        );
        assert_eq!(
            error.call().to_string(),
            "paymongo POST /v1/subscriptions (req_7)"
        );
        assert!(error.to_string().contains("Missing."), "{error}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_long_wait_is_left_to_the_worker() {
    let limited = Reply::Status(429, vec![("retry-after", "60".to_owned())], String::new());
    let server = Server::with([limited]).await;
    let error = read(&server).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_mins(1)));
    assert_eq!((error.code(), server.asked().len()), ("provider_rate_limited", 1));
}

#[tokio::test]
async fn answers_that_are_not_paymongos_are_told_as_such() {
    for (body, why) in [
        ("<!doctype html><p>Sign in", "HTML"),
        ("", "empty"),
        ("hello", "no JSON object"),
        ("[]", "no JSON object"),
        ("{}", "`id`"),
        (r#"{"data": null}"#, "`id`"),
        (
            r#"{"data": {"id": 7, "attributes": {"customer_id": "c", "status": "s"}}}"#,
            "`id`",
        ),
        (
            r#"{"data": {"id": "subs_1", "attributes": {"customer_id": "c", "status": 7}}}"#,
            "`status`",
        ),
    ] {
        for is_write in [false, true] {
            let server = Server::with([Reply::status(200, body)]).await;
            let outcome = if is_write {
                write(&server).await
            } else {
                read(&server).await
            };
            let error = outcome.unwrap_err();
            assert_eq!(
                (error.code(), error.outcome_unknown()),
                ("provider_unreadable", is_write),
                "{body}"
            );
            assert!(error.to_string().contains(why), "{error}");
            assert_eq!(server.asked().len(), 1);
        }
    }
}

#[tokio::test]
async fn lists_of_another_shape_are_told() {
    for body in [
        "[]",
        "{}",
        r#"{"data": {}}"#,
        r#"{"data": [7], "has_more": true}"#,
        r#"{"data": [{}], "has_more": true}"#,
    ] {
        let server = Server::with([Reply::status(200, body)]).await;
        let error = server.api().prices(None).await.unwrap_err();
        assert_eq!(error.code(), "provider_unreadable", "{body}: {error}");
    }
}

#[tokio::test]
async fn nobody_there_means_nothing_was_done() {
    // A port that was free a moment ago, and that nobody listens on.
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let room = room_at(&format!("http://127.0.0.1:{port}"));
    let calls = room.calls().unwrap();
    let error = calls.invoice_pay(&id("inv_1")).await.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome_unknown()),
        ("provider_unreachable", false)
    );
}

#[tokio::test]
async fn nothing_that_can_be_shown_holds_the_key_or_the_address_asked_for() {
    let echo = format!("The key {KEY} of ana@example.ph is wrong.");
    let server = Server::with([Reply::error(401, "secret_key_invalid", &echo)]).await;
    let refused = read(&server).await.unwrap_err();
    let silence = || Reply::Silence;
    let server = Server::with([silence(), silence(), silence()]).await;
    let silent = server
        .api()
        .customers_by_email("ana@example.ph")
        .await
        .unwrap_err();
    let options = PaymongoOptions {
        secret_key: Some(KEY.into()),
        webhook_secrets: vec!["whsk_hidden".into()],
        ..PaymongoOptions::new(Environment::Test)
    };
    for text in [
        chain(&refused),
        format!("{refused:?}"),
        chain(&silent),
        format!("{silent:?}"),
        format!("{options:?}"),
        format!("{:?}", Paymongo::new(&options).unwrap()),
        format!("{:?} {:?}", server.room, server.calls()),
    ] {
        for secret in [KEY, "verysecret", "whsk_hidden", "ana@"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn without_a_key_there_is_no_api_and_a_bad_one_is_told() {
    let off = Paymongo::new(&PaymongoOptions::new(Environment::Test)).unwrap();
    assert!(off.api().is_none() && off.calls().is_none() && off.api_p95().is_none());
    assert_eq!((off.secret_count(), off.api_version()), (0, "v1"));
    assert_eq!(off.dashboard_url(&wanted()), None);
    let with = |key: &str, base: &str, environment| {
        Paymongo::new(&PaymongoOptions {
            secret_key: Some(key.into()),
            api_base: base.to_owned(),
            ..PaymongoOptions::new(environment)
        })
    };
    assert!(matches!(
        with("sk_test_1\n", "https://api.paymongo.com", Environment::Test),
        Err(SetupError::Key { .. })
    ));
    assert!(matches!(
        with("sk_live_1", "http://proxy.example.com", Environment::Live),
        Err(SetupError::Base { .. })
    ));
}
