//! Everything SQL: one file per aggregate, rows in, domain types out, keyset pages.
//!
//! Functions take `&mut PgConnection` and never begin or commit: a transaction begins and ends in the use case or in the
//! worker's apply, where it can be seen. Rows are private; a row that does not fit its domain type is a
//! [`StoreError::BadRow`] that names table, column and id.

pub mod apply;
pub mod attempt;
pub mod audit;
pub mod checkout;
pub mod connect;
pub mod customer;
pub mod discard;
pub mod error;
pub mod gate;
pub mod known;
pub mod lane;
pub mod migrate;
pub mod notify;
pub mod page;
mod row;
pub mod subscription;
pub mod work;

pub use connect::{ConnectOptions, Store};
pub use error::StoreError;
