//! The provider's own page for a customer.

use billdeck::billing::{checkout::ReturnUrls, portal};
use serde_json::json;

use super::{World, line, returns};
use crate::support::scripted::{Step, Turn};

#[tokio::test]
async fn a_portal_link_is_made_for_who_is_known_there() {
    let (world, _) = World::with_subscription().await;
    let cus = world.customer_of("cus_1").await;
    let by = world.by("asked for it");
    let page = portal::create(&world.billing, cus, &returns(), by).await.unwrap();
    assert_eq!(
        page.url,
        "https://portal.example.com/cus_1?back=https://app.example.com/billing"
    );
    assert_eq!(
        world.audit().await,
        json!([
            line("portal.create", "requested", "asked for it"),
            line("portal.create", "done", "asked for it"),
        ])
    );

    world.provider.next(Step::Portal, Turn::Refuse);
    let error = portal::create(&world.billing, cus, &returns(), by)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "provider_refused");
    let last = world
        .rows("select outcome from audit order by id desc limit 1")
        .await;
    assert_eq!(last, json!([{ "outcome": "provider_refused" }]));
}

#[tokio::test]
async fn without_a_provider_or_a_way_back_there_is_none() {
    let (world, _) = World::with_subscription().await;
    let (cus, acme) = (world.customer_of("cus_1").await, world.owner("org_acme").await);
    let by = world.by("asked for it");
    let error = portal::create(&world.billing, acme, &returns(), by)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "no_provider_customer");
    let error = portal::create(&world.billing, cus, &ReturnUrls::default(), by)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "no_return_url");
    assert_eq!(world.audit().await, json!([]));
}
