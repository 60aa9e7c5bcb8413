//! Events that wait: no failure, no try counted, and released by what they wait for.

use billdeck::webhooks::worker::{Outcome, Worker};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{CATALOG, LONG_AGO, World, subscription, work_off};
use crate::support::wait_until;

#[tokio::test]
async fn an_event_with_an_unknown_price_waits_for_the_catalogue_that_names_it() {
    let world = World::new().await;
    let event = world
        .store(&subscription("evt_1", LONG_AGO, "active", "price_later"))
        .await;
    let worker = world.worker("one@host/1").await;
    // However often it is looked at, it stays what it is.
    for _ in 0..3 {
        world.run("update work set run_at = now()").await;
        let outcomes = work_off(&worker).await;
        assert!(
            matches!(outcomes[..], [(_, Outcome::Waiting { .. })]),
            "{outcomes:?}"
        );
    }
    let waits = "select attempts, wait_kind, wait_key, token, error_code,
                        run_at between now() + interval '4 minutes' and now() + interval '6 minutes' as later
                 from work";
    assert_eq!(
        world.rows(waits).await,
        json!([{
            "attempts": 0, "wait_kind": "unknown_price", "wait_key": "price_later", "token": null,
            "error_code": "unknown_price", "later": true,
        }]),
    );
    assert_eq!(
        world.shown(event).await,
        ("failed".to_owned(), 0, Some("unknown_price".to_owned()))
    );
    assert_eq!(world.row(event).await.waiting_for.as_deref(), Some("price_later"));
    assert_eq!(
        world.rows("select number, outcome from attempt").await,
        json!([{ "number": 1, "outcome": "waiting" }]),
        "one line says since when it waits"
    );
    assert_eq!(world.number("select count(*) from subscription").await, 0);

    // The catalogue is saved with another price, which changes nothing, and then with this one.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.toml");
    let mut watch = world.catalog.watch(file.clone(), "catalog.toml".into());
    let running = Worker::new(world.process("two@host/2").await, 1);
    let stop = CancellationToken::new();
    let until = stop.clone();
    let running = tokio::spawn(async move { running.run(until).await });
    for price in ["price_other", "price_later"] {
        let text = format!(
            "{CATALOG}\n[[plans.pro.prices.stripe]]\nenvironment = \"test\"\ninterval = \"month\"\n\
             currency = \"USD\"\namount = 100\nid = \"{price}\"\n"
        );
        std::fs::write(&file, text).unwrap();
        assert!(!watch.look().await && watch.look().await);
        assert!(world.catalog.broken().is_none());
    }
    wait_until("the event to be released", || async {
        let shown = world.shown(event).await;
        if shown.0 == "processed" {
            Ok(shown)
        } else {
            Err(shown)
        }
    })
    .await;
    assert_eq!(world.shown(event).await, ("processed".to_owned(), 1, None));
    assert_eq!(
        world.rows("select plan, status from subscription").await,
        json!([{ "plan": "pro", "status": "active" }]),
    );
    stop.cancel();
    running.await.unwrap();
}
