//! How each step of a story is done.

use super::super::super::SimulatorError;
use super::super::super::clock::{days, minutes, plus, whole_seconds};
use super::super::checking_out::{Buyer, NewSession, Payment};
use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::objects::{
    Cancellation, Card, CardBehaviour, InvoiceStatus, Metadata, Mode, PauseReason, Price, Product,
    SessionItem, Subscription, SubscriptionData, TrialEndBehaviour,
};
use super::super::subscribing::{ItemChange, Proration};
use super::{CancelWhen, Moment, Step, StoryOutcome};
use jiff::Timestamp;

impl Cx<'_> {
    pub(super) fn outcome(&self, customer: String, events_before: usize) -> StoryOutcome {
        let own = self
            .state
            .subscriptions
            .newest_first()
            .filter(|subscription| subscription.customer == customer);
        let subscriptions = own.map(|subscription| subscription.id.clone()).collect();
        StoryOutcome {
            subscriptions,
            customer,
            events: self.state.events.len() - events_before,
        }
    }

    pub(super) fn check_instant(&self, at: Timestamp, customer: Option<&str>) -> Result<(), SimulatorError> {
        let earliest = customer
            .and_then(|customer| self.state.customer_times.get(customer))
            .copied();
        if at > plus(self.present(), minutes(1)) || earliest.is_some_and(|earliest| at < earliest) {
            return Err(SimulatorError::OutOfTime { at });
        }
        Ok(())
    }

    pub(super) fn tell(&mut self, customer: &str, moments: Vec<Moment>) -> Result<(), SimulatorError> {
        for (index, Moment { at, step }) in moments.into_iter().enumerate() {
            self.check_instant(at, Some(customer))?;
            let at = whole_seconds(at).min(self.present());
            self.run_due(at, Some(customer));
            self.go_to(at);
            self.state.customer_times.insert(customer.to_owned(), at);
            self.step(customer, step).map_err(|error| SimulatorError::Story {
                moment: index,
                message: error.message().to_owned(),
            })?;
        }
        let present = self.present();
        self.run_due(present, Some(customer));
        self.go_to(present);
        self.state.customer_times.insert(customer.to_owned(), present);
        Ok(())
    }

    fn step(&mut self, customer: &str, step: Step) -> Result<(), ApiError> {
        match step {
            Step::Subscribe {
                price,
                quantity,
                trial_days,
                card,
                metadata,
                client_reference_id,
            } => {
                let data = SubscriptionData {
                    metadata: metadata.clone(),
                    trial_days,
                    ..SubscriptionData::default()
                };
                let session =
                    self.story_session(customer, &price, quantity, data, metadata, client_reference_id)?;
                self.tick(20);
                let payment = Payment::Card(card.unwrap_or_else(|| self.usual_card(customer)));
                self.check_out(
                    &session,
                    Buyer {
                        name: None,
                        email: None,
                        payment,
                    },
                )
            }
            Step::AbandonCheckout { price, decline } => {
                let data = SubscriptionData::default();
                let session = self.story_session(customer, &price, 1, data, Metadata::new(), None)?;
                if let Some(decline) = decline {
                    self.tick(20);
                    let payment = Payment::Card(Card::refused(decline));
                    // The refusal is the point.
                    drop(self.check_out(
                        &session,
                        Buyer {
                            name: None,
                            email: None,
                            payment,
                        },
                    ));
                }
                Ok(())
            }
            Step::Buy {
                name,
                amount,
                currency,
                delayed,
                metadata,
            } => self.buy_something(customer, name, amount, currency, delayed, metadata),
            Step::CardRefuses { decline } => {
                self.set_card_behaviour(customer, &CardBehaviour::Refuses(decline))
            }
            Step::CardPays {} => self.set_card_behaviour(customer, &CardBehaviour::Pays),
            Step::NewCard { card } => {
                let card = card.unwrap_or_else(|| self.usual_card(customer));
                self.enter_new_card(customer, card);
                Ok(())
            }
            Step::ChangePlan { price, quantity } => {
                let subscription = self.current(customer)?;
                let item = first_item(&subscription)?;
                let change = ItemChange::Update {
                    item,
                    price: Some(price),
                    quantity,
                    metadata: None,
                };
                self.change_items(&subscription.id, vec![change], Proration::NextInvoice, None)
            }
            Step::SetSeats { quantity } => {
                let subscription = self.current(customer)?;
                let item = first_item(&subscription)?;
                let change = ItemChange::Update {
                    item,
                    price: None,
                    quantity: Some(quantity),
                    metadata: None,
                };
                self.change_items(&subscription.id, vec![change], Proration::NextInvoice, None)
            }
            Step::AddItem { price, quantity } => {
                let subscription = self.current(customer)?;
                let change = ItemChange::Add {
                    price,
                    quantity,
                    metadata: Metadata::new(),
                };
                self.change_items(&subscription.id, vec![change], Proration::NextInvoice, None)
            }
            Step::RemoveItem { price } => {
                let subscription = self.current(customer)?;
                let item = subscription.items.iter().find(|item| item.price == price);
                let item = item
                    .ok_or_else(|| ApiError::no_such("subscription item", &price, "price"))?
                    .id
                    .clone();
                self.change_items(
                    &subscription.id,
                    vec![ItemChange::Remove { item }],
                    Proration::NextInvoice,
                    None,
                )
            }
            Step::Cancel { when, feedback } => {
                let subscription = self.current(customer)?;
                let details = Cancellation {
                    reason: None,
                    feedback,
                    comment: None,
                };
                match when {
                    CancelWhen::Now => {
                        if let Some(subscription) = self.state.subscriptions.get_mut(&subscription.id) {
                            subscription.cancellation = details;
                        }
                        self.end_subscription(&subscription.id, Some("cancellation_requested"));
                    }
                    CancelWhen::PeriodEnd => self.cancel_at_period_end(&subscription.id, true, details),
                    CancelWhen::Portal => {
                        self.cancel_at(&subscription.id, Some(subscription.period().end), details);
                    }
                }
                Ok(())
            }
            Step::KeepOn {} => {
                let subscription = self.current(customer)?;
                self.keep_on(&subscription);
                Ok(())
            }
            Step::Pause {} => {
                let subscription = self.current(customer)?;
                self.pause(&subscription.id, PauseReason::PauseRequested);
                Ok(())
            }
            Step::Resume {} => {
                let subscription = self.current(customer)?;
                self.resume(&subscription.id, true)
            }
            Step::Refund { amount } => {
                let charge = self.newest_charge(customer)?;
                let reason = Some("requested_by_customer".to_owned());
                self.refund(&charge, amount, reason, Metadata::new()).map(|_| ())
            }
            Step::RefundFails {} => {
                let own = self
                    .state
                    .refunds
                    .newest_first()
                    .find(|refund| refund.customer.as_deref() == Some(customer));
                let id = own.map(|refund| refund.id.clone());
                self.fail_refund(&id.ok_or_else(|| ApiError::not_now("There is no refund that could fail."))?)
            }
            Step::Dispute { reason } => {
                let charge = self.newest_charge(customer)?;
                self.open_dispute(&charge, &reason).map(|_| ())
            }
            Step::DisputeDecided { won } => {
                let own = self.state.disputes.newest_first().find(|dispute| {
                    let charge = self.state.charges.get(&dispute.charge);
                    charge.is_some_and(|charge| charge.customer.as_deref() == Some(customer))
                });
                let id = own.map(|dispute| dispute.id.clone());
                self.close_dispute(
                    &id.ok_or_else(|| ApiError::not_now("There is no dispute to decide."))?,
                    won,
                )
            }
            Step::UpdateCustomer { email, name } => {
                self.change_customer(customer, |customer| {
                    customer.email = email.or(customer.email.take());
                    customer.name = name.or(customer.name.take());
                });
                Ok(())
            }
            Step::DeleteCustomer {} => self.delete_customer(customer),
            Step::Wait {} => Ok(()),
        }
    }

    /// The newest subscription that has not ended.
    fn current(&self, customer: &str) -> Result<Subscription, ApiError> {
        let mut own = self
            .state
            .subscriptions
            .newest_first()
            .filter(|own| own.customer == customer);
        let found = own.find(|subscription| !subscription.status.ended()).cloned();
        found.ok_or_else(|| ApiError::not_now("The customer has no subscription that goes on."))
    }

    fn newest_charge(&self, customer: &str) -> Result<String, ApiError> {
        let mut own = self
            .state
            .charges
            .newest_first()
            .filter(|charge| charge.customer.as_deref() == Some(customer));
        let found = own.find(|charge| charge.decline.is_none() && !charge.disputed);
        found
            .map(|charge| charge.id.clone())
            .ok_or_else(|| ApiError::not_now("The customer has paid nothing."))
    }

    fn usual_card(&mut self, customer: &str) -> Card {
        let address = self
            .state
            .customers
            .get(customer)
            .and_then(|customer| customer.address.clone());
        let country = address
            .and_then(|address| address.country)
            .unwrap_or_else(|| "US".to_owned());
        Card {
            last4: self.state.ids.digits(4),
            ..Card::default().issued_in(country)
        }
    }

    fn story_session(
        &mut self,
        customer: &str,
        price: &str,
        quantity: i64,
        subscription_data: SubscriptionData,
        metadata: Metadata,
        client_reference_id: Option<String>,
    ) -> Result<String, ApiError> {
        let found = self.state.price(price, "price")?;
        let (amount, currency) = (found.unit_amount.saturating_mul(quantity), found.currency.clone());
        let item = SessionItem {
            id: self.state.ids.make("li"),
            price: price.to_owned(),
            quantity,
        };
        let mut session = self.bare_session(customer, Mode::Subscription, item, amount, currency);
        session.subscription_data = subscription_data;
        session.metadata = metadata;
        session.client_reference_id = client_reference_id;
        Ok(self.open_session(session))
    }

    fn bare_session(
        &self,
        customer: &str,
        mode: Mode,
        item: SessionItem,
        amount: i64,
        currency: String,
    ) -> NewSession {
        NewSession {
            expires_at: plus(self.now(), days(1)),
            mode,
            items: vec![item],
            currency,
            amount,
            success_url: "https://app.example.com/billing/ok?session_id={CHECKOUT_SESSION_ID}".to_owned(),
            cancel_url: Some("https://app.example.com/billing/cancel".to_owned()),
            client_reference_id: None,
            customer: Some(customer.to_owned()),
            customer_email: None,
            always_creates_customer: false,
            subscription_data: SubscriptionData {
                trial_end_behaviour: TrialEndBehaviour::CreateInvoice,
                ..SubscriptionData::default()
            },
            payment_metadata: Metadata::new(),
            payment_description: None,
            card_only_if_required: false,
            allow_promotion_codes: None,
            locale: None,
            metadata: Metadata::new(),
        }
    }

    fn buy_something(
        &mut self,
        customer: &str,
        name: String,
        amount: i64,
        currency: String,
        delayed: Option<bool>,
        metadata: Metadata,
    ) -> Result<(), ApiError> {
        let now = self.now();
        let (product, price) = (self.state.ids.make("prod"), self.state.ids.make("price"));
        self.state.products.insert(Product {
            id: product.clone(),
            created: now,
            updated: now,
            name: name.clone(),
            description: None,
            active: false,
            metadata: Metadata::new(),
        });
        self.state.prices.insert(Price {
            id: price.clone(),
            created: now,
            product,
            currency: currency.clone(),
            unit_amount: amount,
            recurring: None,
            nickname: None,
            lookup_key: None,
            active: false,
            metadata: Metadata::new(),
        });
        let item = SessionItem {
            id: self.state.ids.make("li"),
            price,
            quantity: 1,
        };
        let mut session = self.bare_session(customer, Mode::Payment, item, amount, currency);
        session.payment_metadata.clone_from(&metadata);
        session.payment_description = Some(name);
        session.metadata = metadata;
        let session = self.open_session(session);
        self.tick(20);
        let payment = match delayed {
            Some(arrives) => Payment::Delayed { arrives },
            None => Payment::Card(self.usual_card(customer)),
        };
        self.check_out(
            &session,
            Buyer {
                name: None,
                email: None,
                payment,
            },
        )
    }

    /// What the bank does with all cards of the customer from now on.
    pub(crate) fn set_card_behaviour(
        &mut self,
        customer: &str,
        behaviour: &CardBehaviour,
    ) -> Result<(), ApiError> {
        let own = self.state.payment_methods.newest_first();
        let own: Vec<String> = own
            .filter(|card| card.customer.as_deref() == Some(customer))
            .map(|card| card.id.clone())
            .collect();
        if own.is_empty() {
            return Err(ApiError::not_now("The customer has no card."));
        }
        for id in own {
            if let Some(method) = self.state.payment_methods.get_mut(&id) {
                method.card.behaviour = behaviour.clone();
            }
        }
        Ok(())
    }

    /// The customer enters another card, on the hosted page of the open invoice or in the portal.
    pub(crate) fn enter_new_card(&mut self, customer: &str, card: Card) {
        let method = self.new_card(card, Some(customer), None);
        let own = self
            .state
            .subscriptions
            .newest_first()
            .filter(|own| own.customer == customer);
        let live: Vec<String> = own
            .filter(|own| !own.status.ended())
            .map(|subscription| subscription.id.clone())
            .collect();
        for subscription in &live {
            let method = method.clone();
            self.change_subscription(subscription, |subscription| {
                subscription.default_payment_method = Some(method);
                subscription.checkout_method = None;
            });
        }
        let open = self
            .state
            .invoices
            .oldest_first()
            .filter(|invoice| live.contains(&invoice.subscription));
        let open: Vec<String> = open
            .filter(|invoice| invoice.status == InvoiceStatus::Open)
            .map(|invoice| invoice.id.clone())
            .collect();
        for invoice in open {
            // A card that is refused again shows in its events.
            drop(self.collect(&invoice, Some(&method), true));
        }
    }

    /// Takes a scheduled end back, in whichever of its two shapes it was set.
    pub(crate) fn keep_on(&mut self, subscription: &Subscription) {
        if subscription.cancel_at_period_end {
            self.cancel_at_period_end(&subscription.id, false, Cancellation::default());
        } else {
            self.cancel_at(&subscription.id, None, Cancellation::default());
        }
    }
}

fn first_item(subscription: &Subscription) -> Result<String, ApiError> {
    let item = subscription.items.first().map(|item| item.id.clone());
    item.ok_or_else(|| ApiError::not_now("The subscription has no item."))
}
