//! Orders: filters and the payment that is shown.

use billdeck::{
    domain::{
        ids::CustomerId,
        provider::ProviderName,
        views::{
            PageRequest,
            order::{OrderFilter, OrderRow},
        },
    },
    store::order_list::order_list,
};
use jiff::SignedDuration;
use sqlx::PgConnection;
use uuid::Uuid;

use super::TEST;
use crate::support::{
    db::fresh,
    seed::{Customer, Link, Order, id_aged, made_at},
};

async fn list(conn: &mut PgConnection, filter: &OrderFilter) -> Vec<OrderRow> {
    order_list(conn, TEST, filter, &PageRequest::first(100))
        .await
        .unwrap()
        .items
}

#[tokio::test]
async fn each_filter_finds_its_own() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let customer = Customer::default().insert(&mut conn).await;
    let link = Link::of(customer, "cus_1").insert(&mut conn).await;
    let aged = |minutes| id_aged(SignedDuration::from_mins(minutes), 0);
    let paid = Order {
        id: aged(1),
        ..Order::of(Some(link))
    }
    .insert(&mut conn)
    .await;
    let failed = Order {
        id: aged(2),
        status: "failed",
        provider: "polar",
        ..Order::of(None)
    }
    .insert(&mut conn)
    .await;
    let refunded = Order {
        id: aged(3),
        status: "refunded",
        ..Order::of(Some(link))
    }
    .insert(&mut conn)
    .await;
    Order {
        id: aged(4),
        livemode: true,
        ..Order::of(None)
    }
    .insert(&mut conn)
    .await;

    let all = OrderFilter::default;
    let status = |words: &[&str]| OrderFilter {
        statuses: words.iter().map(|word| word.parse().unwrap()).collect(),
        ..all()
    };
    let cases = [
        ("all", all(), vec![paid, failed, refunded]),
        (
            "statuses",
            status(&["failed", "refunded"]),
            vec![failed, refunded],
        ),
        (
            "provider",
            OrderFilter {
                provider: Some(ProviderName::Polar),
                ..all()
            },
            vec![failed],
        ),
        (
            "both",
            OrderFilter {
                provider: Some(ProviderName::Stripe),
                ..status(&["failed", "refunded"])
            },
            vec![refunded],
        ),
        (
            "customer",
            OrderFilter {
                customer: Some(CustomerId::from(customer)),
                ..all()
            },
            vec![paid, refunded],
        ),
        (
            "nobody",
            OrderFilter {
                customer: Some(CustomerId::from(Uuid::now_v7())),
                ..all()
            },
            vec![],
        ),
        (
            "since",
            OrderFilter {
                since: Some(made_at(failed)),
                ..all()
            },
            vec![paid, failed],
        ),
    ];
    for (what, filter, expected) in cases {
        let found: Vec<_> = list(&mut conn, &filter)
            .await
            .iter()
            .map(|row| row.id.as_uuid())
            .collect();
        assert_eq!(found, expected, "{what}");
    }
}

#[tokio::test]
async fn an_order_shows_the_payment_that_settled_it_else_the_last_one_tried() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let order = Order::of(None).insert(&mut conn).await;
    let pay = async |conn: &mut PgConnection, id: &str, status: &str, minutes: i32| {
        sqlx::query(
            "insert into payment
                 (id, provider, livemode, provider_payment_id, order_id, status, method_kind, method_last4,
                  failure_message, updated_at)
             values ($1, 'stripe', false, $2, $3, $4, 'card', '4242', case $4 when 'failed' then 'No funds.' end,
                 now() - make_interval(mins => $5))",
        )
        .bind(Uuid::now_v7())
        .bind(id)
        .bind(order)
        .bind(status)
        .bind(minutes)
        .execute(conn)
        .await
        .unwrap();
    };
    assert_eq!(
        list(&mut conn, &OrderFilter::default()).await[0].provider_payment_id,
        None
    );
    pay(&mut conn, "pi_1", "failed", 9).await;
    pay(&mut conn, "pi_2", "failed", 3).await;
    let row = list(&mut conn, &OrderFilter::default()).await.remove(0);
    assert_eq!(row.provider_payment_id.as_deref(), Some("pi_2"));
    assert_eq!(row.failure.as_deref(), Some("No funds."));
    pay(&mut conn, "pi_3", "succeeded", 6).await;
    let row = list(&mut conn, &OrderFilter::default()).await.remove(0);
    assert_eq!(row.provider_payment_id.as_deref(), Some("pi_3"));
    assert_eq!(row.failure, None);
    let method = row.method.unwrap();
    assert_eq!(
        (method.kind.as_str(), method.last4.as_deref()),
        ("card", Some("4242"))
    );
    assert_eq!(
        (row.amount, row.currency.map(|currency| currency.code())),
        (Some(1_500), Some("USD"))
    );
}
