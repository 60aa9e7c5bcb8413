//! The command line, through the real binary: what it prints, and how it ends.

mod doctor;
mod errors;
mod help;
mod lists;
mod refusals;
mod services;
mod worker;

use crate::support::place::{Place, Run};

/// A migrated database, and a place whose commands work on it.
async fn place_on_database() -> (crate::support::db::TestDb, Place) {
    let db = crate::support::db::fresh().await;
    let place = Place::on(&db.url);
    (db, place)
}
