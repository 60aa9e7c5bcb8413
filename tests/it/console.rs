//! The console, driven without a terminal.

mod confirm;
mod data;
mod dialogs;
mod fake;
mod harness;
mod keymap;
mod lists;
mod look;
mod navigation;
mod pictures;
mod read_only;
mod storm;
mod styles;
mod terminal;
