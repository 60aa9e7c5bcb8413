//! A listener on a port of its own, and what a provider would send to it.

use std::{sync::Arc, time::Duration};

use billdeck::{
    domain::provider::Environment,
    providers::{Provider, Registry},
    server::{self, ServeOptions, ServerState},
    store::{ConnectOptions, Store},
    webhooks::intake::{Intake, IntakeOptions},
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::stripe;

/// What a test wants to be different.
pub(crate) struct Setup {
    pub(crate) intake: IntakeOptions,
    pub(crate) serve: ServeOptions,
    pub(crate) body_deadline: Duration,
    pub(crate) room: Arc<dyn Provider>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            intake: IntakeOptions::new("listener@test/1"),
            serve: ServeOptions::default(),
            body_deadline: Duration::from_secs(10),
            room: Arc::new(stripe::room(&[stripe::SECRET])),
        }
    }
}

/// A running listener.
pub(crate) struct Listener {
    pub(crate) base: String,
    pub(crate) intake: Intake,
    client: reqwest::Client,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// What the listener answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) content_type: String,
    pub(crate) body: Value,
}

impl Answer {
    /// The id of the event.
    pub(crate) fn id(&self) -> &str {
        self.body["id"].as_str().unwrap()
    }

    /// Status and word of the answer: the receipt's status or the problem's code.
    pub(crate) fn said(&self) -> (u16, &str) {
        let word = if self.status == 200 {
            &self.body["status"]
        } else {
            &self.body["code"]
        };
        (self.status, word.as_str().unwrap())
    }
}

impl Listener {
    /// Starts one on the database of this URL, which may be away.
    pub(crate) async fn start(url: &str, setup: Setup) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut options = ConnectOptions::new(url.into(), Environment::Test);
        options.acquire_timeout = Duration::from_millis(500);
        let store = Store::connect_lazily(options).unwrap();
        let intake = Intake::start(store.clone(), &Registry::new([setup.room]), setup.intake);
        let mut state = ServerState::new(intake.clone(), store);
        state.body_deadline = setup.body_deadline;
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", socket.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            server::serve(socket, server::router(state), setup.serve, stopped)
                .await
                .unwrap();
        });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            base,
            intake,
            client,
            stop,
            serving,
        }
    }

    /// The address without the scheme.
    pub(crate) fn address(&self) -> &str {
        self.base.strip_prefix("http://").unwrap()
    }

    /// Delivers a body with a right signature.
    pub(crate) async fn deliver(&self, body: impl Into<Vec<u8>>) -> Answer {
        let body = body.into();
        let signature = stripe::sign(stripe::SECRET, &body);
        self.deliver_signed(body, &signature).await
    }

    /// Delivers a body with this signature.
    pub(crate) async fn deliver_signed(&self, body: impl Into<Vec<u8>>, signature: &str) -> Answer {
        self.try_deliver(body.into(), signature).await.unwrap()
    }

    /// The same; an error is one of the wire.
    pub(crate) async fn try_deliver(&self, body: Vec<u8>, signature: &str) -> reqwest::Result<Answer> {
        let request = self
            .client
            .post(format!("{}/webhooks/stripe", self.base))
            .header("content-type", "application/json")
            .header("stripe-signature", signature)
            .header("authorization", "Bearer nobody's business")
            .body(body);
        answer(request).await
    }

    /// Delivers a body to another provider's address, with these headers.
    pub(crate) async fn deliver_to(
        &self,
        provider: &str,
        headers: &[(&str, String)],
        body: Vec<u8>,
    ) -> Answer {
        let address = format!("{}/webhooks/{provider}", self.base);
        let request = headers
            .iter()
            .fold(self.client.post(address), |request, (name, value)| {
                request.header(*name, value)
            });
        answer(request.body(body)).await.unwrap()
    }

    /// Asks for a page.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.client.get(format!("{}{path}", self.base)))
            .await
            .unwrap()
    }

    /// Sends something somewhere.
    pub(crate) async fn post(&self, path: &str, body: reqwest::Body) -> Answer {
        answer(self.client.post(format!("{}{path}", self.base)).body(body))
            .await
            .unwrap()
    }

    /// Begins to stop: nothing new is accepted, requests in flight go on.
    pub(crate) fn begin_stop(self) -> (Intake, JoinHandle<()>) {
        self.stop.send(()).unwrap();
        (self.intake, self.serving)
    }

    /// Stops it and waits until everything is committed.
    pub(crate) async fn stop(self) {
        // Connections that the client keeps for later would be waited for.
        let Self {
            intake,
            client,
            stop,
            serving,
            ..
        } = self;
        drop(client);
        stop.send(()).unwrap();
        serving.await.unwrap();
        intake.shutdown().await;
    }
}

async fn answer(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let (retry_after, content_type) = (header("retry-after"), header("content-type"));
    Ok(Answer {
        status: response.status().as_u16(),
        retry_after,
        content_type: content_type.unwrap_or_default(),
        body: response.json().await?,
    })
}
