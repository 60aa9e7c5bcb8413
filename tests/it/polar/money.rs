//! Orders with the tries behind them, refunds, events, products.

use billdeck::{
    domain::{
        money::Money,
        observation::{FactKind, Observation},
        order::RefundStatus,
        provider::ObjectKind,
    },
    providers::{NewRefund, ProviderError, StartedRefund},
};
use serde_json::{Value, json};

use super::server::{
    ORDER, PRODUCT, Reply, Server, id, names, object, order, page, payment, refund, refusal, sent,
};

#[tokio::test]
async fn an_order_is_read_with_the_tries_at_its_payment() {
    let tries = page(&[payment("pay_2", "succeeded"), payment("pay_1", "failed")], 1);
    for kind in [ObjectKind::Order, ObjectKind::Payment] {
        let server = Server::saying(&[order(), tries.clone()]).await;
        let found = server.api().read(&object(kind, ORDER), None).await.unwrap().value;
        assert_eq!(
            names(&found),
            [
                format!("order {ORDER}"),
                format!("payment {ORDER}"),
                "charge pay_2".to_owned(),
                "charge pay_1".to_owned()
            ]
        );
        assert!(found.facts.iter().all(|fact| {
            fact.kind == FactKind::Paid && fact.object == object(ObjectKind::Payment, ORDER)
        }));
        assert_eq!(
            server.lines(),
            [
                format!("GET /v1/orders/{ORDER}"),
                format!("GET /v1/payments/?order_id={ORDER}&page=1")
            ]
        );
    }
}

#[tokio::test]
async fn a_token_that_may_not_read_payments_still_reads_orders() {
    let server = Server::with([
        Reply::json(&order()),
        Reply::status(403, r#"{"error":"insufficient_scope"}"#),
    ])
    .await;
    let found = server
        .api()
        .read(&object(ObjectKind::Order, ORDER), None)
        .await
        .unwrap();
    assert_eq!(
        names(&found.value),
        [format!("order {ORDER}"), format!("payment {ORDER}")]
    );
}

#[tokio::test]
async fn a_missing_order_is_gone_under_the_kind_that_was_asked_for() {
    let server = Server::with([refusal(404, "ResourceNotFound")]).await;
    let wanted = object(ObjectKind::Payment, ORDER);
    let found = server.api().read(&wanted, None).await.unwrap().value;
    assert_eq!(found.observations, [Observation::Gone(wanted)]);
}

fn usd(minor: i64) -> Money {
    Money::new(minor, "USD".parse().unwrap())
}

fn new(amount: Option<Money>) -> NewRefund {
    NewRefund {
        payment: id(ORDER),
        amount,
        reason: None,
    }
}

async fn give_back(amount: Option<Money>) -> (Result<StartedRefund, ProviderError>, Option<Value>) {
    let server = Server::with(
        [
            page(&[refund(&json!({"billdeck_key": "another"}))], 1),
            order(),
            refund(&json!({})),
        ]
        .iter()
        .map(Reply::json),
    )
    .await;
    let answer = server.api().refund_create(&new(amount), "key-1").await;
    let sent = answer.is_ok().then(|| sent(&server.asked()[2]));
    (answer.map(|answer| answer.value), sent)
}

#[tokio::test]
async fn polar_is_told_the_amount_without_the_tax() {
    let rows = [
        (None, 2900),
        (Some(usd(3451)), 2900),
        (Some(usd(1190)), 1000),
        (Some(usd(1)), 1),
    ];
    for (amount, net) in rows {
        let (answer, sent) = give_back(amount).await;
        assert_eq!(
            sent.unwrap(),
            json!({"order_id": ORDER, "reason": "other", "amount": net, "metadata": {"billdeck_key": "key-1"}})
        );
        let started = answer.unwrap();
        assert_eq!(
            (started.status, started.amount),
            (RefundStatus::Pending, usd(1190))
        );
    }
}

#[tokio::test]
async fn an_amount_that_cannot_be_given_back_is_refused_before_it_is_sent() {
    let yen = Money::new(100, "JPY".parse().unwrap());
    let rows = [
        (usd(3452), "amount_not_refundable"),
        (usd(0), "amount_not_refundable"),
        (yen, "currency_mismatch"),
    ];
    for (amount, expected) in rows {
        let (answer, _) = give_back(Some(amount)).await;
        assert!(
            matches!(&answer, Err(ProviderError::Refused { code, .. }) if code == expected),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_refund_is_made_once_for_a_key() {
    let server = Server::saying(&[page(&[refund(&json!({"billdeck_key": "key-1"}))], 1)]).await;
    let found = server
        .api()
        .refund_create(&new(None), "key-1")
        .await
        .unwrap()
        .value;
    assert_eq!(found.id, id("ref_1"));
    assert_eq!(
        server.lines(),
        [format!("GET /v1/refunds/?order_id={ORDER}&page=1")]
    );
}

fn delivery(event: &str, payload: Value) -> Value {
    json!({"id": format!("try-{event}"), "succeeded": true, "webhook_event": {"id": event, "payload": payload}})
}

#[tokio::test]
async fn events_come_once_each_from_the_list_of_deliveries() {
    let body = r#"{"type":"order.paid","timestamp":"2026-10-05T10:00:00Z","data":{"id":"x"}}"#;
    let items = [
        delivery("evt_2", body.into()),
        delivery("evt_1", Value::Null),
        delivery("evt_2", body.into()),
    ];
    let server = Server::saying(&[page(&items, 2), page(&[delivery("evt_0", body.into())], 2)]).await;
    let since = "2026-10-01T00:00:00Z".parse().unwrap();
    let first = server.api().events(since, None).await.unwrap().value;
    assert_eq!(first.next.as_deref(), Some("2"));
    let [event] = first.items.try_into().unwrap();
    assert_eq!(event.body, body.as_bytes());
    let raw = billdeck::providers::RawDelivery {
        headers: &event.headers,
        body: &event.body,
    };
    let room: &dyn billdeck::providers::Provider = &server.polar;
    assert_eq!(room.envelope(raw).unwrap().provider_event_id, id("evt_2"));

    let last = server
        .api()
        .events(since, first.next.as_deref())
        .await
        .unwrap()
        .value;
    assert_eq!((last.items.len(), last.next), (1, None));
    assert_eq!(
        server.lines(),
        [1, 2].map(|page| format!(
            "GET /v1/webhooks/deliveries?start_timestamp=2026-10-01T00:00:00Z&page={page}"
        ))
    );
}

#[tokio::test]
async fn one_event_is_looked_for_by_its_id() {
    let items = [
        delivery("evt_10", "{}".into()),
        delivery("evt_1", "{\"a\":1}".into()),
    ];
    let server = Server::saying(&[page(&items, 1), page(&[], 0)]).await;
    let found = server.api().event(&id("evt_1")).await.unwrap().value.unwrap();
    assert_eq!(found.body, b"{\"a\":1}");
    assert!(server.api().event(&id("evt_1")).await.unwrap().value.is_none());
    assert_eq!(
        server.lines()[0],
        "GET /v1/webhooks/deliveries?query=evt_1&page=1"
    );
}

#[tokio::test]
async fn products_are_listed_as_prices() {
    let fixed = |currency: &str, archived: bool| {
        json!({"id": "p", "amount_type": "fixed", "price_amount": 2900, "price_currency": currency,
            "is_archived": archived})
    };
    let product = |name: &str, archived: bool, prices: Vec<Value>| json!({"id": name, "name": "Pro", "is_archived": archived, "prices": prices});
    let metered = json!({"id": "m", "amount_type": "metered_unit", "unit_amount": "0.5"});
    let items = [
        product(
            PRODUCT,
            false,
            vec![fixed("usd", false), metered, fixed("eur", true)],
        ),
        product("two", false, vec![fixed("usd", false), fixed("eur", false)]),
        product("old", true, vec![json!({"id": "s", "amount_type": "seat_based"})]),
    ];
    let server = Server::saying(&[page(&items, 3)]).await;
    let found = server.api().prices(None).await.unwrap().value;
    let told: Vec<_> = found
        .items
        .iter()
        .map(|price| (price.id.as_str(), price.amount, price.active))
        .collect();
    assert_eq!(
        told,
        [
            (PRODUCT, Some(usd(2900)), true),
            ("two", None, true),
            ("old", None, false)
        ]
    );
    assert_eq!(found.next.as_deref(), Some("2"));
}
