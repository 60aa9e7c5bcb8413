//! The provider simulators, through real HTTP on both sides: their API is called, their webhooks are received.

mod api;
mod checkout;
#[cfg(feature = "conformance")]
mod conformance;
mod deliveries;
mod lifecycle;
mod stories;
pub(crate) mod support;
