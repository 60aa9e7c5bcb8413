//! Payment attempts and what follows from them, for invoices and for single payments.

use super::super::clock::plus;
use super::DunningEnd;
use super::agenda::Due;
use super::cx::Cx;
use super::objects::{
    CardBehaviour, Charge, Decline, InvoicePayment, InvoicePaymentStatus, InvoiceStatus, Metadata,
    PaymentIntent, PaymentIntentStatus, SubscriptionStatus,
};

/// Why an invoice could not be paid.
#[derive(Clone, Debug)]
pub(crate) enum Unpaid {
    /// The customer has nothing to pay with.
    NoPaymentMethod,
    /// The bank said no to this charge.
    Declined { decline: Decline, charge: String },
}

/// What a new payment intent is for.
pub(crate) struct Ask {
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) customer: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) invoice: Option<String>,
    pub(crate) receipt_email: Option<String>,
}

impl Cx<'_> {
    pub(crate) fn new_payment_intent(&mut self, ask: Ask) -> String {
        let id = self.state.ids.make("pi");
        let secret = self.state.ids.token(16);
        let intent = PaymentIntent {
            id: id.clone(),
            created: self.now(),
            amount: ask.amount,
            currency: ask.currency,
            customer: ask.customer,
            status: PaymentIntentStatus::RequiresPaymentMethod,
            payment_method: None,
            latest_charge: None,
            last_decline: None,
            description: ask.description,
            metadata: ask.metadata,
            canceled_at: None,
            cancellation_reason: None,
            client_secret: format!("{id}_secret_{secret}"),
            receipt_email: ask.receipt_email,
            invoice: ask.invoice,
        };
        let object = self.state.render_payment_intent(&intent);
        self.state.payment_intents.insert(intent);
        self.emit("payment_intent.created", object);
        id
    }

    /// Charges the payment method for the intent. On a decline the charge that failed comes back with it.
    pub(crate) fn charge(&mut self, intent_id: &str, method_id: &str) -> Result<(), Unpaid> {
        let Some(method) = self.state.payment_methods.get(method_id).cloned() else {
            return Err(Unpaid::NoPaymentMethod);
        };
        let Some(intent) = self.state.payment_intents.get(intent_id).cloned() else {
            return Err(Unpaid::NoPaymentMethod);
        };
        let decline = match &method.card.behaviour {
            CardBehaviour::Pays => None,
            CardBehaviour::Refuses(decline) => Some(decline.clone()),
        };
        let charge_id = self.state.ids.make("ch");
        let balance_transaction = decline.is_none().then(|| self.state.ids.make("txn"));
        let charge = Charge {
            id: charge_id.clone(),
            created: self.now(),
            amount: intent.amount,
            amount_refunded: 0,
            currency: intent.currency,
            customer: intent.customer,
            payment_intent: intent.id,
            method,
            decline: decline.clone(),
            disputed: false,
            description: intent.description,
            metadata: intent.metadata,
            balance_transaction,
        };
        let object = charge.render(self.state.livemode);
        self.state.charges.insert(charge);
        if let Some(decline) = decline {
            self.emit("charge.failed", object);
            let (last_decline, latest) = ((decline.clone(), charge_id.clone()), charge_id.clone());
            self.change_payment_intent("payment_intent.payment_failed", intent_id, |intent| {
                intent.status = PaymentIntentStatus::RequiresPaymentMethod;
                intent.payment_method = None;
                intent.latest_charge = Some(latest);
                intent.last_decline = Some(last_decline);
            });
            return Err(Unpaid::Declined {
                decline,
                charge: charge_id,
            });
        }
        self.emit("charge.succeeded", object);
        let method_id = method_id.to_owned();
        self.change_payment_intent("payment_intent.succeeded", intent_id, |intent| {
            intent.status = PaymentIntentStatus::Succeeded;
            intent.payment_method = Some(method_id);
            intent.latest_charge = Some(charge_id);
            intent.last_decline = None;
        });
        Ok(())
    }

    /// Makes the payment intent of an open invoice, unless there is nothing to pay.
    pub(crate) fn request_payment(&mut self, invoice_id: &str) {
        let Some(invoice) = self.state.invoices.get(invoice_id).cloned() else {
            return;
        };
        if invoice.amount_due() == 0 {
            return;
        }
        let first = invoice.billing_reason == super::objects::BillingReason::SubscriptionCreate;
        let description = if first {
            "Subscription creation"
        } else {
            "Subscription update"
        };
        let payment_intent = self.new_payment_intent(Ask {
            amount: invoice.amount_due(),
            currency: invoice.currency.clone(),
            customer: Some(invoice.customer.clone()),
            description: Some(description.to_owned()),
            metadata: Metadata::new(),
            invoice: Some(invoice.id.clone()),
            receipt_email: None,
        });
        let amount_requested = invoice.amount_due();
        let payment = InvoicePayment {
            id: self.state.ids.make("inpay"),
            created: self.now(),
            invoice: invoice.id,
            payment_intent,
            amount_requested,
            amount_paid: None,
            currency: invoice.currency,
            status: InvoicePaymentStatus::Open,
            paid_at: None,
            canceled_at: None,
        };
        if let Some(invoice) = self.state.invoices.get_mut(invoice_id) {
            invoice.payment = Some(payment.id.clone());
        }
        self.state.invoice_payments.insert(payment);
    }

    /// Cancels what asked for the money of an invoice that has been voided.
    pub(crate) fn withdraw_payment(&mut self, invoice_id: &str) {
        let now = self.now();
        let Some(payment_id) = self
            .state
            .invoices
            .get(invoice_id)
            .and_then(|invoice| invoice.payment.clone())
        else {
            return;
        };
        let Some(payment) = self.state.invoice_payments.get_mut(&payment_id) else {
            return;
        };
        payment.status = InvoicePaymentStatus::Canceled;
        payment.canceled_at = Some(now);
        let intent = payment.payment_intent.clone();
        self.change_payment_intent("payment_intent.canceled", &intent, |intent| {
            intent.status = PaymentIntentStatus::Canceled;
            intent.canceled_at = Some(now);
            intent.cancellation_reason = Some("void_invoice");
        });
    }

    /// What an invoice of this subscription is charged to.
    pub(crate) fn method_for(&self, subscription_id: &str) -> Option<String> {
        let subscription = self.state.subscriptions.get(subscription_id)?;
        let own = subscription
            .default_payment_method
            .clone()
            .or_else(|| subscription.checkout_method.clone());
        own.or_else(|| {
            self.state
                .customers
                .get(&subscription.customer)?
                .default_payment_method
                .clone()
        })
    }

    /// Tries to collect an open invoice. `scheduled` attempts are counted and followed by further ones.
    pub(crate) fn collect(
        &mut self,
        invoice_id: &str,
        method: Option<&str>,
        scheduled: bool,
    ) -> Result<(), Unpaid> {
        let Some(invoice) = self.state.invoices.get(invoice_id).cloned() else {
            return Ok(());
        };
        if invoice.amount_remaining() == 0 {
            self.settle(invoice_id, scheduled);
            return Ok(());
        }
        let intent = invoice
            .payment
            .as_ref()
            .and_then(|payment| self.state.invoice_payments.get(payment))
            .map(|payment| payment.payment_intent.clone());
        let method = method
            .map(str::to_owned)
            .or_else(|| self.method_for(&invoice.subscription));
        self.tick(2);
        let outcome = match (intent, method) {
            (Some(intent), Some(method)) => self.charge(&intent, &method),
            _ => Err(Unpaid::NoPaymentMethod),
        };
        self.tick(1);
        match outcome {
            Ok(()) => self.settle(invoice_id, scheduled),
            Err(_) => self.fall_behind(invoice_id, scheduled),
        }
        outcome
    }

    /// The invoice is paid, with money or because nothing was due.
    fn settle(&mut self, invoice_id: &str, scheduled: bool) {
        let now = self.now();
        let payment_id = self
            .state
            .invoices
            .get(invoice_id)
            .and_then(|invoice| invoice.payment.clone());
        if let Some(payment) = payment_id
            .as_ref()
            .and_then(|id| self.state.invoice_payments.get_mut(id))
        {
            payment.status = InvoicePaymentStatus::Paid;
            payment.amount_paid = Some(payment.amount_requested);
            payment.paid_at = Some(now);
            let object = payment.render(self.state.livemode);
            self.emit("invoice_payment.paid", object);
        }
        self.change_invoice(invoice_id, |invoice| {
            invoice.status = InvoiceStatus::Paid;
            invoice.amount_paid = invoice.amount_due();
            invoice.attempted = true;
            invoice.auto_advance = false;
            invoice.next_payment_attempt = None;
            invoice.paid_at = Some(now);
            if scheduled {
                invoice.attempt_count += 1;
            }
        });
        self.emit_invoice("invoice.paid", invoice_id);
        if payment_id.is_some() {
            self.emit_invoice("invoice.payment_succeeded", invoice_id);
        }
        self.recover(invoice_id);
    }

    /// The subscription gives access again once nothing is owed for it any more.
    fn recover(&mut self, invoice_id: &str) {
        let Some(invoice) = self.state.invoices.get(invoice_id).cloned() else {
            return;
        };
        let owes =
            self.state.invoices.newest_first().any(|other| {
                other.subscription == invoice.subscription && other.status == InvoiceStatus::Open
            });
        if owes {
            return;
        }
        self.change_subscription(&invoice.subscription, |subscription| {
            let recovers = match subscription.status {
                SubscriptionStatus::Incomplete | SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid => {
                    true
                }
                SubscriptionStatus::IncompleteExpired
                | SubscriptionStatus::Trialing
                | SubscriptionStatus::Active
                | SubscriptionStatus::Canceled
                | SubscriptionStatus::Paused => false,
            };
            if recovers {
                if let Some(method) = subscription.checkout_method.take() {
                    subscription.default_payment_method = Some(method);
                }
                subscription.status = SubscriptionStatus::Active;
            }
        });
        self.change_customer(&invoice.customer, |customer| customer.delinquent = false);
    }

    /// The invoice stays open: the subscription falls behind, and the next try is set or the end drawn.
    fn fall_behind(&mut self, invoice_id: &str, scheduled: bool) {
        let now = self.now();
        let Some(invoice) = self.state.invoices.get(invoice_id).cloned() else {
            return;
        };
        let count = invoice.attempt_count + 1;
        let renewal = self
            .state
            .subscriptions
            .get(&invoice.subscription)
            .is_some_and(|subscription| subscription.status != SubscriptionStatus::Incomplete);
        let gap = usize::try_from(count - 1)
            .ok()
            .and_then(|index| self.settings.retry_gaps.get(index).copied());
        let next = if scheduled && renewal {
            gap.map(|gap| plus(now, gap))
        } else {
            invoice.next_payment_attempt
        };
        self.change_invoice(invoice_id, |invoice| {
            invoice.attempted = true;
            invoice.attempt_count = count;
            invoice.next_payment_attempt = next;
            invoice.auto_advance = next.is_some();
        });
        self.emit_invoice("invoice.payment_failed", invoice_id);
        if !renewal || !scheduled {
            return;
        }
        if let Some(next) = next {
            self.schedule(
                next,
                Some(&invoice.customer),
                Due::Retry {
                    invoice: invoice_id.to_owned(),
                },
            );
        }
        let status = match (next, self.settings.dunning_end) {
            (Some(_), _) | (None, DunningEnd::StayPastDue) => SubscriptionStatus::PastDue,
            (None, DunningEnd::MarkUnpaid) => SubscriptionStatus::Unpaid,
            (None, DunningEnd::Cancel) => {
                self.end_subscription(&invoice.subscription, Some("payment_failed"));
                return;
            }
        };
        self.change_subscription(&invoice.subscription, |subscription| match subscription.status {
            SubscriptionStatus::Active | SubscriptionStatus::Trialing | SubscriptionStatus::PastDue => {
                subscription.status = status;
            }
            SubscriptionStatus::Incomplete
            | SubscriptionStatus::IncompleteExpired
            | SubscriptionStatus::Unpaid
            | SubscriptionStatus::Canceled
            | SubscriptionStatus::Paused => {}
        });
        self.change_customer(&invoice.customer, |customer| customer.delinquent = true);
    }
}
