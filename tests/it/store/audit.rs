//! The audit: what is written is what is read, filter by filter.

use billdeck::{
    domain::{
        audit::{Actor, AuditEntry, Face},
        ids::CustomerId,
        subscription::Difference,
        views::{PageRequest, audit::AuditFilter},
    },
    store::audit::{audit_insert, audit_list},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::PgConnection;

use crate::support::{db::fresh, seed::Customer};

fn entry(name: &str, target: &str) -> AuditEntry {
    AuditEntry {
        actor: Actor {
            name: name.to_owned(),
            face: Face::Cli,
        },
        action: "event.discard".to_owned(),
        target: target.to_owned(),
        differences: vec![Difference {
            field: "seats".to_owned(),
            before: json!(5),
            after: json!(8),
        }],
        reason: Some("test traffic".to_owned()),
        outcome: "done".to_owned(),
    }
}

async fn targets(conn: &mut PgConnection, filter: &AuditFilter) -> Vec<String> {
    let page = audit_list(conn, filter, &PageRequest::first(10)).await.unwrap();
    page.items.into_iter().map(|row| row.target).collect()
}

#[tokio::test]
async fn acts_are_listed_newest_first_by_each_filter() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let customer = Customer::default().insert(&mut conn).await;
    let id = audit_insert(&mut conn, &entry("ana", "one"), Some(CustomerId::from(customer)))
        .await
        .unwrap();
    audit_insert(&mut conn, &entry("juan", "two"), None)
        .await
        .unwrap();
    let page = audit_list(&mut conn, &AuditFilter::default(), &PageRequest::first(10))
        .await
        .unwrap();
    let row = page.items.last().unwrap();
    assert_eq!((row.id, row.actor.as_str(), row.face), (id, "ana", Face::Cli));
    assert_eq!(row.differences, entry("ana", "one").differences);
    assert_eq!(row.reason.as_deref(), Some("test traffic"));
    assert_eq!(row.customer_id, Some(CustomerId::from(customer)));

    let all = AuditFilter::default;
    assert_eq!(targets(&mut conn, &all()).await, ["two", "one"]);
    assert_eq!(
        targets(
            &mut conn,
            &AuditFilter {
                actor: Some("ana".to_owned()),
                ..all()
            }
        )
        .await,
        ["one"]
    );
    assert_eq!(
        targets(
            &mut conn,
            &AuditFilter {
                target: Some("two".to_owned()),
                ..all()
            }
        )
        .await,
        ["two"]
    );
    let own = AuditFilter {
        customer: Some(CustomerId::from(customer)),
        ..all()
    };
    assert_eq!(targets(&mut conn, &own).await, ["one"]);
    let later = AuditFilter {
        since: Some(Timestamp::now() + SignedDuration::from_hours(1)),
        ..all()
    };
    assert!(targets(&mut conn, &later).await.is_empty());
}
