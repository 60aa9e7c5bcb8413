//! What a buyer does on the hosted checkout page, and what comes of it.

use jiff::Timestamp;

use super::super::clock::{days, plus};
use super::agenda::Due;
use super::cx::Cx;
use super::error::ApiError;
use super::objects::{
    Address, Card, CheckoutSession, Customer, Metadata, Mode, PaymentIntentStatus, PaymentMethod,
    PaymentStatus, SessionItem, SessionStatus, SubscriptionData,
};
use super::paying::{Ask, Unpaid};
use super::subscribing::{FirstPayment, NewSubscription};

/// A customer's particulars.
#[derive(Clone, Debug, Default)]
pub(crate) struct Particulars {
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) address: Option<Address>,
    pub(crate) metadata: Metadata,
    pub(crate) preferred_locales: Vec<String>,
}

/// How the buyer pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payment {
    /// By card, at once.
    Card(Card),
    /// By a method whose outcome is known days later; only for single payments.
    Delayed {
        /// Whether the money arrives in the end.
        arrives: bool,
    },
}

/// What the buyer types in.
#[derive(Clone, Debug)]
pub(crate) struct Buyer {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) payment: Payment,
}

/// A session to be opened.
pub(crate) struct NewSession {
    pub(crate) expires_at: Timestamp,
    pub(crate) mode: Mode,
    pub(crate) items: Vec<SessionItem>,
    pub(crate) currency: String,
    pub(crate) amount: i64,
    pub(crate) success_url: String,
    pub(crate) cancel_url: Option<String>,
    pub(crate) client_reference_id: Option<String>,
    pub(crate) customer: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) always_creates_customer: bool,
    pub(crate) subscription_data: SubscriptionData,
    pub(crate) payment_metadata: Metadata,
    pub(crate) payment_description: Option<String>,
    pub(crate) card_only_if_required: bool,
    pub(crate) allow_promotion_codes: Option<bool>,
    pub(crate) locale: Option<String>,
    pub(crate) metadata: Metadata,
}

impl Cx<'_> {
    pub(crate) fn open_session(&mut self, new: NewSession) -> String {
        let mode = if self.state.livemode { "live" } else { "test" };
        let id = format!("cs_{mode}_{}", self.state.ids.token(40));
        let due = Due::SessionExpiry { session: id.clone() };
        self.schedule(new.expires_at, new.customer.as_deref(), due);
        let trial = new.subscription_data.trial_days.is_some() || new.subscription_data.trial_end.is_some();
        self.state.sessions.insert(CheckoutSession {
            url: self.room.page(&format!("checkout/{id}")),
            id: id.clone(),
            created: self.now(),
            expires_at: new.expires_at,
            mode: new.mode,
            status: SessionStatus::Open,
            payment_status: PaymentStatus::Unpaid,
            items: new.items,
            currency: new.currency,
            amount: if trial { 0 } else { new.amount },
            success_url: new.success_url,
            cancel_url: new.cancel_url,
            client_reference_id: new.client_reference_id,
            customer_details: new.customer_email.clone().map(|email| (Some(email), None, None)),
            customer: new.customer,
            customer_email: new.customer_email,
            always_creates_customer: new.always_creates_customer,
            subscription: None,
            payment_intent: None,
            invoice: None,
            subscription_data: new.subscription_data,
            payment_metadata: new.payment_metadata,
            payment_description: new.payment_description,
            card_only_if_required: new.card_only_if_required,
            allow_promotion_codes: new.allow_promotion_codes,
            locale: new.locale,
            metadata: new.metadata,
        });
        id
    }

    pub(crate) fn new_customer(&mut self, particulars: Particulars) -> String {
        let id = format!("cus_{}", self.state.ids.token(14));
        let customer = Customer {
            id: id.clone(),
            created: self.now(),
            email: particulars.email,
            name: particulars.name,
            phone: particulars.phone,
            description: particulars.description,
            address: particulars.address,
            metadata: particulars.metadata,
            preferred_locales: particulars.preferred_locales,
            balance: 0,
            currency: None,
            delinquent: false,
            default_payment_method: None,
            invoice_prefix: self.state.ids.token(8).to_uppercase(),
            next_invoice: 1,
            deleted: false,
        };
        let object = customer.render(self.state.livemode);
        self.state.customers.insert(customer);
        self.emit("customer.created", object);
        id
    }

    /// Keeps a card, for this customer if there is one.
    pub(crate) fn new_card(&mut self, card: Card, customer: Option<&str>, name: Option<String>) -> String {
        let id = self.state.ids.make("pm");
        let owner = customer.and_then(|id| self.state.customers.get(id));
        let (email, owner_name, address) = owner.map_or((None, None, None), |owner| {
            (owner.email.clone(), owner.name.clone(), owner.address.clone())
        });
        let method = PaymentMethod {
            id: id.clone(),
            created: self.now(),
            customer: customer.map(str::to_owned),
            card,
            fingerprint: self.state.ids.token(16),
            email,
            name: name.or(owner_name),
            address,
            metadata: Metadata::new(),
        };
        let object = method.render(self.state.livemode);
        self.state.payment_methods.insert(method);
        if customer.is_some() {
            self.emit("payment_method.attached", object);
        }
        id
    }

    /// The buyer presses the button. A decline leaves the session open.
    pub(crate) fn check_out(&mut self, session_id: &str, buyer: Buyer) -> Result<(), ApiError> {
        let session = self.state.session(session_id)?.clone();
        match session.status {
            SessionStatus::Open => {}
            SessionStatus::Complete => {
                return Err(ApiError::not_now("This checkout has already been completed."));
            }
            SessionStatus::Expired => return Err(ApiError::not_now("This checkout has expired.")),
        }
        let Buyer { name, email, payment } = buyer;
        match session.mode {
            Mode::Subscription => match payment {
                Payment::Card(card) => self.buy_subscription(session_id, name, email, card)?,
                Payment::Delayed { .. } => {
                    return Err(ApiError::not_now("Subscriptions are paid by card here."));
                }
            },
            Mode::Payment => self.buy_once(session_id, name, email, payment)?,
        }
        self.tick(1);
        self.complete(session_id);
        Ok(())
    }

    /// The session's customer, made now if there is none yet.
    fn buyer_customer(
        &mut self,
        session_id: &str,
        name: Option<String>,
        email: Option<String>,
    ) -> Result<String, ApiError> {
        let session = self.state.session(session_id)?.clone();
        let id = match session.customer {
            Some(id) => id,
            None => self.new_customer(Particulars {
                email: email.or(session.customer_email),
                name,
                ..Particulars::default()
            }),
        };
        if let Some(session) = self.state.sessions.get_mut(session_id) {
            session.customer = Some(id.clone());
        }
        Ok(id)
    }

    fn buy_subscription(
        &mut self,
        session_id: &str,
        name: Option<String>,
        email: Option<String>,
        card: Card,
    ) -> Result<(), ApiError> {
        let session = self.state.session(session_id)?.clone();
        let data = session.subscription_data;
        let refused = matches!(card.behaviour, super::objects::CardBehaviour::Refuses(_));
        let trial_end = data
            .trial_end
            .or_else(|| data.trial_days.map(|count| plus(self.now(), days(count))));
        if refused && trial_end.is_none() {
            return self.refuse(session_id, name, email, card);
        }
        let customer = self.buyer_customer(session_id, name.clone(), email)?;
        let no_card = session.card_only_if_required && trial_end.is_some();
        let method = if no_card {
            None
        } else {
            Some(self.new_card(card, Some(&customer), name))
        };
        self.tick(2);
        let subscription = self.subscribe(NewSubscription {
            customer,
            items: session
                .items
                .iter()
                .map(|item| (item.price.clone(), item.quantity))
                .collect(),
            metadata: data.metadata,
            description: data.description,
            trial_end,
            trial_end_behaviour: data.trial_end_behaviour,
            default_payment_method: None,
            checkout_method: method,
            first_payment: FirstPayment::Attempt,
        })?;
        let invoice = self
            .state
            .subscription(&subscription, "id")?
            .latest_invoice
            .clone();
        if let Some(session) = self.state.sessions.get_mut(session_id) {
            session.subscription = Some(subscription);
            session.invoice = invoice;
            session.payment_status = if trial_end.is_some() {
                PaymentStatus::NoPaymentRequired
            } else {
                PaymentStatus::Paid
            };
        }
        Ok(())
    }

    /// A refused card at the checkout of a subscription: the tries show as payments, no subscription comes of it.
    fn refuse(
        &mut self,
        session_id: &str,
        name: Option<String>,
        email: Option<String>,
        card: Card,
    ) -> Result<(), ApiError> {
        let customer = self.buyer_customer(session_id, name.clone(), email)?;
        let method = self.new_card(card, None, name);
        let session = self.state.session(session_id)?.clone();
        let intent = self.new_payment_intent(Ask {
            amount: session.amount,
            currency: session.currency,
            customer: Some(customer),
            description: Some("Subscription creation".to_owned()),
            metadata: Metadata::new(),
            invoice: None,
            receipt_email: None,
        });
        let outcome = self.charge(&intent, &method);
        self.outcome_of(outcome, &intent)
    }

    /// A failed charge as the API tells it.
    pub(crate) fn outcome_of(&self, outcome: Result<(), Unpaid>, intent: &str) -> Result<(), ApiError> {
        match outcome {
            Ok(()) => Ok(()),
            Err(Unpaid::NoPaymentMethod) => Err(ApiError::not_now("There is no payment method to charge.")),
            Err(Unpaid::Declined { decline, charge }) => {
                let intent = self.state.payment_intents.get(intent);
                let intent = intent.map(|intent| self.state.render_payment_intent(intent));
                Err(ApiError::declined(&decline, Some(&charge), intent))
            }
        }
    }

    fn buy_once(
        &mut self,
        session_id: &str,
        name: Option<String>,
        email: Option<String>,
        payment: Payment,
    ) -> Result<(), ApiError> {
        let session = self.state.session(session_id)?.clone();
        let customer = if session.customer.is_some() || session.always_creates_customer {
            Some(self.buyer_customer(session_id, name.clone(), email.clone())?)
        } else {
            None
        };
        let intent = match session.payment_intent {
            Some(intent) => intent,
            None => self.new_payment_intent(Ask {
                amount: session.amount,
                currency: session.currency,
                customer: customer.clone(),
                description: session.payment_description,
                metadata: session.payment_metadata,
                invoice: None,
                receipt_email: email.clone().or(session.customer_email),
            }),
        };
        if let Some(session) = self.state.sessions.get_mut(session_id) {
            session.payment_intent = Some(intent.clone());
            session.customer_details = Some((email, name.clone(), None));
        }
        let status = match payment {
            Payment::Card(card) => {
                let method = self.new_card(card, customer.as_deref(), name);
                self.tick(2);
                let outcome = self.charge(&intent, &method);
                self.outcome_of(outcome, &intent)?;
                PaymentStatus::Paid
            }
            Payment::Delayed { arrives } => {
                self.change_payment_intent("payment_intent.processing", &intent, |intent| {
                    intent.status = PaymentIntentStatus::Processing;
                });
                let due = Due::DelayedPayment {
                    session: session_id.to_owned(),
                    succeeds: arrives,
                };
                self.schedule(plus(self.now(), days(2)), customer.as_deref(), due);
                PaymentStatus::Unpaid
            }
        };
        if let Some(session) = self.state.sessions.get_mut(session_id) {
            session.payment_status = status;
        }
        Ok(())
    }

    fn complete(&mut self, session_id: &str) {
        let Some(session) = self.state.sessions.get_mut(session_id) else {
            return;
        };
        session.status = SessionStatus::Complete;
        if let Some(customer) = session
            .customer
            .as_ref()
            .and_then(|id| self.state.customers.get(id))
        {
            session.customer_details = Some((
                customer.email.clone(),
                customer.name.clone(),
                customer.address.clone(),
            ));
        }
        let object = session.render(self.state.livemode);
        self.unasked(|cx| cx.emit("checkout.session.completed", object));
    }

    /// The money of a delayed payment has come, or will not.
    pub(crate) fn delayed_payment(&mut self, session_id: &str, succeeds: bool) {
        let Some(session) = self.state.sessions.get(session_id).cloned() else {
            return;
        };
        let Some(intent) = session.payment_intent else {
            return;
        };
        let card = if succeeds {
            Card::default()
        } else {
            Card::refused(super::objects::Decline::default())
        };
        let method = self.new_card(card, None, None);
        let outcome = self.charge(&intent, &method);
        let paid = outcome.is_ok();
        if paid && let Some(session) = self.state.sessions.get_mut(session_id) {
            session.payment_status = PaymentStatus::Paid;
        }
        let Some(session) = self.state.sessions.get(session_id) else {
            return;
        };
        let object = session.render(self.state.livemode);
        let kind = if paid {
            "checkout.session.async_payment_succeeded"
        } else {
            "checkout.session.async_payment_failed"
        };
        self.emit(kind, object);
    }

    /// Ends an open session.
    pub(crate) fn expire_session(&mut self, session_id: &str) -> Result<(), ApiError> {
        let session = self.state.session(session_id)?;
        if session.status != SessionStatus::Open {
            let message = format!(
                "Only Checkout Sessions with a status in [\"open\"] can be expired. This session has a status of {}.",
                session.status.word()
            );
            return Err(ApiError::not_now(message));
        }
        if let Some(session) = self.state.sessions.get_mut(session_id) {
            session.status = SessionStatus::Expired;
            let object = session.render(self.state.livemode);
            self.emit("checkout.session.expired", object);
        }
        Ok(())
    }
}
