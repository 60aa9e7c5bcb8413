//! The read side of the store, on a real database.

mod audit;
mod customers;
mod event_detail;
mod events;
mod facts;
mod figures;
mod find;
mod orders;
mod overview;
mod plans;
mod rollup;
mod subscriptions;
mod timeline;
mod totals;
mod walks;

use billdeck::{domain::provider::Environment, store::Viewpoint};

const TEST: Environment = Environment::Test;

const VIEW: Viewpoint = Viewpoint {
    environment: Environment::Test,
    past_due_has_access: false,
};
