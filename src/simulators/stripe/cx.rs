//! One piece of work on the state: at what instant it happens, on whose request, and what it tells the world.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::super::clock::plus;
use super::super::delivery::{Endpoint, Outgoing};
use super::agenda::Due;
use super::objects::{
    API_VERSION, Charge, Customer, Event, Invoice, PaymentIntent, Refund, Subscription, unix,
};
use super::state::State;
use super::{Room, Settings};

/// Who asked. Nobody did for what happens by itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestInfo {
    pub(crate) id: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

pub(crate) struct Cx<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) room: &'a Room,
    pub(crate) settings: Settings,
    pub(crate) request: RequestInfo,
    at: Timestamp,
    limit: Timestamp,
}

impl<'a> Cx<'a> {
    pub(crate) fn new(state: &'a mut State, room: &'a Room, request: RequestInfo, now: Timestamp) -> Self {
        let settings = room.settings();
        Self {
            state,
            room,
            settings,
            request,
            at: now,
            limit: now,
        }
    }

    /// The instant at which the work happens.
    pub(crate) fn now(&self) -> Timestamp {
        self.at
    }

    /// The present, which work in the past leads up to.
    pub(crate) fn present(&self) -> Timestamp {
        self.limit
    }

    /// Works at another instant from here on. Never beyond the present.
    pub(crate) fn go_to(&mut self, at: Timestamp) {
        self.at = at.min(self.limit);
    }

    /// Lets a little time go by between the steps of a story in the past. In the present all steps fall into one second.
    pub(crate) fn tick(&mut self, seconds: i64) {
        self.go_to(plus(self.at, SignedDuration::from_secs(seconds)));
    }

    /// Does the work as nobody's request, such as what follows from the passing of time.
    pub(crate) fn unasked<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let request = std::mem::take(&mut self.request);
        let outcome = work(self);
        self.request = request;
        outcome
    }

    pub(crate) fn schedule(&mut self, at: Timestamp, customer: Option<&str>, due: Due) {
        self.state.agenda.add(at, customer, due);
    }

    /// Makes an event of this object and sends it to every endpoint that wants it.
    pub(crate) fn emit(&mut self, kind: &str, object: Value) {
        let mut data = Map::new();
        data.insert("object".to_owned(), object);
        self.emit_with(kind, data);
    }

    /// The same for a change; nothing is sent when nothing has changed.
    pub(crate) fn emit_change(&mut self, kind: &str, before: &Value, after: Value) {
        let previous = previous_attributes(before, &after);
        if !previous.is_empty() {
            let mut data = Map::new();
            data.insert("object".to_owned(), after);
            data.insert("previous_attributes".to_owned(), Value::Object(previous));
            self.emit_with(kind, data);
        }
    }

    fn emit_with(&mut self, kind: &str, data: Map<String, Value>) {
        let created = self.room.faults().event_second(super::PROVIDER, kind, self.at);
        let wanting = self
            .state
            .endpoints
            .oldest_first()
            .filter(|endpoint| endpoint.wants(kind))
            .count();
        let mut event = json!({
            "id": self.state.ids.make("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": unix(created),
            "data": null,
            "livemode": self.state.livemode,
            "pending_webhooks": wanting,
            "request": { "id": self.request.id, "idempotency_key": self.request.idempotency_key },
            "type": kind,
        });
        event["data"] = Value::Object(data);
        self.publish(&event, kind, created);
    }

    /// Keeps a complete event and hands it to the outbox.
    pub(crate) fn publish(&mut self, event: &Value, kind: &str, created: Timestamp) {
        let Ok(body) = serde_json::to_vec_pretty(event) else {
            return;
        };
        let body = bytes::Bytes::from(body);
        let id = event["id"].as_str().unwrap_or_default().to_owned();
        let event = Event {
            id,
            created,
            kind: kind.to_owned(),
            body,
        };
        self.deliver(&event);
        self.state.events.insert(event);
    }

    /// Hands an event to the outbox, for every endpoint that wants it.
    pub(crate) fn deliver(&self, event: &Event) {
        for endpoint in self
            .state
            .endpoints
            .oldest_first()
            .filter(|endpoint| endpoint.wants(&event.kind))
        {
            let door: Arc<dyn Endpoint> = endpoint.door.clone();
            self.room.outbox().send(Outgoing {
                provider: super::PROVIDER,
                event_id: event.id.clone(),
                event_type: event.kind.clone(),
                body: event.body.clone(),
                endpoint: door,
            });
        }
    }

    /// Changes a customer and tells it.
    pub(crate) fn change_customer(&mut self, id: &str, change: impl FnOnce(&mut Customer)) {
        let Some(customer) = self.state.customers.get_mut(id) else {
            return;
        };
        let before = customer.render(self.state.livemode);
        change(customer);
        let after = customer.render(self.state.livemode);
        self.emit_change("customer.updated", &before, after);
    }

    /// Changes a subscription and tells it.
    pub(crate) fn change_subscription(&mut self, id: &str, change: impl FnOnce(&mut Subscription)) {
        self.change_subscription_as("customer.subscription.updated", id, change);
    }

    /// The same under another event name.
    pub(crate) fn change_subscription_as(
        &mut self,
        kind: &str,
        id: &str,
        change: impl FnOnce(&mut Subscription),
    ) {
        let State {
            subscriptions,
            prices,
            livemode,
            ..
        } = &mut *self.state;
        let Some(subscription) = subscriptions.get_mut(id) else {
            return;
        };
        let before = subscription.render(prices, *livemode);
        change(subscription);
        let after = subscription.render(prices, *livemode);
        if kind == "customer.subscription.updated" {
            self.emit_change(kind, &before, after);
        } else {
            self.emit(kind, after);
        }
    }

    /// Changes an invoice and tells it as `invoice.updated`.
    pub(crate) fn change_invoice(&mut self, id: &str, change: impl FnOnce(&mut Invoice)) {
        let Some(invoice) = self.state.invoices.get_mut(id) else {
            return;
        };
        let before = invoice.render(self.state.livemode);
        change(invoice);
        let after = invoice.render(self.state.livemode);
        self.emit_change("invoice.updated", &before, after);
    }

    /// Tells how the invoice stands now.
    pub(crate) fn emit_invoice(&mut self, kind: &str, id: &str) {
        if let Some(invoice) = self.state.invoices.get(id) {
            let object = invoice.render(self.state.livemode);
            self.emit(kind, object);
        }
    }

    /// Changes a payment intent and tells it under this event name.
    pub(crate) fn change_payment_intent(
        &mut self,
        kind: &str,
        id: &str,
        change: impl FnOnce(&mut PaymentIntent),
    ) {
        let Some(intent) = self.state.payment_intents.get_mut(id) else {
            return;
        };
        change(intent);
        if let Some(intent) = self.state.payment_intents.get(id) {
            let object = self.state.render_payment_intent(intent);
            self.emit(kind, object);
        }
    }

    /// Changes a charge and tells it under this event name, with what it was before.
    pub(crate) fn change_charge(&mut self, kind: &str, id: &str, change: impl FnOnce(&mut Charge)) {
        let Some(charge) = self.state.charges.get_mut(id) else {
            return;
        };
        let before = charge.render(self.state.livemode);
        change(charge);
        let after = charge.render(self.state.livemode);
        self.emit_change(kind, &before, after);
    }

    /// Changes a refund and tells it as `refund.updated`.
    pub(crate) fn change_refund(&mut self, id: &str, change: impl FnOnce(&mut Refund)) {
        let Some(refund) = self.state.refunds.get_mut(id) else {
            return;
        };
        let before = refund.render();
        change(refund);
        let after = refund.render();
        self.emit_change("refund.updated", &before, after);
    }
}

/// The old values of what has changed. Inside an object only the changed fields; a list as a whole.
fn previous_attributes(before: &Value, after: &Value) -> Map<String, Value> {
    let mut previous = Map::new();
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return previous;
    };
    for (name, new) in after {
        let old = before.get(name).unwrap_or(&Value::Null);
        if old == new {
            continue;
        }
        if old.is_object() && new.is_object() {
            previous.insert(name.clone(), Value::Object(previous_attributes(old, new)));
        } else {
            previous.insert(name.clone(), old.clone());
        }
    }
    for (name, old) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
        previous.insert(name.clone(), old.clone());
    }
    previous
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previous_attributes_hold_only_what_changed() {
        let before = json!({ "a": 1, "b": { "x": null, "y": 2 }, "c": [1], "gone": true, "same": 1 });
        let after = json!({ "a": 2, "b": { "x": 1, "y": 2 }, "c": [1, 2], "same": 1, "new": 3 });
        let expected = json!({ "a": 1, "b": { "x": null }, "c": [1], "gone": true, "new": null });
        assert_eq!(Value::Object(previous_attributes(&before, &after)), expected);
    }
}
