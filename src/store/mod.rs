//! Everything SQL: one file per aggregate, rows in, domain types out, keyset pages.
//!
//! Functions take `&mut PgConnection` and never begin or commit: a transaction begins and ends in the use case or in the
//! worker's apply, where it can be seen. Rows are private; a row that does not fit its domain type is a
//! [`StoreError::BadRow`] that names table, column and id.

pub mod alarm;
pub mod apply;
pub mod attempt;
mod attention;
pub mod audit;
pub mod checkout;
pub mod connect;
pub mod customer;
pub mod customer_detail;
pub mod customer_list;
pub mod customer_row;
pub mod discard;
pub mod error;
pub mod event_detail;
pub mod event_list;
mod event_roads;
mod event_row;
mod event_selection;
pub mod event_stats;
pub mod figures;
pub mod find;
pub mod gate;
pub mod intake;
mod keyset;
pub mod known;
pub mod lane;
pub mod migrate;
pub mod notify;
pub mod order_list;
pub mod overview;
pub mod page;
mod road;
pub mod rollup;
mod row;
pub mod server;
pub mod setting;
pub mod subscription;
pub mod subscription_detail;
pub mod subscription_list;
mod subscription_row;
pub mod timeline;
mod viewpoint;
pub mod work;

pub use connect::{ConnectOptions, Store};
pub use error::StoreError;
pub use viewpoint::Viewpoint;
