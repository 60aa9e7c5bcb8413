//! Money facts: each booked once, with the same row whichever of the events that tell it came first.

use std::collections::BTreeMap;

use billdeck::{
    domain::{
        ids::EventId,
        money::Money,
        observation::{Fact, FactKind},
        plan::Plan,
        provider::{ObjectKind, ObjectRef},
    },
    store::apply::{Attribution, Source, plan_apply},
};
use jiff::Timestamp;
use jiff_sqlx::Timestamp as SqlTimestamp;
use uuid::Uuid;

use crate::support::{
    db,
    scripted::{BOOK, id},
};

/// A payment, as told by an event at this second.
fn paid(second: i64) -> Fact {
    Fact {
        object: ObjectRef::new(ObjectKind::Payment, id("pi_1")),
        kind: FactKind::Paid,
        amount: Money::new(4_900, "USD".parse().unwrap()),
        at: Timestamp::from_second(second).unwrap(),
    }
}

#[tokio::test]
async fn a_fact_bears_its_earliest_time_in_whatever_order_it_was_told() {
    let told: [i64; 3] = [1_795_000_020, 1_795_000_010, 1_795_000_030];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
        let db = db::fresh().await;
        let mut booked = 0;
        let mut earliest = None;
        for second in order.map(|place| told[place]) {
            let event = EventId::from(Uuid::now_v7());
            if second == 1_795_000_010 {
                earliest = Some(event.as_uuid());
            }
            let plan = Plan {
                facts: vec![paid(second)],
                ..Plan::default()
            };
            let by = Attribution {
                source: Source::Event(event),
                event: Some(event),
                attempt: None,
                at: Timestamp::now(),
            };
            let mut tx = db.store.begin().await.unwrap();
            let applied = plan_apply(&mut tx, BOOK, &plan, &BTreeMap::new(), &by).await;
            tx.commit().await.unwrap();
            booked += applied.unwrap().new_facts;
        }
        assert_eq!(booked, 1, "{order:?}");
        let rows: Vec<(SqlTimestamp, Option<Uuid>, i64)> =
            sqlx::query_as("select at, event_id, amount from ledger")
                .fetch_all(&db.pool)
                .await
                .unwrap();
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(at, event, amount)| (at.to_jiff().as_second(), event, amount))
            .collect();
        assert_eq!(rows, [(1_795_000_010, earliest, 4_900)], "{order:?}");
    }
}
