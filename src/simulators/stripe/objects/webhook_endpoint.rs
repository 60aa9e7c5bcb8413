use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::super::super::delivery::Endpoint;
use super::super::super::faults::matches;
use super::super::signing;
use super::{API_VERSION, Metadata, Record, unix};

/// The part of an endpoint that deliveries hold on to.
#[derive(Debug)]
pub(crate) struct Door {
    id: String,
    url: Url,
    secrets: Vec<SecretString>,
    open: AtomicBool,
}

impl Endpoint for Door {
    fn id(&self) -> &str {
        &self.id
    }

    fn url(&self) -> &Url {
        &self.url
    }

    fn open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    fn headers(&self, body: &[u8], now: Timestamp) -> Vec<(&'static str, String)> {
        vec![
            ("content-type", "application/json; charset=utf-8".to_owned()),
            (
                "user-agent",
                "Stripe/1.0 (+https://stripe.com/docs/webhooks)".to_owned(),
            ),
            (
                "stripe-signature",
                signing::header(&self.secrets, unix(now), body),
            ),
        ]
    }

    fn changed(&self, body: &[u8]) -> Bytes {
        let Ok(mut event) = serde_json::from_slice::<Value>(body) else {
            return Bytes::copy_from_slice(body);
        };
        let created = event
            .pointer("/data/object/created")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        if let Some(object) = event.pointer_mut("/data/object").and_then(Value::as_object_mut) {
            object.insert("created".to_owned(), json!(created + 1));
        }
        serde_json::to_vec_pretty(&event).map_or_else(|_| Bytes::copy_from_slice(body), Bytes::from)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct WebhookEndpoint {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) enabled_events: Vec<String>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) door: Arc<Door>,
    /// Endpoints made over the API are only delivered to on this machine.
    pub(crate) delivers: bool,
}

impl Record for WebhookEndpoint {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl WebhookEndpoint {
    pub(crate) fn new(
        id: String,
        created: Timestamp,
        url: Url,
        secrets: Vec<SecretString>,
        enabled_events: Vec<String>,
    ) -> Self {
        let door = Arc::new(Door {
            id: id.clone(),
            url,
            secrets,
            open: AtomicBool::new(true),
        });
        Self {
            id,
            created,
            enabled_events,
            description: None,
            metadata: Metadata::new(),
            door,
            delivers: true,
        }
    }

    pub(crate) fn wants(&self, kind: &str) -> bool {
        self.delivers && self.door.open() && self.enabled_events.iter().any(|pattern| matches(pattern, kind))
    }

    pub(crate) fn set_open(&self, open: bool) {
        self.door.open.store(open, Ordering::Relaxed);
    }

    /// The secret is shown in the answer to the creation only.
    pub(crate) fn render(&self, with_secret: bool, livemode: bool) -> Value {
        let mut endpoint = json!({
            "id": self.id,
            "object": "webhook_endpoint",
            "api_version": API_VERSION,
            "application": null,
            "created": unix(self.created),
            "description": self.description,
            "enabled_events": self.enabled_events,
            "livemode": livemode,
            "metadata": self.metadata,
            "status": if self.door.open() { "enabled" } else { "disabled" },
            "url": self.door.url.as_str(),
        });
        if with_secret && let Some(secret) = self.door.secrets.first() {
            endpoint["secret"] = json!(secret.expose_secret());
        }
        endpoint
    }
}
