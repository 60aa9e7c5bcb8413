//! The API's outside: keys, errors, idempotency, paging, search, expansion, and faults of calls.

use std::time::{Duration, Instant};

use billdeck::simulators::{ApiFault, Fault};
use serde_json::{Value, json};

use super::support::{KEY, World, ids, text};

#[tokio::test]
async fn a_key_is_needed_and_either_scheme_will_do() {
    let world = World::start().await;
    let url = format!("{}/v1/customers", world.simulator.stripe_base());
    let none = world.client.get(&url).send().await.unwrap();
    assert_eq!(none.status(), 401);
    let wrong = world
        .client
        .get(&url)
        .bearer_auth("sk_test_wrong")
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 401);
    let body: Value = serde_json::from_slice(&wrong.bytes().await.unwrap()).unwrap();
    assert_eq!(body["error"]["type"], "invalid_request_error");
    let basic = world
        .client
        .get(&url)
        .basic_auth(KEY, Some(""))
        .send()
        .await
        .unwrap();
    assert_eq!(basic.status(), 200);

    let reply = world.get("/v1/customers").await;
    assert_eq!(reply.headers["stripe-version"], "2026-10-28.endive");
    assert!(reply.headers["request-id"].to_str().unwrap().starts_with("req_"));
    assert!(
        reply.headers["date"]
            .to_str()
            .unwrap()
            .starts_with("Mon, 03 Aug 2026 09:00")
    );
    let old = world
        .client
        .get(&url)
        .bearer_auth(KEY)
        .header("stripe-version", "2020-08-27")
        .send()
        .await
        .unwrap();
    assert_eq!(old.status(), 400);
}

#[tokio::test]
async fn refusals_name_the_parameter() {
    let world = World::start().await;
    let cases = [
        (
            "/v1/checkout/sessions",
            vec![("mode", "subscription")],
            400,
            "parameter_missing",
            "success_url",
        ),
        (
            "/v1/customers",
            vec![("emial", "a@example.com")],
            400,
            "parameter_unknown",
            "emial",
        ),
        (
            "/v1/refunds",
            vec![("charge", "ch_1"), ("amount", "ten")],
            400,
            "parameter_invalid_integer",
            "amount",
        ),
        (
            "/v1/refunds",
            vec![("charge", "ch_1")],
            400,
            "resource_missing",
            "charge",
        ),
        (
            "/v1/subscriptions/sub_none",
            vec![("metadata[a]", "b")],
            404,
            "resource_missing",
            "id",
        ),
    ];
    for (path, form, status, code, param) in cases {
        let reply = world.post(path, &form).await;
        let error = &reply.body["error"];
        assert_eq!(
            (reply.status, &error["code"], &error["param"]),
            (status, &json!(code), &json!(param)),
            "{error}"
        );
    }
    assert_eq!(world.get("/v1/nothing").await.status, 404);
    assert_eq!(world.delete("/v1/checkout/sessions").await.status, 404);
    let json_body = world
        .request("POST", "/v1/customers")
        .json(&json!({ "email": "a@example.com" }));
    assert_eq!(world.send("POST", "/v1/customers", json_body).await.status, 400);
}

#[tokio::test]
async fn an_idempotency_key_is_remembered_once_work_began() {
    let world = World::start().await;
    let call = |form: Vec<(&'static str, &'static str)>| {
        let request = world
            .request("POST", "/v1/customers")
            .header("idempotency-key", "key-1")
            .form(&form);
        world.send("POST", "/v1/customers", request)
    };
    // A refusal before any work leaves the key free.
    assert_eq!(call(vec![("emial", "a@example.com")]).await.status, 400);
    let first = call(vec![("email", "a@example.com")]).await;
    let second = call(vec![("email", "a@example.com")]).await;
    assert_eq!(first.body, second.body);
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!(ids(&world.read("/v1/customers").await).len(), 1);
    let other = call(vec![("email", "b@example.com")]).await;
    assert_eq!(
        (other.status, &other.body["error"]["type"]),
        (400, &json!("idempotency_error"))
    );
    world.settle().await;
    let event = world.receiver.one("customer.created");
    assert_eq!(event["request"]["idempotency_key"], "key-1");
    assert_eq!(
        event["request"]["id"],
        first.headers["request-id"].to_str().unwrap()
    );
    // After a day the key is forgotten.
    world
        .control("/_clock/advance", json!({ "seconds": 86_401 }))
        .await;
    assert_eq!(call(vec![("email", "b@example.com")]).await.status, 200);
}

#[tokio::test]
async fn a_key_in_flight_is_a_conflict_and_a_caller_who_hangs_up_stops_nothing() {
    let world = World::start().await;
    world
        .handle()
        .add_fault(Fault::from(ApiFault::Slow { milliseconds: 400 }).times(1));
    let send = || {
        let request = world
            .request("POST", "/v1/customers")
            .header("idempotency-key", "key-2");
        request.form(&[("email", "a@example.com")])
    };
    let hung_up = send()
        .timeout(Duration::from_millis(100))
        .send()
        .await
        .unwrap_err();
    assert!(hung_up.is_timeout());
    let meanwhile = world.send("POST", "/v1/customers", send()).await;
    assert_eq!(
        (meanwhile.status, &meanwhile.body["error"]["code"]),
        (409, &json!("idempotency_key_in_use"))
    );
    let started = Instant::now();
    let reply = loop {
        let reply = world.send("POST", "/v1/customers", send()).await;
        if reply.status != 409 {
            break reply;
        }
        assert!(started.elapsed() < Duration::from_secs(5));
        tokio::task::yield_now().await;
    };
    assert_eq!(reply.status, 200);
    assert_eq!(ids(&world.read("/v1/customers").await), [text(&reply.body["id"])]);
}

#[tokio::test]
async fn pages_walk_in_both_directions() {
    let world = World::start().await;
    let mut made = Vec::new();
    for number in 0..7 {
        let email = format!("c{number}@example.com");
        made.push(text(
            &world.made("/v1/customers", &[("email", &email)]).await["id"],
        ));
    }
    made.reverse();
    let first = world.read("/v1/customers?limit=3").await;
    assert_eq!(
        (ids(&first), &first["has_more"]),
        (made[..3].to_vec(), &json!(true))
    );
    let second = world
        .read(&format!("/v1/customers?limit=3&starting_after={}", made[2]))
        .await;
    assert_eq!(ids(&second), made[3..6]);
    let last = world
        .read(&format!("/v1/customers?limit=3&starting_after={}", made[5]))
        .await;
    assert_eq!(
        (ids(&last), &last["has_more"]),
        (made[6..].to_vec(), &json!(false))
    );
    let back = world
        .read(&format!("/v1/customers?limit=3&ending_before={}", made[5]))
        .await;
    assert_eq!(
        (ids(&back), &back["has_more"]),
        (made[2..5].to_vec(), &json!(true))
    );
    assert_eq!(world.get("/v1/customers?limit=101").await.status, 400);
    assert_eq!(
        world.get("/v1/customers?starting_after=cus_none").await.status,
        400
    );
    assert_eq!(
        ids(&world.read("/v1/customers?email=c4%40example.com").await),
        [made[2].clone()]
    );
}

#[tokio::test]
async fn search_expand_and_delete() {
    let world = World::start().await;
    let (customer, subscription) = world.subscribed("price_solo").await;
    world
        .made(
            &format!("/v1/customers/{customer}"),
            &[("metadata[workspace_id]", "ws_42")],
        )
        .await;
    let query = "email:'ana@example.com' AND metadata['workspace_id']:'ws_42'";
    let request = world
        .request("GET", "/v1/customers/search")
        .query(&[("query", query)]);
    let found = world.send("GET", "/v1/customers/search", request).await.body;
    assert_eq!(
        (&found["object"], ids(&found)),
        (&json!("search_result"), vec![customer.clone()])
    );

    let id = text(&subscription["id"]);
    let path = format!(
        "/v1/subscriptions/{id}?expand[]=latest_invoice.payments&expand[]=customer&expand[]=items.data.price.product"
    );
    let expanded = world.read(&path).await;
    assert_eq!(expanded["customer"]["email"], "ana@example.com");
    assert_eq!(
        expanded["latest_invoice"]["payments"]["data"][0]["status"],
        "paid"
    );
    assert_eq!(expanded["items"]["data"][0]["price"]["product"]["name"], "Solo");
    assert_eq!(
        world
            .get(&format!("/v1/subscriptions/{id}?expand[]=status"))
            .await
            .status,
        400
    );

    let deleted = world.delete(&format!("/v1/customers/{customer}")).await.body;
    assert_eq!(
        deleted,
        json!({ "id": customer, "object": "customer", "deleted": true })
    );
    assert_eq!(
        world.read(&format!("/v1/customers/{customer}")).await["deleted"],
        true
    );
    assert!(ids(&world.read("/v1/customers").await).is_empty());
    assert!(ids(&world.read("/v1/subscriptions").await).is_empty());
    assert_eq!(ids(&world.read("/v1/subscriptions?status=all").await), [id]);
}

#[tokio::test]
async fn refunds_add_up_and_stop_at_the_charge() {
    let world = World::start().await;
    let (customer, _) = world.subscribed("price_solo").await;
    let charge = text(&world.read(&format!("/v1/charges?customer={customer}")).await["data"][0]["id"]);
    let part = world
        .made("/v1/refunds", &[("charge", &charge), ("amount", "900")])
        .await;
    assert_eq!(part["status"], "succeeded");
    let too_much = world
        .post("/v1/refunds", &[("charge", &charge), ("amount", "1001")])
        .await;
    assert_eq!(too_much.status, 400);
    let intent = text(&part["payment_intent"]);
    assert_eq!(
        world.made("/v1/refunds", &[("payment_intent", &intent)]).await["amount"],
        1000
    );
    let over = world.post("/v1/refunds", &[("charge", &charge)]).await;
    assert_eq!(over.body["error"]["code"], "charge_already_refunded");
    world.settle().await;
    assert_eq!(world.receiver.of("refund.created").len(), 2);
    let refunded = world.receiver.of("charge.refunded");
    let before: Vec<&Value> = refunded
        .iter()
        .map(|event| &event["data"]["previous_attributes"]["amount_refunded"])
        .collect();
    assert!(
        before.contains(&&json!(0)) && before.contains(&&json!(900)),
        "{before:?}"
    );
    assert_eq!(
        world.read(&format!("/v1/charges/{charge}")).await["refunded"],
        true
    );
}

#[tokio::test]
async fn calls_fail_as_told() {
    let world = World::start().await;
    let handle = world.handle();
    let limited =
        json!({ "api": { "fault": "rate_limit", "retry_after_seconds": 7 }, "method": "GET", "times": 1 });
    world.control("/_faults", limited).await;
    let reply = world.get("/v1/customers").await;
    assert_eq!(
        (reply.status, reply.headers["retry-after"].to_str().unwrap()),
        (429, "7")
    );
    assert_eq!(world.get("/v1/customers").await.status, 200);

    handle.add_fault(
        Fault::from(ApiFault::Outage { after_effect: true })
            .on("POST", "/v1/customers")
            .times(1),
    );
    let request = || {
        world
            .request("POST", "/v1/customers")
            .header("idempotency-key", "key-3")
            .form(&[("name", "A")])
    };
    let lost = request().send().await.unwrap_err();
    assert!(lost.is_request() && !lost.is_connect(), "{lost:?}");
    let replayed = world.send("POST", "/v1/customers", request()).await;
    assert_eq!(replayed.headers["idempotent-replayed"], "true");
    assert_eq!(
        ids(&world.read("/v1/customers").await),
        [text(&replayed.body["id"])]
    );

    let customer = text(&replayed.body["id"]);
    handle.add_fault(Fault::from(ApiFault::ServerError { after_effect: false }).on_object(&customer));
    assert_eq!(world.get(&format!("/v1/customers/{customer}")).await.status, 500);
    assert_eq!(world.get("/v1/customers").await.status, 200);
    handle.clear_faults();

    handle.add_fault(Fault::from(ApiFault::Unavailable).times(1));
    assert_eq!(world.get("/v1/customers").await.status, 503);
    handle.add_fault(Fault::from(ApiFault::HtmlBody).times(1));
    let html = world.request("GET", "/v1/customers").send().await.unwrap();
    assert_eq!(
        (
            html.status().as_u16(),
            html.headers()["content-type"].to_str().unwrap()
        ),
        (502, "text/html")
    );
    handle.add_fault(Fault::from(ApiFault::HalfBody).times(1));
    let half = world.request("GET", "/v1/customers").send().await.unwrap();
    assert_eq!(half.status(), 200);
    assert!(half.bytes().await.is_err());
    handle.add_fault(Fault::from(ApiFault::Outage { after_effect: false }).times(1));
    assert!(world.request("GET", "/v1/customers").send().await.is_err());
    handle.add_fault(Fault::from(ApiFault::Slow { milliseconds: 120 }).times(1));
    let started = Instant::now();
    assert_eq!(world.get("/v1/customers").await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(120));
    assert!(handle.faults().is_empty());
}
