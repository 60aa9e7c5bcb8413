use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Decline, Metadata, PaymentMethod, Record, joined, unix, unix_opt};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentIntentStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    Processing,
    Succeeded,
    Canceled,
}

#[derive(Clone, Debug)]
pub(crate) struct PaymentIntent {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) customer: Option<String>,
    pub(crate) status: PaymentIntentStatus,
    pub(crate) payment_method: Option<String>,
    pub(crate) latest_charge: Option<String>,
    pub(crate) last_decline: Option<(Decline, String)>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) canceled_at: Option<Timestamp>,
    pub(crate) cancellation_reason: Option<&'static str>,
    pub(crate) client_secret: String,
    pub(crate) receipt_email: Option<String>,
    /// Kept for the simulator's own use: the API has no such field since basil.
    pub(crate) invoice: Option<String>,
}

impl Record for PaymentIntent {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl PaymentIntent {
    /// `failed_with` is the payment method of the last decline.
    pub(crate) fn render(&self, failed_with: Option<&PaymentMethod>, livemode: bool) -> Value {
        let last_payment_error = self.last_decline.as_ref().map(|(decline, charge)| {
            let mut error = json!({
                "charge": charge,
                "code": decline.code(),
                "decline_code": decline.decline_code(),
                "doc_url": format!("https://stripe.com/docs/error-codes/{}", decline.code().replace('_', "-")),
                "message": decline.message(),
                "type": "card_error",
            });
            if let Some(method) = failed_with {
                error["payment_method"] = method.render(livemode);
            }
            error
        });
        let succeeded = self.status == PaymentIntentStatus::Succeeded;
        let head = json!({
            "id": self.id,
            "object": "payment_intent",
            "allowed_payment_method_types": null,
            "amount": self.amount,
            "amount_capturable": 0,
            "amount_received": if succeeded { self.amount } else { 0 },
            "application": null,
            "application_fee_amount": null,
            "automatic_payment_methods": null,
            "canceled_at": unix_opt(self.canceled_at),
            "cancellation_reason": self.cancellation_reason,
            "capture_method": "automatic",
            "client_secret": self.client_secret,
            "confirmation_method": "automatic",
            "created": unix(self.created),
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "description": self.description,
            "excluded_payment_method_types": null,
            "last_payment_error": last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": livemode,
            "managed_payments": null,
            "metadata": self.metadata,
            "next_action": null,
            "on_behalf_of": null,
        });
        let rest = json!({
            "payment_method": self.payment_method,
            "payment_method_configuration_details": null,
            "payment_method_options": {
                "card": {
                    "installments": null,
                    "mandate_options": null,
                    "network": null,
                    "request_three_d_secure": "automatic",
                },
            },
            "payment_method_types": ["card"],
            "payment_record": null,
            "processing": null,
            "receipt_email": self.receipt_email,
            "review": null,
            "setup_future_usage": self.invoice.as_ref().map(|_| "off_session"),
            "shipping": null,
            "source": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": self.status,
            "transfer_data": null,
            "transfer_group": null,
        });
        joined([head, rest])
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) amount: i64,
    pub(crate) amount_refunded: i64,
    pub(crate) currency: String,
    pub(crate) customer: Option<String>,
    pub(crate) payment_intent: String,
    /// A copy: a charge keeps the card it was made with.
    pub(crate) method: PaymentMethod,
    pub(crate) decline: Option<Decline>,
    pub(crate) disputed: bool,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) balance_transaction: Option<String>,
}

impl Record for Charge {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl Charge {
    pub(crate) fn render(&self, livemode: bool) -> Value {
        let paid = self.decline.is_none();
        let card = &self.method.card;
        let outcome = match &self.decline {
            None => json!({
                "advice_code": null,
                "network_advice_code": null,
                "network_decline_code": null,
                "network_status": "approved_by_network",
                "reason": null,
                "risk_level": "normal",
                "risk_score": 22,
                "seller_message": "Payment complete.",
                "type": "authorized",
            }),
            Some(decline) => json!({
                "advice_code": "try_again_later",
                "network_advice_code": null,
                "network_decline_code": "51",
                "network_status": "declined_by_network",
                "reason": decline.decline_code(),
                "risk_level": "normal",
                "risk_score": 31,
                "seller_message": "The bank did not return any further details with this decline.",
                "type": "issuer_declined",
            }),
        };
        let head = json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": if paid { self.amount } else { 0 },
            "amount_refunded": self.amount_refunded,
            "application": null,
            "application_fee": null,
            "application_fee_amount": null,
            "balance_transaction": self.balance_transaction,
            "billing_details": self.method.render_billing_details(),
            "calculated_statement_descriptor": "BILLDECK DEMO",
            "captured": paid,
            "created": unix(self.created),
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "disputed": self.disputed,
            "failure_balance_transaction": null,
            "failure_code": self.decline.as_ref().map(Decline::code),
            "failure_message": self.decline.as_ref().map(Decline::message),
            "fraud_details": {},
            "livemode": livemode,
            "metadata": self.metadata,
            "on_behalf_of": null,
            "outcome": outcome,
            "paid": paid,
        });
        let rest = json!({
            "payment_intent": self.payment_intent,
            "payment_method": self.method.id,
            "payment_method_details": {
                "card": {
                    "amount_authorized": if paid { Some(self.amount) } else { None },
                    "authorization_code": null,
                    "brand": card.brand,
                    "checks": {
                        "address_line1_check": null,
                        "address_postal_code_check": "pass",
                        "cvc_check": "pass",
                    },
                    "country": card.country,
                    "description": null,
                    "electronic_commerce_indicator": null,
                    "exp_month": card.exp_month,
                    "exp_year": card.exp_year,
                    "fingerprint": self.method.fingerprint,
                    "funding": "credit",
                    "iin": null,
                    "installments": null,
                    "issuer": null,
                    "last4": card.last4,
                    "mandate": null,
                    "moto": null,
                    "network": card.brand,
                    "network_token": { "used": false },
                    "network_transaction_id": null,
                    "regulated_status": "unregulated",
                    "three_d_secure": null,
                    "transaction_link_id": null,
                    "wallet": null,
                },
                "type": "card",
            },
            "receipt_email": null,
            "receipt_number": null,
            "receipt_url": paid.then(|| format!("https://pay.stripe.com/receipts/payment/{}", self.id)),
            "refunded": paid && self.amount_refunded >= self.amount,
            "review": null,
            "shipping": null,
            "source": null,
            "source_transfer": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": if paid { "succeeded" } else { "failed" },
            "transfer_data": null,
            "transfer_group": null,
        });
        joined([head, rest])
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundStatus {
    Succeeded,
    Failed,
}

#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) charge: String,
    pub(crate) payment_intent: String,
    pub(crate) customer: Option<String>,
    pub(crate) payment_method: String,
    pub(crate) reason: Option<String>,
    pub(crate) status: RefundStatus,
    pub(crate) metadata: Metadata,
    pub(crate) balance_transaction: String,
}

impl Record for Refund {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl Refund {
    pub(crate) fn render(&self) -> Value {
        let mut refund = json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "charge": self.charge,
            "created": unix(self.created),
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "destination_details": {
                "card": {
                    "reference_status": "pending",
                    "reference_type": "acquirer_reference_number",
                    "type": "refund",
                },
                "type": "card",
            },
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": self.status,
            "transfer_reversal": null,
        });
        if self.status == RefundStatus::Failed {
            refund["failure_reason"] = json!("lost_or_stolen_card");
            refund["failure_balance_transaction"] = json!(format!("{}f", self.balance_transaction));
        }
        refund
    }
}
