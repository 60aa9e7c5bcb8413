//! What a user of the whole sees.

mod simulator;
