//! How new each object's stored state is.

use std::collections::{BTreeMap, BTreeSet};

use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::PgConnection;

use super::Access;

use crate::{
    domain::{
        provider::{Book, ObjectRef},
        version::Version,
    },
    store::{StoreError, row::RowReader},
};

struct Row {
    object_kind: String,
    object_id: String,
    body_at: Option<SqlTimestamp>,
    body_event: Option<String>,
    read_at: Option<SqlTimestamp>,
    ticket: Option<i64>,
    terminal: bool,
}

pub(super) async fn load(
    conn: &mut PgConnection,
    book: Book,
    objects: &BTreeSet<ObjectRef>,
    access: Access,
) -> Result<BTreeMap<ObjectRef, Version>, StoreError> {
    if objects.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (kinds, ids): (Vec<&str>, Vec<&str>) = objects
        .iter()
        .map(|object| (object.kind.as_str(), object.id.as_str()))
        .unzip();
    let (provider, livemode) = (book.provider.as_str(), book.environment.livemode());
    let rows = match access {
        Access::Look => {
            sqlx::query_as!(
                Row,
                r#"
                select object_kind, object_id, body_at, body_event, read_at, ticket, terminal
                from provider_object
                where provider = $1
                  and livemode = $2
                  and (object_kind, object_id) in (select * from unnest($3::text[], $4::text[]))
                "#,
                provider,
                livemode,
                &kinds as &[&str],
                &ids as &[&str],
            )
            .fetch_all(conn)
            .await?
        }
        Access::Write => {
            sqlx::query_as!(
                Row,
                r#"
                select object_kind, object_id, body_at, body_event, read_at, ticket, terminal
                from provider_object
                where provider = $1
                  and livemode = $2
                  and (object_kind, object_id) in (select * from unnest($3::text[], $4::text[]))
                order by object_kind, object_id
                for update
                "#,
                provider,
                livemode,
                &kinds as &[&str],
                &ids as &[&str],
            )
            .fetch_all(conn)
            .await?
        }
    };
    rows.into_iter().map(version).collect()
}

fn version(row: Row) -> Result<(ObjectRef, Version), StoreError> {
    let reader = RowReader::new("provider_object", &row.object_id);
    let body = match (row.body_at, row.body_event) {
        (Some(at), Some(event)) => Some((at.to_jiff(), reader.object_id("body_event", event)?)),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(reader.bad("body_event", "time without event")),
    };
    let object = ObjectRef {
        kind: reader.word("object_kind", &row.object_kind)?,
        id: reader.object_id("object_id", row.object_id)?,
    };
    let read_at = row.read_at.map(SqlTimestamp::to_jiff);
    Ok((
        object,
        Version {
            body,
            read_at,
            ticket: row.ticket,
            terminal: row.terminal,
        },
    ))
}
