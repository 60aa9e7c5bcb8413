//! Customers and links: whose a provider's customer is.
//!
//! A link that nobody owns may be given to an owner; a link that has one is never moved by an event.

use std::collections::BTreeMap;

use super::working::Working;
use crate::domain::{
    customer::{Customer, CustomerLink, OwnerHint},
    ids::{CheckoutId, CustomerId, LinkId, ObjectId},
    observation::CustomerSeen,
};

/// The link of the provider's customer; made, with a customer that nobody owns, where it is the first mention.
pub(super) fn link_for(work: &mut Working<'_>, id: &ObjectId) -> LinkId {
    let known = work.rows.links.find(|link| link.provider_customer_id == *id);
    if let Some(link) = known {
        return link.id;
    }
    let customer = Customer {
        id: work.fresh(),
        owner: None,
        email: None,
        name: None,
        country: None,
        merged_into: None,
    };
    let link = CustomerLink {
        id: work.fresh(),
        customer_id: customer.id,
        book: work.ctx.book,
        provider_customer_id: id.clone(),
        email: None,
        name: None,
        is_default: true,
        deleted: false,
    };
    let link_id = link.id;
    work.rows.customers.put(customer);
    work.rows.links.put(link);
    link_id
}

/// Applies what the provider says about its customer.
pub(super) fn apply(work: &mut Working<'_>, seen: &CustomerSeen) {
    let link_id = link_for(work, &seen.id);
    claim(work, link_id, &seen.metadata);
    let Some(link) = work.rows.links.get(link_id).cloned() else {
        return;
    };
    // A deleted customer is often described by its id alone; what was known of it stays.
    let told = |now: &Option<String>, known: &Option<String>| {
        if seen.deleted && now.is_none() {
            known.clone()
        } else {
            now.clone()
        }
    };
    let after = CustomerLink {
        email: told(&seen.email, &link.email),
        name: told(&seen.name, &link.name),
        deleted: seen.deleted,
        ..link.clone()
    };
    mirror(work, &link, &after, seen.country.as_ref());
    work.rows.links.put(after);
}

/// Marks the provider's customer as deleted; its history stays. Says whether it was known.
pub(super) fn gone(work: &mut Working<'_>, id: &ObjectId) -> bool {
    let link = work
        .rows
        .links
        .find(|link| link.provider_customer_id == *id)
        .cloned();
    let Some(mut link) = link else { return false };
    link.deleted = true;
    work.rows.links.put(link);
    true
}

/// Lets the customer follow its default link. The application's own word wins: what an owner has, and has not from this
/// link, stays. The country is the provider's to tell, since it is the payer's address there.
fn mirror(work: &mut Working<'_>, before: &CustomerLink, after: &CustomerLink, country: Option<&String>) {
    if !after.is_default {
        return;
    }
    let Some(mut customer) = work.rows.customers.get(after.customer_id).cloned() else {
        return;
    };
    let follows = |own: &Option<String>, was: &Option<String>| own.is_none() || own == was;
    if customer.owner.is_none() || follows(&customer.email, &before.email) {
        customer.email.clone_from(&after.email);
    }
    if customer.owner.is_none() || follows(&customer.name, &before.name) {
        customer.name.clone_from(&after.name);
    }
    if country.is_some() {
        customer.country = country.cloned();
    }
    work.rows.customers.put(customer);
}

/// Gives the link's customer the owner that the object's metadata names, if it has none yet.
pub(super) fn claim(work: &mut Working<'_>, link_id: LinkId, metadata: &BTreeMap<String, String>) {
    let Some(hint) = work.ctx.linking.hint(metadata) else {
        return;
    };
    let Some((link, holder)) = held(work, link_id) else {
        return;
    };
    if let Some(owner) = &holder.owner {
        if !hint.candidates().contains(owner) {
            let named = hint.owner_if_new();
            work.note(format!(
                "customer {} belongs to {owner}, yet the event names {named}: an event never moves a customer from one \
                 owner to another",
                link.provider_customer_id
            ));
        }
        return;
    }
    match known_owner(work, &hint) {
        Some(owner) => give(work, link, &holder, owner),
        None => work.rows.customers.put(Customer {
            owner: Some(hint.owner_if_new()),
            ..holder
        }),
    }
}

/// Gives the link to the customer that one of our checkouts was made for, if nobody owns it yet.
pub(super) fn claim_for_checkout(work: &mut Working<'_>, link_id: LinkId, checkout: CheckoutId) {
    let Some(buyer) = work.rows.checkouts.get(checkout).map(|row| row.customer_id) else {
        return;
    };
    let buyer = standing_customer(work, buyer);
    let Some((link, holder)) = held(work, link_id) else {
        return;
    };
    if holder.id == buyer {
        return;
    }
    match &holder.owner {
        None => give(work, link, &holder, buyer),
        Some(owner) => {
            let note = format!(
                "checkout {checkout} was made for another customer than {owner}, who has {}: an event never moves a \
                 customer from one owner to another",
                link.provider_customer_id
            );
            work.note(note);
        }
    }
}

fn held(work: &Working<'_>, link_id: LinkId) -> Option<(CustomerLink, Customer)> {
    let link = work.rows.links.get(link_id)?;
    let holder = work.rows.customers.get(link.customer_id)?;
    Some((link.clone(), holder.clone()))
}

fn known_owner(work: &Working<'_>, hint: &OwnerHint) -> Option<CustomerId> {
    hint.candidates().into_iter().find_map(|owner| {
        work.rows
            .customers
            .find(|row| row.owner.as_ref() == Some(&owner))
            .map(|row| standing_customer(work, row.id))
    })
}

/// The customer that answers for this one: itself, or the one it was merged into.
fn standing_customer(work: &Working<'_>, id: CustomerId) -> CustomerId {
    let mut id = id;
    // A chain is as long as there are rows; a circle, which nothing makes, would end here too.
    for _ in work.rows.customers.iter() {
        match work.rows.customers.get(id).and_then(|row| row.merged_into) {
            Some(next) => id = next,
            None => break,
        }
    }
    id
}

fn give(work: &mut Working<'_>, link: CustomerLink, holder: &Customer, owner: CustomerId) {
    let has_default = work
        .rows
        .links
        .find(|other| other.customer_id == owner && other.id != link.id && other.is_default)
        .is_some();
    let link = CustomerLink {
        customer_id: owner,
        is_default: !has_default,
        ..link
    };
    if link.is_default
        && let Some(mut customer) = work.rows.customers.get(owner).cloned()
    {
        customer.email = customer.email.or_else(|| link.email.clone());
        customer.name = customer.name.or_else(|| link.name.clone());
        customer.country = customer.country.or_else(|| holder.country.clone());
        work.rows.customers.put(customer);
    }
    work.rows.links.put(link);
    let emptied = work
        .rows
        .links
        .find(|other| other.customer_id == holder.id)
        .is_none();
    if !emptied {
        return;
    }
    if work.rows.customers.is_new(holder.id) {
        work.rows.customers.remove(holder.id);
    } else {
        work.rows.customers.put(Customer {
            merged_into: Some(owner),
            ..holder.clone()
        });
    }
}
