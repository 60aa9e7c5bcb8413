//! Customers.

use super::{
    Occasion, Told,
    fields::{Flaw, country, metadata, object_id, text},
};
use crate::{
    domain::observation::{CustomerSeen, Observation},
    providers::stripe::wire::sale::Customer,
};

pub(super) fn told(customer: Customer, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let seen = CustomerSeen {
        id: object_id(customer.id, "id")?,
        email: text(customer.email),
        name: text(customer.name),
        country: country(customer.address.and_then(|address| address.country).as_deref()),
        metadata: metadata(customer.metadata),
        // The event of a deletion carries the whole last object.
        deleted: customer.deleted == Some(true) || occasion.is("customer.deleted"),
    };
    Ok(Told::one(Observation::Customer(seen), Vec::new()))
}
