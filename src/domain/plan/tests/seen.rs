//! Descriptions of objects, with only what a test is about named.

use std::collections::BTreeMap;

use super::world::{at, id, money};
use crate::domain::{
    observation::{
        ChargeSeen, CheckoutProgress, CheckoutSeen, CustomerSeen, DisputeSeen, Observation, OrderSeen,
        PaymentLinkSeen, PaymentSeen, RefundSeen, SubscriptionSeen,
    },
    order::{Collection, DisputeStatus, OrderKind, PaymentMethod, PaymentStatus, RefundStatus},
    subscription::{Period, SubscriptionItem, SubscriptionStatus},
};

pub(super) fn metadata(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

pub(super) fn customer(name: &str) -> CustomerSeen {
    CustomerSeen {
        id: id(name),
        email: Some("ana@example.com".to_owned()),
        name: Some("Ana Reyes".to_owned()),
        country: Some("MX".to_owned()),
        metadata: BTreeMap::new(),
        deleted: false,
    }
}

pub(super) fn item(price: &str, quantity: i64) -> SubscriptionItem {
    SubscriptionItem {
        provider_item_id: id(&format!("si_{price}")),
        price_id: id(price),
        quantity: Some(quantity),
        unit_amount: Some(money(1_900)),
        interval: None,
    }
}

pub(super) fn subscription(name: &str, status: SubscriptionStatus) -> SubscriptionSeen {
    SubscriptionSeen {
        id: id(name),
        customer: id("cus_1"),
        status,
        provider_status: status.as_str().to_owned(),
        cancel_at_period_end: false,
        cancel_at: None,
        canceled_at: None,
        ended_at: None,
        period: Some(Period {
            start: at(0),
            end: at(2_592_000),
        }),
        trial: None,
        items: vec![item("price_solo", 1)],
        metadata: BTreeMap::new(),
        checkout: None,
    }
}

pub(super) fn checkout(name: &str, state: CheckoutProgress) -> CheckoutSeen {
    CheckoutSeen {
        id: id(name),
        state,
        customer: Some(id("cus_1")),
        subscription: None,
        order: None,
        payment: None,
        amount: Some(money(1_900)),
        email: None,
        metadata: BTreeMap::new(),
        checkout: None,
        expires_at: None,
    }
}

pub(super) fn invoice(name: &str, collection: Collection) -> OrderSeen {
    OrderSeen {
        id: id(name),
        kind: OrderKind::Invoice,
        customer: Some(id("cus_1")),
        subscription: Some(id("sub_1")),
        number: Some("A-1".to_owned()),
        amount: money(1_900),
        collection,
        paid_at: (collection == Collection::Paid).then(|| at(90)),
        period: None,
        attempts: Some(1),
        next_attempt_at: None,
        hosted_url: None,
        payments: Vec::new(),
    }
}

pub(super) fn link(invoice: &str, payment: &str) -> PaymentLinkSeen {
    PaymentLinkSeen {
        id: id(&format!("inpay_{invoice}_{payment}")),
        order: id(invoice),
        payment: id(payment),
        paid: true,
        amount: Some(money(1_900)),
    }
}

pub(super) fn payment(name: &str, status: PaymentStatus) -> PaymentSeen {
    PaymentSeen {
        id: id(name),
        customer: Some(id("cus_1")),
        amount: money(1_900),
        status,
        paid_at: (status == PaymentStatus::Succeeded).then(|| at(80)),
        failure: None,
        order: None,
    }
}

pub(super) fn charge(name: &str, payment: &str, status: PaymentStatus) -> ChargeSeen {
    ChargeSeen {
        id: id(name),
        payment: id(payment),
        customer: Some(id("cus_1")),
        amount: money(1_900),
        status,
        created: Some(at(80)),
        refunded_minor: 0,
        method: Some(PaymentMethod {
            kind: "card".to_owned(),
            brand: Some("visa".to_owned()),
            last4: Some(format!("{:04}", name.len())),
            country: Some("MX".to_owned()),
        }),
        failure: None,
        order: None,
    }
}

pub(super) fn refund(name: &str, payment: &str, minor: i64, status: RefundStatus) -> RefundSeen {
    RefundSeen {
        id: id(name),
        payment: id(payment),
        amount: money(minor),
        status,
        reason: None,
    }
}

pub(super) fn dispute(name: &str, payment: &str, status: DisputeStatus) -> DisputeSeen {
    DisputeSeen {
        id: id(name),
        payment: id(payment),
        amount: money(1_900),
        status,
        provider_status: status.as_str().to_owned(),
        reason: Some("fraudulent".to_owned()),
        due_by: None,
    }
}

macro_rules! observed {
    ($($seen:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$seen> for Observation {
            fn from(seen: $seen) -> Self {
                Self::$variant(seen)
            }
        }
    )+};
}

observed! {
    CustomerSeen => Customer,
    SubscriptionSeen => Subscription,
    CheckoutSeen => Checkout,
    OrderSeen => Order,
    PaymentLinkSeen => PaymentLink,
    PaymentSeen => Payment,
    ChargeSeen => Charge,
    RefundSeen => Refund,
    DisputeSeen => Dispute,
}
