//! Customers: looked for, made, changed.

use billdeck::{
    domain::observation::Observation,
    providers::{CustomerPatch, NewCustomer, ProviderError, ReadObject},
};
use serde_json::json;

use super::server::{Reply, Server, customer, id};

fn ids(found: &ReadObject) -> Vec<String> {
    found
        .observations
        .iter()
        .map(|observation| observation.object().to_string())
        .collect()
}

fn new_customer(email: Option<&str>) -> NewCustomer {
    NewCustomer {
        email: email.map(str::to_owned),
        name: Some("Ana dela Cruz".to_owned()),
        metadata: [("user_id".to_owned(), "u_1".to_owned())].into(),
    }
}

#[tokio::test]
async fn a_customer_is_looked_for_before_one_is_made() {
    let server = Server::with([Reply::list(
        &[customer("cus_9", "Ana@x.ph"), customer("cus_8", "b@x.ph")],
        false,
    )])
    .await;
    let found = server
        .api()
        .customer_create(&new_customer(Some("ana@x.ph")), "key")
        .await
        .unwrap();
    assert_eq!(ids(&found.value), ["customer cus_9"]);
    assert_eq!(server.lines(), ["GET /v1/customers"]);
    assert!(
        server.asked()[0]
            .query
            .contains(&("email".to_owned(), "ana@x.ph".to_owned()))
    );

    let server = Server::with([
        Reply::list(&[], false),
        Reply::one(&customer("cus_1", "ana@x.ph")),
    ])
    .await;
    let made = server
        .api()
        .customer_create(&new_customer(Some("ana@x.ph")), "key")
        .await
        .unwrap();
    assert_eq!(ids(&made.value), ["customer cus_1"]);
    let Observation::Customer(seen) = &made.value.observations[0] else {
        panic!("{made:?}");
    };
    assert_eq!(seen.name.as_deref(), Some("Ana"));
    let asked = &server.asked()[1];
    asked.fits("CustomerCreate");
    assert_eq!(asked.line(), "POST /v1/customers");
    assert_eq!(
        *asked.attributes(),
        json!({"first_name": "Ana", "last_name": "dela Cruz", "email": "ana@x.ph", "default_device": "email"})
    );
    let key: uuid::Uuid = asked.header("idempotency-key").unwrap().parse().unwrap();
    assert_eq!(key.get_version_num(), 4);
}

#[tokio::test]
async fn a_customer_whose_answer_was_lost_is_found_again() {
    let lost = || Reply::status(500, "");
    let server = Server::with([Reply::list(&[], false), lost(), lost(), lost()]).await;
    let new = new_customer(Some("ana@x.ph"));
    let error = server.api().customer_create(&new, "key").await.unwrap_err();
    assert!(error.outcome_unknown(), "{error:?}");
    let keys: std::collections::BTreeSet<_> = server.asked()[1..]
        .iter()
        .map(|asked| asked.header("idempotency-key").unwrap().to_owned())
        .collect();
    assert_eq!(keys.len(), 1);
    // Refused for being there already: somebody was quicker, or it was this very one.
    let server = Server::with([
        Reply::list(&[], false),
        Reply::error(400, "parameter_invalid", "The email is taken."),
        Reply::list(&[customer("cus_1", "ana@x.ph")], false),
    ])
    .await;
    let found = server.api().customer_create(&new, "key").await.unwrap();
    assert_eq!(ids(&found.value), ["customer cus_1"]);
    // Refused for another reason: that reason is told.
    let server = Server::with([
        Reply::list(&[], false),
        Reply::error(400, "parameter_invalid", "No such name."),
        Reply::list(&[], false),
    ])
    .await;
    let error = server.api().customer_create(&new, "key").await.unwrap_err();
    assert!(error.to_string().contains("No such name."), "{error}");
}

#[tokio::test]
async fn a_customer_without_an_address_is_refused_without_a_call() {
    let server = Server::with([]).await;
    let error = server
        .api()
        .customer_create(&new_customer(None), "key")
        .await
        .unwrap_err();
    assert!(
        matches!(&error, ProviderError::Refused { code, .. } if code == "email_required"),
        "{error:?}"
    );
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_change_goes_without_a_key_and_metadata_alone_changes_nothing() {
    let server = Server::with([Reply::one(&customer("cus_1", "b@x.ph"))]).await;
    let patch = CustomerPatch {
        email: Some("b@x.ph".to_owned()),
        ..CustomerPatch::default()
    };
    server
        .api()
        .customer_update(&id("cus_1"), &patch, "key")
        .await
        .unwrap();
    let asked = &server.asked()[0];
    asked.fits("CustomerUpdate");
    assert_eq!(asked.line(), "PATCH /v1/customers/cus_1");
    assert_eq!(*asked.attributes(), json!({"email": "b@x.ph"}));
    assert_eq!(asked.header("idempotency-key"), None);

    let server = Server::with([Reply::one(&customer("cus_1", "b@x.ph"))]).await;
    let patch = CustomerPatch {
        metadata: [("user_id".to_owned(), "u_1".to_owned())].into(),
        ..CustomerPatch::default()
    };
    server
        .api()
        .customer_update(&id("cus_1"), &patch, "key")
        .await
        .unwrap();
    assert_eq!(server.lines(), ["GET /v1/customers/cus_1"]);
}
