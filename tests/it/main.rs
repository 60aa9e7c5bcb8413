//! What a user of the whole sees.

// said again here because the lints know test code by it
#[cfg(test)]
mod postgres;
