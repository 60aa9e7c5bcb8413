//! The terminal face: one loop, pure updates, effects as values.

pub mod desk;
pub mod live_desk;
