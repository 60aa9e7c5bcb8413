//! Made-up rows with fixed ids and times, so that pictures do not change.

mod events;

use std::collections::BTreeMap;

use billdeck::domain::{
    customer::Scope,
    event::{EventState, Problem},
    ids::{CustomerId, EventId, OrderId, SubscriptionId},
    money::{Currency, Money},
    order::{OrderStatus, PaymentMethod},
    provider::ProviderName,
    subscription::{Difference, Interval, IntervalUnit, SubscriptionItem, SubscriptionStatus},
    views::{
        customer::{CustomerDetail, CustomerRow, LinkView, TimelineEntry, TimelineKind},
        event::{EventRow, EventStats},
        order::OrderRow,
        overview::{Attention, MinuteFigures, Overview, ProcessView, ProviderFigures, Severity},
        subscription::{SubscriptionDetail, SubscriptionRow},
    },
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use events::change;
pub(super) use events::{event, event_detail, events};

pub(super) fn now() -> Timestamp {
    "2026-11-20T23:41:07Z".parse().unwrap()
}

fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

pub(super) fn event_id(index: u128) -> EventId {
    EventId::from(Uuid::from_u128(0x0193_4000_0000_7000_8000_0000_0000_0000 + index))
}

pub(super) fn customer_id(index: u128) -> CustomerId {
    CustomerId::from(Uuid::from_u128(0x0193_5000_0000_7000_8000_0000_0000_0000 + index))
}

pub(super) fn subscription_id(index: u128) -> SubscriptionId {
    SubscriptionId::from(Uuid::from_u128(0x0193_6000_0000_7000_8000_0000_0000_0000 + index))
}

fn order_id(index: u128) -> OrderId {
    OrderId::from(Uuid::from_u128(0x0193_7000_0000_7000_8000_0000_0000_0000 + index))
}

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, code.parse().unwrap())
}

fn problem(code: &str, message: &str) -> Problem {
    Problem {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

pub(super) fn customers() -> Vec<CustomerRow> {
    let row = |index: u128, email: &str, name: &str, owner: Option<(Scope, &str)>| CustomerRow {
        id: customer_id(index),
        scope: owner.map(|(scope, _)| scope),
        external_id: owner.map(|(_, id)| id.to_owned()),
        email: Some(email.to_owned()),
        name: Some(name.to_owned()),
        country: Some(["MX", "US", "PH"][usize::try_from(index % 3).unwrap()].to_owned()),
        providers: BTreeMap::from([(ProviderName::Stripe, vec![format!("cus_Qx{index}000000Ana")])]),
        plan: Some("pro".to_owned()),
        subscription_status: Some(SubscriptionStatus::Active),
        created_at: ago(60 * 24 * 30 * i64::try_from(index + 1).unwrap()),
    };
    let mut rows = vec![
        row(
            0,
            "ana@acme.mx",
            "Acme México",
            Some((Scope::Organization, "org_8812")),
        ),
        row(
            1,
            "ops@globex.com",
            "Globex Corporation",
            Some((Scope::Organization, "org_1001")),
        ),
        row(
            2,
            "juan@tindahan.ph",
            "Juan dela Cruz",
            Some((Scope::User, "user_77")),
        ),
        row(3, "pay@initech.example", "Initech", None),
        row(
            4,
            "li@漢字.example",
            "漢字商店 株式会社",
            Some((Scope::User, "user_78")),
        ),
    ];
    rows[2].subscription_status = Some(SubscriptionStatus::PastDue);
    rows[4].subscription_status = None;
    rows[4].plan = None;
    rows
}

fn item(amount: Money, quantity: i64) -> SubscriptionItem {
    SubscriptionItem {
        provider_item_id: "si_QxItem1".parse().unwrap(),
        price_id: "price_1QxPro".parse().unwrap(),
        quantity: Some(quantity),
        unit_amount: Some(amount),
        interval: Some(Interval {
            unit: IntervalUnit::Month,
            count: 1,
        }),
    }
}

pub(super) fn subscription(index: u128, status: SubscriptionStatus, amount: Money) -> SubscriptionRow {
    let labels = [
        "ana@acme.mx",
        "ops@globex.com",
        "juan@tindahan.ph",
        "pay@initech.example",
        "li@漢字.example",
    ];
    SubscriptionRow {
        id: subscription_id(index),
        customer_id: customer_id(index % 5),
        customer_label: Some(labels[usize::try_from(index % 5).unwrap()].to_owned()),
        provider: ProviderName::Stripe,
        provider_subscription_id: Some(format!("sub_1QxA93f00000000A9{index:02}f")),
        provider_customer_id: format!("cus_Qx{index}000000Ana"),
        plan: Some("pro".to_owned()),
        status,
        provider_status: status.as_str().to_owned(),
        cancel_at_period_end: false,
        cancel_at: None,
        current_period_start: Some(ago(60 * 24 * 17)),
        current_period_end: Some(now() + SignedDuration::from_hours(24 * 13)),
        trial_end: None,
        seats: Some(8),
        items: vec![item(Money::new(amount.minor / 8, amount.currency), 8)],
        amount: Some(amount),
        verification: "verified".to_owned(),
        verified_at: Some(ago(2)),
        verified_by: Some(format!("event {}", event_id(9))),
        updated_at: ago(2),
        created_at: ago(60 * 24 * 90),
        livemode: false,
    }
}

pub(super) fn subscriptions() -> Vec<SubscriptionRow> {
    let mut rows = vec![
        subscription(0, SubscriptionStatus::Active, money(129_900, "MXN")),
        subscription(1, SubscriptionStatus::Active, money(1_600, "USD")),
        subscription(2, SubscriptionStatus::PastDue, money(99_000, "PHP")),
        subscription(3, SubscriptionStatus::Trialing, money(1_980, "JPY")),
        subscription(4, SubscriptionStatus::Canceled, money(1_234_567, "KWD")),
    ];
    rows[1].cancel_at_period_end = true;
    rows[2].verification = "mismatch".to_owned();
    rows[3].verification = "pending".to_owned();
    rows[3].plan = None;
    rows
}

pub(super) fn subscription_detail(row: &SubscriptionRow) -> SubscriptionDetail {
    let event = format!("event {}", event_id(9));
    SubscriptionDetail {
        mismatch: if row.verification == "mismatch" {
            vec![Difference {
                field: "status".to_owned(),
                before: json!("past_due"),
                after: json!("active"),
            }]
        } else {
            Vec::new()
        },
        canceled_at: None,
        ended_at: None,
        set_by: vec![
            change("status", json!("trialing"), json!("active"), &event),
            change("seats", json!(5), json!(8), "person ops-1"),
            change(
                "current_period_end",
                json!(null),
                json!("2026-12-03T23:41:07Z"),
                "read",
            ),
        ],
        provider_object: Some(
            json!({"id": row.provider_subscription_id, "status": "active", "items": {"data": []}}),
        ),
        row: row.clone(),
    }
}

pub(super) fn orders() -> Vec<OrderRow> {
    let row = |index: u128, status: OrderStatus, amount: Money| OrderRow {
        id: order_id(index),
        customer_id: Some(customer_id(index % 3)),
        customer_label: Some(
            ["ana@acme.mx", "ops@globex.com", "juan@tindahan.ph"][usize::try_from(index % 3).unwrap()]
                .to_owned(),
        ),
        provider: ProviderName::Stripe,
        provider_order_id: format!("in_1QxOrder{index:04}0000Qwe"),
        provider_payment_id: Some(format!("pi_3QxPay{index:04}00000gYq")),
        offer_id: None,
        provider_subscription_id: Some("sub_1QxA93f00000000A900f".to_owned()),
        number: Some(format!("BD-2026-{index:04}")),
        amount: Some(amount.minor),
        currency: Some(amount.currency),
        status,
        purchased_at: Some(ago(60 * i64::try_from(index + 1).unwrap())),
        refunded_amount: 0,
        method: Some(PaymentMethod {
            kind: "card".to_owned(),
            brand: Some("visa".to_owned()),
            last4: Some("4242".to_owned()),
            country: Some("MX".to_owned()),
        }),
        failure: None,
        created_at: ago(60 * i64::try_from(index + 2).unwrap()),
        livemode: false,
    };
    let mut rows = vec![
        row(0, OrderStatus::Paid, money(129_900, "MXN")),
        row(1, OrderStatus::Failed, money(1_600, "USD")),
        row(2, OrderStatus::PartiallyRefunded, money(99_000, "PHP")),
        row(3, OrderStatus::Disputed, money(1_980, "JPY")),
        row(4, OrderStatus::Pending, money(12_345_678, "KWD")),
    ];
    rows[1].failure = Some("insufficient funds".to_owned());
    rows[1].purchased_at = None;
    rows[2].refunded_amount = 9_000;
    rows[4].amount = None;
    rows
}

pub(super) fn customer_detail(
    row: &CustomerRow,
    subscriptions: &[SubscriptionRow],
    orders: &[OrderRow],
    customers: &[CustomerRow],
) -> CustomerDetail {
    CustomerDetail {
        links: row
            .providers
            .iter()
            .flat_map(|(&provider, ids)| ids.iter().map(move |id| (provider, id)))
            .map(|(provider, id)| LinkView {
                id: Uuid::from_u128(1).into(),
                provider,
                provider_customer_id: id.clone(),
                email: row.email.clone(),
                is_default: true,
                deleted: false,
            })
            .collect(),
        subscriptions: subscriptions
            .iter()
            .filter(|one| one.customer_id == row.id)
            .cloned()
            .collect(),
        orders: orders
            .iter()
            .filter(|one| one.customer_id == Some(row.id))
            .cloned()
            .collect(),
        owner_candidates: if row.scope.is_none() {
            customers[..1].to_vec()
        } else {
            Vec::new()
        },
        row: row.clone(),
    }
}

pub(super) fn timeline(id: CustomerId, events: &[EventRow]) -> Vec<TimelineEntry> {
    let mut entries: Vec<TimelineEntry> = events
        .iter()
        .filter(|row| row.customer_id == Some(id))
        .take(8)
        .map(|row| TimelineEntry {
            at: row.received_at,
            kind: TimelineKind::Event,
            what: row.event_type.clone(),
            detail: format!("{} {}", row.object_id.clone().unwrap_or_default(), row.state),
            event_id: Some(row.id),
        })
        .collect();
    entries.insert(
        entries.len().min(2),
        TimelineEntry {
            at: ago(200),
            kind: TimelineKind::Person,
            what: "ops-1 subscription.cancel".to_owned(),
            detail: "at period end (ticket 5521)".to_owned(),
            event_id: None,
        },
    );
    entries
}

pub(super) fn overview() -> Overview {
    let usd: Currency = "USD".parse().unwrap();
    let minutes = (0..60)
        .map(|minute: u64| MinuteFigures {
            received: 20 + (minute * 7) % 23,
            processed: 19 + (minute * 5) % 21,
            failed: u64::from(minute % 17 == 3) * 4,
        })
        .collect();
    Overview {
        attention: vec![
            Attention {
                severity: Severity::Danger,
                what: "1 event is dead: the refund is larger than its payment".to_owned(),
                count: 1,
                provider: Some(ProviderName::Stripe),
                since: Some(ago(100)),
                command: "events state:dead".to_owned(),
            },
            Attention {
                severity: Severity::Attention,
                what: "events wait: price price_1QxNEW9fA is in no plan of catalog.toml".to_owned(),
                count: 14,
                provider: Some(ProviderName::Stripe),
                since: Some(ago(91)),
                command: "events failed error=unknown_price".to_owned(),
            },
        ],
        stats: EventStats {
            by_state: BTreeMap::from([
                (EventState::Pending, 3),
                (EventState::Failed, 17),
                (EventState::Dead, 1),
                (EventState::Processed, 1_204_551),
            ]),
            by_provider: BTreeMap::from([(ProviderName::Stripe, 21)]),
            oldest_pending_seconds: Some(1),
            processed_last_minute: 40,
        },
        next_retry_at: Some(now() + SignedDuration::from_mins(4)),
        minutes,
        providers: vec![ProviderFigures {
            provider: ProviderName::Stripe,
            api: true,
            webhook_secrets: 1,
            paused: None,
            received_last_minute: 22,
            apply_ok_percent: Some(98.6),
            api_p95_ms: Some(310.0),
            last_event_at: Some(ago(0)),
        }],
        processes: vec![
            ProcessView {
                name: "serve@deck-1/4711".to_owned(),
                kind: "listener".to_owned(),
                version: "0.1.0".to_owned(),
                last_seen: ago(0),
                workers: 0,
            },
            ProcessView {
                name: "worker@deck-1/4711".to_owned(),
                kind: "worker".to_owned(),
                version: "0.1.0".to_owned(),
                last_seen: ago(0),
                workers: 4,
            },
        ],
        money: vec![
            Money::new(1_248_000, usd),
            money(8_490_000, "MXN"),
            money(3_125_000, "PHP"),
        ],
        failed_payments: 4,
        unlinked_payers: 2,
    }
}
