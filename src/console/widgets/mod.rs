//! Pieces that screens are made of.

pub(crate) mod bars;
pub(crate) mod json;
pub(crate) mod listing;
pub(crate) mod pane;
pub(crate) mod sections;
pub(crate) mod spark;
pub(crate) mod table;
