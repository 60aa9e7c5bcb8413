//! Customers.

use super::{
    Occasion, Told,
    fields::{Flaw, country, labels, object_id, text},
};
use crate::{
    domain::observation::{CustomerSeen, Observation},
    providers::polar::wire::sale::Customer,
};

/// The name under which the application's own id stands among the metadata.
pub(in crate::providers::polar) const EXTERNAL_ID: &str = "external_id";

pub(super) fn told(customer: Customer, occasion: Occasion<'_>) -> Result<Told, Flaw> {
    let mut seen = seen(customer)?;
    seen.deleted |= occasion.is("customer.deleted");
    Ok(Told::with(Observation::Customer(seen), [], Vec::new()))
}

/// The customer that came inside another object, as it was when the event was made.
pub(super) fn inside(customer: Option<Customer>) -> Result<Option<Observation>, Flaw> {
    customer
        .map(|customer| seen(customer).map(Observation::Customer))
        .transpose()
}

fn seen(customer: Customer) -> Result<CustomerSeen, Flaw> {
    let mut metadata = labels(customer.metadata);
    if let Some(external_id) = text(customer.external_id) {
        metadata.insert(EXTERNAL_ID.to_owned(), external_id);
    }
    Ok(CustomerSeen {
        id: object_id(customer.id, "id")?,
        email: text(customer.email),
        name: text(customer.name),
        country: country(
            customer
                .billing_address
                .and_then(|address| address.country)
                .as_deref(),
        ),
        metadata,
        deleted: customer.deleted_at.is_some(),
    })
}
