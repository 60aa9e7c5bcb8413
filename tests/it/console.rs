//! The console, driven without a terminal.

mod data;
mod fake;
mod harness;
mod look;
