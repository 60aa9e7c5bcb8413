//! The Polar room at a server that answers as told, and what Polar's objects look like.

use std::time::Duration;

use billdeck::{
    domain::{
        ids::ObjectId,
        provider::{Environment, ObjectKind, ObjectRef},
    },
    providers::{
        Provider, ProviderApi, ReadObject, Timeouts,
        polar::{Polar, PolarApi, PolarOptions},
    },
};
use serde_json::{Value, json};

use crate::support::answering::Answering;
pub(super) use crate::support::answering::{Asked, Reply};

/// The token that every test here uses; no error and no Debug output may hold it.
pub(super) const TOKEN: &str = "polar_oat_verysecret";

pub(super) struct Server {
    pub(super) polar: Polar,
    answering: Answering,
}

impl Server {
    /// A server that gives these answers in turn, and the room that talks to it.
    pub(super) async fn with(replies: impl IntoIterator<Item = Reply>) -> Self {
        let answering = Answering::with(replies).await;
        Self {
            polar: polar_at(&answering.base),
            answering,
        }
    }

    /// The same with answers that are all good.
    pub(super) async fn saying(answers: &[Value]) -> Self {
        Self::with(answers.iter().map(Reply::json)).await
    }

    pub(super) fn api(&self) -> &dyn ProviderApi {
        self.polar.api().unwrap()
    }

    pub(super) fn calls(&self) -> &PolarApi {
        self.polar.calls().unwrap()
    }

    /// All that was asked, after every prepared answer was given. What every call has in common is checked.
    pub(super) fn asked(&self) -> Vec<Asked> {
        assert_eq!(self.answering.left(), 0, "answers are left");
        let asked = self.answering.asked();
        for call in &asked {
            assert_eq!(
                call.header("authorization"),
                Some(format!("Bearer {TOKEN}").as_str())
            );
            assert_eq!(call.header("polar-version"), Some("2026-10"));
            assert_eq!(call.header("idempotency-key"), None);
        }
        asked
    }

    /// The lines of all that was asked, with their queries.
    pub(super) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(line).collect()
    }
}

/// Method, path and query of a request, without the size of the page.
pub(super) fn line(asked: &Asked) -> String {
    let query: Vec<String> = asked
        .query
        .iter()
        .filter(|(name, _)| name != "limit")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    match query.as_slice() {
        [] => asked.line(),
        query => format!("{}?{}", asked.line(), query.join("&")),
    }
}

pub(super) fn sent(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).unwrap()
}

pub(super) fn polar_at(base: &str) -> Polar {
    Polar::new(&PolarOptions {
        access_token: Some(TOKEN.into()),
        api_base: format!("{base}/v1"),
        timeouts: Timeouts {
            connect: Duration::from_secs(2),
            read: Duration::from_millis(500),
            write: Duration::from_millis(500),
            backoff: Duration::from_millis(1),
        },
        ..PolarOptions::new(Environment::Test)
    })
    .unwrap()
}

pub(super) fn id(text: &str) -> ObjectId {
    ObjectId::new(text).unwrap()
}

pub(super) fn object(kind: ObjectKind, text: &str) -> ObjectRef {
    ObjectRef::new(kind, id(text))
}

pub(super) fn names(found: &ReadObject) -> Vec<String> {
    found
        .observations
        .iter()
        .map(|observation| observation.object().to_string())
        .collect()
}

pub(super) fn page(items: &[Value], max_page: u64) -> Value {
    json!({"items": items, "pagination": {"total_count": items.len(), "max_page": max_page}})
}

pub(super) fn refusal(status: u16, code: &str) -> Reply {
    Reply::status(status, &json!({"error": code, "detail": "Told."}).to_string())
}

pub(super) const CUSTOMER: &str = "859b0f5e-8dab-4577-9848-f9d0278ceafa";
pub(super) const SUBSCRIPTION: &str = "5e1c1561-67e8-4377-9deb-2534264b5e5d";
pub(super) const ORDER: &str = "4bd246ad-461e-4ef5-a00f-136b4b20ff6b";
pub(super) const PRODUCT: &str = "b77f62e4-1c9b-4737-976c-645e059d330a";
pub(super) const CHECKOUT: &str = "e3fc6dfd-027b-4df7-a27e-27943a32da3c";
pub(super) const OURS: &str = "0199f0a4-0000-7000-8000-000000000001";

pub(super) fn customer(metadata: &Value) -> Value {
    json!({"id": CUSTOMER, "email": "ada@example.org", "name": "Ada", "external_id": null, "metadata": metadata})
}

pub(super) fn subscription(status: &str, ends: bool) -> Value {
    json!({
        "id": SUBSCRIPTION, "status": status, "amount": 2900, "currency": "usd", "recurring_interval": "month",
        "recurring_interval_count": 1, "current_period_start": "2026-10-05T10:00:00Z",
        "current_period_end": "2026-11-05T10:00:00Z", "cancel_at_period_end": ends, "customer_id": CUSTOMER,
        "product_id": PRODUCT, "metadata": {}, "prices": [],
    })
}

pub(super) fn checkout(metadata: &Value) -> Value {
    json!({"id": CHECKOUT, "status": "open", "url": "https://polar.sh/checkout/polar_c_x",
        "expires_at": "2026-10-06T09:58:40Z", "customer_id": CUSTOMER, "metadata": metadata})
}

pub(super) fn order() -> Value {
    json!({
        "id": ORDER, "created_at": "2026-10-05T10:00:00Z", "modified_at": null, "status": "paid", "paid": true,
        "total_amount": 3451, "due_amount": 3451, "refundable_amount": 2900, "refundable_tax_amount": 551,
        "currency": "usd", "billing_reason": "subscription_create", "customer_id": CUSTOMER,
        "subscription_id": SUBSCRIPTION, "checkout_id": CHECKOUT, "items": [],
    })
}

pub(super) fn payment(name: &str, status: &str) -> Value {
    json!({"id": name, "created_at": "2026-10-05T10:00:00Z", "status": status, "amount": 3451, "currency": "usd",
        "method": "card", "order_id": ORDER, "decline_reason": null,
        "method_metadata": {"brand": "visa", "last4": "4242"}})
}

pub(super) fn refund(metadata: &Value) -> Value {
    json!({"id": "ref_1", "created_at": "2026-10-08T10:00:00Z", "modified_at": null, "status": "pending",
        "reason": "other", "amount": 1000, "tax_amount": 190, "currency": "usd", "order_id": ORDER,
        "metadata": metadata, "dispute": null})
}

pub(super) fn dispute(name: &str, customer: &str, day: u8) -> Value {
    json!({"id": name, "created_at": format!("2026-10-{day:02}T09:00:00Z"), "modified_at": null,
        "status": "needs_response", "amount": 2900, "tax_amount": 551, "currency": "usd", "reason": "fraudulent",
        "order_id": ORDER, "payment_id": "pay_1", "evidence_due_by": null, "customer": {"id": customer}})
}
