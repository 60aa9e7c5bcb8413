//! Ours beside the provider's.

use std::time::Duration;

use billdeck::{
    billing::{
        BillingError, Rules, lanes,
        verify::{Provided, verify, verify_customer},
    },
    domain::{
        money::{Currency, Money},
        observation::{Observation, OrderSeen, PaymentSeen, RefundSeen},
        order::{Collection, OrderKind, PaymentStatus, RefundStatus},
        provider::{LaneKey, ObjectKind},
        subscription::SubscriptionStatus,
    },
};
use serde_json::json;

use super::{World, billing_on, line};
use crate::support::scripted::{BOOK, Step, Turn, customer, id, subscription};

fn pesos(minor: i64) -> Money {
    Money::new(minor, "MXN".parse::<Currency>().unwrap())
}

#[tokio::test]
async fn what_agrees_is_verified_by_the_read() {
    let (world, sub) = World::with_subscription().await;
    sqlx::query("update subscription set verification = 'pending', verified_at = null")
        .execute(world.db.store.pool())
        .await
        .unwrap();

    let by = world.by("the customer called");
    let report = verify(&world.billing, sub, Provided::Noted, Some(by))
        .await
        .unwrap();

    assert_eq!((report.changes.len(), report.applied), (0, false));
    assert_eq!(report.verification, "verified");
    assert_eq!(report.request_id.as_deref(), Some("req_scripted"));
    let stored = world
        .rows("select verification, verified_by_event, verified_at is not null as dated from subscription")
        .await;
    assert_eq!(
        stored,
        json!([{ "verification": "verified", "verified_by_event": null, "dated": true }])
    );
    assert_eq!(
        world.audit().await,
        json!([line("subscription.verify", "done", "the customer called")])
    );
    let attempt = world
        .rows("select kind, outcome, event_id, subject, ticket is not null as ticketed from attempt")
        .await;
    assert_eq!(
        attempt,
        json!([{
            "kind": "verify", "outcome": "verified", "event_id": null, "subject": sub.to_string(), "ticketed": true,
        }])
    );
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn a_difference_is_kept_until_a_person_has_the_providers_word_applied() {
    let (world, sub) = World::with_subscription().await;
    world.provider.change("sub_1", |seen| {
        seen.status = SubscriptionStatus::PastDue;
        seen.provider_status = "past_due".to_owned();
    });

    let report = verify(&world.billing, sub, Provided::Noted, None).await.unwrap();
    assert_eq!(report.verification, "mismatch");
    let fields: Vec<&str> = report.changes[0]
        .fields
        .iter()
        .map(|field| field.field.as_str())
        .collect();
    assert_eq!(fields, ["provider_status", "status"]);
    let stored = world
        .rows("select status, verification, mismatch from subscription")
        .await;
    assert_eq!(
        stored,
        json!([{
            "status": "active",
            "verification": "mismatch",
            "mismatch": [
                { "field": "provider_status", "before": "active", "after": "past_due" },
                { "field": "status", "before": "active", "after": "past_due" },
            ],
        }])
    );
    assert_eq!(world.audit().await, json!([]), "nobody asked, so nobody is named");

    let by = world.by("settled with the bank");
    let report = verify(&world.billing, sub, Provided::Applied, Some(by))
        .await
        .unwrap();
    assert!(report.applied);
    assert_eq!(report.verification, "verified");
    let stored = world
        .rows("select status, verification, mismatch from subscription")
        .await;
    assert_eq!(
        stored,
        json!([{ "status": "past_due", "verification": "verified", "mismatch": null }])
    );
    let told = world.rows("select action, outcome, differences from audit").await;
    assert_eq!(
        told,
        json!([{
            "action": "subscription.verify.apply",
            "outcome": "done",
            "differences": [
                { "field": "provider_status", "before": "active", "after": "past_due" },
                { "field": "status", "before": "active", "after": "past_due" },
            ],
        }])
    );
    let set = world
        .rows("select distinct source_kind, attempt_id is not null as attempted from change where field = 'status' and after = '\"past_due\"'")
        .await;
    assert_eq!(set, json!([{ "source_kind": "read", "attempted": true }]));
}

#[tokio::test]
async fn a_read_that_agrees_bars_older_bodies() {
    let (world, sub) = World::with_subscription().await;
    let version = "select read_at, ticket from provider_object where object_kind = 'subscription'";
    let before = world.rows(version).await;
    verify(&world.billing, sub, Provided::Noted, None).await.unwrap();
    let after = world.rows(version).await;
    assert!(
        after[0]["ticket"].as_i64() > before[0]["ticket"].as_i64(),
        "{before} {after}"
    );
}

#[tokio::test]
async fn a_mismatch_leaves_the_version_as_it_was() {
    let (world, sub) = World::with_subscription().await;
    let version = "select body_at, read_at, ticket from provider_object where object_kind = 'subscription'";
    let before = world.rows(version).await;
    world
        .provider
        .change("sub_1", |seen| seen.cancel_at_period_end = true);
    verify(&world.billing, sub, Provided::Noted, None).await.unwrap();
    assert_eq!(world.rows(version).await, before);
}

#[tokio::test]
async fn a_read_only_session_is_shown_the_difference_and_writes_nothing() {
    let (world, sub) = World::with_subscription().await;
    world
        .provider
        .change("sub_1", |seen| seen.cancel_at_period_end = true);
    let all = "select (select count(*) from attempt) a, (select count(*) from audit) b, (select count(*) from change) c,
                      (select max(updated_at) from subscription) d, (select last_value from read_ticket) e";
    let before = world.rows(all).await;

    let looking = world.read_only().await;
    let by = world.by("just looking");
    let report = verify(&looking, sub, Provided::Applied, Some(by)).await.unwrap();

    assert_eq!(report.changes[0].fields[0].field, "cancel_at_period_end");
    assert!(!report.applied);
    assert_eq!(report.verification, "verified", "as it is stored");
    assert_eq!(world.rows(all).await, before);
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_changes_nothing_and_leaves_a_trace() {
    let (world, sub) = World::with_subscription().await;
    let before = world.rows("select * from subscription").await;
    world.provider.next(Step::Subscriptions, Turn::Unreachable);

    let by = world.by("monthly check");
    let error = verify(&world.billing, sub, Provided::Noted, Some(by))
        .await
        .unwrap_err();

    assert_eq!(error.code(), "provider_unreachable");
    assert_eq!(world.rows("select * from subscription").await, before);
    assert_eq!(
        world.audit().await,
        json!([line(
            "subscription.verify",
            "provider_unreachable",
            "monthly check"
        )])
    );
    assert_eq!(
        world.rows("select outcome, error_code from attempt").await,
        json!([{ "outcome": "failed", "error_code": "provider_unreachable" }])
    );
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn another_live_subscription_is_pointed_out() {
    let (world, sub) = World::with_subscription().await;
    world.provider.add_subscription(subscription("sub_2", "cus_1"));
    let report = verify(&world.billing, sub, Provided::Noted, None).await.unwrap();
    assert_eq!(
        report.notes,
        ["the customer has another subscription there: sub_2 is active"]
    );
    assert_eq!(report.verification, "verified", "it is no difference of this one");
    assert_eq!(world.db.number("select count(*) from subscription").await, 1);

    verify(&world.billing, sub, Provided::Applied, None)
        .await
        .unwrap();
    assert_eq!(world.db.number("select count(*) from subscription").await, 2);
}

#[tokio::test]
async fn a_price_in_no_plan_waits_for_the_catalogue_and_an_end_of_access_does_not() {
    let (world, sub) = World::with_subscription().await;
    world.provider.change("sub_1", |seen| {
        seen.items[0].price_id = id("price_nobody_knows");
        seen.status = SubscriptionStatus::Unpaid;
        seen.provider_status = "unpaid".to_owned();
    });

    let report = verify(&world.billing, sub, Provided::Noted, None).await.unwrap();
    let why = report.unsettled.unwrap();
    assert!(why.contains("price_nobody_knows"), "{why}");
    let stored = "select status, plan from subscription";
    assert_eq!(
        world.rows(stored).await,
        json!([{ "status": "active", "plan": "pro" }])
    );

    verify(&world.billing, sub, Provided::Applied, None)
        .await
        .unwrap();
    assert_eq!(
        world.rows(stored).await,
        json!([{ "status": "unpaid", "plan": "pro" }])
    );
    assert_eq!(
        world
            .rows("select outcome, error_code from attempt order by id")
            .await,
        json!([
            { "outcome": "waiting", "error_code": "unknown_price" },
            { "outcome": "waiting", "error_code": "unknown_price" },
        ])
    );
}

#[tokio::test]
async fn a_subscription_that_is_gone_counts_as_canceled() {
    let (world, sub) = World::with_subscription().await;
    world.provider.state().subscriptions.clear();
    let report = verify(&world.billing, sub, Provided::Noted, None).await.unwrap();
    assert_eq!(report.verification, "mismatch");
    verify(&world.billing, sub, Provided::Applied, None)
        .await
        .unwrap();
    assert_eq!(
        world.rows("select status, verification from subscription").await,
        json!([{ "status": "canceled", "verification": "verified" }])
    );
}

#[tokio::test]
async fn a_subscription_that_was_given_to_another_customer_is_settled_in_that_ones_lane() {
    let (world, sub) = World::with_subscription().await;
    world.provider.add_customer(customer("cus_2"));
    world.provider.change("sub_1", |seen| seen.customer = id("cus_2"));
    let lane = LaneKey::new(BOOK, &id("cus_2"));
    let held = lanes::take(&world.billing, &lane).await.unwrap().unwrap();

    let moved = verify(&world.billing, sub, Provided::Applied, None);
    tokio::pin!(moved);
    let early = tokio::time::timeout(Duration::from_millis(500), &mut moved).await;
    assert!(early.is_err(), "it went on although another holds the lane");
    assert_eq!(world.db.number("select count(*) from attempt").await, 0);
    held.release().await;

    moved.await.unwrap();
    let holder = world
        .rows(
            "select provider_customer_id from subscription join customer_link on customer_link.id = link_id",
        )
        .await;
    assert_eq!(holder, json!([{ "provider_customer_id": "cus_2" }]));
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn what_cannot_be_asked_about_is_refused_with_what_to_do() {
    let (world, sub) = World::with_subscription().await;
    let off = billing_on(world.db.store.clone(), world.provider.off(), Rules::default());
    let error = verify(&off, sub, Provided::Noted, None).await.unwrap_err();
    assert!(matches!(error, BillingError::ProviderOff(_)), "{error:?}");

    let unknown = uuid::Uuid::now_v7().into();
    let error = verify(&world.billing, unknown, Provided::Noted, None)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "not_found");
    assert_eq!(world.audit().await, json!([]));
}

#[tokio::test]
async fn all_of_a_customer_is_mended_at_once() {
    let (world, _) = World::with_subscription().await;
    world.provider.add_customer(customer("cus_1"));
    let order = OrderSeen {
        id: id("in_1"),
        kind: OrderKind::Invoice,
        customer: Some(id("cus_1")),
        subscription: Some(id("sub_1")),
        number: Some("A-1".to_owned()),
        amount: pesos(4_900),
        collection: Collection::Paid,
        paid_at: None,
        period: None,
        attempts: Some(1),
        next_attempt_at: None,
        hosted_url: None,
        payments: vec![id("pi_1")],
    };
    let payment = PaymentSeen {
        id: id("pi_1"),
        customer: Some(id("cus_1")),
        amount: pesos(4_900),
        status: PaymentStatus::Succeeded,
        paid_at: None,
        failure: None,
        order: None,
    };
    let refund = RefundSeen {
        id: id("re_1"),
        payment: id("pi_1"),
        amount: pesos(900),
        status: RefundStatus::Succeeded,
        reason: None,
    };
    world.provider.state().objects = [
        (ObjectKind::Order, vec![Observation::Order(order)]),
        (ObjectKind::Payment, vec![Observation::Payment(payment)]),
        (ObjectKind::Refund, vec![Observation::Refund(refund)]),
    ]
    .into();
    let cus = world.customer_of("cus_1").await;

    let noted = verify_customer(&world.billing, cus, Provided::Noted, None)
        .await
        .unwrap();
    let tables: Vec<&str> = noted[0].changes.iter().map(|row| row.table.as_str()).collect();
    assert_eq!(tables, ["order", "payment", "refund"]);
    assert!(noted[0].notes.is_empty(), "{:?}", noted[0].notes);
    assert_eq!(world.db.number("select count(*) from orders").await, 0);

    let by = world.by("the refund fitted no payment");
    let applied = verify_customer(&world.billing, cus, Provided::Applied, Some(by))
        .await
        .unwrap();
    assert!(applied[0].applied);
    assert_eq!(
        world.rows("select status, refunded, amount from orders").await,
        json!([{ "status": "partially_refunded", "refunded": 900, "amount": 4_900 }])
    );
    assert_eq!(
        world.audit().await,
        json!([line(
            "customer.verify.apply",
            "done",
            "the refund fitted no payment"
        )])
    );
    world.assert_lanes_free().await;
}

#[tokio::test]
async fn a_list_that_was_not_read_to_its_end_is_told() {
    let (world, _) = World::with_subscription().await;
    world.provider.state().cut = [ObjectKind::Payment].into();
    let cus = world.customer_of("cus_1").await;
    let shown = verify_customer(&world.billing, cus, Provided::Shown, None)
        .await
        .unwrap();
    assert_eq!(
        shown[0].notes,
        ["stripe has more of the kind `payment` for cus_1 than was read: only the newest were compared"]
    );
}
