//! The life of a subscription as people shape it: begun, changed, paused, ended.

use jiff::Timestamp;

use super::super::clock::{days, hours, minus, plus};
use super::agenda::Due;
use super::billing::{Bill, proration};
use super::calendar::period_at;
use super::cx::Cx;
use super::error::ApiError;
use super::objects::{
    BillingReason, Cancellation, Item, Metadata, Period, Price, Recurring, Subscription, SubscriptionStatus,
    TrialEndBehaviour,
};
use super::paying::Unpaid;

/// How the first payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstPayment {
    /// Tried at once; a failure leaves the subscription incomplete.
    Attempt,
    /// Left to the caller.
    Wait,
    /// Tried at once; a failure ends the call.
    MustSucceed,
}

pub(crate) struct NewSubscription {
    pub(crate) customer: String,
    /// Prices and quantities.
    pub(crate) items: Vec<(String, i64)>,
    pub(crate) metadata: Metadata,
    pub(crate) description: Option<String>,
    pub(crate) trial_end: Option<Timestamp>,
    pub(crate) trial_end_behaviour: TrialEndBehaviour,
    pub(crate) default_payment_method: Option<String>,
    /// Entered at checkout: becomes the default with the first payment.
    pub(crate) checkout_method: Option<String>,
    pub(crate) first_payment: FirstPayment,
}

/// One change to the items.
#[derive(Clone, Debug)]
pub(crate) enum ItemChange {
    Update {
        item: String,
        price: Option<String>,
        quantity: Option<i64>,
        metadata: Option<Metadata>,
    },
    Add {
        price: String,
        quantity: i64,
        metadata: Metadata,
    },
    Remove {
        item: String,
    },
}

/// What becomes of the difference when items change in mid-period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proration {
    NextInvoice,
    InvoiceNow,
    None,
}

impl Cx<'_> {
    /// The recurring interval that all prices share, and their currency.
    pub(crate) fn shared_interval(&self, prices: &[(String, i64)]) -> Result<(Recurring, String), ApiError> {
        let mut shared: Option<(Recurring, String)> = None;
        for (index, (id, _)) in prices.iter().enumerate() {
            let param = format!("items[{index}][price]");
            let price = self.state.price(id, &param)?;
            let recurring = price.recurring.ok_or_else(|| {
                let message = "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.";
                ApiError::invalid_param(&*param, message)
            })?;
            match &shared {
                None => shared = Some((recurring, price.currency.clone())),
                Some(first) if *first == (recurring, price.currency.clone()) => {}
                Some(_) => {
                    let message = "All prices on a subscription must have the same interval and currency.";
                    return Err(ApiError::invalid_param(&*param, message));
                }
            }
        }
        shared.ok_or_else(|| ApiError::missing_param("items"))
    }

    /// Begins a subscription: trial, or first invoice and (if wanted) its payment.
    pub(crate) fn subscribe(&mut self, new: NewSubscription) -> Result<String, ApiError> {
        let customer = self.state.customer(&new.customer, "customer")?;
        let fallback = customer.default_payment_method.clone();
        let (recurring, currency) = self.shared_interval(&new.items)?;
        let now = self.now();
        let trial = new
            .trial_end
            .filter(|end| *end > now)
            .map(|end| Period { start: now, end });
        let period = trial.unwrap_or_else(|| period_at(now, recurring, now));
        let anchor = trial.map_or(now, |trial| trial.end);
        let method = new
            .default_payment_method
            .clone()
            .or(new.checkout_method.clone())
            .or(fallback);
        let costs = new.items.iter().any(|(id, quantity)| {
            self.state
                .prices
                .get(id)
                .is_some_and(|price| price.unit_amount.saturating_mul(*quantity) > 0)
        });
        if trial.is_none() && costs && method.is_none() && new.first_payment != FirstPayment::Wait {
            let message = "This customer has no attached payment source or default payment method. Please consider \
                           adding a default payment method.";
            return Err(ApiError::not_now(message).with_code("resource_missing"));
        }
        let id = self.state.ids.make("sub");
        let items: Vec<Item> = new
            .items
            .into_iter()
            .map(|(price, quantity)| Item {
                id: self.state.ids.make("si"),
                created: now,
                price,
                quantity,
                period,
                metadata: Metadata::new(),
            })
            .collect();
        self.state.subscriptions.insert(Subscription {
            id: id.clone(),
            created: now,
            customer: new.customer.clone(),
            currency: currency.clone(),
            status: if trial.is_some() {
                SubscriptionStatus::Trialing
            } else {
                SubscriptionStatus::Incomplete
            },
            items: items.clone(),
            pending_lines: Vec::new(),
            anchor,
            trial,
            trial_end_behaviour: new.trial_end_behaviour,
            cancel_at: None,
            cancel_at_period_end: false,
            canceled_at: None,
            ended_at: None,
            cancellation: Cancellation::default(),
            paused: None,
            pause_collection: None,
            default_payment_method: match trial {
                Some(_) => new.default_payment_method.or(new.checkout_method.clone()),
                None => new.default_payment_method,
            },
            checkout_method: new.checkout_method,
            latest_invoice: None,
            description: new.description,
            metadata: new.metadata,
        });
        let bill = Bill {
            reason: BillingReason::SubscriptionCreate,
            period: Period { start: now, end: now },
            items,
            free: trial.is_some(),
            with_pending: false,
        };
        let invoice = self.draw_up(&id, &bill);
        self.tick(1);
        self.change_subscription_as("customer.subscription.created", &id, |_| {});
        self.change_customer(&new.customer, |customer| customer.currency = Some(currency));
        if let Some(trial) = trial {
            let warning = minus(trial.end, days(3)).max(now);
            self.schedule(
                warning,
                Some(&new.customer),
                Due::TrialWillEnd {
                    subscription: id.clone(),
                },
            );
        }
        self.schedule(
            period.end,
            Some(&new.customer),
            Due::PeriodEnd {
                subscription: id.clone(),
            },
        );
        let Some(invoice) = invoice else { return Ok(id) };
        self.emit_invoice("invoice.created", &invoice);
        self.finalize(&invoice);
        self.first_payment(&id, &invoice, new.first_payment)?;
        Ok(id)
    }

    fn first_payment(&mut self, id: &str, invoice: &str, wanted: FirstPayment) -> Result<(), ApiError> {
        let free = self.state.invoice(invoice, "id")?.amount_due() == 0;
        if wanted == FirstPayment::Wait && !free {
            self.expect_first_payment(id);
            return Ok(());
        }
        match self.collect(invoice, None, false) {
            Ok(()) => Ok(()),
            Err(Unpaid::Declined { decline, charge }) if wanted == FirstPayment::MustSucceed => {
                self.void(invoice);
                self.end_subscription(id, Some("payment_failed"));
                Err(ApiError::declined(&decline, Some(&charge), None))
            }
            Err(Unpaid::Declined { .. } | Unpaid::NoPaymentMethod) => {
                self.expect_first_payment(id);
                Ok(())
            }
        }
    }

    fn expect_first_payment(&mut self, id: &str) {
        let Some(customer) = self
            .state
            .subscriptions
            .get(id)
            .map(|subscription| subscription.customer.clone())
        else {
            return;
        };
        let at = plus(self.now(), hours(23));
        self.schedule(
            at,
            Some(&customer),
            Due::IncompleteExpiry {
                subscription: id.to_owned(),
            },
        );
    }

    /// The items as they would stand after the changes, without periods moved.
    pub(crate) fn changed_items(
        &mut self,
        subscription: &Subscription,
        changes: Vec<ItemChange>,
    ) -> Result<Vec<Item>, ApiError> {
        let now = self.now();
        let mut items = subscription.items.clone();
        let place = |items: &[Item], id: &str| {
            let found = items.iter().position(|item| item.id == id);
            found.ok_or_else(|| ApiError::no_such("subscription item", id, "items[0][id]"))
        };
        for change in changes {
            match change {
                ItemChange::Update {
                    item,
                    price,
                    quantity,
                    metadata,
                } => {
                    let index = place(&items, &item)?;
                    if let Some(price) = price {
                        items[index].price = price;
                    }
                    if let Some(quantity) = quantity {
                        items[index].quantity = quantity;
                    }
                    if let Some(metadata) = metadata {
                        items[index].metadata = metadata;
                    }
                }
                ItemChange::Add {
                    price,
                    quantity,
                    metadata,
                } => items.push(Item {
                    id: self.state.ids.make("si"),
                    created: now,
                    price,
                    quantity,
                    period: subscription.period(),
                    metadata,
                }),
                ItemChange::Remove { item } => {
                    let index = place(&items, &item)?;
                    items.remove(index);
                }
            }
        }
        if items.is_empty() {
            let message =
                "A subscription must have at least one active item. To end it, cancel the subscription.";
            return Err(ApiError::not_now(message));
        }
        Ok(items)
    }

    /// Credits for what is no longer used and debits for what is used instead.
    pub(crate) fn prorations(
        &mut self,
        before: &[Item],
        after: &[Item],
        period: Period,
        at: Timestamp,
        whole_new_period: bool,
    ) -> Vec<super::objects::PendingLine> {
        let mut lines = Vec::new();
        let priced = |cx: &Self, item: &Item| -> Option<(Price, i64)> {
            Some((cx.state.prices.get(&item.price)?.clone(), item.quantity))
        };
        for old in before {
            let same = after
                .iter()
                .any(|new| new.id == old.id && new.price == old.price && new.quantity == old.quantity);
            if (!same || whole_new_period)
                && let Some((price, quantity)) = priced(self, old)
            {
                lines.push(proration(self.state, &price, quantity, period, at, true));
            }
        }
        for new in after.iter().filter(|_| !whole_new_period) {
            let same = before
                .iter()
                .any(|old| new.id == old.id && new.price == old.price && new.quantity == old.quantity);
            if !same && let Some((price, quantity)) = priced(self, new) {
                lines.push(proration(self.state, &price, quantity, period, at, false));
            }
        }
        lines
    }

    /// Changes the items, with credits and debits as wanted. Another interval begins a new period and bills at once.
    pub(crate) fn change_items(
        &mut self,
        id: &str,
        changes: Vec<ItemChange>,
        how: Proration,
        from: Option<Timestamp>,
    ) -> Result<(), ApiError> {
        let subscription = self.state.subscription(id, "id")?.clone();
        refuse_if_ended(&subscription)?;
        let before = subscription.items.clone();
        let mut after = self.changed_items(&subscription, changes)?;
        let prices: Vec<(String, i64)> = after
            .iter()
            .map(|item| (item.price.clone(), item.quantity))
            .collect();
        let (recurring, _) = self.shared_interval(&prices)?;
        let old_interval = before
            .first()
            .and_then(|item| self.state.prices.get(&item.price)?.recurring);
        let period = subscription.period();
        let at = from.unwrap_or_else(|| self.now()).clamp(period.start, period.end);
        let trialing = subscription.status == SubscriptionStatus::Trialing;
        let new_cycle = old_interval != Some(recurring) && !trialing;
        let pending = if how == Proration::None || trialing {
            Vec::new()
        } else {
            self.prorations(&before, &after, period, at, new_cycle)
        };
        let new_period = period_at(self.now(), recurring, self.now());
        if new_cycle {
            for item in &mut after {
                item.period = new_period;
            }
        }
        let now = self.now();
        if let Some(subscription) = self.state.subscriptions.get_mut(id) {
            subscription.pending_lines.extend(pending);
        }
        let to_bill = after.clone();
        self.change_subscription(id, |subscription| {
            subscription.items = after;
            if new_cycle {
                subscription.anchor = now;
            }
        });
        if new_cycle {
            let due = Due::PeriodEnd {
                subscription: id.to_owned(),
            };
            self.schedule(new_period.end, Some(&subscription.customer), due);
        }
        if new_cycle || (how == Proration::InvoiceNow && !trialing) {
            self.bill_now(id, if new_cycle { to_bill } else { Vec::new() });
        }
        Ok(())
    }

    /// An invoice outside the cycle: what is waiting, and these items for their period.
    pub(crate) fn bill_now(&mut self, id: &str, items: Vec<Item>) {
        let now = self.now();
        let nothing_waits = self
            .state
            .subscriptions
            .get(id)
            .is_none_or(|subscription| subscription.pending_lines.is_empty());
        if nothing_waits && items.is_empty() {
            return;
        }
        let bill = Bill {
            reason: BillingReason::SubscriptionUpdate,
            period: Period { start: now, end: now },
            items,
            free: false,
            with_pending: true,
        };
        let before = self
            .state
            .subscriptions
            .get(id)
            .and_then(|subscription| subscription.latest_invoice.clone());
        let Some(invoice) = self.draw_up(id, &bill) else {
            return;
        };
        // The change of the latest invoice is told like any other.
        if let Some(subscription) = self.state.subscriptions.get_mut(id) {
            subscription.latest_invoice = before;
        }
        let latest = invoice.clone();
        self.change_subscription(id, |subscription| subscription.latest_invoice = Some(latest));
        self.emit_invoice("invoice.created", &invoice);
        self.finalize(&invoice);
        // A refused card shows in the subscription's status and in its events.
        drop(self.collect(&invoice, None, true));
    }
}

pub(crate) fn refuse_if_ended(subscription: &Subscription) -> Result<(), ApiError> {
    if subscription.status.ended() {
        let message = format!(
            "A {} subscription can only update its cancellation_details and metadata.",
            subscription.status.word()
        );
        return Err(ApiError::not_now(message));
    }
    Ok(())
}
