//! What is owed and moved: orders, payments, refunds, disputes. Amounts are in the currency's smallest unit.

use serde::Deserialize;

use super::{Metadata, sale::Customer};

#[derive(Debug, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) created_at: Option<String>,
    pub(crate) modified_at: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) paid: Option<bool>,
    pub(crate) total_amount: i64,
    /// The total after the customer's balance at Polar; absent in small copies.
    pub(crate) due_amount: Option<i64>,
    pub(crate) refundable_amount: Option<i64>,
    pub(crate) refundable_tax_amount: Option<i64>,
    pub(crate) currency: String,
    pub(crate) billing_reason: Option<String>,
    pub(crate) invoice_number: Option<String>,
    pub(crate) next_payment_attempt_at: Option<String>,
    pub(crate) customer_id: Option<String>,
    pub(crate) subscription_id: Option<String>,
    pub(crate) checkout_id: Option<String>,
    pub(crate) customer: Option<Customer>,
    #[serde(default)]
    pub(crate) items: Vec<OrderItem>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OrderItem {
    pub(crate) proration: Option<bool>,
    pub(crate) start_timestamp: Option<String>,
    pub(crate) end_timestamp: Option<String>,
}

/// One try at what an order owes.
#[derive(Debug, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) created_at: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) method: Option<String>,
    pub(crate) decline_reason: Option<String>,
    pub(crate) decline_message: Option<String>,
    pub(crate) order_id: Option<String>,
    pub(crate) method_metadata: Option<MethodMetadata>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MethodMetadata {
    pub(crate) brand: Option<String>,
    pub(crate) last4: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) created_at: Option<String>,
    pub(crate) modified_at: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) reason: Option<String>,
    /// Without the tax.
    pub(crate) amount: i64,
    pub(crate) tax_amount: Option<i64>,
    pub(crate) currency: String,
    pub(crate) order_id: String,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) dispute: Option<Dispute>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) created_at: Option<String>,
    pub(crate) modified_at: Option<String>,
    pub(crate) status: String,
    /// Without the tax.
    pub(crate) amount: i64,
    pub(crate) tax_amount: Option<i64>,
    pub(crate) currency: String,
    pub(crate) reason: Option<String>,
    pub(crate) evidence_due_by: Option<String>,
    pub(crate) order_id: String,
}

/// As much of a dispute as says whose it is.
#[derive(Debug, Deserialize)]
pub(crate) struct DisputeOwner {
    pub(crate) customer: Option<CustomerName>,
    pub(crate) created_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CustomerName {
    pub(crate) id: String,
}
