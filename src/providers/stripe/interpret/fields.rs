//! Single fields, parsed once.

use crate::{domain::ids::ObjectId, providers::stripe::wire::Ref};

pub(in crate::providers::stripe) use crate::providers::fields::{Flaw, object_id, parse};
pub(super) use crate::providers::fields::{country, metadata, money, object_ref, period, text, time};

pub(super) fn reference(found: Option<Ref>, place: &str) -> Result<Option<ObjectId>, Flaw> {
    found.map(|found| object_id(found.0, place)).transpose()
}
