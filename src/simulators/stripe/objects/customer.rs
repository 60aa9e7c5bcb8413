use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Address, Metadata, Record, unix};

#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) address: Option<Address>,
    pub(crate) metadata: Metadata,
    pub(crate) preferred_locales: Vec<String>,
    /// Minor units; negative is credit that the next invoice uses up.
    pub(crate) balance: i64,
    pub(crate) currency: Option<String>,
    pub(crate) delinquent: bool,
    pub(crate) default_payment_method: Option<String>,
    pub(crate) invoice_prefix: String,
    pub(crate) next_invoice: u32,
    pub(crate) deleted: bool,
}

impl Record for Customer {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl Customer {
    pub(crate) fn render(&self, livemode: bool) -> Value {
        json!({
            "id": self.id,
            "object": "customer",
            "address": self.address,
            "balance": self.balance,
            "cash_balance": null,
            "created": unix(self.created),
            "currency": self.currency,
            "customer_account": null,
            "default_source": null,
            "delinquent": self.delinquent,
            "description": self.description,
            "discount": null,
            "email": self.email,
            "invoice_prefix": self.invoice_prefix,
            "invoice_settings": {
                "custom_fields": null,
                "default_payment_method": self.default_payment_method,
                "footer": null,
                "rendering_options": null,
            },
            "livemode": livemode,
            "metadata": self.metadata,
            "name": self.name,
            "next_invoice_sequence": self.next_invoice,
            "phone": self.phone,
            "preferred_locales": self.preferred_locales,
            "shipping": null,
            "tax_exempt": "none",
            "test_clock": null,
        })
    }

    pub(crate) fn render_deleted(&self) -> Value {
        json!({ "id": self.id, "object": "customer", "deleted": true })
    }
}
