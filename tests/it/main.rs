//! The integration tests: one binary, one module per area.

#[cfg(test)]
mod console;
