//! Every request with a body that the adapter sends, held against Polar's own API description, and every query it asks.

use std::collections::{BTreeMap, BTreeSet};

use billdeck::{
    domain::provider::ObjectKind,
    providers::{
        CancelWhen, CustomerPatch, NewCheckout, NewCustomer, NewRefund,
        polar::{Proration, UsageEvent},
    },
};
use jsonschema::{Draft, Registry};
use serde_json::{Value, json};

use super::server::{
    Asked, CUSTOMER, ORDER, OURS, PRODUCT, Reply, SUBSCRIPTION, Server, checkout, customer, id, object,
    order, page, refund, sent, subscription,
};
use crate::support::at;

const URI: &str = "https://specs.example.com/polar";

fn document() -> Value {
    let folder =
        std::env::var("BILLDECK_SPECS").expect("BILLDECK_SPECS names the folder with polar.openapi.json");
    let text = std::fs::read_to_string(format!("{folder}/polar.openapi.json")).unwrap();
    // The validator knows no versions of UUIDs, and passes over formats that it does not know.
    serde_json::from_str(&text.replace("\"uuid4\"", "\"uuid\"")).unwrap()
}

/// The documented path that a called one is an instance of.
fn template(document: &Value, asked: &Asked) -> String {
    let parts: Vec<&str> = asked.path.split('/').collect();
    let method = asked.method.as_str().to_lowercase();
    let paths = document["paths"].as_object().unwrap();
    let mut found: Vec<&String> = paths
        .iter()
        .filter(|(template, operations)| {
            let names: Vec<&str> = template.split('/').collect();
            names.len() == parts.len()
                && operations.get(&method).is_some()
                && names
                    .iter()
                    .zip(&parts)
                    .all(|(name, part)| (name.starts_with('{') && !part.is_empty()) || name == part)
        })
        .map(|(template, _)| template)
        .collect();
    found.sort_by_key(|template| template.matches('{').count());
    (*found
        .first()
        .unwrap_or_else(|| panic!("{} is not documented", asked.line())))
    .clone()
}

fn check(document: &Value, registry: &Registry<'_>, asked: &Asked) -> Vec<String> {
    let template = template(document, asked);
    let method = asked.method.as_str().to_lowercase();
    let operation = &document["paths"][&template][&method];
    let known: BTreeSet<&str> = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|parameter| parameter["name"].as_str())
        .collect();
    let mut wrong: Vec<String> = asked
        .query
        .iter()
        .map(|(name, _)| name.split('[').next().unwrap())
        .filter(|name| !known.contains(name))
        .map(|name| format!("{}: no query {name}", asked.line()))
        .collect();
    if asked.body.is_empty() {
        if operation.get("requestBody").is_some() {
            wrong.push(format!("{}: a body is wanted", asked.line()));
        }
        return wrong;
    }
    let escaped = template
        .replace('/', "~1")
        .replace('{', "%7B")
        .replace('}', "%7D");
    let reference = json!({"$ref": format!("{URI}#/paths/{escaped}/{method}/requestBody/content/application~1json/schema")});
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_registry(registry)
        .should_validate_formats(true)
        .build(&reference)
        .unwrap_or_else(|error| panic!("{}: {error}", asked.line()));
    wrong.extend(
        validator
            .iter_errors(&sent(asked))
            .map(|error| format!("{} at {}: {error}", asked.line(), error.instance_path())),
    );
    wrong
}

async fn everything() -> Vec<Asked> {
    let empty = || Reply::json(&page(&[], 0));
    let subscription = || Reply::json(&subscription("active", true));
    let server = Server::with([
        empty(),
        Reply::json(&customer(&json!({}))),
        Reply::json(&customer(&json!({"week": 41}))),
        Reply::json(&customer(&json!({}))),
        empty(),
        Reply::json(&checkout(&json!({}))),
        Reply::json(&json!({"customer_portal_url": "https://polar.sh/p"})),
        subscription(),
        subscription(),
        subscription(),
        subscription(),
        subscription(),
        subscription(),
        subscription(),
        empty(),
        Reply::json(&order()),
        Reply::json(&refund(&json!({}))),
        Reply::json(&json!({"inserted": 1, "duplicates": 0})),
        empty(),
        empty(),
        empty(),
        empty(),
        empty(),
        Reply::json(&order()),
        empty(),
        empty(),
        empty(),
        empty(),
        empty(),
        empty(),
        empty(),
        empty(),
        Reply::json(&customer(&json!({}))),
        Reply::status(202, ""),
        empty(),
        empty(),
        Reply::json(&customer(&json!({}))),
    ])
    .await;
    let (api, calls) = (server.api(), server.calls());
    let labels = BTreeMap::from([("user_id".to_owned(), "u_1".to_owned())]);
    let new = NewCustomer {
        email: Some("ada@example.org".to_owned()),
        name: Some("Ada".to_owned()),
        metadata: labels.clone(),
    };
    api.customer_create(&new, "key").await.unwrap();
    let patch = CustomerPatch {
        email: Some("ada@example.org".to_owned()),
        name: Some("Ada".to_owned()),
        metadata: labels.clone(),
    };
    api.customer_update(&id(CUSTOMER), &patch, "key").await.unwrap();
    let new = NewCheckout {
        checkout: OURS.parse().unwrap(),
        customer: id(CUSTOMER),
        price: id(PRODUCT),
        quantity: 3,
        success_url: "https://app.example.org/done".to_owned(),
        cancel_url: "https://app.example.org/prices".to_owned(),
        metadata: labels,
    };
    api.checkout_create(&new, "key").await.unwrap();
    api.portal_create(&id(CUSTOMER), "https://app.example.org", "key")
        .await
        .unwrap();
    let (name, whose, product) = (id(SUBSCRIPTION), id(CUSTOMER), id(PRODUCT));
    let here = at(&name, &whose);
    api.subscription_cancel(here, CancelWhen::PeriodEnd, "key")
        .await
        .unwrap();
    api.subscription_cancel(here, CancelWhen::Now, "key")
        .await
        .unwrap();
    api.subscription_resume(here, "key").await.unwrap();
    calls
        .subscription_change_product(&name, &product, Proration::Prorate)
        .await
        .unwrap();
    calls
        .subscription_set_seats(&name, 2, Proration::Invoice)
        .await
        .unwrap();
    calls.subscription_pause_at_period_end(&name, true).await.unwrap();
    let new = NewRefund {
        payment: id(ORDER),
        amount: None,
        reason: None,
    };
    api.refund_create(&new, "key").await.unwrap();
    let used = UsageEvent {
        name: "tokens".to_owned(),
        customer: id(CUSTOMER),
        key: "bucket-1".to_owned(),
        at: "2026-10-05T10:00:00Z".parse().unwrap(),
        values: BTreeMap::from([("count".to_owned(), 7)]),
    };
    calls.usage_ingest(&[used]).await.unwrap();
    calls.meters().await.unwrap();
    calls.meter_balances(&id(CUSTOMER)).await.unwrap();
    calls.webhook_endpoints().await.unwrap();
    api.check_credentials().await.unwrap();
    api.prices(None).await.unwrap();
    api.read(&object(ObjectKind::Order, ORDER), None).await.unwrap();
    for kind in [
        ObjectKind::Order,
        ObjectKind::Charge,
        ObjectKind::Refund,
        ObjectKind::Dispute,
        ObjectKind::Checkout,
        ObjectKind::Subscription,
    ] {
        api.objects_of(&id(CUSTOMER), kind).await.unwrap();
    }
    api.read(&object(ObjectKind::Refund, ORDER), None).await.unwrap();
    calls.customer_by_external_id("u_1").await.unwrap();
    calls.event_redeliver(&id(ORDER)).await.unwrap();
    api.events("2026-10-01T00:00:00Z".parse().unwrap(), None)
        .await
        .unwrap();
    api.event(&id(ORDER)).await.unwrap();
    calls.customer_state(&id(CUSTOMER)).await.unwrap();
    server.asked()
}

#[tokio::test]
async fn everything_sent_is_as_documented() {
    let document = document();
    let registry = Registry::new()
        .draft(Draft::Draft202012)
        .add(URI, document.clone())
        .unwrap()
        .prepare()
        .unwrap();
    let asked = everything().await;
    let wrong: Vec<String> = asked
        .iter()
        .flat_map(|asked| check(&document, &registry, asked))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());

    // The check is worth something: what is wrong is found.
    let refunded = asked
        .iter()
        .find(|asked| asked.line() == "POST /v1/refunds/")
        .unwrap();
    for spoilt in [
        json!({"order_id": ORDER}),
        json!({"order_id": "x", "reason": "other", "amount": 1}),
    ] {
        let mut call = refunded.clone();
        call.body = spoilt.to_string();
        assert_ne!(
            check(&document, &registry, &call),
            Vec::<String>::new(),
            "{spoilt}"
        );
    }
    let mut call = refunded.clone();
    call.query = vec![("nonsense".to_owned(), "1".to_owned())];
    assert_ne!(check(&document, &registry, &call), Vec::<String>::new());
}
