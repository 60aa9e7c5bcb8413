//! One event: body, headers, tries, changes, alarms.

use billdeck::{
    domain::{event::AttemptKind, provider::Environment},
    store::event_detail::event_detail,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::TEST;
use crate::support::{db::fresh, seed::Event};

async fn body(conn: &mut PgConnection, id: Uuid, bytes: &[u8]) {
    sqlx::query("delete from event_body where event_id = $1")
        .bind(id)
        .execute(&mut *conn)
        .await
        .unwrap();
    sqlx::query("insert into event_body (event_id, received_at, body) select id, received_at, $2 from event where id = $1")
        .bind(id)
        .bind(bytes)
        .execute(conn)
        .await
        .unwrap();
}

async fn payload(conn: &mut PgConnection, id: Uuid) -> Value {
    event_detail(conn, TEST, id.into())
        .await
        .unwrap()
        .unwrap()
        .payload
}

#[tokio::test]
async fn a_body_is_shown_as_what_it_is() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let id = Event::default().insert(&mut conn).await;
    assert_eq!(payload(&mut conn, id).await, Value::Null);
    body(&mut conn, id, br#"{"z": 1, "a": [true, null]}"#).await;
    let shown = payload(&mut conn, id).await;
    // In the provider's own order.
    assert_eq!(shown.to_string(), r#"{"z":1,"a":[true,null]}"#);
    body(&mut conn, id, b"not json \xff").await;
    assert_eq!(payload(&mut conn, id).await, json!("not json \u{fffd}"));
    body(&mut conn, id, b"").await;
    assert_eq!(payload(&mut conn, id).await, Value::Null);
}

#[tokio::test]
async fn a_detail_holds_all_that_is_known() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let id = Event::default().insert(&mut conn).await;
    for (minutes, verdict, agent) in [
        (3, "bad_signature", "first"),
        (2, "verified", "second"),
        (1, "verified", "third"),
    ] {
        sqlx::query(
            "insert into delivery
                 (id, received_at, provider, endpoint, headers, body_sha256, body_length, verdict, event_id)
             values (gen_random_uuid(), now() - make_interval(mins => $1), 'stripe', 'stripe',
                 jsonb_build_object('user-agent', $2::text, 'retries', 2), '\\x00', 2, $3, $4)",
        )
        .bind(minutes)
        .bind(agent)
        .bind(verdict)
        .bind(id)
        .execute(&mut conn)
        .await
        .unwrap();
    }
    for (number, kind, outcome, code) in [
        (2, "replay", "applied", None),
        (1, "auto", "failed", Some("provider_unavailable")),
    ] {
        sqlx::query(
            "insert into attempt (id, started_at, event_id, number, kind, worker, outcome, error_code, error_message)
             values (gen_random_uuid(), now() + make_interval(mins => $1), $2, $1, $3, 'a worker', $4, $5, $5)",
        )
        .bind(number)
        .bind(id)
        .bind(kind)
        .bind(outcome)
        .bind(code)
        .execute(&mut conn)
        .await
        .unwrap();
    }
    for field in ["status", "seats"] {
        sqlx::query(
            "insert into change (at, event_id, table_name, row_id, row_key, field, after, source_kind, source_ref)
             values (now(), $1, 'subscription', gen_random_uuid(), 'sub_1', $2, '5', 'event', $3)",
        )
        .bind(id)
        .bind(field)
        .bind(id.to_string())
        .execute(&mut conn)
        .await
        .unwrap();
    }
    for (detail, by, minutes) in [
        ("another body under this id", None, 1),
        ("an old one", Some("ops-1"), 2),
    ] {
        sqlx::query(
            "insert into alarm (id, raised_at, kind, event_id, detail, cleared_at, cleared_by)
             values (gen_random_uuid(), now() - make_interval(mins => $4), 'other_body', $1, $2,
                 case when $3 is not null then now() end, $3)",
        )
        .bind(id)
        .bind(detail)
        .bind(by)
        .bind(minutes)
        .execute(&mut conn)
        .await
        .unwrap();
    }
    let detail = event_detail(&mut conn, TEST, id.into()).await.unwrap().unwrap();
    assert_eq!(detail.headers["user-agent"], "second");
    assert_eq!(detail.headers["retries"], "2");
    let tries: Vec<_> = detail
        .attempt_log
        .iter()
        .map(|attempt| (attempt.number, attempt.kind))
        .collect();
    assert_eq!(tries, [(1, AttemptKind::Auto), (2, AttemptKind::Replay)]);
    assert_eq!(
        detail.attempt_log[0].error.as_ref().unwrap().code,
        "provider_unavailable"
    );
    assert_eq!(detail.attempt_log[1].error, None);
    let fields: Vec<_> = detail
        .changes
        .iter()
        .map(|change| change.difference.field.as_str())
        .collect();
    assert_eq!(fields, ["status", "seats"]);
    assert_eq!(detail.changes[0].source, format!("event {id}"));
    assert_eq!(
        (
            &detail.changes[0].difference.before,
            &detail.changes[0].difference.after
        ),
        (&json!(null), &json!(5))
    );
    assert_eq!(
        detail.alarms,
        ["another body under this id", "an old one (settled by ops-1)"]
    );

    assert!(
        event_detail(&mut conn, Environment::Live, id.into())
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        event_detail(&mut conn, TEST, Uuid::now_v7().into())
            .await
            .unwrap()
            .is_none()
    );
}
