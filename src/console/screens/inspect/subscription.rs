//! Subscriptions and what they bill for.

use ratatui::text::{Line, Span};

use super::super::subscriptions;
use crate::{
    console::{
        format,
        msg::SubscriptionSheet,
        shared::Shared,
        theme::{Role, Tone},
        widgets::pane::{LABEL, change, field, long_field},
    },
    domain::{
        subscription::SubscriptionItem,
        views::subscription::{SubscriptionDetail, SubscriptionRow},
    },
};

use super::{change::source, cleaned, span, status};

pub(crate) fn subscription_lines(rows: &[SubscriptionRow], shared: &Shared) -> Vec<Line<'static>> {
    if rows.is_empty() {
        return vec![Line::from(span("no subscription", Role::Dim, shared))];
    }
    rows.iter().map(|row| subscription_line(row, shared)).collect()
}

pub(crate) fn subscription_line(row: &SubscriptionRow, shared: &Shared) -> Line<'static> {
    let mut spans = vec![Span::styled(
        format::pad(
            &format!(
                "{} {}",
                shared.glyphs.sign(Tone::of_subscription(row.status)),
                row.status.as_str().replace('_', " ")
            ),
            13,
        ),
        shared.tone(Tone::of_subscription(row.status)),
    )];
    let plan = subscriptions::plan_words(row, shared);
    spans.push(span(format!("{}  ", format::pad(&plan, 14)), Role::Title, shared));
    let amount = row
        .amount
        .map_or_else(|| shared.glyphs.missing.to_owned(), |amount| amount.to_string());
    spans.push(span(format!("{amount:>14}  "), Role::Text, shared));
    let period = match (row.cancel_at_period_end, row.current_period_end) {
        (true, Some(end)) => format!("ends {}", shared.clock.short(end)),
        (false, Some(end)) => format!("renews {}", shared.clock.short(end)),
        (_, None) => String::new(),
    };
    let role = if row.cancel_at_period_end {
        Role::Attention
    } else {
        Role::Text
    };
    spans.push(span(format!("{}  ", format::pad(&period, 18)), role, shared));
    spans.push(status(
        Tone::of_verification(&row.verification),
        &cleaned(&row.verification),
        shared,
    ));
    spans.push(span(
        format!(
            "  {} {}",
            row.provider,
            format::id(&subscriptions::spoken_id(row), shared.glyphs)
        ),
        Role::Dim,
        shared,
    ));
    Line::from(spans)
}

pub(crate) fn subscription_head(
    row: &SubscriptionRow,
    detail: Option<&SubscriptionDetail>,
    width: u16,
    shared: &Shared,
) -> Vec<Line<'static>> {
    let text = |value: String| vec![span(value, Role::Text, shared)];
    let mut first = vec![
        status(
            Tone::of_subscription(row.status),
            &row.status.as_str().replace('_', " "),
            shared,
        ),
        Span::raw("  "),
        span(subscriptions::plan_words(row, shared), Role::Title, shared),
    ];
    if let Some(amount) = row.amount {
        first.push(span(format!("  {amount}"), Role::Text, shared));
    }
    if row.provider_status != row.status.as_str() && !row.provider_status.is_empty() {
        first.push(span(
            format!("  ({} says {})", row.provider, cleaned(&row.provider_status)),
            Role::Dim,
            shared,
        ));
    }
    let mut lines = vec![Line::from(first)];
    lines.push(field("Customer", text(subscriptions::customer(row)), shared));
    let id = format!("{} {}", row.provider, cleaned(&subscriptions::spoken_id(row)));
    lines.push(field("At", text(id), shared));
    match (row.current_period_start, row.current_period_end) {
        (Some(start), Some(end)) => {
            let words = format!(
                "{} {} {}",
                shared.clock.day(start),
                shared.glyphs.arrow,
                shared.clock.long(end)
            );
            lines.push(field("Period", text(words), shared));
        }
        (None, Some(end)) => lines.push(field(
            "Period",
            text(format!("until {}", shared.clock.long(end))),
            shared,
        )),
        (_, None) => {}
    }
    if let Some(end) = row.trial_end {
        lines.push(field(
            "Trial",
            text(format!("until {}", shared.clock.long(end))),
            shared,
        ));
    }
    if row.cancel_at_period_end || row.cancel_at.is_some() {
        let at = row.cancel_at.or(row.current_period_end);
        let words = match at {
            Some(at) => format!("ends {}", shared.clock.long(at)),
            None => "ends with the period".to_owned(),
        };
        lines.push(field(
            "Cancelled",
            vec![span(words, Role::Attention, shared)],
            shared,
        ));
    }
    if let Some(at) = detail.and_then(|detail| detail.ended_at) {
        lines.push(field("Ended", text(shared.clock.long(at)), shared));
    }
    let mut verified = vec![status(
        Tone::of_verification(&row.verification),
        &cleaned(&row.verification),
        shared,
    )];
    if let Some(at) = row.verified_at {
        verified.push(span(format!("  {}", shared.clock.long(at)), Role::Text, shared));
    }
    if let Some(by) = &row.verified_by {
        verified.push(span(format!("  by {}", source(by, shared)), Role::Dim, shared));
    }
    lines.push(field("Verified", verified, shared));
    if shared.unsettled.contains(&row.id) {
        let words = "A change was sent and its answer was lost. V asks the provider what is true.";
        lines.extend(long_field(
            shared.glyphs.unknown,
            words,
            Role::Unknown,
            width,
            shared,
        ));
    }
    for difference in detail
        .map(|detail| detail.mismatch.as_slice())
        .unwrap_or_default()
    {
        let mut spans = vec![span(format::pad("Disagrees", LABEL), Role::Attention, shared)];
        spans.extend(change(&difference.field, &difference.before, &difference.after, shared).spans);
        lines.push(Line::from(spans));
    }
    lines
}

pub(crate) fn item_lines(items: &[SubscriptionItem], shared: &Shared) -> Vec<Line<'static>> {
    if items.is_empty() {
        return vec![Line::from(span("no items are known", Role::Dim, shared))];
    }
    items
        .iter()
        .map(|item| {
            let quantity = item.quantity.map_or_else(
                || "metered".to_owned(),
                |number| format!("{}{number}", shared.glyphs.times),
            );
            let price = item
                .unit_amount
                .map_or_else(|| shared.glyphs.missing.to_owned(), |amount| amount.to_string());
            let cycle = item
                .interval
                .map_or_else(String::new, |interval| match interval.count {
                    1 => format!("a {}", interval.unit),
                    count => format!("each {count} {}s", interval.unit),
                });
            Line::from(vec![
                span(format!("{quantity:<9}"), Role::Title, shared),
                span(
                    format!("{price:>14} {}", format::pad(&cycle, 14)),
                    Role::Text,
                    shared,
                ),
                span(cleaned(item.price_id.as_str()), Role::Dim, shared),
            ])
        })
        .collect()
}

/// Kept for the subscription's own screen: the provider's object, once it has been read.
pub(crate) fn has_object(sheet: &SubscriptionSheet) -> bool {
    !sheet.document.nodes.is_empty()
}
