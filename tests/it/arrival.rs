//! The order in which events arrive decides nothing: through HTTP, the database and the worker every order, with
//! duplicates, ends in the same rows.

mod permutations;
#[cfg(feature = "conformance")]
mod samples;
