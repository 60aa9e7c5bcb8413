//! The terminal face: one loop, pure updates, effects as values.

pub mod desk;
