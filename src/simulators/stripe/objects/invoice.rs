use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Address, Metadata, Period, Record, joined, nested_list, unix, unix_opt};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InvoiceStatus {
    Draft,
    Open,
    Paid,
    Void,
    Uncollectible,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BillingReason {
    SubscriptionCreate,
    SubscriptionCycle,
    SubscriptionUpdate,
    Upcoming,
}

/// What a line comes from.
#[derive(Clone, Debug)]
pub(crate) enum LineOrigin {
    /// The regular price of a subscription item.
    Item(String),
    /// A credit or debit after a change in mid-period, by its invoice item.
    Proration(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) description: String,
    pub(crate) period: Period,
    pub(crate) price: String,
    pub(crate) product: String,
    pub(crate) unit_amount: i64,
    pub(crate) quantity: i64,
    pub(crate) origin: LineOrigin,
}

#[derive(Clone, Debug)]
pub(crate) struct Invoice {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) customer: String,
    pub(crate) customer_email: Option<String>,
    pub(crate) customer_name: Option<String>,
    pub(crate) customer_address: Option<Address>,
    pub(crate) subscription: String,
    pub(crate) subscription_metadata: Metadata,
    pub(crate) currency: String,
    pub(crate) status: InvoiceStatus,
    pub(crate) billing_reason: BillingReason,
    pub(crate) period: Period,
    pub(crate) lines: Vec<Line>,
    pub(crate) number: Option<String>,
    pub(crate) attempt_count: u32,
    pub(crate) attempted: bool,
    pub(crate) auto_advance: bool,
    pub(crate) finalizes_at: Option<Timestamp>,
    pub(crate) next_payment_attempt: Option<Timestamp>,
    pub(crate) amount_paid: i64,
    /// Customer balance at finalisation (negative is credit) and what was left of it.
    pub(crate) starting_balance: i64,
    pub(crate) ending_balance: Option<i64>,
    pub(crate) finalized_at: Option<Timestamp>,
    pub(crate) paid_at: Option<Timestamp>,
    pub(crate) voided_at: Option<Timestamp>,
    pub(crate) uncollectible_at: Option<Timestamp>,
    pub(crate) payment: Option<String>,
    pub(crate) metadata: Metadata,
}

impl Record for Invoice {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl Invoice {
    pub(crate) fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.amount).sum()
    }

    /// What is asked for: the total less the customer's credit, never below zero.
    pub(crate) fn amount_due(&self) -> i64 {
        (self.total() + self.starting_balance).max(0)
    }

    pub(crate) fn amount_remaining(&self) -> i64 {
        self.amount_due() - self.amount_paid
    }

    pub(crate) fn lines_url(&self) -> String {
        format!("/v1/invoices/{}/lines", self.id)
    }

    pub(crate) fn render_lines(&self, livemode: bool) -> Vec<Value> {
        self.lines
            .iter()
            .map(|line| self.render_line(line, livemode))
            .collect()
    }

    fn render_line(&self, line: &Line, livemode: bool) -> Value {
        let parent = match &line.origin {
            LineOrigin::Item(item) => json!({
                "invoice_item_details": null,
                "subscription_item_details": {
                    "invoice_item": null,
                    "proration": false,
                    "proration_details": { "credited_items": null },
                    "subscription": self.subscription,
                    "subscription_item": item,
                },
                "type": "subscription_item_details",
            }),
            LineOrigin::Proration(invoice_item) => json!({
                "invoice_item_details": {
                    "invoice_item": invoice_item,
                    "proration": true,
                    "proration_details": { "credited_items": null },
                    "subscription": self.subscription,
                },
                "subscription_item_details": null,
                "type": "invoice_item_details",
            }),
        };
        json!({
            "id": line.id,
            "object": "line_item",
            "amount": line.amount,
            "currency": self.currency,
            "description": line.description,
            "discount_amounts": [],
            "discountable": matches!(line.origin, LineOrigin::Item(_)),
            "discounts": [],
            "invoice": self.id,
            "livemode": livemode,
            "metadata": self.subscription_metadata,
            "parent": parent,
            "period": { "end": unix(line.period.end), "start": unix(line.period.start) },
            "pretax_credit_amounts": [],
            "pricing": {
                "price_details": { "price": line.price, "product": line.product },
                "type": "price_details",
                "unit_amount_decimal": line.unit_amount.to_string(),
            },
            "quantity": line.quantity,
            "quantity_decimal": line.quantity.to_string(),
            "subscription": self.subscription,
            "subtotal": line.amount,
            "taxes": [],
        })
    }

    /// What follows the customer's name at the head of the invoice.
    fn render_money(&self) -> Value {
        let total = self.total();
        json!({
            "amount_due": self.amount_due(),
            "amount_overpaid": 0,
            "amount_paid": self.amount_paid,
            "amount_paid_off_stripe": 0,
            "amount_remaining": self.amount_remaining(),
            "amount_shipping": 0,
            "ending_balance": self.ending_balance,
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "starting_balance": self.starting_balance,
            "subtotal": total,
            "subtotal_excluding_tax": total,
            "total": total,
            "total_discount_amounts": [],
            "total_excluding_tax": total,
            "total_pretax_credit_amounts": [],
            "total_taxes": [],
        })
    }

    pub(crate) fn render(&self, livemode: bool) -> Value {
        let hosted = self
            .finalized_at
            .map(|_| format!("https://invoice.stripe.com/i/acct_sim/{}", self.id));
        let pdf = self
            .finalized_at
            .map(|_| format!("https://pay.stripe.com/invoice/acct_sim/{}/pdf", self.id));
        let head = json!({
            "id": self.id,
            "object": "invoice",
            "account_country": "US",
            "account_name": "Billdeck Demo",
            "account_tax_ids": null,
            "application": null,
            "attempt_count": self.attempt_count,
            "attempted": self.attempted,
            "auto_advance": self.auto_advance,
            "automatic_tax": {
                "disabled_reason": null,
                "enabled": false,
                "liability": null,
                "provider": null,
                "status": null,
            },
            "automatically_finalizes_at": unix_opt(self.finalizes_at),
            "billing_reason": self.billing_reason,
            "collection_method": "charge_automatically",
            "confirmation_secret": null,
            "created": unix(self.created),
            "currency": self.currency,
            "custom_fields": null,
            "customer": self.customer,
            "customer_account": null,
            "customer_address": self.customer_address,
            "customer_email": self.customer_email,
            "customer_name": self.customer_name,
            "customer_phone": null,
            "customer_shipping": null,
            "customer_tax_exempt": "none",
            "customer_tax_ids": [],
            "default_payment_method": null,
            "default_source": null,
            "default_tax_rates": [],
        });
        let rest = json!({
            "description": null,
            "discounts": [],
            "due_date": null,
            "effective_at": unix_opt(self.finalized_at),
            "footer": null,
            "from_invoice": null,
            "hosted_invoice_url": hosted,
            "invoice_pdf": pdf,
            "issuer": { "type": "self" },
            "last_finalization_error": null,
            "latest_revision": null,
            "lines": nested_list(&self.lines_url(), self.render_lines(livemode)),
            "livemode": livemode,
            "metadata": self.metadata,
            "next_payment_attempt": unix_opt(self.next_payment_attempt),
            "number": self.number,
            "on_behalf_of": null,
            "parent": {
                "quote_details": null,
                "subscription_details": {
                    "metadata": self.subscription_metadata,
                    "subscription": self.subscription,
                },
                "type": "subscription_details",
            },
            "payment_settings": {
                "default_mandate": null,
                "payment_method_options": null,
                "payment_method_types": null,
            },
            "period_end": unix(self.period.end),
            "period_start": unix(self.period.start),
            "receipt_number": null,
            "rendering": null,
            "shipping_cost": null,
            "shipping_details": null,
            "statement_descriptor": null,
            "status": self.status,
            "status_transitions": {
                "finalized_at": unix_opt(self.finalized_at),
                "marked_uncollectible_at": unix_opt(self.uncollectible_at),
                "paid_at": unix_opt(self.paid_at),
                "voided_at": unix_opt(self.voided_at),
            },
            "test_clock": null,
            "webhooks_delivered_at": self.finalized_at.map(|_| unix(self.created)),
        });
        joined([head, self.render_money(), rest])
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InvoicePaymentStatus {
    Open,
    Paid,
    Canceled,
}

impl InvoicePaymentStatus {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Canceled => "canceled",
        }
    }
}

/// Ties an invoice to the payment intent that pays it.
#[derive(Clone, Debug)]
pub(crate) struct InvoicePayment {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) invoice: String,
    pub(crate) payment_intent: String,
    pub(crate) amount_requested: i64,
    pub(crate) amount_paid: Option<i64>,
    pub(crate) currency: String,
    pub(crate) status: InvoicePaymentStatus,
    pub(crate) paid_at: Option<Timestamp>,
    pub(crate) canceled_at: Option<Timestamp>,
}

impl Record for InvoicePayment {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl InvoicePayment {
    pub(crate) fn render(&self, livemode: bool) -> Value {
        json!({
            "id": self.id,
            "object": "invoice_payment",
            "amount_paid": self.amount_paid,
            "amount_requested": self.amount_requested,
            "created": unix(self.created),
            "currency": self.currency,
            "invoice": self.invoice,
            "is_default": true,
            "livemode": livemode,
            "payment": { "payment_intent": self.payment_intent, "type": "payment_intent" },
            "status": self.status,
            "status_transitions": {
                "canceled_at": unix_opt(self.canceled_at),
                "paid_at": unix_opt(self.paid_at),
            },
        })
    }
}
