//! What comes of answers that are late, cut short, wrong or not Polar's at all.

use std::{collections::BTreeMap, error::Error, time::Duration};

use billdeck::{
    domain::provider::{Environment, ObjectKind},
    providers::{
        CancelWhen, NewCustomer, Provider, ProviderError, SetupError,
        polar::{API_BASE, Polar, PolarOptions, SANDBOX_BASE},
    },
};
use serde_json::json;

use super::server::{
    CUSTOMER, ORDER, Reply, SUBSCRIPTION, Server, TOKEN, customer, id, object, page, polar_at, refusal,
    subscription,
};
use crate::support::at;

async fn read(server: &Server) -> Result<(), ProviderError> {
    let wanted = object(ObjectKind::Customer, CUSTOMER);
    server.api().read(&wanted, None).await.map(drop)
}

/// A write, after the read that looks for an earlier one.
async fn write(server: &Server) -> Result<(), ProviderError> {
    let new = NewCustomer {
        email: Some("ada@example.org".to_owned()),
        name: None,
        metadata: BTreeMap::new(),
    };
    server.api().customer_create(&new, "key-1").await.map(drop)
}

async fn write_with(reply: Reply) -> (Server, Result<(), ProviderError>) {
    let server = Server::with([Reply::json(&page(&[], 0)), reply]).await;
    let outcome = write(&server).await;
    (server, outcome)
}

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
async fn a_read_is_repeated_over_trouble_of_a_moment() {
    for trouble in [
        || Reply::status(500, ""),
        || Reply::status(502, "<html>busy</html>"),
        || Reply::status(429, "slow down"),
        || Reply::Cut("{\"id\":".to_owned()),
        || Reply::Silence,
    ] {
        let server = Server::with([trouble(), trouble(), Reply::json(&customer(&json!({})))]).await;
        read(&server).await.unwrap();
        assert_eq!(server.asked().len(), 3);
    }
}

#[tokio::test]
async fn a_write_is_never_repeated_and_what_may_have_happened_is_open() {
    let rows = [
        (Reply::status(500, ""), "provider_down", true),
        (Reply::Cut("{\"id\":".to_owned()), "outcome_unknown", true),
        (Reply::Silence, "outcome_unknown", true),
        (
            Reply::Late(Duration::from_secs(2), "{}".to_owned()),
            "outcome_unknown",
            true,
        ),
        (
            Reply::status(201, "<html>hello</html>"),
            "provider_unreadable",
            true,
        ),
        (Reply::status(201, ""), "provider_unreadable", true),
        (Reply::status(201, "[]"), "provider_unreadable", true),
        (Reply::status(201, r#"{"id": 7}"#), "provider_unreadable", true),
        (Reply::status(429, ""), "provider_rate_limited", false),
        (refusal(401, "Unauthorized"), "provider_credentials", false),
        (refusal(403, "NotPermitted"), "provider_credentials", false),
        (
            refusal(403, "OrganizationNotReadyForPayments"),
            "provider_refused",
            false,
        ),
        (refusal(404, "ResourceNotFound"), "provider_not_found", false),
        (
            Reply::status(404, r#"{"detail":"Not Found"}"#),
            "provider_refused",
            false,
        ),
        (refusal(409, "SubscriptionLocked"), "provider_rate_limited", false),
        (
            refusal(422, "PolarRequestValidationError"),
            "provider_refused",
            false,
        ),
    ];
    for (reply, code, open) in rows {
        let (server, outcome) = write_with(reply).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.code(), error.outcome_unknown()), (code, open), "{error:?}");
        assert!(error.to_string().contains("polar POST /v1/customers/"), "{error}");
        assert_eq!(server.asked().len(), 2, "{error:?}");
    }
}

#[tokio::test]
async fn a_lost_write_is_found_again_by_its_key() {
    let server = Server::with([
        Reply::json(&page(&[], 0)),
        Reply::Silence,
        Reply::json(&page(&[customer(&json!({"billdeck_key": "key-1"}))], 1)),
    ])
    .await;
    assert!(write(&server).await.unwrap_err().outcome_unknown());
    write(&server).await.unwrap();
    let posts = server.asked().iter().filter(|call| call.method == "POST").count();
    assert_eq!(posts, 1);
}

#[tokio::test]
async fn a_revocation_is_repeated_since_it_cannot_happen_twice() {
    let server = Server::with([Reply::Silence, Reply::json(&subscription("canceled", false))]).await;
    let (subscription, customer) = (id(SUBSCRIPTION), id(CUSTOMER));
    let at = at(&subscription, &customer);
    server
        .api()
        .subscription_cancel(at, CancelWhen::Now, "key")
        .await
        .unwrap();
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_proxys_page_is_no_answer_of_polars() {
    for body in [
        "<html>login</html>",
        "",
        "[]",
        "null",
        "7",
        "{\"id\":",
        "\u{feff}{}",
    ] {
        let server = Server::with([Reply::status(200, body)]).await;
        let error = read(&server).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unreadable { write: false, .. }),
            "{body}: {error:?}"
        );
    }
    let server = Server::with([Reply::status(404, "<html>nothing here</html>")]).await;
    assert!(matches!(
        read(&server).await,
        Err(ProviderError::Unreadable { .. })
    ));
    let server = Server::with([Reply::Status(
        307,
        vec![("location", "http://127.0.0.1:1/".to_owned())],
        String::new(),
    )])
    .await;
    assert!(matches!(
        read(&server).await,
        Err(ProviderError::Unreadable { .. })
    ));
}

#[tokio::test]
async fn a_page_without_its_number_of_pages_is_not_taken_for_the_last_one() {
    let server = Server::saying(&[json!({"items": []})]).await;
    let error = server.api().subscriptions_of(&id(CUSTOMER)).await.unwrap_err();
    assert!(error.to_string().contains("max_page"), "{error}");
}

#[tokio::test]
async fn a_field_of_another_type_is_named_and_not_quoted() {
    let mut odd = customer(&json!({}));
    odd["name"] = json!({"secret": "Ada Quill"});
    let server = Server::saying(&[odd]).await;
    let told = chain(&read(&server).await.unwrap_err());
    assert!(told.contains("name") && !told.contains("Ada Quill"), "{told}");
}

#[tokio::test]
async fn the_wait_that_polar_asks_for_is_told() {
    let reply = Reply::Status(429, vec![("retry-after", "60".to_owned())], String::new());
    let server = Server::with([reply]).await;
    let error = read(&server).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn nobody_at_the_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let polar = polar_at(&base);
    let wanted = object(ObjectKind::Order, ORDER);
    let error = polar.api().unwrap().read(&wanted, None).await.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome_unknown()),
        ("provider_unreachable", false)
    );
}

#[tokio::test]
async fn neither_the_token_nor_an_address_of_a_person_is_ever_told() {
    let told = json!({"error": "RequestValidationError", "detail": [{"loc": ["body", "email"],
        "msg": format!("{TOKEN} says ada@example.org is taken"), "input": "ada@example.org"}]});
    let (server, outcome) = write_with(Reply::status(422, &told.to_string())).await;
    let error = outcome.unwrap_err();
    let texts = [chain(&error), format!("{error:?}"), format!("{:?}", server.polar)];
    for text in texts {
        assert!(
            !text.contains("verysecret") && !text.contains("ada@example.org"),
            "{text}"
        );
    }
}

#[test]
fn a_room_is_made_for_one_server_only() {
    let make = |environment, base: &str, token: &str| {
        Polar::new(&PolarOptions {
            access_token: Some(token.into()),
            api_base: base.to_owned(),
            ..PolarOptions::new(environment)
        })
    };
    assert!(make(Environment::Test, SANDBOX_BASE, TOKEN).is_ok());
    assert!(make(Environment::Live, API_BASE, TOKEN).is_ok());
    for (environment, base) in [(Environment::Test, API_BASE), (Environment::Live, SANDBOX_BASE)] {
        assert!(
            matches!(make(environment, base, TOKEN), Err(SetupError::Base { .. })),
            "{base}"
        );
    }
    assert!(matches!(
        make(Environment::Test, SANDBOX_BASE, "a\nb"),
        Err(SetupError::Key { .. })
    ));
    let without = Polar::new(&PolarOptions::new(Environment::Test)).unwrap();
    assert!(without.api().is_none() && without.calls().is_none());
}
