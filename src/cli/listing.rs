//! Lists: one page, as a table or as `{"items":[…],"next_cursor":…}`.

use serde::Serialize;

use super::{
    answer::Report,
    table::{Cell, Column, Table},
    text::{Look, Tone},
};
use crate::domain::views::Page;

/// A row of a list.
pub(super) trait Row: Serialize {
    /// What the rows are, in the plural.
    const WHAT: &'static str;

    /// The columns of the table.
    fn columns() -> Vec<Column>;

    /// One cell per column.
    fn cells(&self, look: &Look) -> Vec<Cell>;
}

/// A table of these rows.
pub(super) fn table<R: Row>(rows: &[R], look: &Look) -> String {
    let mut table = Table::new(R::columns());
    for row in rows {
        table.row(row.cells(look));
    }
    table.render(look)
}

/// One page of a list.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Listing<R>(pub(super) Page<R>);

impl<R: Row> Report for Listing<R> {
    fn human(&self, look: &Look) -> String {
        if self.0.items.is_empty() {
            return format!("no {} found", R::WHAT);
        }
        let table = table(&self.0.items, look);
        match &self.0.next_cursor {
            Some(cursor) => {
                let more = Tone::Off.paint(&format!("more with --cursor {cursor}"));
                format!("{table}\n\n{more}")
            }
            None => table,
        }
    }
}
