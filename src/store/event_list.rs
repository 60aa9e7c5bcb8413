//! The list of events.

use sqlx::{PgConnection, QueryBuilder};
use uuid::Uuid;

use super::{
    StoreError,
    event_row::event_rows,
    event_selection::Selection,
    keyset::{Reading, Walk, list_name},
    page::{Cursor, Fingerprint},
    road::{GLANCE, WINDOW},
};
use crate::domain::{
    ids::EventId,
    provider::Environment,
    views::{
        Page, PageRequest, Total,
        event::{EventFilter, EventRow, EventSort},
    },
};

const LIST: &str = "events";

/// One page of events.
pub async fn event_list(
    conn: &mut PgConnection,
    environment: Environment,
    filter: &EventFilter,
    sort: EventSort,
    page: &PageRequest,
) -> Result<Page<EventRow>, StoreError> {
    let walk = Walk::<()>::begin(LIST, fingerprint(filter), sort.direction, page)?;
    let found = match Selection::resolve(conn, environment, filter).await? {
        Some(selection) => selection.ids(conn, &walk).await?,
        None => Vec::new(),
    };
    let cut = walk.cut(found.into_iter().map(|id| ((), id)).collect());
    let rows = event_rows(conn, &cut.ids).await?;
    Ok(cut.page(rows))
}

/// The ids of the events that pass the filter, the oldest so many of them, oldest first.
pub async fn event_ids(
    conn: &mut PgConnection,
    environment: Environment,
    filter: &EventFilter,
    most: usize,
) -> Result<Vec<EventId>, StoreError> {
    let Some(selection) = Selection::resolve(conn, environment, filter).await? else {
        return Ok(Vec::new());
    };
    let mut query = QueryBuilder::new("select id from (");
    selection.push_branches(&mut query, None, Reading::Up, most);
    query.push(format_args!(") as found order by id limit {most}"));
    let ids: Vec<Uuid> = query.build_query_scalar().fetch_all(conn).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// The events with these ids, in their order. An id that is not there is left out.
pub async fn events_of_ids(conn: &mut PgConnection, ids: &[EventId]) -> Result<Vec<EventRow>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    event_rows(conn, &ids).await
}

fn fingerprint(filter: &EventFilter) -> Fingerprint {
    Fingerprint::of(&EventFilter {
        since: None,
        ..filter.clone()
    })
}

/// The cursor of the place right after this event, for following the list where it ends just now.
pub fn event_cursor(id: EventId, filter: &EventFilter, sort: EventSort) -> String {
    let list = list_name(LIST, sort.direction);
    Cursor::new(&list, fingerprint(filter), (), id.as_uuid()).encode()
}

/// Counts the events that pass the filter, up to a cap.
pub(super) async fn event_count_to(
    conn: &mut PgConnection,
    environment: Environment,
    filter: &EventFilter,
    cap: u64,
) -> Result<Total, StoreError> {
    let Some(selection) = Selection::resolve(conn, environment, filter).await? else {
        return Ok(Total::Exactly(0));
    };
    let mut query = QueryBuilder::new("select count(*) from (");
    let limit = usize::try_from(cap).unwrap_or(usize::MAX).saturating_add(1);
    selection.push_branches(&mut query, None, Reading::Down, limit);
    query.push(") as found");
    let count: i64 = query.build_query_scalar().fetch_one(&mut *conn).await?;
    let count = u64::try_from(count).unwrap_or(0);
    Ok(if count > cap {
        Total::AtLeast(cap)
    } else {
        Total::Exactly(count)
    })
}

impl Selection {
    async fn ids(&self, conn: &mut PgConnection, walk: &Walk<()>) -> Result<Vec<Uuid>, StoreError> {
        let reading = walk.reading();
        let wanted = walk.wanted();
        let from = walk.from().map(|cursor| cursor.id);
        if self.may_be_near() {
            let near = self.nearest(conn, from, reading, wanted).await?;
            if near.len() == wanted {
                return Ok(near);
            }
        }
        let mut query = QueryBuilder::new("select id from (");
        self.push_branches(&mut query, from, reading, wanted);
        let order = reading.order();
        query.push(format_args!(") as found order by id {order} limit {wanted}"));
        Ok(query.build_query_scalar().fetch_all(&mut *conn).await?)
    }

    /// The wanted ones of the nearest events, whose ids are walked as they are. Where few of those are wanted this ends
    /// before the page is full.
    async fn nearest(
        &self,
        conn: &mut PgConnection,
        from: Option<Uuid>,
        reading: Reading,
        wanted: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut query = QueryBuilder::new("select e.id from (select e.* from event e where true");
        if let Some(oldest) = self.oldest {
            query.push(" and e.id >= ").push_bind(oldest);
        }
        if let Some(from) = from {
            query
                .push(format_args!(" and e.id {} ", reading.beyond()))
                .push_bind(from);
        }
        let order = reading.order();
        let window = if self.is_everything() { WINDOW } else { GLANCE };
        query
            .push(format_args!(
                " order by e.id {order} limit {window}) as e where e.livemode = "
            ))
            .push_bind(self.livemode);
        self.push_seen(&mut query);
        query.push(format_args!(" order by e.id {order} limit {wanted}"));
        Ok(query.build_query_scalar().fetch_all(&mut *conn).await?)
    }
}
