//! What happens by itself as time goes by: renewals, trials, retries, scheduled ends, expiries.

use jiff::Timestamp;

use super::agenda::{Due, Entry};
use super::billing::Bill;
use super::calendar::period_at;
use super::cx::Cx;
use super::objects::{
    BillingReason, InvoiceStatus, PauseReason, Period, Recurring, SessionStatus, Subscription,
    SubscriptionStatus, TrialEndBehaviour,
};

impl Cx<'_> {
    /// Does all that is due until then, each at its own instant, in order. Of one customer, or of all.
    pub(crate) fn run_due(&mut self, until: Timestamp, customer: Option<&str>) {
        let until = until.min(self.present());
        let back_to = self.now();
        self.unasked(|cx| {
            while let Some(Entry { at, due, .. }) = cx.state.agenda.next(until, customer) {
                cx.go_to(at);
                cx.happen(at, due);
            }
        });
        self.go_to(back_to);
    }

    fn happen(&mut self, at: Timestamp, due: Due) {
        match due {
            Due::PeriodEnd { subscription } => self.period_end(&subscription, at),
            Due::CancelAt { subscription } => self.cancel_time(&subscription, at),
            Due::TrialWillEnd { subscription } => self.trial_will_end(&subscription),
            Due::IncompleteExpiry { subscription } => self.incomplete_expiry(&subscription),
            Due::CollectionResumes { subscription } => self.collection_resumes(&subscription, at),
            Due::Finalize { invoice } => self.finalize_time(&invoice, at),
            Due::Retry { invoice } => self.retry_time(&invoice, at),
            Due::SessionExpiry { session } => self.session_expiry(&session),
            Due::DelayedPayment { session, succeeds } => self.delayed_payment(&session, succeeds),
        }
    }

    fn interval_of(&self, subscription: &Subscription) -> Option<Recurring> {
        self.state
            .prices
            .get(&subscription.items.first()?.price)?
            .recurring
    }

    fn period_end(&mut self, id: &str, at: Timestamp) {
        let Some(subscription) = self.state.subscriptions.get(id).cloned() else {
            return;
        };
        if subscription.period().end != at {
            return;
        }
        match subscription.status {
            SubscriptionStatus::Incomplete
            | SubscriptionStatus::IncompleteExpired
            | SubscriptionStatus::Canceled
            | SubscriptionStatus::Paused => return,
            SubscriptionStatus::Trialing
            | SubscriptionStatus::Active
            | SubscriptionStatus::PastDue
            | SubscriptionStatus::Unpaid => {}
        }
        if subscription.ends_at().is_some_and(|end| end <= at) {
            self.end_subscription(id, None);
            return;
        }
        if subscription.status == SubscriptionStatus::Trialing && self.method_for(id).is_none() {
            match subscription.trial_end_behaviour {
                TrialEndBehaviour::Cancel => return self.end_subscription(id, None),
                TrialEndBehaviour::Pause => return self.pause(id, PauseReason::TrialEndWithoutPaymentMethod),
                TrialEndBehaviour::CreateInvoice => {}
            }
        }
        self.renew(&subscription, at);
    }

    /// Begins the next period and bills for it.
    pub(crate) fn renew(&mut self, subscription: &Subscription, at: Timestamp) {
        let id = &subscription.id;
        let Some(recurring) = self.interval_of(subscription) else {
            return;
        };
        let ended = subscription.period();
        let period = period_at(subscription.anchor, recurring, at);
        let mut items = subscription.items.clone();
        for item in &mut items {
            item.period = period;
        }
        let bill = Bill {
            reason: BillingReason::SubscriptionCycle,
            period: ended,
            items: items.clone(),
            free: false,
            with_pending: true,
        };
        let before = subscription.latest_invoice.clone();
        let Some(invoice) = self.draw_up(id, &bill) else {
            return;
        };
        // The change of the latest invoice is told with the change of the period, like at the provider.
        if let Some(subscription) = self.state.subscriptions.get_mut(id) {
            subscription.latest_invoice = before;
        }
        let paused = subscription.pause_collection.clone();
        let collects = subscription.status != SubscriptionStatus::Unpaid && paused.is_none();
        if let Some(invoice) = self.state.invoices.get_mut(&invoice) {
            invoice.auto_advance = collects;
        }
        self.schedule(
            period.end,
            Some(&subscription.customer),
            Due::PeriodEnd {
                subscription: id.clone(),
            },
        );
        self.tick(1);
        let latest = invoice.clone();
        self.change_subscription(id, |subscription| {
            subscription.items = items;
            subscription.latest_invoice = Some(latest);
            if subscription.status == SubscriptionStatus::Trialing {
                subscription.status = SubscriptionStatus::Active;
            }
        });
        self.tick(1);
        self.leave_as_draft(&invoice);
        match paused.as_ref().map(|pause| pause.behavior.as_str()) {
            Some("void") => {
                self.finalize(&invoice);
                self.void(&invoice);
            }
            Some("mark_uncollectible") => {
                self.finalize(&invoice);
                self.mark_uncollectible(&invoice);
            }
            Some(_) | None => {}
        }
    }

    fn cancel_time(&mut self, id: &str, at: Timestamp) {
        let Some(subscription) = self.state.subscriptions.get(id) else {
            return;
        };
        if !subscription.status.ended() && subscription.cancel_at == Some(at) {
            self.end_subscription(id, None);
        }
    }

    fn trial_will_end(&mut self, id: &str) {
        let trialing = self
            .state
            .subscriptions
            .get(id)
            .is_some_and(|subscription| subscription.status == SubscriptionStatus::Trialing);
        if trialing {
            self.change_subscription_as("customer.subscription.trial_will_end", id, |_| {});
        }
    }

    fn incomplete_expiry(&mut self, id: &str) {
        let now = self.now();
        let Some(subscription) = self.state.subscriptions.get(id).cloned() else {
            return;
        };
        if subscription.status != SubscriptionStatus::Incomplete {
            return;
        }
        if let Some(invoice) = &subscription.latest_invoice {
            self.void(invoice);
        }
        self.change_subscription(id, |subscription| {
            subscription.status = SubscriptionStatus::IncompleteExpired;
            subscription.ended_at = Some(now);
        });
    }

    fn collection_resumes(&mut self, id: &str, at: Timestamp) {
        self.change_subscription(id, |subscription| {
            if subscription
                .pause_collection
                .as_ref()
                .is_some_and(|pause| pause.resumes_at == Some(at))
            {
                subscription.pause_collection = None;
            }
        });
    }

    fn finalize_time(&mut self, id: &str, at: Timestamp) {
        let due = self.state.invoices.get(id).is_some_and(|invoice| {
            invoice.status == InvoiceStatus::Draft && invoice.auto_advance && invoice.finalizes_at == Some(at)
        });
        if due {
            self.finalize(id);
            // A refused card shows in the subscription's status and in its events.
            drop(self.collect(id, None, true));
        }
    }

    fn retry_time(&mut self, id: &str, at: Timestamp) {
        let due = self.state.invoices.get(id).is_some_and(|invoice| {
            invoice.status == InvoiceStatus::Open && invoice.next_payment_attempt == Some(at)
        });
        if due {
            drop(self.collect(id, None, true));
        }
    }

    fn session_expiry(&mut self, id: &str) {
        let Some(session) = self.state.sessions.get_mut(id) else {
            return;
        };
        if session.status == SessionStatus::Open {
            session.status = SessionStatus::Expired;
            let object = session.render(self.state.livemode);
            self.emit("checkout.session.expired", object);
        }
    }

    /// Ends a trial before its time: the first paid period begins now and is billed at once.
    pub(crate) fn end_trial(&mut self, id: &str) {
        let now = self.now();
        let Some(subscription) = self.state.subscriptions.get(id).cloned() else {
            return;
        };
        let Some(recurring) = self.interval_of(&subscription) else {
            return;
        };
        let period: Period = period_at(now, recurring, now);
        self.change_subscription(id, |subscription| {
            subscription.status = SubscriptionStatus::Active;
            subscription.anchor = now;
            if let Some(trial) = &mut subscription.trial {
                trial.end = now;
            }
            for item in &mut subscription.items {
                item.period = period;
            }
        });
        self.schedule(
            period.end,
            Some(&subscription.customer),
            Due::PeriodEnd {
                subscription: id.to_owned(),
            },
        );
        let items = self
            .state
            .subscriptions
            .get(id)
            .map(|subscription| subscription.items.clone());
        self.bill_now(id, items.unwrap_or_default());
    }
}
