//! What people and scripts are shown: the fields of contract §6, filters and keyset pages.
//!
//! The store fills these, every face renders them: console, CLI and API cannot disagree on a figure.

pub mod action;
pub mod audit;
pub mod customer;
pub mod event;
pub mod found;
pub mod order;
pub mod overview;
pub mod subscription;

use serde::Serialize;

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many rows at most; 1 to [`PageRequest::MAX_LIMIT`].
    pub limit: u16,
    /// Where to go on, as an earlier page gave it.
    pub cursor: Option<String>,
    /// Walk from the cursor towards the start of the list instead of its end. The rows of the page are in the list's
    /// own order all the same.
    pub backward: bool,
}

impl PageRequest {
    /// The largest page.
    pub const MAX_LIMIT: u16 = 500;

    /// The first page with so many rows.
    pub const fn first(limit: u16) -> Self {
        Self {
            limit,
            cursor: None,
            backward: false,
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give this back for the rows after; none at the end of the list.
    pub next_cursor: Option<String>,
    /// Give this back with `backward` for the rows before; none at the start of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_cursor: Option<String>,
}

/// How many rows a list has in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Total {
    /// Counted.
    Exactly(u64),
    /// Too many to count for a title; there are at least so many.
    AtLeast(u64),
}

/// Up or down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest or newest first.
    #[default]
    Descending,
}
