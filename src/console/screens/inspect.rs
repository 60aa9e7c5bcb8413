//! Lines in which objects are told, shared by inspectors and detail screens so that both say the same.

use ratatui::text::{Line, Span};

use super::{customers, orders, subscriptions};
use crate::{
    console::{
        format,
        msg::SubscriptionSheet,
        shared::Shared,
        theme::{Role, Tone},
        widgets::{
            json::{Document, Key, Kind, Tree},
            pane::{change, field, long_field},
        },
    },
    domain::{
        subscription::SubscriptionItem,
        views::{
            customer::{CustomerDetail, CustomerRow, TimelineEntry, TimelineKind},
            event::{AttemptView, ChangeView, EventDetail, EventRow},
            order::OrderRow,
            subscription::{SubscriptionDetail, SubscriptionRow},
        },
    },
};

fn span(text: impl Into<String>, role: Role, shared: &Shared) -> Span<'static> {
    Span::styled(text.into(), shared.style(role))
}

/// Sign and word of a state.
pub(crate) fn status(tone: Tone, word: &str, shared: &Shared) -> Span<'static> {
    Span::styled(format!("{} {word}", shared.glyphs.sign(tone)), shared.tone(tone))
}

pub(crate) fn titled(title: &str, shared: &Shared) -> Vec<Line<'static>> {
    vec![Line::styled(title.to_owned(), shared.style(Role::Title))]
}

fn cleaned(text: &str) -> String {
    format::clean(text).into_owned()
}

pub(crate) fn event_head(row: &EventRow, width: u16, shared: &Shared) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mode = if row.livemode { "live" } else { "test" };
    let mut first = vec![
        status(Tone::of_event(row.state), row.state.as_str(), shared),
        span("  ", Role::Text, shared),
        span(cleaned(&row.event_type), Role::Title, shared),
        span(format!("  {} {mode}", row.provider), Role::Dim, shared),
    ];
    if row.duplicates > 0 {
        let number = usize::try_from(row.duplicates).unwrap_or(0);
        first.push(span(
            format!("  {}", format::counted(number, "duplicate")),
            Role::Dim,
            shared,
        ));
    }
    lines.push(Line::from(first));
    lines.push(field(
        "Event",
        vec![span(cleaned(&row.provider_event_id), Role::Text, shared)],
        shared,
    ));
    if let Some(id) = &row.object_id {
        let kind = row.object_kind.map_or("object", |kind| kind.as_str());
        lines.push(field(
            "Object",
            vec![span(format!("{kind} {}", cleaned(id)), Role::Text, shared)],
            shared,
        ));
    }
    if let Some(customer) = &row.customer_label {
        lines.push(field(
            "Customer",
            vec![span(cleaned(customer), Role::Text, shared)],
            shared,
        ));
    }
    lines.push(field(
        "Received",
        vec![span(shared.clock.long(row.received_at), Role::Text, shared)],
        shared,
    ));
    if let Some(error) = &row.error {
        lines.extend(long_field("Why", &error.message, Role::Attention, width, shared));
        lines.push(field(
            "Code",
            vec![span(cleaned(&error.code), Role::Dim, shared)],
            shared,
        ));
    }
    if let Some(wait) = &row.waiting_for {
        let text = format!(
            "{} {} goes on by itself when it is there",
            cleaned(wait),
            shared.glyphs.dash
        );
        lines.extend(long_field("Waits for", &text, Role::Text, width, shared));
    } else if let Some(at) = row.next_attempt_at {
        lines.push(field(
            "Next try",
            vec![span(shared.clock.long(at), Role::Text, shared)],
            shared,
        ));
    }
    lines
}

/// The last tries in one line.
pub(crate) fn event_tries(detail: &EventDetail, shared: &Shared) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for attempt in detail.attempt_log.iter().rev().take(2).rev() {
        lines.push(field(
            &format!("Try {}", attempt.number),
            attempt_spans(attempt, shared),
            shared,
        ));
    }
    for alarm in &detail.alarms {
        lines.push(field(
            "Alarm",
            vec![span(cleaned(alarm), Role::Danger, shared)],
            shared,
        ));
    }
    lines
}

fn outcome_tone(outcome: &str) -> Tone {
    match outcome {
        "processed" | "applied" | "done" | "verified" => Tone::Ok,
        "ignored" | "stale" | "already_in_effect" => Tone::Off,
        "failed" | "retry" | "waiting" => Tone::Attention,
        "dead" | "lost" => Tone::Danger,
        _ => Tone::Unknown,
    }
}

fn attempt_spans(attempt: &AttemptView, shared: &Shared) -> Vec<Span<'static>> {
    let mut spans = vec![
        span(
            format!("{}  ", shared.clock.time_of_day(attempt.started_at)),
            Role::Text,
            shared,
        ),
        status(
            outcome_tone(&attempt.outcome),
            &cleaned(&attempt.outcome).replace('_', " "),
            shared,
        ),
    ];
    if let Some(error) = &attempt.error {
        spans.push(span(format!("  {}", cleaned(&error.message)), Role::Text, shared));
    }
    spans
}

/// Every try: when, how long, who, how it ended.
pub(crate) fn attempt_rows(detail: &EventDetail, shared: &Shared) -> Vec<Line<'static>> {
    detail
        .attempt_log
        .iter()
        .map(|attempt| {
            let took = match attempt.ended_at {
                Some(end) => {
                    let millis = end.duration_since(attempt.started_at).as_millis();
                    format!("{millis} ms")
                }
                None => "no end".to_owned(),
            };
            let mut spans = vec![
                span(format!("{:>3}  ", attempt.number), Role::Dim, shared),
                span(format!("{:<7}", attempt.kind.as_str()), Role::Text, shared),
                span(format!("{took:>9}  "), Role::Dim, shared),
            ];
            spans.extend(attempt_spans(attempt, shared));
            spans.push(span(format!("  {}", cleaned(&attempt.worker)), Role::Dim, shared));
            Line::from(spans)
        })
        .collect()
}

/// Tries, alarms and the road of the event, for the third column.
pub(crate) fn event_log(detail: &EventDetail, width: u16, shared: &Shared) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for attempt in &detail.attempt_log {
        lines.push(Line::from(vec![
            span(format!("{:>2} ", attempt.number), Role::Dim, shared),
            span(
                format!("{} ", shared.clock.time_of_day(attempt.started_at)),
                Role::Text,
                shared,
            ),
            status(
                outcome_tone(&attempt.outcome),
                &cleaned(&attempt.outcome).replace('_', " "),
                shared,
            ),
        ]));
        if let Some(error) = &attempt.error {
            let room = usize::from(width.min(44)).saturating_sub(4);
            lines.extend(
                format::wrap(&error.message, room)
                    .into_iter()
                    .map(|part| Line::from(span(format!("   {part}"), Role::Dim, shared))),
            );
        }
    }
    for alarm in &detail.alarms {
        lines.push(Line::from(span(
            format!("{} {}", shared.glyphs.danger, cleaned(alarm)),
            Role::Danger,
            shared,
        )));
    }
    if lines.is_empty() {
        lines.push(Line::from(span("not tried yet", Role::Dim, shared)));
    }
    lines
}

/// What was changed, field by field, under the row it belongs to.
pub(crate) fn event_changes(changes: &[ChangeView], most: usize, shared: &Shared) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for shown in changes.iter().take(most) {
        let head = format!(
            "{} {}",
            cleaned(&shown.table),
            format::id(&shown.row_key, shared.glyphs)
        );
        let mut line = vec![span(
            format::pad("Changed", super::super::widgets::pane::LABEL),
            Role::Dim,
            shared,
        )];
        line.push(span(format!("{head}  "), Role::Text, shared));
        let diff = change(
            &shown.difference.field,
            &shown.difference.before,
            &shown.difference.after,
            shared,
        );
        line.extend(diff.spans);
        lines.push(Line::from(line));
    }
    if changes.len() > most {
        let rest = format::counted(changes.len() - most, "further change");
        lines.push(field("", vec![span(rest, Role::Dim, shared)], shared));
    }
    lines
}

/// Every change, grouped by row.
pub(crate) fn change_rows(changes: &[ChangeView], shared: &Shared) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut row: Option<(&str, &str)> = None;
    for shown in changes {
        let this = (shown.table.as_str(), shown.row_key.as_str());
        if row != Some(this) {
            row = Some(this);
            lines.push(Line::from(vec![
                span(format!("{} ", cleaned(&shown.table)), Role::Dim, shared),
                span(cleaned(&shown.row_key), Role::Title, shared),
                span(
                    format!("  {}", shared.clock.time_of_day(shown.at)),
                    Role::Dim,
                    shared,
                ),
            ]));
        }
        let mut line = vec![Span::raw("  ")];
        let diff = change(
            &shown.difference.field,
            &shown.difference.before,
            &shown.difference.after,
            shared,
        );
        line.extend(diff.spans);
        lines.push(Line::from(line));
    }
    lines
}

/// For each field, what set it last.
pub(crate) fn set_by_lines(changes: &[ChangeView], shared: &Shared) -> Vec<Line<'static>> {
    if changes.is_empty() {
        return vec![Line::from(span("nothing has been recorded", Role::Dim, shared))];
    }
    changes
        .iter()
        .map(|shown| {
            let value = format::json_value(&shown.difference.after, shared.glyphs);
            let name = format::cut(&format::clean(&shown.difference.field), 21, shared.glyphs).into_owned();
            let value = format::cut(&value, 24, shared.glyphs).into_owned();
            Line::from(vec![
                span(format::pad(&name, 22), Role::Text, shared),
                span(format::pad(&value, 25), Role::Title, shared),
                span(
                    format!("{}  ", format::pad(&shared.clock.short(shown.at), 11)),
                    Role::Dim,
                    shared,
                ),
                span(source(&shown.source, shared), Role::Dim, shared),
            ])
        })
        .collect()
}

/// `event evt_1Qx…7fA2`, `read`, `person ops-1`.
fn source(source: &str, shared: &Shared) -> String {
    match source.split_once(' ') {
        Some(("event", id)) => format!("event {}", format::id(id, shared.glyphs)),
        _ => cleaned(source),
    }
}

pub(crate) fn document(document: &Document, most: usize, shared: &Shared) -> Vec<Line<'static>> {
    let tree = Tree::of(document);
    if tree.len() == 0 {
        return vec![Line::from(span("The body is no longer kept", Role::Dim, shared))];
    }
    tree.lines()
        .iter()
        .take(most)
        .map(|&node| node_line(document, node, &tree, shared))
        .collect()
}

/// One line of a document.
pub(crate) fn node_line(document: &Document, index: usize, tree: &Tree, shared: &Shared) -> Line<'static> {
    let Some(node) = document.nodes.get(index) else {
        return Line::default();
    };
    let glyphs = shared.glyphs;
    let folded = tree.is_folded(index);
    let holds = node.end > index + 1;
    let sign = match (holds, folded) {
        (true, true) => glyphs.closed,
        (true, false) => glyphs.open,
        (false, _) => " ",
    };
    let indent = "  ".repeat(usize::from(node.depth).min(40));
    let mut spans = vec![span(format!("{indent}{sign} "), Role::Dim, shared)];
    let key = match &node.key {
        Key::Root => None,
        Key::Name(name) => Some(cleaned(name)),
        Key::Index(place) => Some(format!("[{place}]")),
    };
    if let Some(key) = key {
        let name = format::cut(&key, 60, glyphs).into_owned();
        spans.push(span(name, Role::JsonKey, shared));
        spans.push(Span::raw("  "));
    }
    let (text, role) = match node.kind {
        // A long text is shown in part; Enter opens the whole of it.
        Kind::Text => (format!("\"{}\"", cleaned(head(&node.text))), Role::JsonText),
        Kind::Number => (node.text.clone(), Role::JsonNumber),
        Kind::Word => (node.text.clone(), Role::JsonWord),
        Kind::Container if holds && !folded => (String::new(), Role::Dim),
        Kind::Container => (node.text.clone(), Role::Dim),
    };
    let style = if tree.is_match(node) {
        shared.style(Role::Match)
    } else {
        shared.style(role)
    };
    spans.push(Span::styled(text, style));
    Line::from(spans)
}

/// As much of a text as can be on a screen.
fn head(text: &str) -> &str {
    match text.char_indices().nth(400) {
        Some((at, _)) => &text[..at],
        None => text,
    }
}

pub(crate) fn customer_head(
    row: &CustomerRow,
    detail: Option<&CustomerDetail>,
    width: u16,
    shared: &Shared,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let name = row.name.as_deref().map_or_else(|| customers::label(row), cleaned);
    let mut first = vec![span(name, Role::Title, shared)];
    match (row.scope, &row.external_id) {
        (Some(scope), Some(id)) => first.push(span(format!("  {scope} {}", cleaned(id)), Role::Text, shared)),
        _ => {
            first.push(Span::raw("  "));
            first.push(status(Tone::Attention, "linked to no owner", shared));
            first.push(span("  O links it", Role::Dim, shared));
        }
    }
    lines.push(Line::from(first));
    let mut facts = Vec::new();
    facts.extend(row.email.as_deref().map(cleaned));
    facts.extend(row.country.as_deref().map(cleaned));
    facts.push(format!("since {}", shared.clock.long(row.created_at)));
    let separator = format!(" {} ", shared.glyphs.dot);
    lines.push(field(
        "Contact",
        vec![span(facts.join(&separator), Role::Text, shared)],
        shared,
    ));
    if let Some(detail) = detail {
        for link in &detail.links {
            let mut words = vec![format!(
                "{} {}",
                link.provider,
                cleaned(&link.provider_customer_id)
            )];
            if link.deleted {
                words.push("deleted there".to_owned());
            } else if !link.is_default {
                words.push("not used for new purchases".to_owned());
            }
            if let Some(email) = link
                .email
                .as_deref()
                .filter(|email| row.email.as_deref() != Some(email))
            {
                words.push(format!("there as {}", cleaned(email)));
            }
            lines.push(field(
                "Linked",
                vec![span(words.join(", "), Role::Text, shared)],
                shared,
            ));
        }
        if row.scope.is_none() {
            for candidate in &detail.owner_candidates {
                let text = format!(
                    "{} has the same e-mail address",
                    customers::owner_words(candidate)
                );
                lines.extend(long_field("May belong", &text, Role::Attention, width, shared));
            }
        }
    }
    lines
}

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
                shared.clock.short(start),
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
        let mut spans = vec![span(
            format::pad("Disagrees", super::super::widgets::pane::LABEL),
            Role::Attention,
            shared,
        )];
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

pub(crate) fn timeline_line(entry: &TimelineEntry, shared: &Shared) -> Line<'static> {
    let (word, role) = match entry.kind {
        TimelineKind::Event => ("event", Role::Text),
        TimelineKind::Person => ("person", Role::Mark),
    };
    let what = format::cut(&format::clean(&entry.what), 32, shared.glyphs).into_owned();
    Line::from(vec![
        span(
            format!("{}  ", format::pad(&shared.clock.time_of_day(entry.at), 11)),
            Role::Dim,
            shared,
        ),
        span(format!("{word:<7} "), role, shared),
        span(format!("{}  ", format::pad(&what, 32)), Role::Text, shared),
        span(cleaned(&entry.detail), Role::Dim, shared),
    ])
}

/// Kept for the subscription's own screen: the provider's object, once it has been read.
pub(crate) fn has_object(sheet: &SubscriptionSheet) -> bool {
    !sheet.document.nodes.is_empty()
}
