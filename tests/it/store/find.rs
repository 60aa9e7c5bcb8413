//! Any id leads somewhere.

use billdeck::{domain::views::found::Found, store::find::find};
use uuid::Uuid;

use super::TEST;
use crate::support::{
    db::fresh,
    seed::{Customer, Event, Link, Order, Subscription},
};

#[tokio::test]
async fn every_known_id_is_found_and_no_other() {
    let db = fresh().await;
    let mut conn = db.connect().await;
    let customer = Customer {
        owner: Some(("user", "u-1".to_owned())),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let merged = Customer {
        merged_into: Some(customer),
        ..Customer::default()
    }
    .insert(&mut conn)
    .await;
    let link = Link::of(customer, "cus_1").insert(&mut conn).await;
    // Some providers' ids are UUIDs.
    let foreign = Uuid::now_v7().to_string();
    Link {
        provider: "polar",
        ..Link::of(customer, &foreign)
    }
    .insert(&mut conn)
    .await;
    let subscription = Subscription {
        provider_subscription_id: Some("sub_1".to_owned()),
        ..Subscription::of(link)
    }
    .insert(&mut conn)
    .await;
    let order = Order::of(Some(link)).insert(&mut conn).await;
    sqlx::query(
        "insert into payment (id, provider, livemode, provider_payment_id, link_id, charge_id, status)
         values (gen_random_uuid(), 'stripe', false, 'pi_1', $1, 'ch_1', 'succeeded')",
    )
    .bind(link)
    .execute(&mut conn)
    .await
    .unwrap();
    let event = Event {
        object: Some(("price", "price_1".to_owned())),
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    let hidden = Event {
        livemode: true,
        ..Event::default()
    }
    .insert(&mut conn)
    .await;
    let stranger = Customer::default().insert(&mut conn).await;
    Link {
        livemode: true,
        ..Link::of(stranger, "cus_live")
    }
    .insert(&mut conn)
    .await;

    let the_customer = Some(Found::Customer(customer.into()));
    let cases = [
        (customer.to_string(), the_customer),
        (merged.to_string(), the_customer),
        (link.to_string(), the_customer),
        (order.to_string(), the_customer),
        (" cus_1\n".to_owned(), the_customer),
        (foreign, the_customer),
        (format!("in_{}", order.simple()), the_customer),
        ("pi_1".to_owned(), the_customer),
        ("ch_1".to_owned(), the_customer),
        ("u-1".to_owned(), the_customer),
        (
            subscription.to_string(),
            Some(Found::Subscription(subscription.into())),
        ),
        ("sub_1".to_owned(), Some(Found::Subscription(subscription.into()))),
        (event.to_string(), Some(Found::Event(event.into()))),
        (Event::provider_id(event), Some(Found::Event(event.into()))),
        ("price_1".to_owned(), Some(Found::Event(event.into()))),
        (hidden.to_string(), None),
        (Event::provider_id(hidden), None),
        (stranger.to_string(), None),
        ("cus_live".to_owned(), None),
        (Uuid::now_v7().to_string(), None),
        (String::new(), None),
        ("a\0b".to_owned(), None),
        ("' or true --".to_owned(), None),
    ];
    for (id, expected) in cases {
        assert_eq!(find(&mut conn, TEST, &id).await.unwrap(), expected, "{id:?}");
    }
}
