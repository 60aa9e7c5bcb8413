//! Prices, as the catalogue is checked against them.

use super::fields::{Flaw, money, object_id, text};
use crate::providers::{
    ListedPrice,
    stripe::wire::{Expandable, sale::Price},
};

pub(in crate::providers::stripe) fn listed_price(price: Price) -> Result<ListedPrice, Flaw> {
    let of_product = match price.product {
        Some(Expandable::Object(product)) => product.name,
        Some(Expandable::Id(_)) | None => None,
    };
    Ok(ListedPrice {
        id: object_id(price.id, "id")?,
        name: text(of_product.or(price.nickname)),
        amount: price
            .unit_amount
            .zip(price.currency)
            .map(|(minor, currency)| money(minor, &currency))
            .transpose()?,
        active: price.active == Some(true),
    })
}
