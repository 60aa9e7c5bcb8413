//! The demo, without its console: what it promises to show is there, and mending a cause mends it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use billdeck::{
    config::{Config, Flags, Purpose, Surroundings},
    demo::{Demo, DemoOptions},
    domain::{
        audit::{Actor, Face},
        event::ReplayMode,
        provider::ProviderName,
        views::action::ReplayOutcome,
    },
    postgres::Quiet,
    webhooks::{
        intake::{Intake, IntakeOptions, Origin},
        replay,
    },
};
use sqlx::PgConnection;

/// Histories take a while on a busy machine; nothing here waits longer than it must.
const LIMIT: Duration = Duration::from_mins(3);

async fn demo(home: &std::path::Path) -> Demo {
    let around = Surroundings {
        data_home: Some(home.to_owned()),
        ..Surroundings::default()
    };
    let config = Config::load(&Flags::default(), &around, Purpose::Demo).unwrap();
    let options = DemoOptions {
        config,
        fresh: false,
        customers: 12,
        events: 150,
        seed: 7,
    };
    Demo::start(options, Arc::new(Quiet)).await.unwrap()
}

/// Error codes of what is left to do.
async fn codes(conn: &mut PgConnection) -> BTreeSet<String> {
    let codes: Vec<String> =
        sqlx::query_scalar("select distinct error_code from work where error_code is not null")
            .fetch_all(conn)
            .await
            .unwrap();
    codes.into_iter().collect()
}

async fn wait_for(conn: &mut PgConnection, what: &str, seen: impl Fn(&BTreeSet<String>) -> bool) {
    let end = tokio::time::Instant::now() + LIMIT;
    loop {
        let codes = codes(conn).await;
        if seen(&codes) {
            return;
        }
        assert!(
            tokio::time::Instant::now() < end,
            "waited for {what}; last seen: {codes:?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn troubles_can_be_found_and_mended() {
    let home = tempfile::tempdir().unwrap();
    let demo = demo(home.path()).await;
    let folder = home.path().join("billdeck-demo");
    let mut conn = demo.process().database().connect().await.unwrap();

    wait_for(&mut conn, "all three troubles", |codes| {
        ["unknown_price", "unknown_payment", "provider_down"]
            .iter()
            .all(|code| codes.contains(*code))
    })
    .await;

    // A price in no plan: adding it to the demo's catalogue is enough.
    let catalog = folder.join("catalog.toml");
    let mut text = std::fs::read_to_string(&catalog).unwrap();
    text.push_str(
        "\n[[plans.pro.prices.stripe]]\nenvironment = \"test\"\ninterval = \"month\"\ncurrency = \"MXN\"\n\
         amount = 89900\nid = \"price_pro_month_mxn\"\n",
    );
    std::fs::write(&catalog, text).unwrap();
    wait_for(&mut conn, "the price to be known", |codes| {
        !codes.contains("unknown_price")
    })
    .await;
    let on_price: i64 = sqlx::query_scalar(
        "select count(*) from subscription join subscription_item on subscription_id = subscription.id \
         where price_id = 'price_pro_month_mxn' and plan = 'pro'",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert!(
        on_price > 0,
        "a subscription is on the price that has become known"
    );

    // A refund of a payment that nobody told of: its record is ingested, then the refund replayed.
    let process = demo.process();
    let intake = Intake::start(
        process.store().clone(),
        process.billing().providers(),
        IntakeOptions::new("import@test/1"),
    );
    let record = std::fs::read(folder.join("lost-payment.json")).unwrap();
    intake
        .import(ProviderName::Stripe, record.into(), Origin::Import)
        .await
        .unwrap();
    intake.shutdown().await;
    let end = tokio::time::Instant::now() + LIMIT;
    let refund: uuid::Uuid = sqlx::query_scalar(
        "select id from event where type = 'refund.created' and object_id = 're_3DemoLost0000000001'",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    let actor = Actor {
        name: "ops".to_owned(),
        face: Face::Console,
    };
    loop {
        // The import is applied by the worker, in its own time.
        let items = replay::replay(
            process.billing(),
            &[refund.into()],
            ReplayMode::Converge,
            &actor,
            Some("ticket 7"),
        )
        .await
        .unwrap();
        if matches!(
            items[0].outcome,
            ReplayOutcome::Applied | ReplayOutcome::AlreadyInEffect
        ) {
            break;
        }
        assert!(
            tokio::time::Instant::now() < end,
            "waited for the refund; last seen: {items:?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let refunded: i64 =
        sqlx::query_scalar("select amount from refund where provider_refund_id = 're_3DemoLost0000000001'")
            .fetch_one(&mut conn)
            .await
            .unwrap();
    assert_eq!(refunded, 2_500);

    // A paying customer that names no owner, and one that does with the same address.
    let unclaimed: i64 = sqlx::query_scalar(
        "select count(*) from customer stranger join customer owner using (email) \
         where stranger.scope is null and owner.scope is not null",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert!(unclaimed > 0, "somebody pays whom nobody owns");

    drop(conn);
    demo.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_no_demo_made_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("billdeck-demo");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("ledger.csv"), "mine").unwrap();
    let around = Surroundings {
        data_home: Some(home.path().to_owned()),
        ..Surroundings::default()
    };
    let config = Config::load(&Flags::default(), &around, Purpose::Demo).unwrap();
    let options = DemoOptions {
        config,
        fresh: true,
        customers: 1,
        events: 1,
        seed: 1,
    };
    let Err(error) = Demo::start(options, Arc::new(Quiet)).await else {
        panic!("it was taken")
    };
    assert!(
        error.to_string().contains("holds something that no demo made"),
        "{error}"
    );
    assert_eq!(
        std::fs::read_to_string(folder.join("ledger.csv")).unwrap(),
        "mine"
    );
}
