//! Bodies that are not as described.

use super::*;

#[test]
fn types_that_are_not_handled_say_why() {
    let kinds = [
        "customer_seat.assigned",
        "customer_seat.claimed",
        "customer_seat.revoked",
        "member.created",
        "member.updated",
        "member.deleted",
        "benefit_grant.created",
        "benefit_grant.updated",
        "benefit_grant.cycled",
        "benefit_grant.revoked",
        "benefit.created",
        "benefit.updated",
        "product.created",
        "product.updated",
        "discount.created",
        "discount.updated",
        "discount.deleted",
        "organization.updated",
    ];
    for kind in kinds {
        let found = interpret(&event(kind, json!({"id": "x"}))).unwrap();
        assert!(
            matches!(&found, Interpretation::Ignore(reason) if reason.contains(kind) && reason.contains(';')),
            "{kind}: {found:?}"
        );
    }
    let novel = interpret(&event("moon.rose", json!({}))).unwrap();
    assert!(matches!(novel, Interpretation::Ignore(_)));
}

#[test]
fn a_field_of_another_type_is_named_and_not_quoted() {
    let secret = "ada@example.com";
    let rows = [
        (
            "order.paid",
            with(order(), &[("total_amount", json!(secret))]),
            "total_amount",
        ),
        (
            "order.paid",
            with(order(), &[("created_at", json!(secret))]),
            "created_at",
        ),
        (
            "order.paid",
            with(order(), &[("currency", json!(secret))]),
            "currency",
        ),
        ("order.paid", with(order(), &[("id", json!(7))]), "id"),
        (
            "order.paid",
            with(order(), &[("items", json!({"a": secret}))]),
            "items",
        ),
        (
            "subscription.updated",
            with(subscription(), &[("metadata", json!(secret))]),
            "metadata",
        ),
        (
            "subscription.updated",
            with(subscription(), &[("prices", json!([secret]))]),
            "prices",
        ),
        (
            "subscription.updated",
            with(subscription(), &[("ends_at", json!(secret))]),
            "ends_at",
        ),
        (
            "subscription.updated",
            with(subscription(), &[("product_id", Value::Null)]),
            "product_id",
        ),
        ("customer.created", json!({"id": "", "email": secret}), "id"),
        (
            "refund.created",
            json!({"id": "r", "amount": i64::MAX, "tax_amount": 1, "currency": "usd", "order_id": "o"}),
            "amount",
        ),
        (
            "checkout.created",
            json!({"id": "c", "expires_at": secret}),
            "expires_at",
        ),
    ];
    for (kind, data, place) in rows {
        let why = unreadable(kind, data);
        assert!(why.contains(place) && !why.contains(secret), "{kind}: {why}");
    }
}

#[test]
fn versions_are_months_and_old_ones_are_refused() {
    let of = |version: &str| {
        let body = json!({"type": "member.created", "timestamp": TIME, "api_version": version, "data": {}});
        interpret(body.to_string().as_bytes())
    };
    for version in ["2026-04", "2026-10", "2027-01"] {
        assert!(of(version).is_ok(), "{version}");
    }
    for version in ["2026-03", "2025-12", "2026", "latest", "2026-1x", ""] {
        assert!(
            matches!(of(version), Err(EventError::UnsupportedVersion { .. })),
            "{version}"
        );
    }
}

#[test]
fn an_event_without_its_object_or_time_is_unreadable() {
    for body in [
        r#"{"type":"order.paid","timestamp":"2026-10-05T10:00:09Z"}"#,
        r#"{"type":"order.paid","data":{}}"#,
        r#"{"type":"order.paid","timestamp":"soon","data":{}}"#,
    ] {
        let found = interpret(body.as_bytes());
        assert!(
            matches!(found, Err(EventError::Unreadable { .. })),
            "{body}: {found:?}"
        );
    }
}
