use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::super::clock::{days, plus};
use super::{Metadata, Record, unix};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DisputeStatus {
    NeedsResponse,
    Won,
    Lost,
}

#[derive(Clone, Debug)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) charge: String,
    pub(crate) payment_intent: String,
    pub(crate) brand: String,
    pub(crate) reason: String,
    pub(crate) status: DisputeStatus,
    pub(crate) metadata: Metadata,
    /// The withdrawal, and the reinstatement after a win.
    pub(crate) balance_transactions: Vec<(String, Timestamp, i64)>,
    pub(crate) closed_at: Option<Timestamp>,
}

impl Record for Dispute {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl Dispute {
    fn due_by(&self) -> Timestamp {
        plus(self.created, days(14))
    }

    fn render_movement(&self, id: &str, at: Timestamp, amount: i64) -> Value {
        let fee = if amount < 0 { 1500 } else { 0 };
        let fee_details = if fee == 0 {
            json!([])
        } else {
            json!([{
                "amount": fee,
                "application": null,
                "currency": self.currency,
                "description": "Dispute fee",
                "type": "stripe_fee",
            }])
        };
        json!({
            "id": id,
            "object": "balance_transaction",
            "amount": amount,
            "available_on": unix(plus(at, days(2))),
            "balance_type": "payments",
            "created": unix(at),
            "currency": self.currency,
            "description": format!("Chargeback {} {}", if amount < 0 { "withdrawal for" } else { "reversal for" }, self.charge),
            "exchange_rate": null,
            "fee": fee,
            "fee_details": fee_details,
            "net": amount - fee,
            "reporting_category": if amount < 0 { "dispute" } else { "dispute_reversal" },
            "source": self.id,
            "status": "pending",
            "type": "adjustment",
        })
    }

    pub(crate) fn render(&self, livemode: bool) -> Value {
        let movements: Vec<Value> = self
            .balance_transactions
            .iter()
            .map(|(id, at, amount)| self.render_movement(id, *at, *amount))
            .collect();
        let network_reason = if self.reason == "fraudulent" {
            "10.4"
        } else {
            "13.1"
        };
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": movements,
            "charge": self.charge,
            "created": unix(self.created),
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": evidence(),
            "evidence_details": {
                "due_by": unix(self.due_by()),
                "enhanced_eligibility": {},
                "has_evidence": false,
                "past_due": self.closed_at.is_some_and(|closed| closed > self.due_by()),
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "intended_submission_method": null,
            "is_charge_refundable": false,
            "livemode": livemode,
            "metadata": self.metadata,
            "network_reason_code": network_reason,
            "payment_intent": self.payment_intent,
            "payment_method_details": {
                "card": {
                    "brand": self.brand,
                    "case_type": "chargeback",
                    "network": self.brand,
                    "network_reason_code": network_reason,
                },
                "type": "card",
            },
            "reason": self.reason,
            "status": self.status,
        })
    }
}

/// Nothing was handed in.
fn evidence() -> Value {
    json!({
        "access_activity_log": null,
        "appeal": null,
        "billing_address": null,
        "cancellation_policy": null,
        "cancellation_policy_disclosure": null,
        "cancellation_rebuttal": null,
        "customer_communication": null,
        "customer_email_address": null,
        "customer_name": null,
        "customer_purchase_ip": null,
        "customer_signature": null,
        "duplicate_charge_documentation": null,
        "duplicate_charge_explanation": null,
        "duplicate_charge_id": null,
        "enhanced_evidence": {},
        "product_description": null,
        "receipt": null,
        "refund_policy": null,
        "refund_policy_disclosure": null,
        "refund_refusal_explanation": null,
        "service_date": null,
        "service_documentation": null,
        "shipping_address": null,
        "shipping_carrier": null,
        "shipping_date": null,
        "shipping_documentation": null,
        "shipping_tracking_number": null,
        "uncategorized_file": null,
        "uncategorized_text": null,
    })
}
