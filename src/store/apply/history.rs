//! The history of every field: what it was, what it became, and who or what set it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        ids::{AttemptId, EventId},
        plan::Write,
        subscription::Difference,
    },
    store::StoreError,
};

/// Who or what a change is put down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// What set the fields.
    pub source: Source,
    /// The event that led here, if one did.
    pub event: Option<EventId>,
    /// The try in which it was written.
    pub attempt: Option<AttemptId>,
    /// When.
    pub at: Timestamp,
}

/// What set a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An event's body.
    Event(EventId),
    /// A read of the provider, in the try that the attribution names.
    Read,
    /// A person, by name.
    Person(String),
}

impl Attribution {
    /// The kind of source, and which one: the event, the try that read, or the person.
    fn source_columns(&self) -> (&'static str, String) {
        match &self.source {
            Source::Event(id) => ("event", id.to_string()),
            Source::Read => ("read", self.attempt.map_or_else(String::new, |id| id.to_string())),
            Source::Person(name) => ("person", name.clone()),
        }
    }
}

/// Writes one row per field that changes.
pub(super) async fn record(
    conn: &mut PgConnection,
    writes: &[Write],
    by: &Attribution,
) -> Result<(), StoreError> {
    let mut columns = Columns::default();
    for write in writes {
        columns.add(write);
    }
    if columns.fields.is_empty() {
        return Ok(());
    }
    let (source_kind, source_ref) = by.source_columns();
    sqlx::query!(
        r#"
        insert into change
            (at, attempt_id, event_id, source_kind, source_ref, table_name, row_id, row_key, field, before, after)
        select $1, $2, $3, $4, $5, field.*
        from unnest($6::text[], $7::uuid[], $8::text[], $9::text[], $10::jsonb[], $11::jsonb[]) as field
        "#,
        by.at.to_sqlx() as _,
        by.attempt.map(|id| id.as_uuid()),
        by.event.map(|id| id.as_uuid()),
        source_kind,
        source_ref,
        &columns.tables as &[&str],
        &columns.row_ids,
        &columns.row_keys,
        &columns.fields,
        &columns.before,
        &columns.after,
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(Default)]
struct Columns {
    tables: Vec<&'static str>,
    row_ids: Vec<Uuid>,
    row_keys: Vec<String>,
    fields: Vec<String>,
    before: Vec<serde_json::Value>,
    after: Vec<serde_json::Value>,
}

impl Columns {
    fn add(&mut self, write: &Write) {
        let fields = if let Write::OrderGone(_) = write {
            // One line says that the row has gone; its fields are told by the lines before.
            vec![Difference {
                field: "exists".to_owned(),
                before: true.into(),
                after: false.into(),
            }]
        } else {
            write.diff().fields
        };
        self.row(write.table(), write.row_id(), &write.row_key(), fields);
    }

    fn row(&mut self, table: &'static str, id: Uuid, key: &str, fields: Vec<Difference>) {
        for difference in fields {
            self.tables.push(table);
            self.row_ids.push(id);
            self.row_keys.push(key.to_owned());
            self.fields.push(difference.field);
            self.before.push(difference.before);
            self.after.push(difference.after);
        }
    }
}
