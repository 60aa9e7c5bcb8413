//! How a list that several filters narrow finds its rows without sorting, or reading, a whole table.
//!
//! A filter that an index serves together with the order is a *base*: its rows come in order and the first ones are the
//! page. Any other filter is checked row by row. Where few rows pass, that walk would read everything, so it looks only
//! at the rows nearest by; if they do not fill the page, few rows pass in all, and those are gathered through
//! their own index and put in order.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{PgConnection, Postgres, QueryBuilder, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    StoreError,
    keyset::{Reading, Walk},
};

/// How many rows are looked at before the filtered rows are gathered instead.
pub(super) const WINDOW: usize = 4_000;
/// How many are looked at first: enough where one row in ten passes. Where none does, there are few in all.
pub(super) const GLANCE: usize = 1_200;

/// How the rows are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Road {
    /// The base is the whole filter.
    Walk,
    /// There are few rows: gather all.
    Gather,
    /// Look at the nearest rows of the base; gather where they do not fill the page.
    LookFirst,
}

/// What a piece of SQL is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The rows of the base, so many of them, of which those that pass the rest of the filter are kept.
    Look {
        /// How many rows of the base.
        window: usize,
    },
    /// All rows that pass the filter, in no order.
    Gather,
}

/// A value that lists are sorted by, beside the id.
pub(super) trait SortKey: Clone + Serialize + DeserializeOwned + Send + Sync {
    /// Binds it.
    fn bind(&self, query: &mut QueryBuilder<Postgres>);
    /// Reads it from the column `key`.
    fn read(row: &PgRow) -> Result<Option<Self>, sqlx::Error>;
}

impl SortKey for String {
    fn bind(&self, query: &mut QueryBuilder<Postgres>) {
        query.push_bind(self.clone());
    }

    fn read(row: &PgRow) -> Result<Option<Self>, sqlx::Error> {
        row.try_get("key")
    }
}

impl SortKey for Timestamp {
    fn bind(&self, query: &mut QueryBuilder<Postgres>) {
        query.push_bind(self.to_sqlx());
    }

    fn read(row: &PgRow) -> Result<Option<Self>, sqlx::Error> {
        let key: Option<jiff_sqlx::Timestamp> = row.try_get("key")?;
        Ok(key.map(jiff_sqlx::Timestamp::to_jiff))
    }
}

/// Which rows of a list a stretch covers. Rows without a value stand at the end of a list sorted by it, whichever way
/// the values run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of them, by id.
    ById,
    /// Those with a value, by value and id.
    Valued,
    /// Those without one, by id.
    Unvalued,
}

/// A row's place: the value it is sorted by, and its id.
type Place<K> = (Option<K>, Uuid);

/// A part of the list, read in one go.
pub(super) struct Stretch<K> {
    part: Part,
    reading: Reading,
    from: Option<Place<K>>,
    /// How many rows are still wanted.
    pub(super) wanted: usize,
}

impl<K: SortKey> Stretch<K> {
    /// Narrows a query to the rows that are still to come. `key` and `id` are column expressions.
    pub(super) fn push_place(&self, query: &mut QueryBuilder<Postgres>, key: &'static str, id: &'static str) {
        match self.part {
            Part::ById => {}
            Part::Valued => {
                query.push(format_args!(" and {key} is not null"));
            }
            Part::Unvalued => {
                query.push(format_args!(" and {key} is null"));
            }
        }
        let beyond = self.reading.beyond();
        match &self.from {
            Some((Some(value), last)) if self.part == Part::Valued => {
                query.push(format_args!(" and ({key}, {id}) {beyond} ("));
                value.bind(query);
                query.push(", ").push_bind(*last).push(")");
            }
            Some((_, last)) => {
                query.push(format_args!(" and {id} {beyond} ")).push_bind(*last);
            }
            None => {}
        }
    }

    /// Puts the rows in reading order.
    pub(super) fn push_sequence(
        &self,
        query: &mut QueryBuilder<Postgres>,
        key: &'static str,
        id: &'static str,
    ) {
        let order = self.reading.order();
        match self.part {
            Part::ById => query.push(format_args!(" order by {id} {order}")),
            Part::Valued | Part::Unvalued => {
                query.push(format_args!(" order by {key} {order}, {id} {order}"))
            }
        };
    }

    /// Puts the rows in reading order and takes so many.
    pub(super) fn push_order(
        &self,
        query: &mut QueryBuilder<Postgres>,
        key: &'static str,
        id: &'static str,
        limit: usize,
    ) {
        self.push_sequence(query, key, id);
        query.push(format_args!(" limit {limit}"));
    }
}

/// Finds a page's rows, in reading order. `push` writes the query of one step over one stretch; its rows are
/// `(key, id)`.
pub(super) async fn pick<K, F>(
    conn: &mut PgConnection,
    walk: &Walk<Option<K>>,
    by_id: bool,
    road: Road,
    push: F,
) -> Result<Vec<Place<K>>, StoreError>
where
    K: SortKey,
    F: Fn(&mut QueryBuilder<Postgres>, &Stretch<K>, Step),
{
    let mut found = Vec::with_capacity(walk.wanted());
    for (part, from) in stretches(walk, by_id) {
        let stretch = Stretch {
            part,
            reading: walk.reading(),
            from,
            wanted: walk.wanted() - found.len(),
        };
        if stretch.wanted == 0 {
            break;
        }
        let look = |window| Step::Look { window };
        let rows = match road {
            Road::Walk => fetch(conn, &stretch, look(stretch.wanted), &push).await?,
            Road::Gather => fetch(conn, &stretch, Step::Gather, &push).await?,
            Road::LookFirst => {
                let mut near = fetch(conn, &stretch, look(GLANCE), &push).await?;
                if !near.is_empty() && near.len() < stretch.wanted {
                    near = fetch(conn, &stretch, look(WINDOW), &push).await?;
                }
                if near.len() < stretch.wanted {
                    near = fetch(conn, &stretch, Step::Gather, &push).await?;
                }
                near
            }
        };
        found.extend(rows);
    }
    Ok(found)
}

async fn fetch<K, F>(
    conn: &mut PgConnection,
    stretch: &Stretch<K>,
    step: Step,
    push: &F,
) -> Result<Vec<Place<K>>, StoreError>
where
    K: SortKey,
    F: Fn(&mut QueryBuilder<Postgres>, &Stretch<K>, Step),
{
    let mut query = QueryBuilder::new("");
    push(&mut query, stretch, step);
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter()
        .map(|row| Ok((K::read(row)?, row.try_get("id")?)))
        .collect::<Result<_, sqlx::Error>>()
        .map_err(StoreError::from)
}

/// The parts of the list that lie ahead, in reading order, each with the row to go on from.
fn stretches<K: SortKey>(walk: &Walk<Option<K>>, by_id: bool) -> Vec<(Part, Option<Place<K>>)> {
    let from = walk.from().map(|cursor| (cursor.key.clone(), cursor.id));
    if by_id {
        return vec![(Part::ById, from)];
    }
    let standing = match &from {
        Some((Some(_), _)) => Some(Part::Valued),
        Some((None, _)) => Some(Part::Unvalued),
        None => None,
    };
    match (standing, walk.backward()) {
        (Some(Part::Valued), false) => vec![(Part::Valued, from), (Part::Unvalued, None)],
        (Some(Part::Unvalued), true) => vec![(Part::Unvalued, from), (Part::Valued, None)],
        (Some(part), _) => vec![(part, from)],
        (None, false) => vec![(Part::Valued, None), (Part::Unvalued, None)],
        (None, true) => vec![(Part::Unvalued, None), (Part::Valued, None)],
    }
}
