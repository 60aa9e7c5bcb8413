//! A server that answers as told and remembers what it was asked.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, Uri},
};
use billdeck::{
    domain::{
        ids::ObjectId,
        provider::{Environment, ObjectKind, ObjectRef},
    },
    providers::{
        Provider, ProviderApi, Timeouts,
        paymongo::{Calls, Paymongo, PaymongoOptions},
    },
};
use futures_util::stream;
use serde_json::{Value, json};

/// The key that every test here uses; no error and no Debug output may hold it.
pub(super) const KEY: &str = "sk_test_verysecret";

/// What the server does with one request.
pub(super) enum Reply {
    /// A status, further headers, and a body.
    Status(u16, Vec<(&'static str, String)>, String),
    /// A body that ends before its time.
    Cut(String),
    /// Nothing at all.
    Silence,
}

impl Reply {
    pub(super) fn status(status: u16, body: &str) -> Self {
        Self::Status(status, Vec::new(), body.to_owned())
    }

    /// One resource in its envelope.
    pub(super) fn one(resource: &Value) -> Self {
        Self::status(200, &json!({ "data": resource }).to_string())
    }

    /// A page of a list.
    pub(super) fn list(data: &[Value], has_more: bool) -> Self {
        Self::status(200, &json!({ "data": data, "has_more": has_more }).to_string())
    }

    /// An error in PayMongo's form.
    pub(super) fn error(status: u16, code: &str, detail: &str) -> Self {
        Self::status(
            status,
            &json!({"errors": [{"code": code, "detail": detail}]}).to_string(),
        )
    }
}

/// What the server was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    /// Null without a body.
    pub(super) body: Value,
}

impl Asked {
    pub(super) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Holds the body against a definition of the schema, where there is one to be had.
    pub(super) fn fits(&self, name: &str) {
        #[cfg(feature = "conformance")]
        super::samples::fits(name, &self.body);
        #[cfg(not(feature = "conformance"))]
        assert!(self.body["data"]["attributes"].is_object(), "{name}");
    }

    pub(super) fn attributes(&self) -> &Value {
        &self.body["data"]["attributes"]
    }
}

#[derive(Default)]
struct Play {
    replies: VecDeque<Reply>,
    asked: Vec<Asked>,
}

type Script = Arc<Mutex<Play>>;

pub(super) struct Server {
    pub(super) room: Paymongo,
    script: Script,
}

impl Server {
    /// A server that gives these answers in turn, and the room that talks to it.
    pub(super) async fn with(replies: impl IntoIterator<Item = Reply>) -> Self {
        let script: Script = Arc::new(Mutex::new(Play {
            replies: replies.into_iter().collect(),
            asked: Vec::new(),
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            room: room_at(&base),
            script,
        }
    }

    pub(super) fn api(&self) -> &dyn ProviderApi {
        self.room.api().unwrap()
    }

    pub(super) fn calls(&self) -> Calls<'_> {
        self.room.calls().unwrap()
    }

    /// All that was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(Asked::line).collect()
    }
}

pub(super) fn room_at(base: &str) -> Paymongo {
    Paymongo::new(&PaymongoOptions {
        secret_key: Some(KEY.into()),
        api_base: base.to_owned(),
        timeouts: Timeouts {
            connect: Duration::from_secs(2),
            read: Duration::from_millis(500),
            write: Duration::from_millis(500),
            backoff: Duration::from_millis(1),
        },
        ..PaymongoOptions::new(Environment::Test)
    })
    .unwrap()
}

pub(super) fn id(text: &str) -> ObjectId {
    ObjectId::new(text).unwrap()
}

pub(super) fn object(kind: ObjectKind, text: &str) -> ObjectRef {
    ObjectRef::new(kind, id(text))
}

/// A resource in its full form.
pub(super) fn resource(kind: &str, id: &str, attributes: &Value) -> Value {
    json!({"id": id, "type": kind, "attributes": attributes})
}

pub(super) fn customer(id: &str, email: &str) -> Value {
    resource(
        "customer",
        id,
        &json!({"first_name": "Ana", "last_name": "-", "email": email}),
    )
}

pub(super) fn subscription(id: &str, status: &str) -> Value {
    resource(
        "subscription",
        id,
        &json!({"status": status, "customer_id": "cus_1",
            "plan": {"id": "plan_1", "amount": 99_900, "currency": "PHP", "interval": "monthly"},
            "latest_invoice": {"id": "inv_1", "payment_intent": {"id": "pi_1", "status": "awaiting_payment_method"}},
            "setup_intent": null}),
    )
}

pub(super) fn invoice(id: &str, customer: &str, intent: &str) -> Value {
    resource(
        "invoice",
        id,
        &json!({"status": "draft", "customer_id": customer, "amount": 99_900, "currency": "PHP",
            "subscription": {"id": "subs_1"}, "payment_intent": {"id": intent, "status": "x"}}),
    )
}

pub(super) fn payment(id: &str, intent: Option<&str>) -> Value {
    resource(
        "payment",
        id,
        &json!({"status": "paid", "amount": 99_900, "currency": "PHP", "payment_intent_id": intent, "paid_at": 100,
            "disputed": true}),
    )
}

pub(super) fn intent(id: &str, payments: &[Value]) -> Value {
    resource(
        "payment_intent",
        id,
        &json!({"status": "awaiting_next_action", "amount": 99_900, "currency": "PHP", "payments": payments,
            "client_key": "pi_1_client_x", "next_action": {"type": "redirect", "redirect": {"url": "https://bank"}}}),
    )
}

pub(super) fn refund(id: &str, status: &str, amount: i64, metadata: &Value) -> Value {
    resource(
        "refund",
        id,
        &json!({"amount": amount, "currency": "PHP", "payment_id": "pay_1", "status": status, "created_at": 200,
            "metadata": metadata}),
    )
}

pub(super) fn webhook(status: &str, reason: Value) -> Value {
    resource(
        "webhook",
        "hook_1",
        &json!({"url": "https://x/hook", "events": ["payment.paid"], "livemode": false, "status": status,
            "disabled_reason": reason, "secret_key": "whsk_1"}),
    )
}

async fn answer(
    State(script): State<Script>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let url = reqwest::Url::parse(&format!("http://x/?{}", uri.query().unwrap_or_default())).unwrap();
    let query = url
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let reply = {
        let mut script = script.lock().unwrap();
        script.asked.push(Asked {
            method,
            path: uri.path().to_owned(),
            query,
            headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        });
        script.replies.pop_front()
    };
    match reply {
        Some(Reply::Status(status, headers, body)) => {
            let mut response = Response::builder().status(status).header("x-request-id", "req_7");
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
        Some(Reply::Cut(body)) => {
            let half: Vec<Result<Bytes, io::Error>> = vec![Ok(body.into()), Err(io::Error::other("cut"))];
            Response::new(Body::from_stream(stream::iter(half)))
        }
        Some(Reply::Silence) => std::future::pending().await,
        None => Response::builder()
            .status(418)
            .body(Body::from("nothing was prepared"))
            .unwrap(),
    }
}
