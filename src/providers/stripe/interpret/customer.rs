//! Customers.

use super::{Flaw, Occasion, Told, country, metadata, object_id, object_ref, text};
use crate::{
    domain::{
        observation::{CustomerSeen, Observation},
        provider::ObjectKind,
    },
    providers::stripe::wire::sale::Customer,
};

pub(super) fn told(customer: Customer, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let id = object_id(customer.id, "id")?;
    // The event of a deletion carries the whole last object; a read of a deleted one is left with the id alone.
    if customer.deleted == Some(true) && occasion.event.is_none() {
        return Ok(Told::one(
            Observation::Gone(object_ref(ObjectKind::Customer, &id)),
            Vec::new(),
        ));
    }
    let seen = CustomerSeen {
        id,
        email: text(customer.email),
        name: text(customer.name),
        country: country(customer.address.and_then(|address| address.country).as_deref()),
        metadata: metadata(customer.metadata),
        deleted: customer.deleted == Some(true) || occasion.is("customer.deleted"),
    };
    Ok(Told::one(Observation::Customer(seen), Vec::new()))
}
