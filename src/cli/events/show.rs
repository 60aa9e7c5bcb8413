//! `events show`.

use clap::Args;
use serde::Serialize;

use super::event_of_id;
use crate::{
    cli::{
        answer::{Answer, Report},
        changes::value,
        context::Context,
        error::CliError,
        table::{Cell, Column, Table, fields},
        text::{Look, NOTHING, clean, clean_some},
    },
    domain::views::event::EventDetail,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// The event: billdeck's id or the provider's
    id: String,
}

impl ShowArgs {
    pub(super) async fn run(self, context: &Context) -> Result<Answer, CliError> {
        let detail = context
            .on_database(context.config()?, async |process| {
                event_of_id(process, &self.id).await
            })
            .await?;
        Ok(Answer::new(Detail(detail)))
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Detail(EventDetail);

impl Report for Detail {
    fn human(&self, look: &Look) -> String {
        let EventDetail { row, alarms, .. } = &self.0;
        let object = match (row.object_kind, &row.object_id) {
            (Some(kind), Some(id)) => format!("{kind} {}", clean(id)),
            (None, id) => clean_some(id.as_deref()),
            (Some(_), None) => NOTHING.to_owned(),
        };
        let error = row.error.as_ref().map_or_else(
            || NOTHING.to_owned(),
            |problem| format!("{} — {}", problem.code, clean(&problem.message)),
        );
        let time = |at: Option<jiff::Timestamp>| at.map_or_else(|| NOTHING.to_owned(), |at| look.exactly(at));
        let mut parts = vec![fields([
            ("event", row.id.to_string()),
            (
                "at the provider",
                format!("{} {}", row.provider, clean(&row.provider_event_id)),
            ),
            ("type", clean(&row.event_type)),
            ("state", row.state.to_string()),
            ("error", error),
            ("waits for", clean_some(row.waiting_for.as_deref())),
            ("next try", time(row.next_attempt_at)),
            ("object", object),
            ("customer", clean_some(row.customer_label.as_deref())),
            ("received", look.exactly(row.received_at)),
            ("happened", time(row.provider_created_at)),
            ("source", row.source.to_string()),
            ("duplicates", row.duplicates.to_string()),
            ("API version", clean_some(self.0.api_version.as_deref())),
        ])];
        parts.extend(self.attempts(look));
        parts.extend(self.changes(look));
        if !alarms.is_empty() {
            let lines: Vec<String> = alarms.iter().map(|alarm| format!("  {}", clean(alarm))).collect();
            parts.push(format!("alarms\n{}", lines.join("\n")));
        }
        parts.push(format!("body\n{}", self.body()));
        parts.join("\n\n")
    }
}

impl Detail {
    fn attempts(&self, look: &Look) -> Option<String> {
        if self.0.attempt_log.is_empty() {
            return None;
        }
        let mut table = Table::new([
            Column::new("TRY").right().whole(),
            Column::new("KIND").whole(),
            Column::new("WHEN").whole(),
            Column::new("OUTCOME").whole(),
            Column::new("WHY"),
            Column::new("BY").optional(1),
        ]);
        for attempt in &self.0.attempt_log {
            let why = attempt
                .error
                .as_ref()
                .map_or_else(String::new, |problem| clean(&problem.message));
            table.row([
                Cell::from(attempt.number.to_string()),
                attempt.kind.to_string().into(),
                look.when(attempt.started_at).into(),
                clean(&attempt.outcome).into(),
                why.into(),
                clean(&attempt.worker).into(),
            ]);
        }
        Some(table.render(look))
    }

    fn changes(&self, look: &Look) -> Option<String> {
        if self.0.changes.is_empty() {
            return None;
        }
        let mut table = Table::new([
            Column::new("ROW").whole(),
            Column::new("FIELD").whole(),
            Column::new("BEFORE"),
            Column::new("AFTER"),
            Column::new("BY").optional(1),
        ]);
        for change in &self.0.changes {
            table.row([
                Cell::from(format!("{} {}", change.table, clean(&change.row_key))),
                change.difference.field.as_str().into(),
                value(&change.difference.before).into(),
                value(&change.difference.after).into(),
                clean(&change.source).into(),
            ]);
        }
        Some(table.render(look))
    }

    fn body(&self) -> String {
        let text = match &self.0.payload {
            serde_json::Value::Null => return NOTHING.to_owned(),
            serde_json::Value::String(text) => text.clone(),
            payload => serde_json::to_string_pretty(payload).unwrap_or_default(),
        };
        text.lines().map(clean).collect::<Vec<_>>().join("\n")
    }
}
