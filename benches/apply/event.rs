//! Made-up histories of customers, in the events that tell them.

use std::ops::Range;

use serde_json::{Value, json};

/// How many events tell one customer's history.
pub(super) const PER_CUSTOMER: u64 = 6;

const START: u64 = 1_795_000_000;

/// The histories of these customers: the first event of each, then the second of each, and so on.
pub(super) fn histories(customers: Range<u64>) -> Vec<String> {
    (0..PER_CUSTOMER)
        .flat_map(|step| {
            customers
                .clone()
                .map(move |customer| told(customer, step).to_string())
        })
        .collect()
}

fn told(customer: u64, step: u64) -> Value {
    let (kind, object) = match step {
        0 => ("customer.created", person(customer, "new")),
        1 => (
            "customer.subscription.created",
            subscription(customer, "incomplete", 1),
        ),
        2 => ("payment_intent.succeeded", payment(customer)),
        3 => (
            "customer.subscription.updated",
            subscription(customer, "active", 1),
        ),
        4 => (
            "customer.subscription.updated",
            subscription(customer, "active", 5),
        ),
        _ => ("customer.updated", person(customer, "known")),
    };
    json!({
        "id": format!("evt_1Q{customer:012}x{step}"), "object": "event", "api_version": "2026-10-28.endive",
        "created": START + 60 * step, "livemode": false, "pending_webhooks": 1, "type": kind,
        "request": { "id": format!("req_{customer:014}"), "idempotency_key": null }, "data": { "object": object },
    })
}

fn person(customer: u64, name: &str) -> Value {
    json!({
        "id": format!("cus_R{customer:014}"), "object": "customer", "balance": 0, "created": START, "currency": "usd",
        "email": format!("customer-{customer}@example.com"), "name": format!("{name} {customer}"), "livemode": false,
        "address": { "city": "Puebla", "country": "MX", "line1": "Av. Juárez 1", "postal_code": "72000" },
        "metadata": { "organizationId": format!("org_{customer:08}") }, "preferred_locales": ["es-MX"],
    })
}

fn subscription(customer: u64, status: &str, quantity: u64) -> Value {
    json!({
        "id": format!("sub_1Q{customer:018}"), "object": "subscription", "automatic_tax": { "enabled": true },
        "billing_cycle_anchor": START, "cancel_at": null, "cancel_at_period_end": false, "canceled_at": null,
        "collection_method": "charge_automatically", "created": START, "currency": "usd",
        "customer": format!("cus_R{customer:014}"), "default_payment_method": format!("pm_1Q{customer:018}"),
        "ended_at": null, "latest_invoice": format!("in_1Q{customer:018}"), "livemode": false,
        "metadata": { "organizationId": format!("org_{customer:08}") }, "start_date": START, "status": status,
        "trial_end": null, "trial_start": null,
        "items": { "object": "list", "has_more": false, "total_count": 1, "data": [{
            "id": format!("si_{customer:014}"), "object": "subscription_item", "created": START, "metadata": {},
            "current_period_start": START, "current_period_end": START + 2_592_000, "quantity": quantity,
            "price": {
                "id": "price_pro", "object": "price", "active": true, "billing_scheme": "per_unit", "currency": "usd",
                "livemode": false, "product": "prod_RPro", "type": "recurring", "unit_amount": 4_900,
                "recurring": { "interval": "month", "interval_count": 1, "usage_type": "licensed" },
            },
        }] },
    })
}

fn payment(customer: u64) -> Value {
    json!({
        "id": format!("pi_3Q{customer:018}"), "object": "payment_intent", "amount": 4_900, "amount_received": 4_900,
        "canceled_at": null, "capture_method": "automatic", "created": START, "currency": "usd",
        "customer": format!("cus_R{customer:014}"), "description": "Subscription creation", "last_payment_error": null,
        "latest_charge": format!("ch_3Q{customer:018}"), "livemode": false, "metadata": {},
        "payment_method": format!("pm_1Q{customer:018}"), "payment_method_types": ["card"], "status": "succeeded",
    })
}
