//! Made-up Stripe events of the usual size, with real signatures.

use jiff::Timestamp;
use ring::hmac;
use serde_json::json;

/// The webhook secret of the listener that is measured.
pub(super) const SECRET: &str = "whsec_of_the_bench";

/// A subscription's event, about 3.7 KB.
pub(super) fn body(id: &str, number: u64) -> Vec<u8> {
    let item = |index: u64| {
        json!({
            "id": format!("si_{index}{number:012}"), "object": "subscription_item", "billing_thresholds": null,
            "created": 1_795_000_000 + number, "current_period_end": 1_797_592_000 + number,
            "current_period_start": 1_795_000_000 + number, "discounts": [], "metadata": {},
            "price": {
                "id": format!("price_1Q{index}TeamMonthly{}", number % 40), "object": "price", "active": true,
                "billing_scheme": "per_unit", "created": 1_741_000_000, "currency": "mxn", "custom_unit_amount": null,
                "livemode": false, "lookup_key": format!("team_monthly_{index}"), "metadata": {}, "nickname": "Team, monthly",
                "product": format!("prod_RTeam{index}"), "recurring": {
                    "interval": "month", "interval_count": 1, "meter": null, "trial_period_days": null,
                    "usage_type": "licensed",
                },
                "tax_behavior": "exclusive", "tiers_mode": null, "transform_quantity": null, "type": "recurring",
                "unit_amount": 49_900 + number % 100, "unit_amount_decimal": format!("{}", 49_900 + number % 100),
            },
            "quantity": 1 + number % 25, "subscription": format!("sub_1Q{number:018}"), "tax_rates": [],
        })
    };
    let event = json!({
        "id": id, "object": "event", "api_version": "2026-10-28.endive", "created": 1_795_000_000 + number,
        "data": {
            "object": {
                "id": format!("sub_1Q{number:018}"), "object": "subscription", "application": null,
                "application_fee_percent": null, "automatic_tax": { "disabled_reason": null, "enabled": true, "liability": { "type": "self" } },
                "billing_cycle_anchor": 1_795_000_000 + number, "billing_cycle_anchor_config": null, "billing_mode": { "type": "flexible" },
                "cancel_at": null, "cancel_at_period_end": false, "canceled_at": null,
                "cancellation_details": { "comment": null, "feedback": null, "reason": null },
                "collection_method": "charge_automatically", "created": 1_795_000_000 + number, "currency": "mxn",
                "customer": format!("cus_R{:014}", number % 50_000), "days_until_due": null,
                "default_payment_method": format!("pm_1Q{number:018}"), "default_source": null, "default_tax_rates": [],
                "description": null, "discounts": [], "ended_at": null, "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
                "items": { "object": "list", "data": [item(1), item(2)], "has_more": false, "total_count": 2,
                    "url": format!("/v1/subscription_items?subscription=sub_1Q{number:018}") },
                "latest_invoice": format!("in_1Q{number:018}"), "livemode": false,
                "metadata": { "organizationId": format!("org_{:08}", number % 50_000), "checkout": format!("0199a2b4-{:04x}-7c3e", number % 65_536) },
                "next_pending_invoice_item_invoice": null, "on_behalf_of": null, "pause_collection": null,
                "payment_settings": { "payment_method_options": { "card": { "network": null, "request_three_d_secure": "automatic" } },
                    "payment_method_types": ["card"], "save_default_payment_method": "on_subscription" },
                "pending_invoice_item_interval": null, "pending_setup_intent": null, "pending_update": null,
                "schedule": null, "start_date": 1_795_000_000 + number, "status": "active", "test_clock": null,
                "transfer_data": null, "trial_end": null,
                "trial_settings": { "end_behavior": { "missing_payment_method": "create_invoice" } }, "trial_start": null,
            },
            "previous_attributes": { "status": "incomplete", "latest_invoice": null },
        },
        "livemode": false, "pending_webhooks": 1,
        "request": { "id": format!("req_{number:014}"), "idempotency_key": format!("{number:032x}") },
        "type": "customer.subscription.updated",
    });
    event.to_string().into_bytes()
}

/// A whole HTTP request that delivers an event.
pub(super) fn request(key: &hmac::Key, id: &str, number: u64) -> Vec<u8> {
    let body = body(id, number);
    let time = Timestamp::now().as_second();
    let mut context = hmac::Context::with_key(key);
    context.update(time.to_string().as_bytes());
    context.update(b".");
    context.update(&body);
    let signature = hex::encode(context.sign());
    let mut request = format!(
        "POST /webhooks/stripe HTTP/1.1\r\nhost: billing.example.com\r\nuser-agent: Stripe/1.0 \
         (+https://stripe.com/docs/webhooks)\r\naccept: */*; q=0.5, application/xml\r\ncache-control: no-cache\r\n\
         content-type: application/json; charset=utf-8\r\nstripe-signature: t={time},v1={signature}\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(&body);
    request
}

/// The key that deliveries are signed with.
pub(super) fn key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes())
}
