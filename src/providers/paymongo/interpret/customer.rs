//! Customers.

use super::{Flaw, Told, object_id, text};
use crate::{
    domain::observation::{CustomerSeen, Observation},
    providers::paymongo::wire::sale::Customer,
};

/// Stands for a last name that nobody has given: PayMongo asks for one.
pub(in crate::providers::paymongo) const NO_LAST_NAME: &str = "-";

pub(super) fn told(customer: Customer) -> Result<Told, Flaw> {
    let name = [customer.first_name, customer.last_name]
        .into_iter()
        .flatten()
        .filter(|part| !part.trim().is_empty() && part != NO_LAST_NAME)
        .collect::<Vec<_>>()
        .join(" ");
    Ok(Told::one(Observation::Customer(CustomerSeen {
        id: object_id(customer.id, "id")?,
        email: text(customer.email),
        name: text((!name.is_empty()).then_some(name)),
        // PayMongo keeps neither an address nor metadata of a customer.
        country: None,
        metadata: std::collections::BTreeMap::new(),
        deleted: false,
    })))
}
