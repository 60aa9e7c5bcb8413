//! Made-up events.

use std::collections::BTreeMap;

use billdeck::domain::{
    event::{AttemptKind, EventSource, EventState},
    provider::{ObjectKind, ProviderName},
    subscription::Difference,
    views::event::{AttemptView, ChangeView, EventDetail, EventRow},
};
use jiff::SignedDuration;
use serde_json::json;
use uuid::Uuid;

use super::{ago, customer_id, event_id, now, problem};

pub(in crate::console) fn event(
    index: u128,
    state: EventState,
    minutes: i64,
    event_type: &str,
    object: &str,
) -> EventRow {
    let kind = match object.split('_').next() {
        Some("sub") => ObjectKind::Subscription,
        Some("in") => ObjectKind::Order,
        Some("cus") => ObjectKind::Customer,
        Some("re") => ObjectKind::Refund,
        _ => ObjectKind::Payment,
    };
    let customers = ["ana@acme.mx", "ops@globex.com", "juan@tindahan.ph"];
    let who = usize::try_from(index % 3).unwrap();
    EventRow {
        id: event_id(index),
        provider: ProviderName::Stripe,
        provider_event_id: format!("evt_1QxM{index:04}aBcDeF7fA2"),
        event_type: event_type.to_owned(),
        state,
        livemode: false,
        object_kind: Some(kind),
        object_id: Some(object.to_owned()),
        customer_id: Some(customer_id(index % 3)),
        customer_label: Some(customers[who].to_owned()),
        received_at: ago(minutes),
        provider_created_at: Some(ago(minutes) - SignedDuration::from_secs(1)),
        attempts: 1,
        next_attempt_at: None,
        waiting_for: None,
        error: None,
        duplicates: 0,
        source: EventSource::Webhook,
    }
}

/// The backlog, newest first: some that failed for reasons a person can find, then many that went well.
pub(in crate::console) fn events(ordinary: u128) -> Vec<EventRow> {
    let unknown_price = || {
        problem(
            "unknown_price",
            "The price price_1QxNEW9fA is in no plan of catalog.toml. Add it, then replay.",
        )
    };
    let mut rows = Vec::new();
    for index in 0..3 {
        let mut row = event(
            index,
            EventState::Failed,
            i64::try_from(3 + index * 3).unwrap(),
            "customer.subscription.updated",
            "sub_1QxA93f00000000A93f",
        );
        row.error = Some(unknown_price());
        row.waiting_for = Some("price_1QxNEW9fA".to_owned());
        row.attempts = 3;
        rows.push(row);
    }
    let mut row = event(
        3,
        EventState::Failed,
        12,
        "invoice.paid",
        "in_1QxPaid0000000000Qwe",
    );
    row.error = Some(problem(
        "provider_unavailable",
        "Stripe answered 503 to a read of the invoice",
    ));
    row.next_attempt_at = Some(now() + SignedDuration::from_mins(4));
    row.attempts = 2;
    rows.push(row);
    let mut row = event(
        4,
        EventState::Dead,
        100,
        "refund.updated",
        "re_3QxRefund00000000gYqB",
    );
    row.error = Some(problem(
        "refund_too_large",
        "The refund is larger than its payment",
    ));
    row.attempts = 8;
    row.customer_id = None;
    row.customer_label = None;
    rows.push(row);
    let mut row = event(
        5,
        EventState::Discarded,
        112,
        "charge.updated",
        "ch_3QxCharge00000000K1aa",
    );
    row.error = Some(problem("discarded", "by ops-1: test traffic"));
    rows.push(row);
    rows.push(event(
        6,
        EventState::Pending,
        0,
        "invoice.created",
        "in_1QxNew00000000000New1",
    ));
    let mut row = event(
        7,
        EventState::Quarantined,
        190,
        "payment_intent.succeeded",
        "pi_3QxForged0000000bad1",
    );
    row.error = Some(problem(
        "bad_signature",
        "No configured secret made this signature",
    ));
    row.attempts = 0;
    rows.push(row);
    for index in 8..8 + ordinary {
        let types = [
            "invoice.paid",
            "customer.subscription.created",
            "charge.succeeded",
            "customer.updated",
        ];
        let kind = usize::try_from(index % 4).unwrap();
        rows.push(event(
            index,
            EventState::Processed,
            i64::try_from(index * 40).unwrap(),
            types[kind],
            &format!("in_1QxOk{index:04}000000Zz9"),
        ));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.received_at));
    rows
}

fn attempt(row: &EventRow, number: i32, outcome: &str) -> AttemptView {
    let start = row.received_at + SignedDuration::from_secs(i64::from(number) * 10);
    AttemptView {
        id: Uuid::from_u128(u128::try_from(number).unwrap()).into(),
        number,
        kind: AttemptKind::Auto,
        started_at: start,
        ended_at: Some(start + SignedDuration::from_millis(42)),
        worker: "worker@deck-1/4711".to_owned(),
        outcome: outcome.to_owned(),
        error: row.error.clone().filter(|_| outcome != "processed"),
    }
}

pub(super) fn change(
    field: &str,
    before: serde_json::Value,
    after: serde_json::Value,
    source: &str,
) -> ChangeView {
    ChangeView {
        at: ago(3),
        table: "subscription".to_owned(),
        row_key: "sub_1QxA93f00000000A93f".to_owned(),
        difference: Difference {
            field: field.to_owned(),
            before,
            after,
        },
        source: source.to_owned(),
    }
}

pub(in crate::console) fn event_detail(row: &EventRow) -> EventDetail {
    let tries = match row.state {
        EventState::Failed => vec![
            attempt(row, 1, "failed"),
            attempt(row, 2, "failed"),
            attempt(row, 3, "waiting"),
        ],
        EventState::Processed => vec![attempt(row, 1, "processed")],
        _ => Vec::new(),
    };
    let source = format!("event {}", row.id);
    let changes = if row.state == EventState::Processed {
        vec![
            change("status", json!("trialing"), json!("active"), &source),
            change("seats", json!(5), json!(8), &source),
        ]
    } else {
        Vec::new()
    };
    EventDetail {
        api_version: Some("2025-09-30.clover".to_owned()),
        payload: json!({
            "id": row.provider_event_id,
            "object": "event",
            "type": row.event_type,
            "created": 1_795_218_081,
            "livemode": false,
            "data": {
                "object": {
                    "id": row.object_id,
                    "object": "subscription",
                    "status": "active",
                    "items": {"data": [{"id": "si_1", "price": {"id": "price_1QxNEW9fA", "currency": "usd"}}]},
                    "metadata": {"organizationId": "org_8812", "note": "line one\nline two \u{1b}[31m"},
                },
                "previous_attributes": {"quantity": 5}
            },
            "request": null
        }),
        headers: BTreeMap::from([
            (
                "content-type".to_owned(),
                "application/json; charset=utf-8".to_owned(),
            ),
            ("stripe-version".to_owned(), "2025-09-30.clover".to_owned()),
            (
                "user-agent".to_owned(),
                "Stripe/1.0 (+https://stripe.com/docs/webhooks)".to_owned(),
            ),
        ]),
        attempt_log: tries,
        changes,
        alarms: Vec::new(),
        open_alarms: 0,
        row: row.clone(),
    }
}
