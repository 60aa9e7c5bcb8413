//! The console's desk on a real database.

use std::time::Duration;

use billdeck::{
    billing::{Billing, Rules},
    console::{
        desk::{BadgeTone, CancelWhen, Desk, DeskError, News, Theirs},
        live_desk::{LiveDesk, LiveDeskOptions},
    },
    domain::{
        event::ReplayMode,
        provider::{Environment, ObjectKind, ObjectRef, ProviderName},
        views::{
            PageRequest, Total,
            customer::{CustomerFilter, CustomerSort},
            event::{EventFilter, EventSort},
            found::Found,
            order::OrderFilter,
            subscription::{SubscriptionFilter, SubscriptionSort},
        },
    },
    store::{ConnectOptions, Store},
};
use serde_json::json;

use super::{World, billing_on, organization, returns};
use crate::support::{
    LIMIT,
    proxy::Proxy,
    scripted::{Gate, Step, Turn, id},
    seed::Event,
    wait_until,
};

fn desk_on(billing: Billing, read_only: bool) -> LiveDesk {
    let reads = Store::connect_lazily(ConnectOptions {
        read_only: true,
        ..billing.store().options().clone()
    });
    LiveDesk::new(
        billing,
        reads.unwrap(),
        LiveDeskOptions {
            badge: "TEST".to_owned(),
            tone: BadgeTone::Local,
            read_only,
            operator: "marta".to_owned(),
            returns: returns(),
        },
    )
}

#[tokio::test]
async fn everything_that_can_be_asked_is_answered() {
    let (world, sub) = World::with_subscription().await;
    let cus = world.customer_of("cus_1").await;
    let desk = desk_on(world.billing.clone(), false);
    let page = PageRequest::first(10);

    let setting = desk.setting();
    assert_eq!(
        setting.plans,
        [("pro", "Pro"), ("team", "Team")].map(|(key, name)| (key.to_owned(), name.to_owned()))
    );
    let overview = desk.overview().await.unwrap();
    let figures = &overview.providers[0];
    assert_eq!(
        (
            figures.provider,
            figures.api,
            figures.webhook_secrets,
            figures.api_p95_ms
        ),
        (ProviderName::Stripe, true, 1, Some(40.0))
    );
    desk.ping().await.unwrap();
    assert!(
        desk.events(&EventFilter::default(), EventSort::default(), &page)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    assert_eq!(
        desk.events_total(&EventFilter::default()).await.unwrap(),
        Total::Exactly(0)
    );
    let customers = desk
        .customers(&CustomerFilter::default(), CustomerSort::default(), &page)
        .await
        .unwrap();
    assert_eq!(customers.items[0].id, cus);
    assert_eq!(desk.customer(cus).await.unwrap().subscriptions[0].id, sub);
    let found = desk
        .subscriptions(&SubscriptionFilter::default(), SubscriptionSort::default(), &page)
        .await
        .unwrap();
    assert_eq!(found.items[0].id, sub);
    assert_eq!(
        desk.subscription(sub).await.unwrap().row.plan.as_deref(),
        Some("pro")
    );
    assert!(
        desk.orders(&OrderFilter::default(), &page)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    assert_eq!(desk.find("sub_1").await.unwrap(), Some(Found::Subscription(sub)));
    assert_eq!(desk.find("nobody knows").await.unwrap(), None);
    let object = ObjectRef::new(ObjectKind::Subscription, id("sub_1"));
    let url = desk.dashboard_url(ProviderName::Stripe, &object).unwrap();
    assert!(url.ends_with("/subscriptions/sub_1"), "{url}");

    let unknown = uuid::Uuid::now_v7();
    let codes = [
        desk.event(unknown.into()).await.unwrap_err().code,
        desk.customer(unknown.into()).await.unwrap_err().code,
        desk.timeline(unknown.into(), None, 5).await.unwrap_err().code,
        desk.subscription(unknown.into()).await.unwrap_err().code,
    ];
    assert_eq!(codes, ["not_found"; 4]);
}

#[tokio::test]
async fn every_write_is_done_in_the_operators_name() {
    let (world, sub) = World::with_subscription().await;
    let cus = world.customer_of("cus_1").await;
    let desk = desk_on(world.billing.clone(), false);
    assert!(
        desk.cancel(sub, CancelWhen::PeriodEnd, Some("moves"))
            .await
            .unwrap()
            .row
            .cancel_at_period_end
    );
    assert!(
        !desk
            .resume(sub, Some("stays"))
            .await
            .unwrap()
            .row
            .cancel_at_period_end
    );
    assert_eq!(
        desk.verify(sub, Theirs::Noted, None).await.unwrap().verification,
        "verified"
    );
    assert!(desk.verify(sub, Theirs::TakenOver, None).await.unwrap().applied);
    assert_eq!(
        desk.link_customer(cus, &organization("org_1"), None)
            .await
            .unwrap(),
        cus
    );
    desk.checkout_link(cus, "team", 2).await.unwrap();
    desk.portal_link(cus).await.unwrap();
    let acts = world
        .rows("select actor, face, action, outcome from audit order by id")
        .await;
    let act = |action: &str, outcome: &str| json!({ "actor": "marta", "face": "console", "action": action, "outcome": outcome });
    assert_eq!(
        acts,
        json!([
            act("subscription.cancel.period_end", "requested"),
            act("subscription.cancel.period_end", "done"),
            act("subscription.resume", "requested"),
            act("subscription.resume", "done"),
            act("subscription.verify", "done"),
            act("subscription.verify.apply", "done"),
            act("customer.link", "done"),
            act("checkout.create", "requested"),
            act("checkout.create", "done"),
            act("portal.create", "requested"),
            act("portal.create", "done"),
        ])
    );
    let story = desk.timeline(cus, None, 20).await.unwrap();
    assert_eq!(story.len(), 11, "all of it is in the customer's story");
}

#[tokio::test]
async fn whoever_may_only_look_is_refused_before_anything_happens() {
    let (world, sub) = World::with_subscription().await;
    let cus = world.customer_of("cus_1").await;
    // A desk that may write leaves no trace either, where it is only to show.
    let shown = desk_on(world.billing.clone(), false)
        .verify(sub, Theirs::Shown, None)
        .await
        .unwrap();
    assert!(shown.changes.is_empty());
    // Once by the setting alone, once by the database.
    for desk in [
        desk_on(world.billing.clone(), true),
        desk_on(world.read_only().await, false),
    ] {
        assert!(desk.setting().read_only);
        let event = uuid::Uuid::now_v7().into();
        let refused: [DeskError; 9] = [
            desk.cancel(sub, CancelWhen::Now, None).await.unwrap_err(),
            desk.resume(sub, None).await.unwrap_err(),
            desk.verify(sub, Theirs::TakenOver, None).await.unwrap_err(),
            desk.verify(sub, Theirs::Noted, None).await.unwrap_err(),
            desk.link_customer(cus, &organization("org_1"), None)
                .await
                .unwrap_err(),
            desk.checkout_link(cus, "pro", 1).await.unwrap_err(),
            desk.portal_link(cus).await.unwrap_err(),
            desk.discard(&[event], "no").await.unwrap_err(),
            desk.replay(&[event], ReplayMode::Converge, None)
                .await
                .unwrap_err(),
        ];
        assert_eq!(
            refused.map(|error| error.code),
            [const { "read_only" }; 9].map(str::to_owned)
        );
        let report = desk.verify(sub, Theirs::Shown, None).await.unwrap();
        assert!(report.changes.is_empty(), "looking is allowed");
    }
    assert!(world.provider.state().writes.is_empty());
    assert_eq!(world.audit().await, json!([]));
    assert_eq!(world.db.number("select count(*) from attempt").await, 0);
}

#[tokio::test]
async fn an_error_says_what_is_certain() {
    let (world, sub) = World::with_subscription().await;
    let desk = desk_on(world.billing.clone(), false);
    world.provider.next(Step::Cancel, Turn::Lost);
    let error = desk.cancel(sub, CancelWhen::Now, None).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.outcome_unknown, error.link_lost),
        ("outcome_unknown", true, false)
    );
    assert!(
        error.message.contains("the line was cut"),
        "causes included: {}",
        error.message
    );
    assert!(error.hint.is_some());

    world.provider.next(Step::Read, Turn::Unreachable);
    let error = desk.verify(sub, Theirs::Noted, None).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.outcome_unknown),
        ("provider_unreachable", false)
    );
}

#[tokio::test]
async fn a_screen_that_is_left_does_not_cut_a_write_off() {
    let (world, sub) = World::with_subscription().await;
    let desk = desk_on(world.billing.clone(), false);
    let gate = Gate::new();
    world.provider.next(Step::Cancel, Turn::Hold(gate.clone()));
    {
        let cancel = desk.cancel(sub, CancelWhen::Now, None);
        tokio::pin!(cancel);
        tokio::select! {
            _ = &mut cancel => panic!("the call is held"),
            () = gate.reached() => {}
        }
    }
    gate.open();
    wait_until("the outcome in the audit", || async {
        let outcomes = world.rows("select outcome from audit order by id").await;
        if outcomes == json!([{ "outcome": "requested" }, { "outcome": "done" }]) {
            Ok(outcomes)
        } else {
            Err(outcomes)
        }
    })
    .await;
    assert_eq!(
        world.rows("select status from subscription").await,
        json!([{ "status": "canceled" }])
    );
}

#[tokio::test]
async fn work_that_holds_every_connection_freezes_no_screen() {
    let world = World::new().await;
    let store = Store::connect(ConnectOptions {
        max_connections: 1,
        ..world.db.store.options().clone()
    })
    .await
    .unwrap();
    let working = store.begin().await.unwrap();
    let desk = desk_on(
        billing_on(store.clone(), world.provider.clone(), Rules::default()),
        false,
    );
    assert!(store.pool().try_acquire().is_none(), "nothing is left for others");
    desk.ping().await.unwrap();
    desk.overview().await.unwrap();
    let event = Event::default().insert(&mut world.db.connect().await).await;
    let shown = desk.event(event.into()).await.unwrap();
    assert_eq!(shown.row.id.as_uuid(), event);
    let preview = desk
        .replay_preview(&[event.into()], ReplayMode::AsRecorded)
        .await
        .unwrap();
    assert_eq!(preview[0].event_id.as_uuid(), event);
    drop(working);
}

async fn next(desk: &LiveDesk) -> News {
    tokio::time::timeout(LIMIT, desk.news())
        .await
        .expect("no news came")
}

#[tokio::test]
async fn news_comes_and_the_link_is_told_when_it_is_lost_and_back() {
    let world = World::new().await;
    let (mut wire, url) = Proxy::to(&world.db.url).await;
    let mut options = ConnectOptions::new(url.as_str().into(), Environment::Test);
    options.acquire_timeout = Duration::from_millis(500);
    let store = Store::connect(options).await.unwrap();
    let desk = desk_on(billing_on(store, world.provider.clone(), Rules::default()), false);

    // The ear may not listen yet when the first ring comes, so it rings until it is heard.
    let ring = async {
        loop {
            world.billing.tell();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let first = tokio::select! {
        news = next(&desk) => news,
        () = ring => unreachable!(),
    };
    assert_eq!(first, News::Events);
    assert_eq!(next(&desk).await, News::Records);

    wire.cut().await;
    let lost = loop {
        match next(&desk).await {
            News::Link { up } => break !up,
            News::Events | News::Records => {}
        }
    };
    assert!(lost);
    let error = desk.subscription(uuid::Uuid::now_v7().into()).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.link_lost),
        ("database_unavailable", true)
    );

    wire.mend();
    let back = loop {
        match next(&desk).await {
            News::Link { up: true } => break true,
            News::Link { up: false } | News::Events | News::Records => {}
        }
    };
    assert!(back);
    assert_eq!(
        next(&desk).await,
        News::Events,
        "what was rung meanwhile is made up for"
    );
}
