//! The integration tests: one binary, one module per area.

#[cfg(test)]
mod config;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod stripe;
