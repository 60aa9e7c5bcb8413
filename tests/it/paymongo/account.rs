//! What the account has: webhook endpoints, and what is open to it.

use billdeck::providers::paymongo::{Disputes, EVENTS};
use secrecy::ExposeSecret;
use serde_json::json;

use super::server::{Asked, Reply, Server, webhook};

#[tokio::test]
async fn an_endpoint_says_why_it_delivers_no_more() {
    let server = Server::with([Reply::list(
        &[webhook("disabled", json!("max_retries_exceeded"))],
        false,
    )])
    .await;
    let found = server.calls().endpoints().await.unwrap().value;
    assert!(!found[0].enabled && found[0].disabled_reason.as_deref() == Some("max_retries_exceeded"));
    assert!(!format!("{found:?}").contains("whsk_1"));
}

#[tokio::test]
async fn an_endpoint_is_made_once_and_with_the_names_that_are_taken() {
    let there = Reply::list(&[webhook("enabled", json!(null))], false);
    let server = Server::with([there]).await;
    let found = server
        .calls()
        .endpoint_create("https://x/hook", "k")
        .await
        .unwrap()
        .value;
    assert_eq!((found.id.as_str(), server.asked().len()), ("hook_1", 1));

    let server = Server::with([
        Reply::list(&[], false),
        Reply::error(
            400,
            "parameter_invalid",
            "subscription.invoice.paid cannot be chosen.",
        ),
        Reply::one(&webhook("enabled", json!(null))),
    ])
    .await;
    let made = server
        .calls()
        .endpoint_create("https://x/hook", "k")
        .await
        .unwrap()
        .value;
    assert_eq!(
        made.secret.as_ref().map(ExposeSecret::expose_secret),
        Some("whsk_1")
    );
    let asked = server.asked();
    asked[1].fits("WebhookCreate");
    let names = |asked: &Asked| asked.attributes()["events"].as_array().unwrap().len();
    assert_eq!(
        (names(&asked[1]), names(&asked[2])),
        (EVENTS.len(), EVENTS.len() - 1)
    );
    assert_ne!(
        asked[1].header("idempotency-key"),
        asked[2].header("idempotency-key")
    );
    let server = Server::with([
        Reply::list(&[], false),
        Reply::error(400, "parameter_invalid", "url is wrong"),
    ])
    .await;
    let error = server
        .calls()
        .endpoint_create("https://x/hook", "k")
        .await
        .unwrap_err();
    assert_eq!((error.code(), server.asked().len()), ("provider_refused", 2));
}

#[tokio::test]
async fn what_the_account_may_not_is_an_answer() {
    let server = Server::with([
        Reply::error(403, "access_denied", "No access."),
        Reply::error(403, "organization_not_allowed", "Not open."),
    ])
    .await;
    let disputes = server.calls().disputes().await.unwrap().value;
    assert!(matches!(disputes, Disputes::NoAccess(why) if why.contains("No access.")));
    assert!(!server.calls().has_subscriptions().await.unwrap().value);
    let server = Server::with([
        Reply::list(&[], false),
        Reply::list(&[], false),
        Reply::status(401, ""),
    ])
    .await;
    assert!(server.calls().has_subscriptions().await.unwrap().value);
    assert_eq!(
        server.calls().disputes().await.unwrap().value,
        Disputes::Listed(Vec::new())
    );
    assert_eq!(
        server.calls().has_subscriptions().await.unwrap_err().code(),
        "provider_credentials"
    );
}
