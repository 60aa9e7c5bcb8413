//! billdeck from outside, one module per area.

#[cfg(test)]
mod stripe;
