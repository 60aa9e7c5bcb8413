//! Money that moves: payment intents, charges, what links them to invoices, refunds, disputes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Expandable, List, Ref};

#[derive(Debug, Deserialize)]
pub(crate) struct InvoicePayment {
    pub(crate) id: String,
    pub(crate) invoice: Ref,
    pub(crate) amount_paid: Option<i64>,
    pub(crate) amount_requested: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) status: String,
    pub(crate) payment: Option<PaymentPointer>,
    pub(crate) status_transitions: Option<PaymentTransitions>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PaymentPointer {
    pub(crate) payment_intent: Option<Ref>,
    pub(crate) charge: Option<Ref>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PaymentTransitions {
    pub(crate) paid_at: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PaymentIntent {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) amount_received: Option<i64>,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) created: Option<i64>,
    pub(crate) customer: Option<Ref>,
    pub(crate) latest_charge: Option<Expandable<Charge>>,
    pub(crate) last_payment_error: Option<PaymentProblem>,
    /// Before basil.
    pub(crate) invoice: Option<Ref>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PaymentProblem {
    pub(crate) code: Option<String>,
    pub(crate) decline_code: Option<String>,
    pub(crate) message: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) amount_captured: Option<i64>,
    pub(crate) amount_refunded: Option<i64>,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) captured: Option<bool>,
    pub(crate) disputed: Option<bool>,
    pub(crate) created: Option<i64>,
    pub(crate) customer: Option<Ref>,
    pub(crate) payment_intent: Option<Ref>,
    pub(crate) payment_method_details: Option<MethodDetails>,
    pub(crate) failure_code: Option<String>,
    pub(crate) failure_message: Option<String>,
    pub(crate) outcome: Option<Outcome>,
    /// Before basil.
    pub(crate) invoice: Option<Ref>,
}

/// The refunds of a charge, where they were asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct ChargeRefunds<'a> {
    #[serde(borrow)]
    pub(crate) refunds: Option<List<&'a RawValue>>,
}

/// What was paid with: the details stand under the name of the type.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct MethodDetails {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    #[serde(flatten)]
    pub(crate) by_kind: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) reason: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: Option<String>,
    pub(crate) created: Option<i64>,
    pub(crate) charge: Option<Ref>,
    pub(crate) payment_intent: Option<Ref>,
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) created: Option<i64>,
    pub(crate) charge: Option<Ref>,
    pub(crate) payment_intent: Option<Ref>,
    pub(crate) reason: Option<String>,
    pub(crate) evidence_details: Option<EvidenceDetails>,
    pub(crate) balance_transactions: Option<Vec<BalanceTransaction>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct EvidenceDetails {
    pub(crate) due_by: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BalanceTransaction {
    pub(crate) amount: i64,
    pub(crate) created: Option<i64>,
}
