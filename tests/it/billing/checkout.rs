//! Selling a plan.

use std::collections::BTreeSet;

use billdeck::{
    billing::{
        BillingError,
        checkout::{self, CheckoutPage, Purchase, ReturnUrls},
    },
    domain::{customer::LinkingRules, ids::CustomerId},
};
use serde_json::json;

use super::{World, billing_on, line, returns};
use crate::support::scripted::{Gate, Step, Turn, id};

fn purchase(customer: CustomerId, plan: &str, seats: u32) -> Purchase {
    Purchase {
        customer,
        plan: plan.to_owned(),
        seats,
    }
}

async fn sell(
    world: &World,
    customer: CustomerId,
    plan: &str,
    seats: u32,
) -> Result<CheckoutPage, BillingError> {
    let by = world.by("on request");
    checkout::create(&world.billing, &purchase(customer, plan, seats), &returns(), by).await
}

#[tokio::test]
async fn a_customer_is_made_at_the_provider_when_it_first_buys() {
    let world = World::new().await;
    let acme = world.owner("org_acme").await;
    let page = sell(&world, acme, "team", 3).await.unwrap();
    assert_eq!(page.url, "https://pay.example.com/0");

    {
        let state = world.provider.state();
        let made = state.customers.values().next().unwrap();
        assert_eq!(made.email.as_deref(), Some("org_acme@example.com"));
        assert_eq!(made.metadata["organizationId"], "org_acme");
        let session = &state.sessions[0];
        assert_eq!(
            (
                &session.price,
                session.quantity,
                session.checkout,
                &session.customer
            ),
            (&id("price_team"), 3, page.id, &made.id)
        );
        assert_eq!(session.success_url, "https://app.example.com/paid");
        assert_eq!(session.metadata["organizationId"], "org_acme");
    }
    assert_eq!(
        world
            .rows("select customer_id, provider_customer_id, is_default from customer_link")
            .await,
        json!([{ "customer_id": acme.to_string(), "provider_customer_id": "cus_made_0", "is_default": true }])
    );
    assert_eq!(world.db.number("select count(*) from customer").await, 1);
    assert_eq!(
        world
            .rows("select id, state, plan, seats, provider_checkout_id, url from checkout")
            .await,
        json!([{
            "id": page.id.to_string(), "state": "open", "plan": "team", "seats": 3,
            "provider_checkout_id": "cs_made_0", "url": page.url,
        }])
    );
    assert_eq!(
        world.audit().await,
        json!([
            line("checkout.create", "requested", "on request"),
            line("customer.create", "requested", "on request"),
            line("customer.create", "done", "on request"),
            line("checkout.create", "done", "on request"),
        ])
    );
    world.assert_lanes_free().await;

    let again = sell(&world, acme, "team", 3).await.unwrap();
    assert_eq!(again, page, "the same is not made twice");
    let other = sell(&world, acme, "team", 4).await.unwrap();
    assert_ne!(other.id, page.id);
    assert_eq!(world.provider.state().customers.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_who_ask_for_the_same_at_once_get_one_checkout_of_one_customer() {
    let world = World::new().await;
    let acme = world.owner("org_acme").await;
    let gate = Gate::new();
    world
        .provider
        .next(Step::CheckoutCreate, Turn::Hold(gate.clone()));
    let asking: Vec<_> = (0..100)
        .map(|_| {
            let (billing, actor) = (world.billing.clone(), world.actor.clone());
            tokio::spawn(async move {
                let by = billdeck::billing::By {
                    actor: &actor,
                    reason: None,
                };
                checkout::create(&billing, &purchase(acme, "pro", 1), &returns(), by).await
            })
        })
        .collect();
    gate.reached().await;
    gate.open();
    let mut pages = BTreeSet::new();
    for asked in asking {
        let page = asked.await.unwrap().unwrap();
        pages.insert((page.id, page.url));
    }
    assert_eq!(pages.len(), 1);
    assert_eq!(world.provider.state().customers.len(), 1);
    assert_eq!(world.provider.state().sessions.len(), 1);
    assert_eq!(world.db.number("select count(*) from checkout").await, 1);
    assert_eq!(world.db.number("select count(*) from customer_link").await, 1);
    assert_eq!(
        world.db.number("select count(*) from audit").await,
        4,
        "one of them made it"
    );
    world.assert_lanes_free().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn different_plans_at_once_share_the_customer() {
    let world = World::new().await;
    let acme = world.owner("org_acme").await;
    let (gate, pro, team) = (
        Gate::new(),
        sell(&world, acme, "pro", 1),
        sell(&world, acme, "team", 2),
    );
    world
        .provider
        .next(Step::CustomerCreate, Turn::Hold(gate.clone()));
    world
        .provider
        .next(Step::CustomerCreate, Turn::Hold(gate.clone()));
    let both = async {
        gate.reached().await;
        gate.reached().await;
        gate.open();
        gate.open();
    };
    let (pro, team, ()) = tokio::join!(pro, team, both);
    assert_ne!(pro.unwrap().url, team.unwrap().url);
    assert_eq!(world.provider.state().customers.len(), 1);
    assert_eq!(
        world.rows("select customer_id from customer_link").await,
        json!([{ "customer_id": acme.to_string() }])
    );
    assert_eq!(world.db.number("select count(*) from customer").await, 1);
}

#[tokio::test]
async fn a_refused_checkout_leaves_only_its_audit() {
    let world = World::new().await;
    let acme = world.owner("org_acme").await;
    world.provider.next(Step::CheckoutCreate, Turn::Refuse);
    let error = sell(&world, acme, "pro", 1).await.unwrap_err();
    assert_eq!(error.code(), "provider_refused");
    assert_eq!(world.db.number("select count(*) from checkout").await, 0);
    assert_eq!(
        world.audit().await,
        json!([
            line("checkout.create", "requested", "on request"),
            line("customer.create", "requested", "on request"),
            line("customer.create", "done", "on request"),
            line("checkout.create", "provider_refused", "on request"),
        ])
    );
    world.assert_lanes_free().await;
    sell(&world, acme, "pro", 1).await.unwrap();
}

#[tokio::test]
async fn a_customer_that_could_not_be_made_leaves_no_checkout() {
    let world = World::new().await;
    let acme = world.owner("org_acme").await;
    world.provider.next(Step::CustomerCreate, Turn::Lost);
    let error = sell(&world, acme, "pro", 1).await.unwrap_err();
    assert!(error.outcome_unknown());
    assert_eq!(world.db.number("select count(*) from checkout").await, 0);
    let made = "select target, outcome, differences from audit where action = 'customer.create' order by id";
    let told = |outcome: &str, id: Option<&str>| {
        let made = id.map(|id| json!({ "field": "provider_customer_id", "before": null, "after": id }));
        json!({ "target": acme.to_string(), "outcome": outcome, "differences": made.into_iter().collect::<Vec<_>>() })
    };
    assert_eq!(
        world.rows(made).await,
        json!([told("requested", None), told("unknown", None)])
    );

    sell(&world, acme, "pro", 1).await.unwrap();
    assert_eq!(
        world.provider.state().customers.len(),
        1,
        "the one whose answer was lost is found again"
    );
    assert_eq!(
        world.rows(made).await,
        json!([
            told("requested", None),
            told("unknown", None),
            told("requested", None),
            told("done", Some("cus_made_0")),
        ])
    );
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_the_same_key() {
    let world = World::new().await;
    let acme = world.owner("org_acme").await;
    world.provider.next(Step::CheckoutCreate, Turn::Lost);
    let error = sell(&world, acme, "pro", 1).await.unwrap_err();
    assert!(error.outcome_unknown());
    assert_eq!(
        world.rows("select state, url from checkout").await,
        json!([{ "state": "unknown", "url": null }])
    );

    let page = sell(&world, acme, "pro", 1).await.unwrap();
    assert_eq!(world.provider.state().sessions.len(), 1, "no second one was made");
    assert_eq!(
        world.rows("select state, url from checkout").await,
        json!([{ "state": "open", "url": page.url }])
    );
    assert_eq!(
        world
            .rows("select outcome from audit where action = 'checkout.create' order by id")
            .await,
        json!([
            { "outcome": "requested" }, { "outcome": "unknown" },
            { "outcome": "requested" }, { "outcome": "done" },
        ])
    );
}

#[tokio::test]
async fn an_answer_that_is_lost_twice_is_given_up() {
    let world = World::new().await;
    let acme = world.owner("org_acme").await;
    world.provider.next(Step::CheckoutCreate, Turn::Lost);
    world.provider.next(Step::CheckoutCreate, Turn::Lost);
    sell(&world, acme, "pro", 1).await.unwrap_err();
    sell(&world, acme, "pro", 1).await.unwrap_err();
    let page = sell(&world, acme, "pro", 1).await.unwrap();
    assert_eq!(
        world.rows("select state, url from checkout order by id").await,
        json!([{ "state": "expired", "url": null }, { "state": "open", "url": page.url }])
    );
}

#[tokio::test]
async fn a_checkout_whose_maker_died_is_taken_up_and_an_expired_one_is_not() {
    let world = World::new().await;
    let acme = world.owner("org_acme").await;
    let page = sell(&world, acme, "pro", 1).await.unwrap();
    // As the row was before the answer came, some minutes ago.
    sqlx::query(
        "update checkout set state = 'creating', url = null, provider_checkout_id = null, expires_at = null,
                updated_at = now() - interval '3 minutes'",
    )
    .execute(world.db.store.pool())
    .await
    .unwrap();
    assert_eq!(sell(&world, acme, "pro", 1).await.unwrap().url, page.url);
    assert_eq!(world.provider.state().sessions.len(), 1);

    sqlx::query("update checkout set expires_at = now() + interval '1 minute'")
        .execute(world.db.store.pool())
        .await
        .unwrap();
    let fresh = sell(&world, acme, "pro", 1).await.unwrap();
    assert_ne!(fresh.id, page.id);
    assert_eq!(world.provider.state().sessions.len(), 2);
}

#[tokio::test]
async fn a_webhook_that_comes_before_the_answer_keeps_its_word() {
    let world = World::new().await;
    let acme = world.owner("org_acme").await;
    let gate = Gate::new();
    world
        .provider
        .next(Step::CheckoutCreate, Turn::Hold(gate.clone()));
    let paid_at_once = async {
        gate.reached().await;
        sqlx::query("update checkout set state = 'complete', provider_checkout_id = 'cs_made_0'")
            .execute(world.db.store.pool())
            .await
            .unwrap();
        gate.open();
    };
    let (page, ()) = tokio::join!(sell(&world, acme, "pro", 1), paid_at_once);
    page.unwrap();
    assert_eq!(
        world.rows("select state from checkout").await,
        json!([{ "state": "complete" }])
    );
}

#[tokio::test]
async fn what_cannot_be_sold_is_refused_before_anything_happens() {
    let world = World::new().await;
    let acme = world.owner("org_acme").await;
    let code = |sold: Result<CheckoutPage, BillingError>| sold.unwrap_err().code().to_owned();
    assert_eq!(code(sell(&world, acme, "gold", 1).await), "unknown_plan");
    assert_eq!(code(sell(&world, acme, "elsewhere", 1).await), "no_price");
    assert_eq!(code(sell(&world, acme, "pro", 2).await), "not_sold_by_seats");
    assert_eq!(code(sell(&world, acme, "team", 0).await), "bad_seats");
    let nobody = uuid::Uuid::now_v7().into();
    assert_eq!(code(sell(&world, nobody, "pro", 1).await), "not_found");
    let by = world.by("on request");
    let nowhere = ReturnUrls::default();
    let sold = checkout::create(&world.billing, &purchase(acme, "pro", 1), &nowhere, by).await;
    assert_eq!(code(sold), "no_return_url");
    let off = billing_on(
        world.db.store.clone(),
        world.provider.off(),
        billdeck::billing::Rules::default(),
    );
    let sold = checkout::create(&off, &purchase(acme, "pro", 1), &returns(), by).await;
    assert_eq!(code(sold), "provider_off");
    let looking = world.read_only().await;
    let sold = checkout::create(&looking, &purchase(acme, "pro", 1), &returns(), by).await;
    assert_eq!(code(sold), "read_only");

    assert_eq!(world.audit().await, json!([]));
    assert!(world.provider.state().writes.is_empty());
}

#[tokio::test]
async fn the_customer_is_ours_even_where_no_metadata_key_is_read() {
    let world = World::new().await;
    let acme = world.owner("org_acme").await;
    let rules = billdeck::billing::Rules {
        linking: LinkingRules {
            organization_keys: Vec::new(),
            user_keys: Vec::new(),
            unscoped_keys: Vec::new(),
            ..LinkingRules::default()
        },
        ..billdeck::billing::Rules::default()
    };
    let billing = billing_on(world.db.store.clone(), world.provider.clone(), rules);
    let by = world.by("on request");
    checkout::create(&billing, &purchase(acme, "pro", 1), &returns(), by)
        .await
        .unwrap();
    assert_eq!(
        world
            .rows("select customer_id, is_default from customer_link")
            .await,
        json!([{ "customer_id": acme.to_string(), "is_default": true }])
    );
}

#[tokio::test]
async fn a_customer_deleted_at_the_provider_gets_a_new_counterpart() {
    let world = World::new().await;
    let acme = world.owner("org_acme").await;
    sell(&world, acme, "pro", 1).await.unwrap();
    sqlx::query("update customer_link set deleted = true")
        .execute(world.db.store.pool())
        .await
        .unwrap();
    sell(&world, acme, "team", 1).await.unwrap();
    assert_eq!(world.provider.state().customers.len(), 2);
    let last = world.provider.state().sessions[1].customer.clone();
    assert_eq!(last, id("cus_made_1"));
    assert_eq!(
        world
            .db
            .number("select count(distinct customer_id) from customer_link")
            .await,
        1
    );
}
