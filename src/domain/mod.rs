//! What billing is: pure types and rules. No I/O, no async, no SQL, no HTTP, no clock.
//!
//! Facts come in as [`observation`]s (what a provider's object says, in billing's words), rows as the aggregates below;
//! [`plan`] turns the two into changes. Everything that takes part in a decision is passed in, the time included.

pub mod audit;
pub mod capability;
pub mod catalog;
pub mod checkout;
pub mod customer;
pub mod event;
pub mod ids;
pub mod money;
pub mod observation;
pub mod order;
pub mod plan;
pub mod provider;
pub mod subscription;
pub mod version;
pub mod views;
