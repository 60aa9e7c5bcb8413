//! Everything the room knows, and how one object is found and written.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::super::ids::Ids;
use super::agenda::Agenda;
use super::error::ApiError;
use super::objects::{
    Charge, CheckoutSession, Customer, Dispute, Event, Invoice, InvoicePayment, PaymentIntent, PaymentMethod,
    PortalSession, Price, Product, Refund, Subscription, WebhookEndpoint,
};
use super::tables::Table;

pub(crate) struct State {
    pub(crate) livemode: bool,
    pub(crate) ids: Ids,
    pub(crate) agenda: Agenda,
    pub(crate) customers: Table<Customer>,
    pub(crate) payment_methods: Table<PaymentMethod>,
    pub(crate) products: Table<Product>,
    pub(crate) prices: Table<Price>,
    pub(crate) sessions: Table<CheckoutSession>,
    pub(crate) portal_sessions: Table<PortalSession>,
    pub(crate) subscriptions: Table<Subscription>,
    pub(crate) invoices: Table<Invoice>,
    pub(crate) invoice_payments: Table<InvoicePayment>,
    pub(crate) payment_intents: Table<PaymentIntent>,
    pub(crate) charges: Table<Charge>,
    pub(crate) refunds: Table<Refund>,
    pub(crate) disputes: Table<Dispute>,
    pub(crate) events: Table<Event>,
    pub(crate) endpoints: Table<WebhookEndpoint>,
    /// Instant up to which each customer's time has run, where it is behind or ahead of the others'.
    pub(crate) customer_times: BTreeMap<String, Timestamp>,
}

impl State {
    pub(crate) fn new(livemode: bool, seed: u64) -> Self {
        Self {
            livemode,
            ids: Ids::new(seed),
            agenda: Agenda::default(),
            customers: Table::default(),
            payment_methods: Table::default(),
            products: Table::default(),
            prices: Table::default(),
            sessions: Table::default(),
            portal_sessions: Table::default(),
            subscriptions: Table::default(),
            invoices: Table::default(),
            invoice_payments: Table::default(),
            payment_intents: Table::default(),
            charges: Table::default(),
            refunds: Table::default(),
            disputes: Table::default(),
            events: Table::default(),
            endpoints: Table::default(),
            customer_times: BTreeMap::new(),
        }
    }

    /// A customer that is not deleted; `param` names where the id came from.
    pub(crate) fn customer(&self, id: &str, param: &str) -> Result<&Customer, ApiError> {
        let found = self.customers.get(id).filter(|customer| !customer.deleted);
        found.ok_or_else(|| ApiError::no_such("customer", id, param))
    }

    pub(crate) fn subscription(&self, id: &str, param: &str) -> Result<&Subscription, ApiError> {
        self.subscriptions
            .get(id)
            .ok_or_else(|| ApiError::no_such("subscription", id, param))
    }

    pub(crate) fn price(&self, id: &str, param: &str) -> Result<&Price, ApiError> {
        self.prices
            .get(id)
            .ok_or_else(|| ApiError::no_such("price", id, param))
    }

    pub(crate) fn invoice(&self, id: &str, param: &str) -> Result<&Invoice, ApiError> {
        self.invoices
            .get(id)
            .ok_or_else(|| ApiError::no_such("invoice", id, param))
    }

    pub(crate) fn charge(&self, id: &str, param: &str) -> Result<&Charge, ApiError> {
        self.charges
            .get(id)
            .ok_or_else(|| ApiError::no_such("charge", id, param))
    }

    pub(crate) fn payment_intent(&self, id: &str, param: &str) -> Result<&PaymentIntent, ApiError> {
        self.payment_intents
            .get(id)
            .ok_or_else(|| ApiError::no_such("payment_intent", id, param))
    }

    pub(crate) fn session(&self, id: &str) -> Result<&CheckoutSession, ApiError> {
        self.sessions
            .get(id)
            .ok_or_else(|| ApiError::no_such("checkout.session", id, "id"))
    }

    /// Name of the product that a price belongs to.
    pub(crate) fn product_name(&self, price: &Price) -> String {
        self.products
            .get(&price.product)
            .map_or_else(|| price.product.clone(), |product| product.name.clone())
    }

    pub(crate) fn render_subscription(&self, subscription: &Subscription) -> Value {
        subscription.render(&self.prices, self.livemode)
    }

    pub(crate) fn render_payment_intent(&self, intent: &PaymentIntent) -> Value {
        let failed = intent
            .last_decline
            .as_ref()
            .and_then(|(_, charge)| self.charges.get(charge));
        intent.render(failed.map(|charge| &charge.method), self.livemode)
    }

    pub(crate) fn render_session_items(&self, session: &CheckoutSession) -> Vec<Value> {
        session.render_items(&self.prices, |price| self.product_name(price), self.livemode)
    }

    pub(crate) fn render_customer(&self, customer: &Customer) -> Value {
        if customer.deleted {
            customer.render_deleted()
        } else {
            customer.render(self.livemode)
        }
    }

    /// Any object by its id, whose prefix tells the kind.
    pub(crate) fn render(&self, id: &str) -> Option<Value> {
        let live = self.livemode;
        match id.split('_').next()? {
            "cus" => self
                .customers
                .get(id)
                .map(|customer| self.render_customer(customer)),
            "pm" => self.payment_methods.get(id).map(|method| method.render(live)),
            "prod" => self.products.get(id).map(|product| product.render(live)),
            "cs" => self.sessions.get(id).map(|session| session.render(live)),
            "sub" => self
                .subscriptions
                .get(id)
                .map(|subscription| self.render_subscription(subscription)),
            "si" => self.subscriptions.newest_first().find_map(|subscription| {
                let item = subscription.items.iter().find(|item| item.id == id)?;
                Some(item.render(&subscription.id, &self.prices, live))
            }),
            "in" => self.invoices.get(id).map(|invoice| invoice.render(live)),
            "inpay" => self.invoice_payments.get(id).map(|payment| payment.render(live)),
            "pi" => self
                .payment_intents
                .get(id)
                .map(|intent| self.render_payment_intent(intent)),
            "ch" => self.charges.get(id).map(|charge| charge.render(live)),
            "re" => self.refunds.get(id).map(super::objects::Refund::render),
            "du" => self.disputes.get(id).map(|dispute| dispute.render(live)),
            _ => self.prices.get(id).map(|price| price.render(live)),
        }
    }
}
