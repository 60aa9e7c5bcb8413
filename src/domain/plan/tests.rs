//! The planning core: each rule by itself, then whole stories in every order.

mod checkouts;
mod customers;
mod money;
mod portrait;
mod seen;
mod store;
mod stories;
mod story;
mod subscriptions;
mod versions;
mod world;
