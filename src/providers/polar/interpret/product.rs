//! Products, as the catalogue is checked against them.

use super::fields::{Flaw, money, object_id, text};
use crate::providers::{ListedPrice, polar::wire::sale::Product};

/// A product has one billing cycle, so it is what the catalogue calls a price. One that is sold in several currencies or
/// by seats has no one amount.
pub(in crate::providers::polar) fn listed_price(product: Product) -> Result<ListedPrice, Flaw> {
    let live: Vec<_> = product
        .prices
        .iter()
        .filter(|price| price.is_archived != Some(true))
        .filter(|price| {
            !matches!(
                price.amount_type.as_deref(),
                Some("metered_unit" | "metered_tiers")
            )
        })
        .collect();
    let only = match live.as_slice() {
        [price] if price.amount_type.as_deref() == Some("fixed") => {
            price.price_amount.zip(price.price_currency.as_deref())
        }
        _ => None,
    };
    Ok(ListedPrice {
        amount: only.map(|(minor, currency)| money(minor, currency)).transpose()?,
        id: object_id(product.id, "id")?,
        name: text(product.name),
        active: product.is_archived == Some(false),
    })
}
