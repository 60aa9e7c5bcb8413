//! The room and the simulator talk to each other over HTTP. They share no wire types, so a misreading of Stripe's
//! documentation in one of them shows here.

use std::collections::BTreeMap;

use billdeck::{
    domain::{
        ids::ObjectId,
        observation::{Interpretation, Observation, SubscriptionSeen},
        order::RefundStatus,
        provider::{Environment, ObjectKind, ObjectRef},
        subscription::SubscriptionStatus,
    },
    providers::{
        CancelWhen, CustomerPatch, NewCheckout, NewCustomer, NewRefund, Provider, ProviderApi, ReadObject,
        stripe::{Stripe, StripeOptions},
    },
    simulators::{
        Simulator, SimulatorOptions,
        stripe::{Card, Payment, Recurring, SimPrice, StripeAccount, Unit},
    },
};
use jiff::SignedDuration;

use crate::support::{at, undelivered};

const KEY: &str = "sk_test_simulated";

async fn simulator() -> (Simulator, Stripe) {
    let team = SimPrice {
        id: "price_team".to_owned(),
        product: "Team".to_owned(),
        currency: "usd".to_owned(),
        unit_amount: 1500,
        recurring: Some(Recurring {
            interval: Unit::Month,
            interval_count: 1,
        }),
        nickname: None,
    };
    let account = StripeAccount::new(KEY.into(), "whsec_simulated".into()).selling(vec![team]);
    let simulator = Simulator::start(SimulatorOptions::new(account)).await.unwrap();
    let stripe = Stripe::new(&StripeOptions {
        secret_key: Some(KEY.into()),
        api_base: simulator.stripe_base(),
        ..StripeOptions::new(Environment::Test)
    })
    .unwrap();
    (simulator, stripe)
}

fn object(kind: ObjectKind, id: &ObjectId) -> ObjectRef {
    ObjectRef::new(kind, id.clone())
}

fn only_id(found: &ReadObject) -> ObjectId {
    let [observation] = found.observations.as_slice() else {
        panic!("{found:?}");
    };
    observation.object().id
}

fn subscription(found: &ReadObject) -> &SubscriptionSeen {
    match found.observations.as_slice() {
        [Observation::Subscription(seen)] => seen,
        other => panic!("{other:?}"),
    }
}

/// A customer with a paid subscription.
async fn subscriber(simulator: &Simulator, api: &dyn ProviderApi) -> (ObjectId, ObjectId) {
    let new = NewCustomer {
        email: Some("ana@example.com".to_owned()),
        name: Some("Ana".to_owned()),
        metadata: BTreeMap::from([("organization_id".to_owned(), "org_7".to_owned())]),
    };
    let customer = only_id(&api.customer_create(&new, "key-customer").await.unwrap().value);
    let checkout = NewCheckout {
        checkout: "0192f8f0-0000-7000-8000-000000000001".parse().unwrap(),
        customer: customer.clone(),
        price: ObjectId::new("price_team").unwrap(),
        quantity: 3,
        success_url: "https://app.example.com/ok?session={CHECKOUT_SESSION_ID}".to_owned(),
        cancel_url: "https://app.example.com/no".to_owned(),
        metadata: BTreeMap::from([("organization_id".to_owned(), "org_7".to_owned())]),
    };
    let started = api
        .checkout_create(&checkout, "key-checkout")
        .await
        .unwrap()
        .value;
    let paid = simulator
        .handle()
        .stripe()
        .pay_checkout(started.id.as_str(), Payment::Card(Card::default()))
        .unwrap();
    assert_eq!(paid, format!("https://app.example.com/ok?session={}", started.id));
    let subscriptions = api.subscriptions_of(&customer).await.unwrap().value;
    let seen = subscription(&subscriptions);
    assert_eq!(
        (seen.status, seen.customer.clone()),
        (SubscriptionStatus::Active, customer.clone())
    );
    assert_eq!(seen.checkout, Some(checkout.checkout));
    assert_eq!(
        (seen.items[0].price_id.as_str(), seen.items[0].quantity),
        ("price_team", Some(3))
    );
    assert!(seen.period.is_some());
    (customer, seen.id.clone())
}

#[tokio::test]
async fn a_purchase_is_made_and_every_object_of_it_is_read() {
    let (simulator, stripe) = simulator().await;
    let api = stripe.api().unwrap();
    api.check_credentials().await.unwrap();
    let (customer, _) = subscriber(&simulator, api).await;

    let found = api.customers_by_email("ana@example.com").await.unwrap().value;
    assert_eq!(only_id(&found), customer);
    let patch = CustomerPatch {
        name: Some("Ana & Co".to_owned()),
        ..CustomerPatch::default()
    };
    let changed = api
        .customer_update(&customer, &patch, "key-patch")
        .await
        .unwrap()
        .value;
    assert!(
        matches!(&changed.observations[..], [Observation::Customer(seen)] if seen.name.as_deref() == Some("Ana & Co"))
    );

    for kind in [
        ObjectKind::Checkout,
        ObjectKind::Order,
        ObjectKind::Payment,
        ObjectKind::Charge,
    ] {
        let listed = api.objects_of(&customer, kind).await.unwrap().value;
        let first = listed
            .observations
            .first()
            .unwrap_or_else(|| panic!("no {kind}"))
            .clone();
        assert_eq!((first.object().kind, first.customer()), (kind, Some(&customer)));
        let read = api.read(&first.object(), None).await.unwrap().value;
        assert_eq!(read.observations.first().unwrap().object(), first.object());
    }
    let orders = api.objects_of(&customer, ObjectKind::Order).await.unwrap().value;
    let payments = api
        .objects_of(&customer, ObjectKind::Payment)
        .await
        .unwrap()
        .value;
    let [Observation::Order(order), Observation::PaymentLink(link)] = orders.observations.as_slice() else {
        panic!("{orders:?}");
    };
    assert_eq!((order.amount.minor, &link.order), (4500, &order.id));
    // The link and the payment tell one and the same fact.
    assert_eq!(orders.facts[0].object, payments.facts[0].object);
    assert_eq!(orders.facts[0].amount, payments.facts[0].amount);

    let prices = api.prices(None).await.unwrap().value;
    assert_eq!(
        (prices.items[0].name.as_deref(), prices.items[0].active),
        (Some("Team"), true)
    );
    assert!(
        api.portal_create(&customer, "https://app.example.com", "key-portal")
            .await
            .unwrap()
            .value
            .starts_with("http")
    );
}

#[tokio::test]
async fn a_subscription_goes_through_its_life() {
    let (simulator, stripe) = simulator().await;
    let api = stripe.api().unwrap();
    let (customer, id) = subscriber(&simulator, api).await;

    let later = api
        .subscription_cancel(at(&id, &customer), CancelWhen::PeriodEnd, "key-1")
        .await
        .unwrap()
        .value;
    assert!(subscription(&later).cancel_at_period_end);
    let resumed = api
        .subscription_resume(at(&id, &customer), "key-2")
        .await
        .unwrap()
        .value;
    assert!(!subscription(&resumed).cancel_at_period_end);
    assert_eq!(subscription(&resumed).cancel_at, None);

    let ended = api
        .subscription_cancel(at(&id, &customer), CancelWhen::Now, "key-3")
        .await
        .unwrap()
        .value;
    assert_eq!(subscription(&ended).status, SubscriptionStatus::Canceled);
    let again = api
        .subscription_cancel(at(&id, &customer), CancelWhen::Now, "key-4")
        .await
        .unwrap()
        .value;
    assert_eq!(again.observations, ended.observations);
    let read = api
        .read(&object(ObjectKind::Subscription, &id), None)
        .await
        .unwrap()
        .value;
    assert_eq!(read.observations, ended.observations);
}

#[tokio::test]
async fn money_goes_back_and_is_fought_over() {
    let (simulator, stripe) = simulator().await;
    let api = stripe.api().unwrap();
    let (customer, _) = subscriber(&simulator, api).await;
    let charges = api.objects_of(&customer, ObjectKind::Charge).await.unwrap().value;
    let [Observation::Charge(charge)] = charges.observations.as_slice() else {
        panic!("{charges:?}");
    };
    let refund = NewRefund {
        payment: charge.payment.clone(),
        amount: Some(billdeck::domain::money::Money::new(700, charge.amount.currency)),
        reason: None,
    };
    let started = api.refund_create(&refund, "key-refund").await.unwrap().value;
    assert_eq!(
        (started.status, started.amount.minor),
        (RefundStatus::Succeeded, 700)
    );
    let refunds = api.objects_of(&customer, ObjectKind::Refund).await.unwrap().value;
    assert_eq!(only_id(&refunds), started.id);
    assert_eq!(refunds.facts[0].amount.minor, -700);

    let dispute = simulator
        .handle()
        .stripe()
        .open_dispute(charge.id.as_str(), "fraudulent")
        .unwrap();
    let disputes = api
        .objects_of(&customer, ObjectKind::Dispute)
        .await
        .unwrap()
        .value;
    assert_eq!(only_id(&disputes).as_str(), dispute);
    let read = api
        .read(&object(ObjectKind::Dispute, &only_id(&disputes)), None)
        .await
        .unwrap()
        .value;
    assert_eq!(read.observations, disputes.observations);
}

#[tokio::test]
async fn what_is_not_there_is_gone_and_a_wrong_key_is_told() {
    let (simulator, stripe) = simulator().await;
    let api = stripe.api().unwrap();
    let wanted = object(ObjectKind::Customer, &ObjectId::new("cus_nobody").unwrap());
    let found = api.read(&wanted, None).await.unwrap().value;
    assert_eq!(found.observations, [Observation::Gone(wanted)]);

    let stranger = Stripe::new(&StripeOptions {
        secret_key: Some("sk_test_wrong".into()),
        api_base: simulator.stripe_base(),
        ..StripeOptions::new(Environment::Test)
    })
    .unwrap();
    let error = stranger.api().unwrap().check_credentials().await.unwrap_err();
    assert_eq!(error.code(), "provider_credentials");
    assert!(!error.to_string().contains("sk_test_wrong"), "{error}");
}

#[tokio::test]
async fn every_event_of_a_story_is_understood() {
    let (simulator, stripe) = simulator().await;
    let api = stripe.api().unwrap();
    let since = simulator.handle().now();
    let (customer, id) = subscriber(&simulator, api).await;
    api.subscription_cancel(at(&id, &customer), CancelWhen::Now, "key")
        .await
        .unwrap();

    let mut bodies = Vec::new();
    let mut page = None;
    loop {
        let listed = api
            .events(since - SignedDuration::from_mins(5), page.as_deref())
            .await
            .unwrap()
            .value;
        bodies.extend(listed.items);
        page = listed.next;
        if page.is_none() {
            break;
        }
    }
    let mut kinds = Vec::new();
    for event in &bodies {
        let envelope = stripe.envelope(undelivered(&event.body)).unwrap();
        if let Interpretation::Whole { subject, .. } = stripe.interpret(&event.body).unwrap() {
            assert_eq!(envelope.object, Some(subject));
            kinds.push(envelope.event_type);
        }
    }
    for kind in [
        "customer.created",
        "checkout.session.completed",
        "customer.subscription.created",
        "invoice.paid",
        "invoice_payment.paid",
        "payment_intent.succeeded",
        "customer.subscription.deleted",
    ] {
        assert!(
            kinds.iter().any(|seen| seen == kind),
            "{kind} is not among {kinds:?}"
        );
    }
}
