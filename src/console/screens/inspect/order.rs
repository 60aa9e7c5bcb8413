//! Orders.

use ratatui::text::{Line, Span};

use super::super::orders;
use crate::{
    console::{
        format,
        shared::Shared,
        theme::{Role, Tone},
        widgets::pane::{field, long_field},
    },
    domain::views::order::OrderRow,
};

use super::{cleaned, span, status};

pub(crate) fn order_lines(rows: &[OrderRow], shared: &Shared) -> Vec<Line<'static>> {
    if rows.is_empty() {
        return vec![Line::from(span("no order", Role::Dim, shared))];
    }
    rows.iter().map(|row| order_line(row, shared)).collect()
}

pub(crate) fn order_line(row: &OrderRow, shared: &Shared) -> Line<'static> {
    let tone = Tone::of_order(row.status);
    let word = row.status.as_str().replace('_', " ");
    let amount =
        orders::amount(row).map_or_else(|| shared.glyphs.missing.to_owned(), |amount| amount.to_string());
    let at = shared.clock.short(row.purchased_at.unwrap_or(row.created_at));
    let mut spans = vec![
        Span::styled(
            format::pad(&format!("{} {word}", shared.glyphs.sign(tone)), 13),
            shared.tone(tone),
        ),
        span(format!("{amount:>14}  "), Role::Text, shared),
        span(format!("{}  ", format::pad(&at, 12)), Role::Text, shared),
    ];
    if let Some(method) = orders::method(row) {
        spans.push(span(format!("{method}  "), Role::Dim, shared));
    }
    if let Some(failure) = &row.failure {
        spans.push(span(format!("{}  ", cleaned(failure)), Role::Danger, shared));
    }
    let name = row.number.as_deref().unwrap_or(&row.provider_order_id);
    spans.push(span(format::id(name, shared.glyphs), Role::Dim, shared));
    Line::from(spans)
}

pub(crate) fn order_head(row: &OrderRow, width: u16, shared: &Shared) -> Vec<Line<'static>> {
    let text = |value: String| vec![span(value, Role::Text, shared)];
    let amount =
        orders::amount(row).map_or_else(|| shared.glyphs.missing.to_owned(), |amount| amount.to_string());
    let mut lines = vec![Line::from(vec![
        status(
            Tone::of_order(row.status),
            &row.status.as_str().replace('_', " "),
            shared,
        ),
        Span::raw("  "),
        span(amount, Role::Title, shared),
    ])];
    if row.refunded_amount != 0
        && let Some(currency) = row.currency
    {
        let back = crate::domain::money::Money::new(row.refunded_amount, currency);
        lines.push(field("Refunded", text(back.to_string()), shared));
    }
    if let Some(failure) = &row.failure {
        lines.extend(long_field("Why", failure, Role::Danger, width, shared));
    }
    lines.push(field(
        "Order",
        text(format!("{} {}", row.provider, cleaned(&row.provider_order_id))),
        shared,
    ));
    if let Some(number) = &row.number {
        lines.push(field("Number", text(cleaned(number)), shared));
    }
    if let Some(payment) = &row.provider_payment_id {
        lines.push(field("Payment", text(cleaned(payment)), shared));
    }
    if let Some(method) = orders::method(row) {
        lines.push(field("Method", text(method), shared));
    }
    if let Some(subscription) = &row.provider_subscription_id {
        lines.push(field("Bills", text(cleaned(subscription)), shared));
    }
    if let Some(offer) = &row.offer_id {
        lines.push(field("Offer", text(cleaned(offer)), shared));
    }
    if let Some(customer) = &row.customer_label {
        lines.push(field("Customer", text(cleaned(customer)), shared));
    }
    if let Some(at) = row.purchased_at {
        lines.push(field("Paid", text(shared.clock.long(at)), shared));
    }
    lines.push(field(
        "Known since",
        text(shared.clock.long(row.created_at)),
        shared,
    ));
    lines
}
