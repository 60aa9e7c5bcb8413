//! Money that moves: intents, payments, refunds, disputes.

use serde::Deserialize;
use serde_json::Value;

use super::{Flat, Metadata, Stub};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) client_key: Option<String>,
    pub(crate) payments: Option<Vec<Flat<Payment>>>,
    /// `{failed_code, failed_message}` or `{code, detail}`, depending on what refused.
    pub(crate) last_payment_error: Option<Value>,
    pub(crate) next_action: Option<NextAction>,
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NextAction {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) redirect: Option<Redirect>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Redirect {
    pub(crate) url: Option<String>,
}

/// The intent of a session, for the payments in it alone.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SessionIntent {
    pub(crate) id: String,
    pub(crate) payments: Option<Vec<Flat<Payment>>>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) payment_intent_id: Option<String>,
    pub(crate) source: Option<Flat<Source>>,
    pub(crate) refunds: Option<Vec<Flat<Refund>>>,
    pub(crate) disputed: Option<bool>,
    pub(crate) failed_code: Option<String>,
    pub(crate) failed_message: Option<String>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) created_at: Option<i64>,
    pub(crate) paid_at: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Source {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) brand: Option<String>,
    /// Of the bank that issued the card.
    pub(crate) country: Option<String>,
    pub(crate) last4: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: Option<String>,
    pub(crate) payment_id: Option<String>,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) created_at: Option<i64>,
    pub(crate) refunded_at: Option<i64>,
}

/// Undocumented beyond amount, currency, status and reason; whether it names its payment is not known.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) payment_id: Option<String>,
    pub(crate) payment: Option<Flat<Stub>>,
    pub(crate) created_at: Option<i64>,
}
