use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::tables::Table;
use super::{Address, Metadata, Price, Record, TrialEndBehaviour, joined, unix};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    Subscription,
    Payment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionStatus {
    Open,
    Complete,
    Expired,
}

impl SessionStatus {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::Expired => "expired",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentStatus {
    Unpaid,
    Paid,
    NoPaymentRequired,
}

#[derive(Clone, Debug)]
pub(crate) struct SessionItem {
    pub(crate) id: String,
    pub(crate) price: String,
    pub(crate) quantity: i64,
}

/// What the subscription will be made with.
#[derive(Clone, Debug)]
pub(crate) struct SubscriptionData {
    pub(crate) metadata: Metadata,
    pub(crate) description: Option<String>,
    pub(crate) trial_days: Option<i64>,
    pub(crate) trial_end: Option<Timestamp>,
    pub(crate) trial_end_behaviour: TrialEndBehaviour,
}

impl Default for SubscriptionData {
    fn default() -> Self {
        Self {
            metadata: Metadata::new(),
            description: None,
            trial_days: None,
            trial_end: None,
            trial_end_behaviour: TrialEndBehaviour::CreateInvoice,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct CheckoutSession {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) mode: Mode,
    pub(crate) status: SessionStatus,
    pub(crate) payment_status: PaymentStatus,
    pub(crate) items: Vec<SessionItem>,
    pub(crate) currency: String,
    pub(crate) amount: i64,
    pub(crate) url: String,
    pub(crate) success_url: String,
    pub(crate) cancel_url: Option<String>,
    pub(crate) client_reference_id: Option<String>,
    pub(crate) customer: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) always_creates_customer: bool,
    /// As shown once somebody has typed them in: e-mail, name, address.
    pub(crate) customer_details: Option<(Option<String>, Option<String>, Option<Address>)>,
    pub(crate) subscription: Option<String>,
    pub(crate) payment_intent: Option<String>,
    pub(crate) invoice: Option<String>,
    pub(crate) subscription_data: SubscriptionData,
    pub(crate) payment_metadata: Metadata,
    pub(crate) payment_description: Option<String>,
    pub(crate) card_only_if_required: bool,
    pub(crate) allow_promotion_codes: Option<bool>,
    pub(crate) locale: Option<String>,
    pub(crate) metadata: Metadata,
}

impl Record for CheckoutSession {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl CheckoutSession {
    pub(crate) fn line_items_url(&self) -> String {
        format!("/v1/checkout/sessions/{}/line_items", self.id)
    }

    pub(crate) fn render_items(
        &self,
        prices: &Table<Price>,
        names: impl Fn(&Price) -> String,
        livemode: bool,
    ) -> Vec<Value> {
        self.items
            .iter()
            .map(|item| {
                let price = prices.get(&item.price);
                let amount = price.map_or(0, |price| price.unit_amount.saturating_mul(item.quantity));
                json!({
                    "id": item.id,
                    "object": "item",
                    "adjustable_quantity": null,
                    "amount_discount": 0,
                    "amount_subtotal": amount,
                    "amount_tax": 0,
                    "amount_total": amount,
                    "currency": self.currency,
                    "description": price.map(&names),
                    "metadata": {},
                    "price": price.map(|price| price.render(livemode)),
                    "quantity": item.quantity,
                })
            })
            .collect()
    }

    pub(crate) fn render(&self, livemode: bool) -> Value {
        let details = match &self.customer_details {
            Some((email, name, address)) => json!({
                "address": address,
                "business_name": null,
                "email": email,
                "individual_name": null,
                "name": name,
                "phone": null,
                "tax_exempt": "none",
                "tax_ids": [],
            }),
            None => Value::Null,
        };
        let collection = match self.mode {
            Mode::Subscription if self.card_only_if_required => "if_required",
            Mode::Subscription => "always",
            Mode::Payment => "if_required",
        };
        let state = json!({
            "id": self.id,
            "object": "checkout.session",
            "adaptive_pricing": { "enabled": false },
            "after_expiration": null,
            "allow_promotion_codes": self.allow_promotion_codes,
            "allowed_payment_method_types": null,
            "amount_subtotal": self.amount,
            "amount_total": self.amount,
            "automatic_tax": { "enabled": false, "liability": null, "provider": null, "status": null },
            "billing_address_collection": "auto",
            "cancel_url": self.cancel_url,
            "client_reference_id": self.client_reference_id,
            "client_secret": null,
            "collected_information": {
                "business_name": null,
                "individual_name": null,
                "shipping_details": null,
            },
            "consent": null,
            "consent_collection": null,
            "created": unix(self.created),
            "currency": self.currency,
            "currency_conversion": null,
            "custom_fields": [],
            "custom_text": {
                "after_submit": null,
                "shipping_address": null,
                "submit": null,
                "terms_of_service_acceptance": null,
            },
            "customer": self.customer,
            "customer_account": null,
            "customer_creation": match self.mode {
                Mode::Payment if self.always_creates_customer => Some("always"),
                Mode::Payment => Some("if_required"),
                Mode::Subscription => None,
            },
            "customer_details": details,
            "customer_email": self.customer_email,
        });
        let settings = json!({
            "discounts": [],
            "expires_at": unix(self.expires_at),
            "integration_identifier": null,
            "invoice": self.invoice,
            "invoice_creation": null,
            "livemode": livemode,
            "locale": self.locale,
            "managed_payments": null,
            "metadata": self.metadata,
            "mode": self.mode,
            "optional_items": [],
            "origin_context": null,
            "payment_intent": self.payment_intent,
            "payment_link": null,
            "payment_method_collection": collection,
            "payment_method_configuration_details": null,
            "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
            "payment_method_types": ["card"],
            "payment_status": self.payment_status,
            "permissions": null,
            "phone_number_collection": { "enabled": false },
            "recovered_from": null,
            "saved_payment_method_options": {
                "allow_redisplay_filters": ["always"],
                "payment_method_remove": "disabled",
                "payment_method_save": null,
            },
            "setup_intent": null,
            "shipping_address_collection": null,
            "shipping_cost": null,
            "shipping_options": [],
            "status": self.status,
            "submit_type": null,
            "subscription": self.subscription,
            "success_url": self.success_url,
            "total_details": { "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 },
            "ui_mode": "hosted_page",
            "url": (self.status == SessionStatus::Open).then_some(&self.url),
            "wallet_options": null,
        });
        joined([state, settings])
    }
}
