use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Address, Metadata, Record, unix};

/// Why an issuing bank says no, in Stripe's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decline {
    reason: String,
}

impl Decline {
    /// A decline with this `decline_code`, such as `insufficient_funds`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }

    pub(crate) fn decline_code(&self) -> &str {
        &self.reason
    }

    pub(crate) fn code(&self) -> &'static str {
        match self.reason.as_str() {
            "expired_card" => "expired_card",
            "incorrect_cvc" => "incorrect_cvc",
            "processing_error" => "processing_error",
            "authentication_required" => "authentication_required",
            _ => "card_declined",
        }
    }

    pub(crate) fn message(&self) -> &'static str {
        match self.reason.as_str() {
            "expired_card" => "Your card has expired.",
            "incorrect_cvc" => "Your card's security code is incorrect.",
            "insufficient_funds" => "Your card has insufficient funds.",
            "processing_error" => "An error occurred while processing your card. Try again in a little bit.",
            "authentication_required" => "Your card was declined. This transaction requires authentication.",
            _ => "Your card was declined.",
        }
    }
}

impl Default for Decline {
    fn default() -> Self {
        Self::new("generic_decline")
    }
}

/// What the issuing bank does when the card is charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardBehaviour {
    /// Pays.
    Pays,
    /// Refuses for this reason.
    Refuses(Decline),
}

/// A card as a person would enter it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// Network name, lower case.
    pub brand: String,
    /// Last four digits.
    pub last4: String,
    /// Country of the issuing bank, ISO 3166-1 alpha-2.
    pub country: String,
    /// 1 to 12.
    pub exp_month: u8,
    /// Four digits.
    pub exp_year: u16,
    /// What happens when it is charged.
    pub behaviour: CardBehaviour,
}

impl Default for Card {
    fn default() -> Self {
        Self {
            brand: "visa".to_owned(),
            last4: "4242".to_owned(),
            country: "US".to_owned(),
            exp_month: 12,
            exp_year: 2034,
            behaviour: CardBehaviour::Pays,
        }
    }
}

impl Card {
    /// A card that the issuing bank refuses.
    pub fn refused(decline: Decline) -> Self {
        Self {
            last4: "0341".to_owned(),
            behaviour: CardBehaviour::Refuses(decline),
            ..Self::default()
        }
    }

    /// A card of a bank in this country.
    #[must_use]
    pub fn issued_in(mut self, country: impl Into<String>) -> Self {
        self.country = country.into();
        self
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PaymentMethod {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) customer: Option<String>,
    pub(crate) card: Card,
    pub(crate) fingerprint: String,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) address: Option<Address>,
    pub(crate) metadata: Metadata,
}

impl Record for PaymentMethod {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl PaymentMethod {
    pub(crate) fn render_billing_details(&self) -> Value {
        let address = self.address.clone().unwrap_or_default();
        json!({ "address": address, "email": self.email, "name": self.name, "phone": null, "tax_id": null })
    }

    pub(crate) fn render(&self, livemode: bool) -> Value {
        json!({
            "id": self.id,
            "object": "payment_method",
            "allow_redisplay": "always",
            "billing_details": self.render_billing_details(),
            "card": {
                "brand": self.card.brand,
                "checks": {
                    "address_line1_check": null,
                    "address_postal_code_check": "pass",
                    "cvc_check": "pass",
                },
                "country": self.card.country,
                "display_brand": self.card.brand,
                "exp_month": self.card.exp_month,
                "exp_year": self.card.exp_year,
                "fingerprint": self.fingerprint,
                "funding": "credit",
                "generated_from": null,
                "last4": self.card.last4,
                "networks": { "available": [self.card.brand], "preferred": null },
                "regulated_status": "unregulated",
                "three_d_secure_usage": { "supported": true },
                "wallet": null,
            },
            "created": unix(self.created),
            "customer": self.customer,
            "customer_account": null,
            "livemode": livemode,
            "metadata": self.metadata,
            "type": "card",
        })
    }
}
