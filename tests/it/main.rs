//! The integration tests: one binary, one module per area.

#[cfg(test)]
mod config;
// Said again, because the lints know the helpers of tests by it.
#[cfg(test)]
mod intake;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod server;
#[cfg(test)]
mod support;
