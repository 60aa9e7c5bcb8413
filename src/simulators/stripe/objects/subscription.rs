use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::tables::Table;
use super::{Metadata, Period, Price, Record, joined, nested_list, unix, unix_opt};

/// Status of a subscription, in Stripe's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SubscriptionStatus {
    /// The first payment is not done; 23 hours to pay.
    Incomplete,
    /// It never was.
    IncompleteExpired,
    /// In its trial.
    Trialing,
    /// Paid up.
    Active,
    /// A renewal is unpaid and will be tried again.
    PastDue,
    /// A renewal is unpaid for good; no more tries.
    Unpaid,
    /// Over.
    Canceled,
    /// Not billed until resumed.
    Paused,
}

impl SubscriptionStatus {
    pub(crate) fn ended(self) -> bool {
        match self {
            Self::IncompleteExpired | Self::Canceled => true,
            Self::Incomplete
            | Self::Trialing
            | Self::Active
            | Self::PastDue
            | Self::Unpaid
            | Self::Paused => false,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Canceled => "canceled",
            Self::Paused => "paused",
        }
    }
}

/// What happens at the end of a trial without a payment method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TrialEndBehaviour {
    CreateInvoice,
    Cancel,
    Pause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PauseReason {
    PauseRequested,
    TrialEndWithoutPaymentMethod,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PauseCollection {
    pub(crate) behavior: String,
    pub(crate) resumes_at: Option<Timestamp>,
}

/// Who ended it and why; empty while nobody asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cancellation {
    pub(crate) reason: Option<&'static str>,
    pub(crate) feedback: Option<String>,
    pub(crate) comment: Option<String>,
}

/// A credit or debit that waits for the next invoice.
#[derive(Clone, Debug)]
pub(crate) struct PendingLine {
    pub(crate) invoice_item: String,
    pub(crate) price: String,
    pub(crate) quantity: i64,
    pub(crate) amount: i64,
    pub(crate) period: Period,
    pub(crate) description: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) price: String,
    pub(crate) quantity: i64,
    pub(crate) period: Period,
    pub(crate) metadata: Metadata,
}

#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) customer: String,
    pub(crate) currency: String,
    pub(crate) status: SubscriptionStatus,
    pub(crate) items: Vec<Item>,
    pub(crate) pending_lines: Vec<PendingLine>,
    pub(crate) anchor: Timestamp,
    pub(crate) trial: Option<Period>,
    pub(crate) trial_end_behaviour: TrialEndBehaviour,
    pub(crate) cancel_at: Option<Timestamp>,
    pub(crate) cancel_at_period_end: bool,
    pub(crate) canceled_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) cancellation: Cancellation,
    pub(crate) paused: Option<(PauseReason, Timestamp)>,
    pub(crate) pause_collection: Option<PauseCollection>,
    pub(crate) default_payment_method: Option<String>,
    /// Entered at checkout: becomes the default with the first payment.
    pub(crate) checkout_method: Option<String>,
    pub(crate) latest_invoice: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Metadata,
}

impl Record for Subscription {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl Item {
    pub(crate) fn render(&self, subscription: &str, prices: &Table<Price>, livemode: bool) -> Value {
        let price = prices.get(&self.price);
        let plan = price.and_then(|price| {
            price
                .recurring
                .map(|recurring| price.render_plan(recurring, livemode))
        });
        json!({
            "id": self.id,
            "object": "subscription_item",
            "billing_thresholds": null,
            "created": unix(self.created),
            "current_period_end": unix(self.period.end),
            "current_period_start": unix(self.period.start),
            "current_trial": null,
            "discounts": [],
            "metadata": self.metadata,
            "plan": plan,
            "price": price.map(|price| price.render(livemode)),
            "quantity": self.quantity,
            "subscription": subscription,
            "tax_rates": [],
        })
    }
}

impl Subscription {
    /// All items of a subscription here share one interval, hence one period.
    pub(crate) fn period(&self) -> Period {
        self.items.first().map_or(
            Period {
                start: self.created,
                end: self.created,
            },
            |item| item.period,
        )
    }

    /// Whether an end is set, in either of the two shapes that the API has for it.
    pub(crate) fn ends_at(&self) -> Option<Timestamp> {
        if self.cancel_at_period_end {
            Some(self.period().end)
        } else {
            self.cancel_at
        }
    }

    pub(crate) fn render(&self, prices: &Table<Price>, livemode: bool) -> Value {
        let items = self
            .items
            .iter()
            .map(|item| item.render(&self.id, prices, livemode))
            .collect();
        let terms = json!({
            "id": self.id,
            "object": "subscription",
            "application": null,
            "application_fee_percent": null,
            "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
            "billing_cycle_anchor": unix(self.anchor),
            "billing_cycle_anchor_config": null,
            "billing_mode": {
                "flexible": { "proration_discounts": "included" },
                "type": "flexible",
                "updated_at": unix(self.created),
            },
            "billing_schedules": [],
            "billing_thresholds": null,
            "cancel_at": unix_opt(self.cancel_at),
            "cancel_at_period_end": self.cancel_at_period_end,
            "canceled_at": unix_opt(self.canceled_at),
            "cancellation_details": {
                "comment": self.cancellation.comment,
                "feedback": self.cancellation.feedback,
                "feedback_option": null,
                "reason": self.cancellation.reason,
            },
            "collection_method": "charge_automatically",
            "created": unix(self.created),
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "days_until_due": null,
        });
        let state = json!({
            "default_payment_method": self.default_payment_method,
            "default_source": null,
            "default_tax_rates": [],
            "description": self.description,
            "discounts": [],
            "ended_at": unix_opt(self.ended_at),
            "invoice_settings": {
                "account_tax_ids": null,
                "custom_fields": null,
                "description": null,
                "footer": null,
                "issuer": { "type": "self" },
            },
            "items": nested_list(&format!("/v1/subscription_items?subscription={}", self.id), items),
            "latest_invoice": self.latest_invoice,
            "livemode": livemode,
            "managed_payments": null,
            "metadata": self.metadata,
            "next_pending_invoice_item_invoice": null,
            "on_behalf_of": null,
            "pause_collection": self.pause_collection.as_ref().map(|pause| {
                json!({ "behavior": pause.behavior, "resumes_at": unix_opt(pause.resumes_at) })
            }),
            "payment_settings": {
                "payment_method_options": null,
                "payment_method_types": null,
                "save_default_payment_method": "off",
            },
            "pending_invoice_item_interval": null,
            "pending_setup_intent": null,
            "pending_update": null,
            "schedule": null,
            "start_date": unix(self.created),
            "status": self.status,
            "test_clock": null,
            "transfer_data": null,
            "trial_end": unix_opt(self.trial.map(|trial| trial.end)),
            "trial_settings": {
                "end_behavior": {
                    "billing_cycle_anchor": null,
                    "missing_payment_method": self.trial_end_behaviour,
                },
            },
            "trial_start": unix_opt(self.trial.map(|trial| trial.start)),
        });
        let mut subscription = joined([terms, state]);
        if let Some((reason, since)) = self.paused {
            subscription["status_details"] = json!({
                "paused": {
                    "subscription": { "type": reason },
                    "transitioned_at": unix(since),
                    "type": "subscription",
                },
            });
        }
        subscription
    }
}
