//! How changes of rows are shown: field, before, after.

use serde_json::Value;

use super::text::{NOTHING, clean, cut};
use crate::domain::views::action::RowDiff;

/// A value on one line, cut where it is long.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => NOTHING.to_owned(),
        Value::String(text) => cut(&clean(text), 60),
        other => cut(&clean(&other.to_string()), 60),
    }
}

/// Rows and their fields, one per line.
pub(super) fn row_diffs(rows: &[RowDiff]) -> String {
    let mut lines = Vec::new();
    for row in rows {
        let new = if row.new { " (new)" } else { "" };
        lines.push(format!("  {} {}{new}", row.table, clean(&row.row_key)));
        lines.extend(row.fields.iter().map(|field| {
            let after = value(&field.after);
            if row.new {
                format!("    {}: {after}", field.field)
            } else {
                format!("    {}: {} → {after}", field.field, value(&field.before))
            }
        }));
    }
    lines.join("\n")
}

/// Things that a person should know, one per line.
pub(super) fn notes(notes: &[String]) -> impl Iterator<Item = String> {
    notes.iter().map(|note| format!("  note: {}", clean(note)))
}
