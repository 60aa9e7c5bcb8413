//! What tests and the demo do with the room from inside the process, beside its API.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::SimulatorError;
use super::checking_out::{Buyer, Payment};
use super::cx::RequestInfo;
use super::error::ApiError;
use super::objects::{API_VERSION, CardBehaviour};
use super::{DunningEnd, Room, SimPrice, lock, sell};

/// The simulated Stripe account, for its owner. Cheap to clone.
#[derive(Clone)]
pub struct Stripe {
    pub(super) room: Arc<Room>,
}

/// How many objects there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Customers, deleted ones too.
    pub customers: usize,
    /// Subscriptions in any status.
    pub subscriptions: usize,
    /// Events since the beginning.
    pub events: usize,
}

pub(crate) fn refused(error: &ApiError) -> SimulatorError {
    SimulatorError::Refused {
        message: error.message().to_owned(),
    }
}

impl Stripe {
    pub(crate) fn new(room: Arc<Room>) -> Self {
        Self { room }
    }

    /// Puts more prices on sale, and tells it.
    pub fn add_prices(&self, prices: Vec<SimPrice>) {
        self.room.work(RequestInfo::default(), |cx| {
            let created = cx.now();
            for price in prices {
                let id = price.id.clone();
                let product = sell(cx.state, price, created);
                if let Some(object) = product.and_then(|product| cx.state.render(&product)) {
                    cx.emit("product.created", object);
                }
                if let Some(object) = cx.state.render(&id) {
                    cx.emit("price.created", object);
                }
            }
        });
    }

    /// The object under this id, as the API shows it now.
    pub fn object(&self, id: &str) -> Option<Value> {
        self.room.work(RequestInfo::default(), |cx| cx.state.render(id))
    }

    /// All events since the beginning, oldest first, as they were made.
    pub fn events(&self) -> Vec<Value> {
        let bodies: Vec<bytes::Bytes> = self.room.work(RequestInfo::default(), |cx| {
            cx.state
                .events
                .oldest_first()
                .map(|event| event.body.clone())
                .collect()
        });
        bodies
            .iter()
            .filter_map(|body| serde_json::from_slice(body).ok())
            .collect()
    }

    /// How many objects there are.
    pub fn counts(&self) -> Counts {
        self.room.work(RequestInfo::default(), |cx| Counts {
            customers: cx.state.customers.len(),
            subscriptions: cx.state.subscriptions.len(),
            events: cx.state.events.len(),
        })
    }

    /// Does all that is due by now. Every call does so too; this is for the time between calls.
    pub(crate) fn catch_up(&self) {
        self.room.work(RequestInfo::default(), |_| ());
    }

    /// Pays an open checkout session, as its page does. The address is where the buyer is sent then.
    ///
    /// # Errors
    /// When there is no such open session, or the card is refused.
    pub fn pay_checkout(&self, session: &str, payment: Payment) -> Result<String, SimulatorError> {
        self.check_out(
            session,
            Buyer {
                name: None,
                email: None,
                payment,
            },
        )
        .map_err(|error| refused(&error))
    }

    pub(crate) fn check_out(&self, session: &str, buyer: Buyer) -> Result<String, ApiError> {
        self.room.work(RequestInfo::default(), |cx| {
            cx.check_out(session, buyer)?;
            let session = cx.state.session(session)?;
            Ok(session.success_url.replace("{CHECKOUT_SESSION_ID}", &session.id))
        })
    }

    /// What happens from now on when the customer's cards are charged.
    ///
    /// # Errors
    /// When the customer has no card.
    pub fn set_card_behaviour(
        &self,
        customer: &str,
        behaviour: &CardBehaviour,
    ) -> Result<(), SimulatorError> {
        self.room.work(RequestInfo::default(), |cx| {
            cx.set_card_behaviour(customer, behaviour)
                .map_err(|error| refused(&error))
        })
    }

    /// The customer's bank disputes a charge. Answers the dispute's id.
    ///
    /// # Errors
    /// When the charge does not exist, failed, or is disputed already.
    pub fn open_dispute(&self, charge: &str, reason: &str) -> Result<String, SimulatorError> {
        self.room.work(RequestInfo::default(), |cx| {
            cx.open_dispute(charge, reason).map_err(|error| refused(&error))
        })
    }

    /// The bank decides a dispute.
    ///
    /// # Errors
    /// When there is no such open dispute.
    pub fn close_dispute(&self, dispute: &str, won: bool) -> Result<(), SimulatorError> {
        self.room.work(RequestInfo::default(), |cx| {
            cx.close_dispute(dispute, won).map_err(|error| refused(&error))
        })
    }

    /// A refund that had succeeded fails after all.
    ///
    /// # Errors
    /// When there is no such refund, or it has failed already.
    pub fn fail_refund(&self, refund: &str) -> Result<(), SimulatorError> {
        self.room.work(RequestInfo::default(), |cx| {
            cx.fail_refund(refund).map_err(|error| refused(&error))
        })
    }

    /// What comes after the last try to collect a renewal, from now on.
    pub fn set_dunning_end(&self, dunning_end: DunningEnd) {
        lock(&self.room.settings).dunning_end = dunning_end;
    }

    /// Sends an event that follows from nothing here: about an object that does not exist, of a type that does not, or
    /// odd in another way. `type` and `data` must be there; what else an event has is filled in. Answers its id.
    ///
    /// # Errors
    /// When it is not an object with `type` and `data`.
    pub fn emit_raw(&self, event: Value) -> Result<String, SimulatorError> {
        let Value::Object(given) = event else {
            return Err(SimulatorError::NoEvent);
        };
        let kind = given
            .get("type")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or(SimulatorError::NoEvent)?;
        if !given.contains_key("data") {
            return Err(SimulatorError::NoEvent);
        }
        self.room.work(RequestInfo::default(), |cx| {
            let mut event = json!({
                "id": cx.state.ids.make("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": cx.now().as_second(),
                "livemode": cx.state.livemode,
                "pending_webhooks": 1,
                "request": { "id": null, "idempotency_key": null },
            });
            if let Some(event) = event.as_object_mut() {
                event.extend(given);
            }
            let created = event["created"]
                .as_i64()
                .and_then(|second| Timestamp::from_second(second).ok());
            let created = created.unwrap_or_else(|| cx.now());
            cx.publish(&event, &kind, created);
            Ok(event["id"].as_str().unwrap_or_default().to_owned())
        })
    }

    /// Delivers an event once more to every endpoint that is open. False when there is no such event.
    pub fn resend(&self, event_id: &str) -> bool {
        self.room.work(RequestInfo::default(), |cx| {
            let Some(event) = cx.state.events.get(event_id).cloned() else {
                return false;
            };
            cx.deliver(&event);
            true
        })
    }
}
