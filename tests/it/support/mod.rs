//! What the tests of several areas share.

pub(crate) mod bulk;
pub(crate) mod db;
pub(crate) mod plans;
pub(crate) mod seed;
