//! Whose a provider's customer is.

use billdeck::billing::{By, linking::link_customer};
use serde_json::json;

use super::{World, line, organization};
use crate::support::{scripted::customer, wait_until};

const CUSTOMERS: &str = "select id, external_id, merged_into, email from customer order by id";

#[tokio::test]
async fn an_owner_that_nobody_knows_yet_gets_the_customer_itself() {
    let (world, _) = World::with_subscription().await;
    let cus = world.customer_of("cus_1").await;
    let by = world.by("they wrote in");
    let linked = link_customer(&world.billing, cus, &organization("org_new"), by)
        .await
        .unwrap();
    assert_eq!(linked, cus);
    assert_eq!(
        world
            .rows("select scope, external_id, merged_into from customer")
            .await,
        json!([{ "scope": "organization", "external_id": "org_new", "merged_into": null }])
    );
    let told = world
        .rows("select action, target, customer_id, differences, outcome from audit")
        .await;
    assert_eq!(
        told,
        json!([{
            "action": "customer.link", "target": cus.to_string(), "customer_id": cus.to_string(), "outcome": "done",
            "differences": [{ "field": "owner", "before": null, "after": "organization org_new" }],
        }])
    );
    let set = world
        .rows("select source_kind, source_ref, row_key from change where field = 'owner' and table_name = 'customer' order by id desc limit 1")
        .await;
    assert_eq!(
        set,
        json!([{ "source_kind": "person", "source_ref": "marta", "row_key": cus.to_string() }]),
        "the row goes by the name that a preview gives it"
    );
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn a_known_owner_takes_over_the_links_and_the_emptied_customer_points_to_it() {
    let (world, sub) = World::with_subscription().await;
    let (cus, acme) = (world.customer_of("cus_1").await, world.owner("org_acme").await);
    let by = world.by("same people");
    let linked = link_customer(&world.billing, cus, &organization("org_acme"), by)
        .await
        .unwrap();
    assert_eq!(linked, acme);
    assert_eq!(world.customer_of("cus_1").await, acme);
    assert_eq!(
        world
            .rows("select external_id, merged_into, email from customer order by merged_into nulls last")
            .await,
        json!([
            { "external_id": null, "merged_into": acme.to_string(), "email": "cus_1@example.com" },
            { "external_id": "org_acme", "merged_into": null, "email": "org_acme@example.com" },
        ]),
        "the application's own word stays"
    );
    let owned = world
        .rows("select subscription.id from subscription join customer_link on customer_link.id = link_id where customer_id = (select id from customer where external_id = 'org_acme')")
        .await;
    assert_eq!(
        owned,
        json!([{ "id": sub.to_string() }]),
        "what hangs on the link came along"
    );

    let before = world.rows(CUSTOMERS).await;
    let again = link_customer(&world.billing, cus, &organization("org_acme"), by)
        .await
        .unwrap();
    assert_eq!(again, acme);
    assert_eq!(world.rows(CUSTOMERS).await, before);
    assert_eq!(
        world.audit().await,
        json!([line("customer.link", "done", "same people")]),
        "the second time nothing was done"
    );
    let error = link_customer(&world.billing, cus, &organization("org_other"), by)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "already_linked");
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn an_owner_with_a_counterpart_keeps_it_as_the_default() {
    let world = World::new().await;
    for name in ["cus_1", "cus_2"] {
        world.provider.add_customer(customer(name));
        world.take_in(name, &[]).await;
    }
    let by = world.by("both theirs");
    let first = world.customer_of("cus_1").await;
    let second = world.customer_of("cus_2").await;
    link_customer(&world.billing, first, &organization("org_acme"), by)
        .await
        .unwrap();
    let linked = link_customer(&world.billing, second, &organization("org_acme"), by)
        .await
        .unwrap();
    assert_eq!(linked, first);
    assert_eq!(
        world
            .rows("select provider_customer_id, is_default from customer_link where customer_id = (select id from customer where external_id = 'org_acme') order by 1")
            .await,
        json!([
            { "provider_customer_id": "cus_1", "is_default": true },
            { "provider_customer_id": "cus_2", "is_default": false },
        ])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_customers_linked_to_one_new_owner_at_once_end_as_one() {
    let world = World::new().await;
    let names: Vec<String> = (0..8).map(|number| format!("cus_{number}")).collect();
    let mut linking = Vec::new();
    for name in &names {
        world.provider.add_customer(customer(name));
        world.take_in(name, &[]).await;
        let cus = world.customer_of(name).await;
        let (billing, actor) = (world.billing.clone(), world.actor.clone());
        linking.push(async move {
            let by = By {
                actor: &actor,
                reason: None,
            };
            link_customer(&billing, cus, &organization("org_acme"), by).await
        });
    }
    let linking: Vec<_> = linking.into_iter().map(tokio::spawn).collect();
    for linked in linking {
        linked.await.unwrap().unwrap();
    }
    assert_eq!(
        world.rows("select count(*) as links, count(distinct customer_id) as holders, count(*) filter (where is_default) as defaults from customer_link").await,
        json!([{ "links": 8, "holders": 1, "defaults": 1 }])
    );
    assert_eq!(
        world
            .db
            .number("select count(*) from customer where merged_into is not null")
            .await,
        7
    );
    assert_eq!(world.db.number("select count(*) from audit").await, 8);
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn a_customer_of_the_other_environment_is_not_there() {
    let (world, _) = World::with_subscription().await;
    let cus = world.customer_of("cus_1").await;
    sqlx::query("update customer_link set livemode = true")
        .execute(world.db.store.pool())
        .await
        .unwrap();
    let by = world.by("wrong window");
    let error = link_customer(&world.billing, cus, &organization("org_acme"), by)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "not_found");
    assert_eq!(world.audit().await, json!([]));
}

#[tokio::test]
async fn a_link_that_came_while_another_went_is_not_taken_for_held() {
    let world = World::new().await;
    for name in ["cus_1", "cus_2"] {
        world.provider.add_customer(customer(name));
        world.take_in(name, &[]).await;
    }
    let (first, second) = (world.customer_of("cus_1").await, world.customer_of("cus_2").await);
    let pool = world.db.store.pool();
    let begun: String = sqlx::query_scalar(
        "insert into lane (key, owner, token, lease_until)
         values ('stripe:test:cus_1', 'another', gen_random_uuid(), now() + interval '1 minute')
         on conflict (key) do update set lease_until = excluded.lease_until, token = excluded.token
         returning clock_timestamp()::text",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    let (billing, actor) = (world.billing.clone(), world.actor.clone());
    let linking = tokio::spawn(async move {
        let by = By {
            actor: &actor,
            reason: None,
        };
        link_customer(&billing, first, &organization("org_new"), by).await
    });
    wait_until("the link to ask for its lane", || async {
        // In two parts, so that this very statement is not found.
        let asked: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and query_start > $1::timestamptz
               and query like '%insert into lane ' || '(key%'",
        )
        .bind(&begun)
        .fetch_one(pool)
        .await
        .unwrap();
        if asked > 0 { Ok(asked) } else { Err(asked) }
    })
    .await;
    for statement in [
        "update customer_link set is_default = false",
        "update customer_link set customer_id = case customer_id when $1 then $2 else $1 end",
        "update lane set lease_until = now() where key = 'stripe:test:cus_1'",
    ] {
        let query = sqlx::query(statement);
        let query = if statement.contains("$1") {
            query.bind(first.as_uuid()).bind(second.as_uuid())
        } else {
            query
        };
        query.execute(pool).await.unwrap();
    }
    let error = linking.await.unwrap().unwrap_err();
    assert_eq!(error.code(), "busy");
    assert_eq!(world.audit().await, json!([]));
}
