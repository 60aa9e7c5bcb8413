//! How subscriptions stop: ended now or later, paused and resumed.

use jiff::Timestamp;

use super::agenda::Due;
use super::calendar::period_at;
use super::cx::Cx;
use super::error::ApiError;
use super::objects::{Cancellation, InvoiceStatus, PauseReason, Subscription, SubscriptionStatus};

impl Cx<'_> {
    /// Ends it now. Open invoices are no longer collected.
    pub(crate) fn end_subscription(&mut self, id: &str, reason: Option<&'static str>) {
        let now = self.now();
        let Some(subscription) = self.state.subscriptions.get(id).cloned() else {
            return;
        };
        if subscription.status.ended() {
            return;
        }
        let unfinished: Vec<String> = self
            .state
            .invoices
            .newest_first()
            .filter(|invoice| invoice.subscription == id)
            .filter(|invoice| matches!(invoice.status, InvoiceStatus::Draft | InvoiceStatus::Open))
            .map(|invoice| invoice.id.clone())
            .collect();
        for invoice in unfinished {
            self.change_invoice(&invoice, |invoice| {
                invoice.auto_advance = false;
                invoice.next_payment_attempt = None;
                invoice.finalizes_at = None;
            });
        }
        self.change_subscription_as("customer.subscription.deleted", id, |subscription| {
            subscription.status = SubscriptionStatus::Canceled;
            subscription.canceled_at = subscription.canceled_at.or(Some(now));
            subscription.ended_at = Some(now);
            subscription.paused = None;
            subscription.cancellation.reason = subscription.cancellation.reason.or(reason);
        });
    }

    /// Ends it at the end of the period, in the shape of an API call: the flag is set.
    pub(crate) fn cancel_at_period_end(&mut self, id: &str, wanted: bool, details: Cancellation) {
        let now = self.now();
        self.change_subscription(id, |subscription| {
            if wanted && !subscription.cancel_at_period_end {
                subscription.cancel_at_period_end = true;
                subscription.cancel_at = Some(subscription.period().end);
                subscription.canceled_at = Some(now);
                subscription.cancellation = Cancellation {
                    reason: Some("cancellation_requested"),
                    ..details
                };
            } else if !wanted && subscription.cancel_at_period_end {
                clear_cancellation(subscription);
            }
        });
    }

    /// Ends it at an instant, in the shape that the portal uses: the flag stays off. `None` takes that back.
    pub(crate) fn cancel_at(&mut self, id: &str, at: Option<Timestamp>, details: Cancellation) {
        let now = self.now();
        let Some(customer) = self
            .state
            .subscriptions
            .get(id)
            .map(|subscription| subscription.customer.clone())
        else {
            return;
        };
        self.change_subscription(id, |subscription| match at {
            None => clear_cancellation(subscription),
            Some(at) => {
                subscription.cancel_at = Some(at);
                subscription.canceled_at = Some(now);
                subscription.cancellation = Cancellation {
                    reason: Some("cancellation_requested"),
                    ..details
                };
            }
        });
        if let Some(at) = at {
            self.schedule(
                at,
                Some(&customer),
                Due::CancelAt {
                    subscription: id.to_owned(),
                },
            );
        }
    }

    pub(crate) fn pause(&mut self, id: &str, reason: PauseReason) {
        let now = self.now();
        self.change_subscription_as("customer.subscription.paused", id, |subscription| {
            subscription.status = SubscriptionStatus::Paused;
            subscription.paused = Some((reason, now));
        });
    }

    /// Takes it out of its pause: into the period that would be running anyway, or into a new one that is billed now.
    pub(crate) fn resume(&mut self, id: &str, new_cycle: bool) -> Result<(), ApiError> {
        let subscription = self.state.subscription(id, "id")?.clone();
        if subscription.status != SubscriptionStatus::Paused {
            return Err(ApiError::not_now(
                "The subscription cannot be resumed because it is not paused.",
            ));
        }
        let now = self.now();
        let ran_out = subscription.period().end <= now;
        let prices: Vec<(String, i64)> = subscription
            .items
            .iter()
            .map(|item| (item.price.clone(), item.quantity))
            .collect();
        let (recurring, _) = self.shared_interval(&prices)?;
        let anchor = if new_cycle { now } else { subscription.anchor };
        let period = if new_cycle || ran_out {
            period_at(anchor, recurring, now)
        } else {
            subscription.period()
        };
        self.change_subscription_as("customer.subscription.resumed", id, |subscription| {
            subscription.status = SubscriptionStatus::Active;
            subscription.paused = None;
            subscription.anchor = anchor;
            for item in &mut subscription.items {
                item.period = period;
            }
        });
        if new_cycle || ran_out {
            let due = Due::PeriodEnd {
                subscription: id.to_owned(),
            };
            self.schedule(period.end, Some(&subscription.customer), due);
            let items = self.state.subscription(id, "id")?.items.clone();
            self.bill_now(id, items);
        }
        Ok(())
    }
}

fn clear_cancellation(subscription: &mut Subscription) {
    subscription.cancel_at_period_end = false;
    subscription.cancel_at = None;
    subscription.canceled_at = None;
    subscription.cancellation = Cancellation::default();
}
