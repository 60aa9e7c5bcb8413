//! The hosted checkout and the portal.

use ring::hmac;
use serde_json::{Value, json};

use super::support::{Received, SECRET, World, text};

async fn open_session(world: &World, customer: &str) -> Value {
    world
        .made(
            "/v1/checkout/sessions",
            &[
                ("mode", "subscription"),
                ("customer", customer),
                ("line_items[0][price]", "price_solo"),
                ("line_items[0][quantity]", "1"),
                ("client_reference_id", "ws_42"),
                ("subscription_data[metadata][workspace_id]", "ws_42"),
                (
                    "success_url",
                    "https://app.example.com/ok?session_id={CHECKOUT_SESSION_ID}",
                ),
                ("cancel_url", "https://app.example.com/cancel"),
            ],
        )
        .await
}

/// Computed apart from the simulator's own signer: over one buffer, as the provider's page describes it.
fn verify(received: &Received) {
    let header = received.headers["stripe-signature"].to_str().unwrap();
    let parts: Vec<(&str, &str)> = header
        .split(',')
        .map(|part| part.split_once('=').unwrap())
        .collect();
    let timestamp = parts.iter().find(|(name, _)| *name == "t").unwrap().1;
    let signed = [timestamp.as_bytes(), b".", &received.body].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let good = parts
        .iter()
        .filter(|(name, _)| *name == "v1")
        .any(|(_, signature)| hmac::verify(&key, &signed, &hex::decode(signature).unwrap()).is_ok());
    assert!(good, "{header}");
    let age = jiff::Timestamp::now().as_second() - timestamp.parse::<i64>().unwrap();
    assert!((0..60).contains(&age), "{age}");
}

#[tokio::test]
async fn one_request_pays_and_tells_the_whole_story() {
    let world = World::start().await;
    let customer = world
        .made(
            "/v1/customers",
            &[("email", "ana@example.com"), ("name", "Ana Reyes")],
        )
        .await;
    let customer = text(&customer["id"]);
    let session = open_session(&world, &customer).await;
    assert_eq!(session["status"], "open");

    let url = text(&session["url"]);
    let page = world.client.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("<button type=\"submit\">Pay</button>") && page.contains("19.00 USD per month"),
        "{page}"
    );

    let paid = world
        .client
        .post(format!("{url}/pay"))
        .form(&[("country", "MX")])
        .send()
        .await
        .unwrap();
    assert_eq!(paid.status(), 303);
    let expected = format!("https://app.example.com/ok?session_id={}", text(&session["id"]));
    assert_eq!(paid.headers()["location"].to_str().unwrap(), expected);
    world.settle().await;

    let mut told = world.receiver.types();
    told.dedup();
    assert_eq!(
        told,
        [
            "charge.succeeded",
            "checkout.session.completed",
            "customer.created",
            "customer.subscription.created",
            "customer.subscription.updated",
            "customer.updated",
            "invoice.created",
            "invoice.finalized",
            "invoice.paid",
            "invoice.payment_succeeded",
            "invoice.updated",
            "invoice_payment.paid",
            "payment_intent.created",
            "payment_intent.succeeded",
            "payment_method.attached",
        ]
    );
    for received in world.receiver.all() {
        verify(&received);
    }

    let created = world.receiver.one("customer.subscription.created");
    assert_eq!(created["data"]["object"]["status"], "incomplete");
    assert_eq!(
        created["data"]["object"]["metadata"],
        json!({ "workspace_id": "ws_42" })
    );
    let updated = world.receiver.one("customer.subscription.updated");
    assert_eq!(
        updated["data"]["previous_attributes"],
        json!({ "default_payment_method": null, "status": "incomplete" })
    );
    let completed = world.receiver.one("checkout.session.completed");
    assert_eq!(
        completed["data"]["object"]["subscription"],
        updated["data"]["object"]["id"]
    );
    assert_eq!(completed["data"]["object"]["client_reference_id"], "ws_42");
    assert_eq!(completed["data"]["object"]["payment_status"], "paid");
    assert_eq!(completed["data"]["object"]["url"], Value::Null);

    // The road from a charge back to its subscription, as the API has it since basil.
    let charge = world.receiver.one("charge.succeeded");
    assert_eq!(
        charge["data"]["object"]["payment_method_details"]["card"]["country"],
        "MX"
    );
    let intent = text(&charge["data"]["object"]["payment_intent"]);
    let payments = world
        .read(&format!(
            "/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]={intent}"
        ))
        .await;
    let invoice = world
        .read(&format!("/v1/invoices/{}", text(&payments["data"][0]["invoice"])))
        .await;
    assert_eq!(
        invoice["parent"]["subscription_details"]["subscription"],
        updated["data"]["object"]["id"]
    );

    let again = world
        .client
        .post(format!("{url}/pay"))
        .form(&[("country", "MX")])
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 400);
}

#[tokio::test]
async fn a_declined_card_leaves_the_session_open() {
    let world = World::start().await;
    let customer = world.customer_with_card().await;
    let session = open_session(&world, &customer).await;
    let url = text(&session["url"]);
    let form = [("decline_code", "insufficient_funds")];
    let refused = world
        .client
        .post(format!("{url}/decline"))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 402);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("Your card has insufficient funds.")
    );
    world.settle().await;
    let failed = world.receiver.one("payment_intent.payment_failed");
    assert_eq!(
        failed["data"]["object"]["last_payment_error"]["decline_code"],
        "insufficient_funds"
    );
    assert!(world.receiver.of("customer.subscription.created").is_empty());

    let paid = world
        .client
        .post(format!("{url}/pay"))
        .form(&[("last4", "1881")])
        .send()
        .await
        .unwrap();
    assert_eq!(paid.status(), 303);
    let session = world
        .read(&format!(
            "/v1/checkout/sessions/{}?expand[]=subscription",
            text(&session["id"])
        ))
        .await;
    assert_eq!(session["subscription"]["status"], "active");
}

#[tokio::test]
async fn a_single_payment_may_take_days() {
    let world = World::start().await;
    let session = world
        .made(
            "/v1/checkout/sessions",
            &[
                ("mode", "payment"),
                ("customer_email", "bo@example.com"),
                ("line_items[0][price]", "price_book"),
                ("line_items[0][quantity]", "2"),
                ("payment_intent_data[metadata][order]", "o1"),
                ("success_url", "https://app.example.com/ok"),
            ],
        )
        .await;
    assert_eq!(session["amount_total"], 9800);
    let form = [("delayed", "arrives")];
    let paid = world
        .client
        .post(format!("{}/pay", text(&session["url"])))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(paid.status(), 303);
    world.settle().await;
    let completed = world.receiver.one("checkout.session.completed");
    assert_eq!(completed["data"]["object"]["payment_status"], "unpaid");
    world
        .control("/_clock/advance", json!({ "seconds": 3 * 86_400 }))
        .await;
    world.settle().await;
    let arrived = world.receiver.one("checkout.session.async_payment_succeeded");
    assert_eq!(arrived["data"]["object"]["payment_status"], "paid");
    let intent = world.receiver.one("payment_intent.succeeded");
    assert_eq!(intent["data"]["object"]["metadata"], json!({ "order": "o1" }));
}

#[tokio::test]
async fn sessions_expire() {
    let world = World::start().await;
    let customer = world.customer_with_card().await;
    let first = open_session(&world, &customer).await;
    let second = open_session(&world, &customer).await;
    let expired = world
        .made(
            &format!("/v1/checkout/sessions/{}/expire", text(&first["id"])),
            &[],
        )
        .await;
    assert_eq!(
        (&expired["status"], &expired["url"]),
        (&json!("expired"), &Value::Null)
    );
    world
        .control("/_clock/advance", json!({ "seconds": 86_400 + 1 }))
        .await;
    world.settle().await;
    assert_eq!(world.receiver.of("checkout.session.expired").len(), 2);
    let page = world
        .client
        .get(text(&second["url"]))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("has expired"));
}

#[tokio::test]
async fn the_portal_cancels_in_its_own_shape() {
    let world = World::start().await;
    let (customer, subscription) = world.subscribed("price_solo").await;
    let id = text(&subscription["id"]);
    let session = world
        .made("/v1/billing_portal/sessions", &[("customer", &customer)])
        .await;
    let url = text(&session["url"]);
    let page = world.client.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Cancel at the end of the period"), "{page}");

    world
        .client
        .post(format!("{url}/cancel"))
        .form(&[("subscription", &id)])
        .send()
        .await
        .unwrap();
    let now = world.read(&format!("/v1/subscriptions/{id}")).await;
    assert_eq!(now["cancel_at_period_end"], false);
    assert_eq!(now["cancel_at"], now["items"]["data"][0]["current_period_end"]);

    // The flag was not on, so switching it off does not take this back; clearing the instant does.
    let kept = world
        .made(
            &format!("/v1/subscriptions/{id}"),
            &[("cancel_at_period_end", "false")],
        )
        .await;
    assert_eq!(kept["cancel_at"], now["cancel_at"]);
    let cleared = world
        .made(&format!("/v1/subscriptions/{id}"), &[("cancel_at", "")])
        .await;
    assert_eq!(
        (&cleared["cancel_at"], &cleared["canceled_at"]),
        (&Value::Null, &Value::Null)
    );
}
