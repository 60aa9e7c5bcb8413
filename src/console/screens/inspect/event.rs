//! Events.

use ratatui::text::{Line, Span};

use super::super::events;
use crate::{
    console::{
        format,
        overlay::replay,
        shared::Shared,
        theme::{Role, Tone},
        widgets::pane::{field, long_field},
    },
    domain::{
        event::Problem,
        views::{
            action::ReplayItem,
            event::{AttemptView, EventDetail, EventRow},
        },
    },
};

use super::{
    change::{difference_line, row_line},
    cleaned, span, status,
};

pub(crate) fn event_head(row: &EventRow, width: u16, shared: &Shared) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mode = if row.livemode { "live" } else { "test" };
    let mut first = vec![
        status(Tone::of_event(row.state), events::state_word(row), shared),
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

/// The last tries, a line each, newest first.
pub(crate) fn event_tries(detail: &EventDetail, shared: &Shared) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for attempt in newest_first(detail).take(2) {
        lines.push(field(
            &format!("Try {}", attempt.number),
            attempt_spans(attempt, detail.row.error.as_ref(), shared),
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

/// What a replay would do, field by field.
pub(crate) fn event_would(item: &ReplayItem, shared: &Shared) -> Vec<Line<'static>> {
    let (tone, _) = replay::outcome(&item.outcome);
    let mut lines = vec![field(
        "A replay",
        vec![status(tone, replay::would(&item.outcome), shared)],
        shared,
    )];
    for row in &item.changes {
        lines.push(row_line(&row.table, &row.row_key, None, shared));
        lines.extend(
            row.fields
                .iter()
                .map(|difference| difference_line(difference, shared)),
        );
    }
    lines
}

/// The tries as they are shown everywhere: what happened last is what a person wants to know.
pub(crate) fn newest_first(detail: &EventDetail) -> impl Iterator<Item = &AttemptView> {
    detail.attempt_log.iter().rev()
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

/// When and how a try ended; a reason that is told already is not repeated.
fn attempt_spans(attempt: &AttemptView, told: Option<&Problem>, shared: &Shared) -> Vec<Span<'static>> {
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
    if attempt.error.is_some() && attempt.error.as_ref() == told {
        spans.push(span("  for that reason", Role::Dim, shared));
    } else if let Some(error) = &attempt.error {
        spans.push(span(format!("  {}", cleaned(&error.message)), Role::Text, shared));
    }
    spans
}

/// Every try, newest first: when, how long, who, how it ended.
pub(crate) fn attempt_rows(detail: &EventDetail, shared: &Shared) -> Vec<Line<'static>> {
    newest_first(detail)
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
            spans.extend(attempt_spans(attempt, None, shared));
            spans.push(span(format!("  {}", cleaned(&attempt.worker)), Role::Dim, shared));
            Line::from(spans)
        })
        .collect()
}

/// Tries, alarms and the road of the event, for the third column.
pub(crate) fn event_log(detail: &EventDetail, width: u16, shared: &Shared) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for attempt in newest_first(detail) {
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
