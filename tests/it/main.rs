//! The integration tests: one binary, one module per area.

#[cfg(test)]
mod postgres;
#[cfg(test)]
mod store;
#[cfg(test)]
mod support;
