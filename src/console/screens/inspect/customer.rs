//! Customers and their story.

use ratatui::text::{Line, Span};

use super::super::customers;
use crate::{
    console::{
        format,
        shared::Shared,
        theme::{Role, Tone},
        widgets::pane::{field, long_field},
    },
    domain::views::customer::{CustomerDetail, CustomerRow, TimelineEntry, TimelineKind},
};

use super::{cleaned, span, status};

pub(crate) fn customer_head(
    row: &CustomerRow,
    detail: Option<&CustomerDetail>,
    width: u16,
    shared: &Shared,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let name = row.name.as_deref().map_or_else(|| customers::label(row), cleaned);
    let mut first = vec![span(name, Role::Title, shared)];
    if let (Some(scope), Some(id)) = (row.scope, &row.external_id) {
        first.push(span(format!("  {scope} {}", cleaned(id)), Role::Text, shared));
    } else {
        first.push(Span::raw("  "));
        first.push(status(Tone::Attention, "linked to no owner", shared));
        first.push(span("  O links it", Role::Dim, shared));
    }
    lines.push(Line::from(first));
    let mut facts = Vec::new();
    facts.extend(row.email.as_deref().map(cleaned));
    facts.extend(row.country.as_deref().map(cleaned));
    facts.push(format!("since {}", shared.clock.day(row.created_at)));
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
