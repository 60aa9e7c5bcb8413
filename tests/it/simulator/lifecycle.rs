//! What subscriptions do as the clock is moved.

use billdeck::simulators::stripe::{CardBehaviour, Decline, DunningEnd};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::support::{World, account, ids, text};

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

async fn status(world: &World, id: &str) -> String {
    text(&world.read(&format!("/v1/subscriptions/{id}")).await["status"])
}

#[tokio::test]
async fn a_renewal_rolls_the_period_and_is_paid_an_hour_later() {
    let world = World::start().await;
    let (_, subscription) = world.subscribed("price_solo").await;
    let id = text(&subscription["id"]);
    let first_end = subscription["items"]["data"][0]["current_period_end"]
        .as_i64()
        .unwrap();
    world.settle().await;
    world.receiver.forget();
    world
        .handle()
        .advance(SignedDuration::from_secs(31 * 86_400 + 60))
        .unwrap();
    world.settle().await;
    let renewed = world.receiver.one("customer.subscription.updated");
    let item = &renewed["data"]["object"]["items"]["data"][0];
    assert_eq!(item["current_period_start"], first_end);
    let before = &renewed["data"]["previous_attributes"];
    assert_eq!(before["items"]["data"][0]["current_period_end"], first_end);
    assert_eq!(before["latest_invoice"], subscription["latest_invoice"]);
    let draft = world.receiver.one("invoice.created");
    assert_eq!(draft["data"]["object"]["status"], "draft");
    assert_eq!(draft["data"]["object"]["period_end"], first_end);
    assert_eq!(draft["request"]["id"], Value::Null);
    assert!(world.receiver.of("invoice.paid").is_empty());

    world.handle().advance(SignedDuration::from_hours(1)).unwrap();
    world.settle().await;
    let paid = world.receiver.one("invoice.paid");
    assert_eq!(paid["data"]["object"]["billing_reason"], "subscription_cycle");
    assert_eq!(
        paid["data"]["object"]["lines"]["data"][0]["period"]["start"],
        first_end
    );
    assert_eq!(status(&world, &id).await, "active");
}

#[tokio::test]
async fn dunning_recovers_with_a_card_that_pays_again() {
    let world = World::start().await;
    let (customer, subscription) = world.subscribed("price_solo").await;
    let id = text(&subscription["id"]);
    let stripe = world.handle().stripe().clone();
    stripe
        .set_card_behaviour(
            &customer,
            &CardBehaviour::Refuses(Decline::new("insufficient_funds")),
        )
        .unwrap();
    world.handle().advance(days(32)).unwrap();
    world.settle().await;
    assert_eq!(status(&world, &id).await, "past_due");
    let failed = world.receiver.one("invoice.payment_failed");
    let invoice = &failed["data"]["object"];
    assert_eq!(
        (&invoice["attempt_count"], &invoice["status"]),
        (&json!(1), &json!("open"))
    );
    assert_eq!(
        invoice["next_payment_attempt"].as_i64().unwrap() - failed["created"].as_i64().unwrap(),
        3 * 86_400
    );
    assert!(
        world.read(&format!("/v1/customers/{customer}")).await["delinquent"]
            .as_bool()
            .unwrap()
    );

    stripe
        .set_card_behaviour(&customer, &CardBehaviour::Pays)
        .unwrap();
    world.handle().advance(days(3)).unwrap();
    world.settle().await;
    assert_eq!(status(&world, &id).await, "active");
    let paid = world.receiver.of("invoice.paid").pop().unwrap();
    assert_eq!(paid["data"]["object"]["attempt_count"], 2);
    let updates = world.receiver.of("customer.subscription.updated");
    let recovered = updates
        .iter()
        .find(|event| event["data"]["previous_attributes"] == json!({ "status": "past_due" }));
    assert_eq!(recovered.unwrap()["data"]["object"]["status"], "active");
}

#[tokio::test]
async fn dunning_ends_as_the_account_says() {
    for (end, expected) in [
        (DunningEnd::Cancel, "canceled"),
        (DunningEnd::MarkUnpaid, "unpaid"),
        (DunningEnd::StayPastDue, "past_due"),
    ] {
        let world = World::start_with(billdeck::simulators::stripe::StripeAccount {
            dunning_end: end,
            ..account()
        })
        .await;
        let (customer, subscription) = world.subscribed("price_year").await;
        let refuses = CardBehaviour::Refuses(Decline::default());
        world
            .handle()
            .stripe()
            .set_card_behaviour(&customer, &refuses)
            .unwrap();
        world.handle().advance(days(366 + 16)).unwrap();
        world.settle().await;
        assert_eq!(status(&world, &text(&subscription["id"])).await, expected);
        let last = world.receiver.of("invoice.payment_failed").pop().unwrap();
        assert_eq!(last["data"]["object"]["attempt_count"], 4);
        assert_eq!(last["data"]["object"]["next_payment_attempt"], Value::Null);
        let deleted = world.receiver.of("customer.subscription.deleted");
        let reasons: Vec<&Value> = deleted
            .iter()
            .map(|event| &event["data"]["object"]["cancellation_details"]["reason"])
            .collect();
        let told = if expected == "canceled" {
            vec!["payment_failed"]
        } else {
            vec![]
        };
        assert_eq!(reasons, told);
    }
}

#[tokio::test]
async fn a_trial_warns_then_bills() {
    let world = World::start().await;
    let customer = world.customer_with_card().await;
    let form = [
        ("customer", &*customer),
        ("items[0][price]", "price_solo"),
        ("trial_period_days", "14"),
    ];
    let subscription = world.made("/v1/subscriptions", &form).await;
    assert_eq!(subscription["status"], "trialing");
    world.settle().await;
    assert_eq!(world.receiver.one("invoice.paid")["data"]["object"]["total"], 0);
    assert!(world.receiver.of("invoice.payment_succeeded").is_empty());
    world.handle().advance(days(11)).unwrap();
    world.settle().await;
    world.receiver.one("customer.subscription.trial_will_end");
    world.handle().advance(days(4)).unwrap();
    world.settle().await;
    assert_eq!(status(&world, &text(&subscription["id"])).await, "active");
    let paid = world.receiver.of("invoice.paid").pop().unwrap();
    assert_eq!(paid["data"]["object"]["amount_paid"], 1900);
}

#[tokio::test]
async fn scheduled_ends_take_effect_and_can_be_taken_back() {
    let world = World::start().await;
    let (_, subscription) = world.subscribed("price_solo").await;
    let id = text(&subscription["id"]);
    let path = format!("/v1/subscriptions/{id}");
    let both = world
        .post(&path, &[("cancel_at_period_end", "true"), ("cancel_at", "")])
        .await;
    assert_eq!(both.status, 400);
    let canceling = world
        .made(
            &path,
            &[
                ("cancel_at_period_end", "true"),
                ("cancellation_details[feedback]", "unused"),
            ],
        )
        .await;
    assert_eq!(
        canceling["cancel_at"],
        canceling["items"]["data"][0]["current_period_end"]
    );
    assert_eq!(canceling["cancellation_details"]["feedback"], "unused");
    let kept = world.made(&path, &[("cancel_at_period_end", "false")]).await;
    assert_eq!(
        (&kept["cancel_at"], &kept["cancellation_details"]["reason"]),
        (&Value::Null, &Value::Null)
    );
    world.made(&path, &[("cancel_at_period_end", "true")]).await;
    world.handle().advance(days(32)).unwrap();
    world.settle().await;
    let deleted = world.receiver.one("customer.subscription.deleted");
    assert_eq!(deleted["data"]["object"]["ended_at"], canceling["cancel_at"]);
    assert_eq!(
        deleted["data"]["object"]["cancellation_details"]["reason"],
        "cancellation_requested"
    );
    assert_eq!(
        world
            .post(&path, &[("cancel_at_period_end", "false")])
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_change_of_plan_is_prorated_on_the_next_invoice() {
    let world = World::start().await;
    let (_, subscription) = world.subscribed("price_solo").await;
    let id = text(&subscription["id"]);
    let item = text(&subscription["items"]["data"][0]["id"]);
    world
        .handle()
        .advance(SignedDuration::from_secs(1_313_256))
        .unwrap();
    let change = [
        ("items[0][id]", &*item),
        ("items[0][price]", "price_team"),
        ("items[0][quantity]", "4"),
    ];
    let preview_form = [
        ("subscription", &*id),
        ("subscription_details[items][0][id]", &*item),
        ("subscription_details[items][0][price]", "price_team"),
        ("subscription_details[items][0][quantity]", "4"),
    ];
    let preview = world.made("/v1/invoices/create_preview", &preview_form).await;
    world.made(&format!("/v1/subscriptions/{id}"), &change).await;
    world.handle().advance(days(18)).unwrap();
    world.settle().await;
    let invoice = world.receiver.of("invoice.paid").pop().unwrap();
    let lines = invoice["data"]["object"]["lines"]["data"]
        .as_array()
        .unwrap()
        .clone();
    let amounts: Vec<i64> = lines
        .iter()
        .map(|line| line["amount"].as_i64().unwrap())
        .collect();
    // The published story has -968 + 3058 + 6000; the clock runs on a second or so while the test does.
    assert!(
        (amounts[0] + 968).abs() <= 1 && (amounts[1] - 3058).abs() <= 1 && amounts[2] == 6000,
        "{amounts:?}"
    );
    assert!((preview["total"].as_i64().unwrap() - amounts.iter().sum::<i64>()).abs() <= 2);
    assert_eq!(lines[0]["parent"]["invoice_item_details"]["proration"], true);
    assert_eq!(
        lines[2]["parent"]["subscription_item_details"]["subscription_item"],
        json!(item)
    );
}

#[tokio::test]
async fn items_come_and_go_but_the_last_one_stays() {
    let world = World::start().await;
    let (_, subscription) = world.subscribed("price_solo").await;
    let id = text(&subscription["id"]);
    let form = [
        ("subscription", &*id),
        ("price", "price_team"),
        ("quantity", "2"),
        ("proration_behavior", "always_invoice"),
    ];
    let added = world.made("/v1/subscription_items", &form).await;
    world.settle().await;
    let billed = world.receiver.of("invoice.paid").pop().unwrap();
    assert_eq!(billed["data"]["object"]["billing_reason"], "subscription_update");
    assert_eq!(billed["data"]["object"]["total"], 3000);
    let removed = world
        .delete(&format!("/v1/subscription_items/{}", text(&added["id"])))
        .await;
    assert_eq!(removed.body["deleted"], true);
    let last = text(&subscription["items"]["data"][0]["id"]);
    assert_eq!(
        world
            .delete(&format!("/v1/subscription_items/{last}"))
            .await
            .status,
        400
    );
    let yearly = [("items[0][id]", &*last), ("items[0][price]", "price_year")];
    let changed = world.made(&format!("/v1/subscriptions/{id}"), &yearly).await;
    let item = &changed["items"]["data"][0];
    let span = item["current_period_end"].as_i64().unwrap() - item["current_period_start"].as_i64().unwrap();
    assert_eq!(span, 365 * 86_400);
}

#[tokio::test]
async fn an_unpaid_beginning_can_be_paid_or_expires() {
    let world = World::start().await;
    let customer = world.customer_with_card().await;
    let form = [
        ("customer", &*customer),
        ("items[0][price]", "price_solo"),
        ("payment_behavior", "default_incomplete"),
        ("expand[]", "latest_invoice.payments"),
    ];
    let first = world.made("/v1/subscriptions", &form).await;
    let second = world.made("/v1/subscriptions", &form).await;
    assert_eq!(first["status"], "incomplete");
    let intent = text(&first["latest_invoice"]["payments"]["data"][0]["payment"]["payment_intent"]);
    let refused = world
        .post(
            &format!("/v1/payment_intents/{intent}/confirm"),
            &[("payment_method", "pm_card_visa_chargeDeclined")],
        )
        .await;
    assert_eq!(
        (refused.status, &refused.body["error"]["type"]),
        (402, &json!("card_error"))
    );
    world
        .made(
            &format!("/v1/payment_intents/{intent}/confirm"),
            &[("payment_method", "pm_card_visa")],
        )
        .await;
    assert_eq!(status(&world, &text(&first["id"])).await, "active");
    world.handle().advance(SignedDuration::from_hours(24)).unwrap();
    assert_eq!(status(&world, &text(&second["id"])).await, "incomplete_expired");
    world.settle().await;
    world.receiver.one("invoice.voided");
}

#[tokio::test]
async fn pauses_of_three_kinds() {
    let world = World::start().await;
    let (customer, subscription) = world.subscribed("price_solo").await;
    let id = text(&subscription["id"]);
    let paused = world
        .made(
            &format!("/v1/subscriptions/{id}/pause"),
            &[("type", "subscription")],
        )
        .await;
    assert_eq!(
        paused["status_details"]["paused"]["subscription"]["type"],
        "pause_requested"
    );
    world.handle().advance(days(40)).unwrap();
    let resumed = world.made(&format!("/v1/subscriptions/{id}/resume"), &[]).await;
    assert_eq!(resumed["status"], "active");
    world.settle().await;
    world.receiver.one("customer.subscription.paused");
    world.receiver.one("customer.subscription.resumed");

    let collection = [("pause_collection[behavior]", "void")];
    assert_eq!(
        world.made(&format!("/v1/subscriptions/{id}"), &collection).await["status"],
        "active"
    );
    world.handle().advance(days(32)).unwrap();
    world.settle().await;
    world.receiver.one("invoice.voided");

    let bare = text(&world.made("/v1/customers", &[]).await["id"]);
    let form = [
        ("customer", &*bare),
        ("items[0][price]", "price_solo"),
        ("trial_period_days", "5"),
        ("trial_settings[end_behavior][missing_payment_method]", "pause"),
    ];
    let trial = text(&world.made("/v1/subscriptions", &form).await["id"]);
    world.handle().advance(days(6)).unwrap();
    assert_eq!(status(&world, &trial).await, "paused");
    assert_eq!(
        ids(&world
            .read(&format!("/v1/subscriptions?customer={customer}"))
            .await),
        [id]
    );
}
