//! Several workers on one database.

use std::time::Duration;

use billdeck::webhooks::worker::Worker;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{LONG_AGO, World, renamed};
use crate::support::wait_until;

const CUSTOMERS: i64 = 12;
const EVENTS: i64 = 180;

#[tokio::test(flavor = "multi_thread")]
async fn several_workers_apply_each_event_once_and_end_where_one_would() {
    let world = World::new().await;
    for number in 0..EVENTS {
        let customer = format!("cus_{}", number % CUSTOMERS);
        let news = renamed(
            &format!("evt_{number}"),
            &customer,
            // No two of a customer agree, and they come in no order.
            LONG_AGO + (number * 7_919) % EVENTS,
            &format!("Name {}", (number * 7_919) % EVENTS),
        );
        world.store(&news).await;
    }
    let stop = CancellationToken::new();
    let mut running = Vec::new();
    for name in ["one@host/1", "two@host/2", "three@host/3"] {
        let billing = world.process(name).await;
        let worker = Worker::new(billing, 4).looking_every(Duration::from_millis(50));
        let until = stop.clone();
        running.push(tokio::spawn(async move { worker.run(until).await }));
    }
    wait_until("all work to be done", || async {
        match world.number("select count(*) from work").await {
            0 => Ok(0),
            left => Err(left),
        }
    })
    .await;
    stop.cancel();
    for worker in running {
        worker.await.unwrap();
    }
    assert_eq!(
        world
            .rows(
                "select count(*) as events, count(distinct tries.event_id) as tried, max(tries.tries) as most_tries
                 from event left join (select event_id, count(*) as tries from attempt group by event_id) tries
                   on tries.event_id = event.id
                 where end_state in ('processed', 'ignored')"
            )
            .await,
        json!([{ "events": EVENTS, "tried": EVENTS, "most_tries": 1 }]),
    );
    assert!(
        world.number("select count(distinct worker) from attempt").await > 1,
        "one did it all"
    );
    assert_eq!(world.number("select count(*) from lane").await, 0);
    // Each customer is called what the newest of its events says.
    assert_eq!(
        world
            .number(
                "select count(*) from customer_link
                 where name = (select 'Name ' || extract(epoch from max(provider_created_at))::bigint - 1795000000
                               from event where customer_ref = provider_customer_id)"
            )
            .await,
        CUSTOMERS
    );
}
