//! A receiver that keeps what it is sent, and a client that calls as an adapter would.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use billdeck::simulators::stripe::{Recurring, SimPrice, StripeAccount};
use billdeck::simulators::{DeliveryOptions, Handle, RetryGaps, Simulator, SimulatorOptions};
use reqwest::Url;
use secrecy::SecretString;
use serde_json::Value;
use tokio::net::TcpListener;

pub(crate) const KEY: &str = "sk_test_simulated";
pub(crate) const SECRET: &str = "whsec_test_secret_for_vector";
pub(crate) const VERSION: &str = "2026-10-28.endive";

/// One delivery as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Keeps deliveries. Answers 200, or what it was told to answer first.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    pub(crate) async fn start(&self) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/webhooks/stripe", post(take))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url.parse().unwrap()
    }

    pub(crate) fn answer_first_with(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn events(&self) -> Vec<Value> {
        self.all().iter().map(Received::json).collect()
    }

    pub(crate) fn types(&self) -> Vec<String> {
        let mut types: Vec<String> = self
            .events()
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect();
        types.sort();
        types
    }

    pub(crate) fn one(&self, kind: &str) -> Value {
        let mut found = self.of(kind);
        assert_eq!(found.len(), 1, "{kind} among {:?}", self.types());
        found.remove(0)
    }

    /// Oldest first.
    pub(crate) fn of(&self, kind: &str) -> Vec<Value> {
        let mut found: Vec<Value> = self
            .events()
            .into_iter()
            .filter(|event| event["type"] == kind)
            .collect();
        found.sort_by_key(|event| event["created"].as_i64());
        found
    }

    pub(crate) fn forget(&self) {
        self.received.lock().unwrap().clear();
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    receiver.received.lock().unwrap().push(Received { headers, body });
    let answer = receiver.answers.lock().unwrap().pop_front();
    StatusCode::from_u16(answer.unwrap_or(200)).unwrap()
}

/// An answer of the API.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// A call and its answer, for checks over everything that was said.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "conformance"),
    expect(dead_code, reason = "only the conformance tests look at all of them")
)]
pub(crate) struct Exchange {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) reply: Reply,
}

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) receiver: Receiver,
    pub(crate) client: reqwest::Client,
    pub(crate) exchanges: Mutex<Vec<Exchange>>,
}

pub(crate) fn prices() -> Vec<SimPrice> {
    let price = |id: &str, product: &str, unit_amount, recurring| SimPrice {
        id: id.to_owned(),
        product: product.to_owned(),
        currency: "usd".to_owned(),
        unit_amount,
        recurring,
        nickname: Some(id.trim_start_matches("price_").to_owned()),
    };
    vec![
        price("price_solo", "Solo", 1900, Some(Recurring::MONTHLY)),
        price("price_team", "Team", 1500, Some(Recurring::MONTHLY)),
        price("price_year", "Solo", 19_000, Some(Recurring::YEARLY)),
        price("price_book", "Handbook", 4900, None),
    ]
}

pub(crate) fn account() -> StripeAccount {
    StripeAccount::new(SecretString::from(KEY), SecretString::from(SECRET)).selling(prices())
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(account()).await
    }

    pub(crate) async fn start_with(stripe: StripeAccount) -> Self {
        let receiver = Receiver::default();
        let deliver_to = receiver.start().await;
        let delivery = DeliveryOptions {
            retry: RetryGaps::exactly(vec![Duration::from_millis(20); 5]),
            ..DeliveryOptions::default()
        };
        let options = SimulatorOptions {
            deliver_to: Some(deliver_to),
            starts_at: Some("2026-08-03T09:00:00Z".parse().unwrap()),
            delivery,
            ..SimulatorOptions::new(stripe)
        };
        let simulator = Simulator::start(options).await.unwrap();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            simulator,
            receiver,
            client,
            exchanges: Mutex::default(),
        }
    }

    pub(crate) fn handle(&self) -> Handle {
        self.simulator.handle()
    }

    /// Waits until everything is delivered; fails instead of waiting for ever.
    pub(crate) async fn settle(&self) {
        let handle = self.handle();
        let settled = tokio::time::timeout(Duration::from_secs(20), handle.settled()).await;
        assert!(settled.is_ok(), "still pending: {}", handle.pending_deliveries());
    }

    pub(crate) fn request(&self, method: &'static str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.simulator.stripe_base());
        self.client
            .request(method.parse().unwrap(), url)
            .bearer_auth(KEY)
            .header("stripe-version", VERSION)
    }

    pub(crate) async fn send(
        &self,
        method: &'static str,
        path: &str,
        request: reqwest::RequestBuilder,
    ) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.unwrap();
        let reply = Reply {
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap(),
        };
        let path = path.split('?').next().unwrap().to_owned();
        self.exchanges.lock().unwrap().push(Exchange {
            method,
            path,
            reply: reply.clone(),
        });
        reply
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        self.send("POST", path, self.request("POST", path).form(form))
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, self.request("DELETE", path)).await
    }

    /// A call that must succeed.
    pub(crate) async fn made(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let reply = self.post(path, form).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.body
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        let reply = self.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.body
    }

    /// A customer with a card that pays.
    pub(crate) async fn customer_with_card(&self) -> String {
        let customer = self
            .made(
                "/v1/customers",
                &[
                    ("email", "ana@example.com"),
                    ("name", "Ana Reyes"),
                    ("payment_method", "pm_card_visa"),
                    ("invoice_settings[default_payment_method]", "pm_card_visa"),
                ],
            )
            .await;
        text(&customer["id"])
    }

    /// An active monthly subscription over the API.
    pub(crate) async fn subscribed(&self, price: &str) -> (String, Value) {
        let customer = self.customer_with_card().await;
        let form = [("customer", &*customer), ("items[0][price]", price)];
        let subscription = self.made("/v1/subscriptions", &form).await;
        (customer, subscription)
    }

    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.simulator.url());
        let response = self.client.post(url).json(&body).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        let bytes = response.bytes().await.unwrap();
        if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
        }
    }
}

pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

pub(crate) fn ids(list: &Value) -> Vec<String> {
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| text(&object["id"]))
        .collect()
}
